#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace nt::cli {

/// The manual page neurontwin(1), for man(7).
std::string man_page(const CLI::App& program);

}  // namespace nt::cli

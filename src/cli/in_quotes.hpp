#pragma once
#include <string>
#include <string_view>

namespace nt::cli {

/// In single quotes, as shells read it; each of the characters `special` gets a backslash before it.
std::string in_quotes(const std::string& text, std::string_view special = "");

}  // namespace nt::cli

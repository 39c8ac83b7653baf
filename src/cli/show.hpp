#pragma once
#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace nt::cli {

/// Writes a result to stdout. What files and names brought into it cannot command the terminal:
/// config::printable().
void show_text(std::string_view text);

/// The same of words with values in them.
template <class... Args>
void show(fmt::format_string<Args...> format, Args&&... args) {
  show_text(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace nt::cli

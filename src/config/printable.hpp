#pragma once
#include <string>
#include <string_view>

namespace nt::config {

/// Text as a terminal may be given it. Control characters, which could move its cursor, colour it or change
/// its title (C0 but line feed and tab, DEL, C1), characters that turn the direction of writing, and bytes
/// that are not UTF-8 become visible: "\x1b", "\u202e". All else stays as it is.
std::string printable(std::string_view text);

/// The same for what has to stay on its line: line feeds and tabs become visible too.
std::string printable_line(std::string_view text);

}  // namespace nt::config

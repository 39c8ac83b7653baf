#pragma once
#include <string_view>

namespace nt::config {

/// Tables nested deeper than this are no settings. The TOML library limits the nesting of arrays and inline
/// tables by itself, but not that of dotted keys ([a.a.a ...]), and destroys what they make by recursion.
inline constexpr int kMostTomlKeyParts = 16;

/// The line of the first dotted key of more than kMostTomlKeyParts parts, from 1; 0 if there is none. The
/// text need not be valid TOML.
int line_of_long_toml_key(std::string_view text);

}  // namespace nt::config

#pragma once

namespace nt::mechanism {

/// Part of what a result is known by where a cell brings .mod files of its own. Raise it when what no file of
/// the catalogue holds (TABLE, KINETIC, NET_RECEIVE in general) comes to other numbers.
inline constexpr int kModFileVersion = 6;

}  // namespace nt::mechanism

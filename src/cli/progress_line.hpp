#pragma once
#include <string>

#include "neurontwin/error.hpp"

namespace nt::cli {

/// How long work has been going on, and what was done before: that does not count towards the rate.
struct Pace {
  double elapsed_s = 0;
  double first_done = 0;
};

/// Where work stands, in at most `columns` characters: what, how far, the rate, the time left, a note. The
/// time left is said where the units are even and it is long enough to be known.
std::string progress_line(const neurontwin::Progress& progress, const Pace& pace, size_t columns);

/// The same with a bar in front of it, where there is room for one.
std::string progress_line_with_bar(const neurontwin::Progress& progress, const Pace& pace, size_t columns);

}  // namespace nt::cli

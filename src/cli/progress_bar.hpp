#pragma once
#include "progress/progress.hpp"

namespace neurontwin {

/// Shows progress on standard error: a bar with rate and time left on a terminal, a plain line every few
/// seconds otherwise.
ProgressListener progress_bar();

}  // namespace neurontwin

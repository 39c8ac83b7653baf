#pragma once
#include "neurontwin/error.hpp"

namespace nt::cli {

/// Shows progress on standard error: a bar with rate and time left on a terminal, a plain line every few
/// seconds otherwise.
std::function<void(const neurontwin::Progress&)> progress_bar();

/// Whoever watches the work of a command: a bar and lines of text on standard error, and Ctrl-C.
neurontwin::Watcher terminal_watcher();

}  // namespace nt::cli

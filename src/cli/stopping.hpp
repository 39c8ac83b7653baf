#pragma once
#include <stop_token>

namespace nt::cli {

/// From now on the first Ctrl-C (SIGINT) or SIGTERM asks for a clean stop (stop_of_signals()). What has not
/// come to one after a second and a half ends there, with exit code 130, and so does everything at a second
/// signal: all files are written whole or not at all, so nothing is lost but what was being computed.
void stop_on_signals();

/// What ends in that way says nothing of it.
void stop_without_words();

/// Where a stop shows that a signal asked for.
std::stop_token stop_of_signals();

inline constexpr int kStoppedExitCode = 130;

}  // namespace nt::cli

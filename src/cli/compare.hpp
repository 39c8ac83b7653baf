#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

namespace neurontwin {

/// neurontwin compare RUN RUN...
struct CompareOptions {
  std::vector<std::filesystem::path> runs;  // folders; the first is what the others are compared with
  int64_t resamples = 0;                    // of the test trials; 0: as the first run's evaluation
  std::filesystem::path out;                // JSON; empty: none
  int threads = 1;
};

/// Prints what the twin of each run scores more than that of the first, with intervals from a paired
/// bootstrap over the test trials: both twins answer these trials again. InputError where a folder is no
/// finished run, or the runs' test trials, or the form in which they are scored, are not the same.
void compare_runs(const CompareOptions& options);

}  // namespace neurontwin

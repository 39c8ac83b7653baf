#pragma once
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace nt::search {

/// Runs `count` processes of this program with the arguments of `command`, until all have ended by themselves
/// or `tick`, called ten times a second, says to stop; then they are asked to (SIGTERM). One that is killed
/// is started anew. They are asked to stop too when this process dies. RunError if one fails, or if they are
/// killed again and again while `progress` (finished jobs) stands still.
void run_crew(const std::vector<std::string>& command, int count, const std::function<bool()>& tick,
              const std::function<int64_t()>& progress, const std::stop_token& stop);

}  // namespace nt::search

#include "cli/threads.hpp"

#include <algorithm>
#include <thread>

namespace nt::cli {

void add_threads_option(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "threads (default: all cores)")->check(CLI::Range(1, 4096));
}

int threads_of(int threads) {
  return threads > 0 ? threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace nt::cli

#include "progress/progress.hpp"

#include <atomic>

namespace neurontwin {
namespace {
std::atomic<bool> stopping{false};  // lock-free, so a signal handler may set it
}

bool stop_requested() {
  return stopping.load(std::memory_order_relaxed);
}
void request_stop() {
  stopping.store(true, std::memory_order_relaxed);
}

}  // namespace neurontwin

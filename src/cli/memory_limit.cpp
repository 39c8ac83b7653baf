#include "cli/memory_limit.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string_view>

#include "cli/stopping.hpp"
#include "config/error.hpp"

namespace nt::cli {
namespace {

constexpr uint64_t kMB = 1'000'000;

/// What the libraries take when they start, beyond themselves.
constexpr uint64_t kToStart = 20 * kMB;
/// Beyond that: what a small experiment takes, and each thread (its stack and its heap).
constexpr uint64_t kToWork = 150 * kMB, kPerThread = 80 * kMB;

/// Address space in use.
uint64_t bytes_in_use() {
  char text[64] = "";
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t n = ::read(file, text, sizeof text - 1);
  ::close(file);
  uint64_t pages = 0;
  for (ssize_t i = 0; i < n && text[i] >= '0' && text[i] <= '9'; ++i)
    pages = 10 * pages + static_cast<uint64_t>(text[i] - '0');
  return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// Runs before the libraries' own starting code, which ends the program or waits for ever where memory is
/// short, and which a signal would otherwise end without the exit code that says so.
void before_libraries(int, char**, char**) {
  for (const int signal : {SIGINT, SIGTERM}) {
    ::signal(signal, [](int) {
      constexpr std::string_view kWords = "neurontwin: stopped before it began\n";
      if (::write(STDERR_FILENO, kWords.data(), kWords.size()) < 0) {  // nobody to tell
      }
      ::_exit(kStoppedExitCode);
    });
  }
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  const uint64_t needed = bytes_in_use() + kToStart;
  if (limit.rlim_cur >= needed) return;
  ::dprintf(
      STDERR_FILENO,
      "neurontwin: the limit on memory of %lu MB (ulimit -v) is too low: the program needs %lu MB to start\n",
      static_cast<unsigned long>(limit.rlim_cur / kMB), static_cast<unsigned long>(needed / kMB));
  ::_exit(1);
}

[[gnu::section(".preinit_array"), gnu::used]] void (*const first_of_all)(int, char**,
                                                                         char**) = before_libraries;

}  // namespace

void require_address_space(int threads) {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  const uint64_t used = bytes_in_use();
  const uint64_t free = limit.rlim_cur > used ? limit.rlim_cur - used : 0;
  const uint64_t needed = kToWork + static_cast<uint64_t>(threads) * kPerThread;
  if (free >= needed) return;
  fail_run(
      "the limit on memory (ulimit -v) is too low: it leaves {} MB, but {} threads need {} MB; raise it, or "
      "lower --threads",
      free / kMB, threads, needed / kMB);
}

}  // namespace nt::cli

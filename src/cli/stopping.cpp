#include "cli/stopping.hpp"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <string_view>

#include "cli/terminal.hpp"

namespace nt::cli {
namespace {

std::atomic<bool> wordless = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // a signal handler reads it

std::stop_source& stop_source() {
  static std::stop_source source;
  return source;
}

/// To ask a stop source for a stop is to set a flag without a lock, as long as nobody registers callbacks
/// with it. Nobody does.
void on_stop(int) {
  if (stop_source().stop_requested()) ::_exit(kStoppedExitCode);
  stop_source().request_stop();
  constexpr itimerval kPatience{{0, 0}, {1, 500'000}};
  ::setitimer(ITIMER_REAL, &kPatience, nullptr);
}

void on_patience_over(int) {
  constexpr std::string_view kWords = "\nneurontwin: stopped; run the same command again to go on\n";
  const auto words = bar_is_drawn() ? kWords : kWords.substr(1);
  if (!wordless && ::write(STDERR_FILENO, words.data(), words.size()) < 0) {  // nobody to tell
  }
  ::_exit(kStoppedExitCode);
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void stop_without_words() {
  wordless = true;
}

std::stop_token stop_of_signals() {
  return stop_source().get_token();
}

void stop_on_signals() {
  stop_source();  // made before a signal can come
  handle(SIGALRM, on_patience_over);
  handle(SIGINT, on_stop);
  handle(SIGTERM, on_stop);
}

}  // namespace nt::cli

#include "cli/progress_bar.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <memory>

#include "cli/say.hpp"
#include "cli/stopping.hpp"

namespace nt::cli {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point t) {
  return std::chrono::duration<double>(Clock::now() - t).count();
}

std::string duration_words(double s) {
  if (s < 100) return fmt::format("{:.0f} s", s);
  if (s < 6000) return fmt::format("{:.0f} min", s / 60);
  return fmt::format("{:.1f} h", s / 3600);
}

struct State {
  bool terminal = ::isatty(STDERR_FILENO) == 1;
  std::string what;
  Clock::time_point start, shown;
  double first_done = 0;  // what a resumed stage found done does not count towards the rate
};

}  // namespace

std::function<void(const neurontwin::Progress&)> progress_bar() {
  return [state = std::make_shared<State>()](const neurontwin::Progress& p) {
    if (state->what != p.what) {
      state->what = p.what;
      state->start = Clock::now();
      state->shown = {};
      state->first_done = p.done;
    }
    const bool finished = p.done >= p.total;
    if (!finished && seconds_since(state->shown) < (state->terminal ? 0.1 : 5)) return;
    state->shown = Clock::now();
    const double elapsed = seconds_since(state->start);
    const double rate = elapsed > 0 ? (p.done - state->first_done) / elapsed : 0;
    std::string line = fmt::format("{:<9} {:.0f}/{:.0f} {}", p.what, p.done, p.total, p.unit);
    if (rate > 0) line += fmt::format("  {:.3g}/s", rate);
    if (rate > 0 && !finished) line += fmt::format("  {} left", duration_words((p.total - p.done) / rate));
    if (!p.note.empty()) line += "  " + p.note;
    if (!state->terminal) return say(line);
    constexpr int kWidth = 24;
    const int filled = p.total > 0 ? static_cast<int>(kWidth * p.done / p.total) : kWidth;
    fmt::print(stderr, "\r\033[K[{}{}] {}{}", std::string(static_cast<size_t>(filled), '='),
               std::string(static_cast<size_t>(kWidth - filled), ' '), line, finished ? "\n" : "");
    std::fflush(stderr);
  };
}

neurontwin::Watcher terminal_watcher() {
  return {progress_bar(), say, stop_of_signals()};
}

}  // namespace nt::cli

#include "cli/progress_bar.hpp"

#include <chrono>
#include <memory>

#include "cli/progress_line.hpp"
#include "cli/say.hpp"
#include "cli/stopping.hpp"
#include "cli/terminal.hpp"

namespace nt::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kAnyLength = 100000;  // a line that stays may be long

double seconds_since(Clock::time_point t) {
  return std::chrono::duration<double>(Clock::now() - t).count();
}

struct State {
  bool bar = errors_go_to_a_terminal() && loudness() != Loudness::verbose;
  std::string what;
  Clock::time_point start, shown;
  double first_done = 0;  // what a resumed stage found done does not count towards the rate
};

}  // namespace

std::function<void(const neurontwin::Progress&)> progress_bar() {
  return [state = std::make_shared<State>()](const neurontwin::Progress& p) {
    if (loudness() == Loudness::quiet) return;
    if (state->what != p.what) {
      end_bar();
      state->what = p.what;
      state->start = Clock::now();
      state->shown = {};
      state->first_done = p.done;
    }
    const bool finished = p.done >= p.total;
    if (!finished && seconds_since(state->shown) < (state->bar ? 0.1 : 5)) return;
    state->shown = Clock::now();
    const Pace pace{seconds_since(state->start), state->first_done};
    if (!state->bar) return say(progress_line(p, pace, kAnyLength));
    draw_bar(progress_line_with_bar(p, pace, terminal_columns() - 1));
    if (finished) end_bar();
  };
}

neurontwin::Watcher terminal_watcher() {
  return {progress_bar(), say, stop_of_signals()};
}

}  // namespace nt::cli

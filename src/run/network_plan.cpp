#include <algorithm>
#include <chrono>

#include "files/free_space.hpp"
#include "run/network_run.hpp"

namespace nt::run {
namespace {

constexpr double kProbe_s = 0.4;  // of computing, to tell how long all of it takes
constexpr int64_t kProbe_ms = 500;

std::string words_for_time(double seconds) {
  if (seconds < 1) return "less than a second";
  if (seconds < 90) return fmt::format("about {:.0f} s", seconds);
  return seconds < 5400 ? fmt::format("about {:.0f} min", seconds / 60)
                        : fmt::format("about {:.1f} h", seconds / 3600);
}

/// A network that is ready to go on, and how long it would take.
struct Ready {
  network::WiringSummary wiring;
  double seconds = 0;
  int64_t probed_ms = 0;
};

/// Wires it and runs its next ms, until they tell how long a ms takes.
Ready made_ready(const NetworkAsked& asked, const std::filesystem::path& folder) {
  using Clock = std::chrono::steady_clock;
  std::error_code unreadable;
  if (std::filesystem::exists(folder, unreadable) && !std::filesystem::is_directory(folder, unreadable))
    fail_input("{}: is a file, expected a directory for the output", folder.string());
  network::Network network(asked.spec, twin::on_threads(asked.threads), asked.device);
  go_on(network, asked.identity, folder, {});
  Ready ready{.wiring = network.wiring()};
  const int64_t left_ms = asked.spec.duration_ms - network.now_ms();
  const auto start = Clock::now();
  double passed_s = 0;
  while (ready.probed_ms < std::min(left_ms, kProbe_ms) && passed_s < kProbe_s) {
    network.advance();
    ++ready.probed_ms;
    passed_s = std::chrono::duration<double>(Clock::now() - start).count();
  }
  if (ready.probed_ms > 0)
    ready.seconds = passed_s / static_cast<double>(ready.probed_ms) * static_cast<double>(left_ms);
  return ready;
}

}  // namespace

std::string network_plan(const neurontwin::NetworkOptions& options) {
  const auto asked = read_network(options);
  const auto ready = made_ready(asked, asked.folder);
  return fmt::format(
      "{}: {} ms of {}, seed {}, on {} threads{}; results in {}\n{} contacts in {}; {} if it goes on as in "
      "its "
      "first {} ms",
      asked.spec.title, asked.spec.duration_ms, words_for(asked), asked.spec.seed, asked.threads,
      asked.device == device::Kind::cpu ? "" : fmt::format(", twins on {}", device::name_of(asked.device)),
      asked.folder.string(), ready.wiring.connections,
      files::words_for_bytes(static_cast<double>(ready.wiring.bytes)), words_for_time(ready.seconds),
      ready.probed_ms);
}

}  // namespace nt::run

// Ordered patterns: one spike at each synapse, one after the other, again and again, over a background of
// spikes without memory.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "stimulus/group_input.hpp"

namespace nt::stimulus {
namespace {

enum class Order : uint8_t { inward, outward, numbered, random };
constexpr std::array<std::string_view, 4> kOrders{"inward", "outward", "numbered", "random"};

class Patterns : public GroupInput {
 public:
  Patterns(const config::Settings& settings, const GroupSynapses& synapses)
      : kind_(settings.choice("order", kOrders, Order::random)),
        interval_ms_(read_number_or_range(settings, "interval_ms", NumberOrRange{5, 5}, {0, 1e6})),
        pause_ms_(read_number_or_range(settings, "pause_ms", NumberOrRange{100, 400}, {1, 1e7})),
        share_(settings.number("share", 1, {0, 1})),
        jitter_ms_(settings.number("jitter_ms", 0, {0, 1000})),
        background_hz_(read_number_or_range(settings, "background_hz", NumberOrRange{0, 0}, {0, 1000})),
        order_(static_cast<size_t>(synapses.count)) {
    std::iota(order_.begin(), order_.end(), size_t{0});
    if (kind_ == Order::inward || kind_ == Order::outward) {
      std::ranges::stable_sort(order_, [&](size_t a, size_t b) {
        const double da = synapses.distance_um[a], db = synapses.distance_um[b];
        return kind_ == Order::inward ? da > db : da < db;
      });
    }
  }

  SpikeTimes draw(const GroupSynapses& synapses, const GroupTrial& trial) const override {
    SpikeTimes times(static_cast<size_t>(synapses.count));
    auto common = trial.common();
    const double background_hz = background_hz_.draw(common);
    for (size_t s = 0; s < times.size(); ++s) {
      auto random = trial.of_synapse(s);
      draw_poisson(background_hz, trial.duration_ms, random, times[s]);
    }
    const auto duration_ms = static_cast<double>(trial.duration_ms);
    for (double start_ms = pause_ms_.draw(common); start_ms < duration_ms;) {
      const double interval_ms = interval_ms_.draw(common);
      double t = start_ms;
      for (const size_t s : drawn_order(common)) {
        const double moved = std::floor(t + (jitter_ms_ > 0 ? jitter_ms_ * common.normal() : 0));
        if (moved >= 0 && moved < duration_ms) times[s].push_back(static_cast<uint32_t>(moved));
        start_ms = t;
        t += interval_ms;
      }
      start_ms += pause_ms_.draw(common);
    }
    return times;
  }

  double mean_hz(const GroupSynapses&) const override {
    const double taking_part = share_ * static_cast<double>(order_.size());
    const double length_ms = std::max(0.0, taking_part - 1) * interval_ms_.middle() + pause_ms_.middle();
    return background_hz_.middle() + 1000 * share_ / length_ms;
  }
  bool has_rates() const override { return false; }

 private:
  /// Those that take part in one pattern, each with the chance `share`, in their order.
  std::vector<size_t> drawn_order(random::Random& random) const {
    auto order = order_;
    if (kind_ == Order::random) {
      for (size_t left = order.size(); left > 1; --left)  // Fisher and Yates
        std::swap(order[left - 1], order[random.integer(0, static_cast<int64_t>(left) - 1)]);
    }
    if (share_ < 1) std::erase_if(order, [&](size_t) { return random.uniform() >= share_; });
    return order;
  }

  Order kind_;
  NumberOrRange interval_ms_, pause_ms_;
  double share_, jitter_ms_;
  NumberOrRange background_hz_;
  std::vector<size_t> order_;
};

}  // namespace

InputKind pattern_input() {
  return {"patterns", [](const config::Settings& settings, const GroupSynapses& synapses) {
            return std::shared_ptr<const GroupInput>(std::make_shared<Patterns>(settings, synapses));
          }};
}

}  // namespace nt::stimulus

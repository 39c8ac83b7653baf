// Trains of a user's own ARTIFICIAL_CELL: a variant of NetStim, or an IntFire that random events drive. Each
// synapse has an instance of its own.
#include <cmath>

#include "config/error.hpp"
#include "stimulus/artificial_cell.hpp"
#include "stimulus/group_input.hpp"

namespace nt::stimulus {
namespace {

/// Streams of the neuron's own mechanisms count from 0 on, those of artificial cells from here.
constexpr uint32_t kFirstStream = 0x80000000;

ArtificialCell read_cell(const config::Settings& settings) {
  return {settings.file("mechanism", settings.folder()), [&](const mechanism::Parameter& p) {
            return settings.number(p.name, p.value, {-1e15, 1e15});
          }};
}

class ArtificialCells : public GroupInput {
 public:
  explicit ArtificialCells(const config::Settings& settings) : cell_(read_cell(settings)) {
    if (settings.has("events")) {
      const auto events = settings.table("events");
      events_hz_ = events.number("rate_hz", {}, {0, 1e5});
      weight_ = events.number("weight", 1, {-1e9, 1e9});
    } else if (!cell_.starts_itself()) {
      fail_input(
          "{}: its INITIAL sends no event, so that nothing would ever happen; give it events from outside, "
          "events = {{ rate_hz = 100, weight = 0.1 }}",
          settings.where("mechanism"));
    }
    constexpr size_t kTrains = 16;
    constexpr int64_t kSecond_ms = 1000;
    GroupTrial trial{
        .stage = random::Stage::stimulus_calibration, .trial = ~uint64_t{0}, .duration_ms = kSecond_ms};
    for (size_t s = 0; s < kTrains; ++s) mean_hz_ += static_cast<double>(train(trial, s).size()) / kTrains;
  }

  SpikeTimes draw(const GroupSynapses& synapses, const GroupTrial& trial) const override {
    SpikeTimes times;
    for (int s = 0; s < synapses.count; ++s) {
      auto& own = times.emplace_back();
      for (const double t : train(trial, static_cast<size_t>(s))) own.push_back(static_cast<uint32_t>(t));
    }
    return times;
  }
  double mean_hz(const GroupSynapses&) const override { return mean_hz_; }
  bool has_rates() const override { return false; }

 private:
  std::vector<double> train(const GroupTrial& trial, size_t s) const {
    const auto duration_ms = static_cast<double>(trial.duration_ms);
    std::vector<OutsideEvent> events;
    if (events_hz_ > 0) {
      auto random = trial.of_synapse(s);
      const auto next = [&] { return -1000 / events_hz_ * std::log(random.uniform()); };
      for (double t = next(); t < duration_ms; t += next()) events.push_back({t, weight_});
    }
    const auto number = kFirstStream + static_cast<uint32_t>((trial.first_channel + s) * cell_.generators());
    return cell_.spikes_ms(duration_ms, events,
                           {random::trial_key(trial.seed, trial.stage, trial.trial), number});
  }

  ArtificialCell cell_;
  double events_hz_ = 0, weight_ = 1, mean_hz_ = 0;
};

}  // namespace

InputKind artificial_cell_input() {
  return {"artificial-cell", [](const config::Settings& settings, const GroupSynapses&) {
            return std::shared_ptr<const GroupInput>(std::make_shared<ArtificialCells>(settings));
          }};
}

}  // namespace nt::stimulus

// Spikes that were recorded or simulated elsewhere. Training, validation and test trials are stretches of
// different parts of the recording.
#include <algorithm>
#include <array>
#include <cmath>

#include "stimulus/group_input.hpp"
#include "stimulus/recorded_spikes.hpp"

namespace nt::stimulus {
namespace {

/// What an id of the recording means: the synapse of this number; or ids in their order are dealt out to the
/// synapses in turn.
enum class Units : uint8_t { as_numbered, in_turn };
constexpr std::array<std::string_view, 2> kUnits{"as numbered", "in turn"};

class Recorded : public GroupInput {
 public:
  Recorded(const config::Settings& settings, const GroupSynapses& synapses)
      : file_(settings.file("file", settings.folder())),
        spikes_(read_recorded_spikes(file_, settings.text("population", ""))),
        shares_(settings.numbers("parts", std::vector<double>{0.8, 0.1, 0.1}, {0.001, 1})) {
    if (shares_.size() != 3 || std::abs(shares_[0] + shares_[1] + shares_[2] - 1) > 1e-6)
      fail_input("{}: '{}' expected the shares of the recording for training, validation and test, of sum 1",
                 settings.where("parts"), settings.full_key("parts"));
    const double until_last_ms = 1000 * (std::floor(spikes_.time_ms.back() / 1000) + 1);
    length_ms_ = settings.number("length_ms", until_last_ms, {2, 1e10});
    const auto units = settings.choice("units", kUnits, Units::as_numbered);
    auto ids = spikes_.unit;
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    for (const auto id : spikes_.unit) {
      if (units == Units::as_numbered && id >= synapses.count)
        fail_input(
            "{}: {} has a unit {}, but the group {} has {} synapses, counted from 0; units = \"in turn\" "
            "deals "
            "units out to synapses",
            settings.where("file"), file_.string(), id, synapses.name, synapses.count);
      const auto place = units == Units::in_turn ? std::ranges::lower_bound(ids, id) - ids.begin()
                                                 : static_cast<int64_t>(id);
      synapse_.push_back(static_cast<size_t>(place) % static_cast<size_t>(std::max(1, synapses.count)));
    }
  }

  SpikeTimes draw(const GroupSynapses& synapses, const GroupTrial& trial) const override {
    const auto [from_ms, to_ms] = part_of(trial.stage);
    const auto duration_ms = static_cast<double>(trial.duration_ms);
    if (to_ms - from_ms < duration_ms)
      fail_input(
          "{}: its part from {:.0f} to {:.0f} ms is shorter than a trial of {} ms; use a longer "
          "recording, shorter trials (data.trial_ms), or other 'parts'",
          file_.string(), from_ms, to_ms, trial.duration_ms);
    auto common = trial.common();
    const double start_ms = std::floor(common.uniform(from_ms, to_ms - duration_ms));
    SpikeTimes times(static_cast<size_t>(synapses.count));
    const auto first = std::ranges::lower_bound(spikes_.time_ms, start_ms) - spikes_.time_ms.begin();
    for (auto k = static_cast<size_t>(first); k < synapse_.size(); ++k) {
      const double t = spikes_.time_ms[k] - start_ms;
      if (t >= duration_ms) break;
      times[synapse_[k]].push_back(static_cast<uint32_t>(t));
    }
    return times;
  }

  double mean_hz(const GroupSynapses& synapses) const override {
    return 1000 * static_cast<double>(synapse_.size()) / std::max(1, synapses.count) / length_ms_;
  }
  bool has_rates() const override { return false; }

 private:
  std::pair<double, double> part_of(random::Stage stage) const {
    const double train_ms = shares_[0] * length_ms_, valid_ms = train_ms + shares_[1] * length_ms_;
    if (stage == random::Stage::stimulus_train || stage == random::Stage::stimulus_calibration)
      return {0, train_ms};
    if (stage == random::Stage::stimulus_valid) return {train_ms, valid_ms};
    return {valid_ms, length_ms_};
  }

  std::filesystem::path file_;
  RecordedSpikes spikes_;
  std::vector<size_t> synapse_;  // of each spike
  std::vector<double> shares_;
  double length_ms_ = 0;
};

}  // namespace

InputKind recorded_input() {
  return {"recorded", [](const config::Settings& settings, const GroupSynapses& synapses) {
            return std::shared_ptr<const GroupInput>(std::make_shared<Recorded>(settings, synapses));
          }};
}

}  // namespace nt::stimulus

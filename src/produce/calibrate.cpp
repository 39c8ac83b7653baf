#include "produce/calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "files/checked_json.hpp"
#include "files/files.hpp"
#include "produce/detail/simulation_progress.hpp"
#include "produce/trial_source.hpp"
#include "simulate/dendritic_input.hpp"

namespace nt::produce {
namespace {

constexpr double kMostFactor = 1000;
constexpr int kMostTries = 40;

/// The rates of the groups that are to be scaled, times the factor.
DatasetPlan scaled(const DatasetPlan& plan, double factor) {
  auto out = plan;
  auto& stimulus = out.stimulus;
  const auto& wanted = stimulus.calibration->groups;
  stimulus.scale.assign(stimulus.excitatory_synapses + stimulus.inhibitory_synapses, 1.0);
  for (const auto& group : simulate::group_synapses(plan.cell)) {
    if (!wanted.empty() && std::ranges::find(wanted, group.name) == wanted.end()) continue;
    const auto first = stimulus.scale.begin() + group.first +
                       (group.excitatory ? 0 : static_cast<int64_t>(stimulus.excitatory_synapses));
    std::fill_n(first, group.count, factor);
  }
  return out;
}

/// The greatest factor that makes sense: trains without rates can only be thinned.
double most_factor(const DatasetPlan& plan) {
  const auto& wanted = plan.stimulus.calibration->groups;
  const bool thinned = std::ranges::any_of(plan.stimulus.groups, [&](const stimulus::AssignedInput& group) {
    return !group.input->has_rates() &&
           (wanted.empty() || std::ranges::find(wanted, group.synapses.name) != wanted.end());
  });
  return thinned ? 1 : kMostFactor;
}

CalibrationResult found_factor(const DatasetPlan& plan, int threads, const Watcher& watcher) {
  const auto& asked = *plan.stimulus.calibration;
  const double seconds = static_cast<double>(asked.trials * plan.data.trial_ms) / 1000;
  const auto rate_hz = [&](double factor) {
    SimulationProgress progress(fmt::format("calibrate, factor {:.3g}", factor), asked.trials, 0,
                                plan.data.trial_ms, watcher);
    const auto counts =
        output_spike_counts(scaled(plan, factor), random::Stage::stimulus_calibration, asked.trials, threads,
                            [&](int64_t trial_ms) { progress.add(trial_ms); });
    return static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0})) / seconds;
  };
  const auto is_near = [&](double hz) {
    return std::abs(hz - asked.rate_hz) <= asked.tolerance * asked.rate_hz;
  };
  const double most = most_factor(plan);
  // Factors known to be too low and too high; 0: not known.
  double low = 0, high = 0, factor = 1;
  CalibrationResult nearest{1, std::numeric_limits<double>::infinity()};
  for (int i = 0; i < kMostTries; ++i) {
    const double hz = rate_hz(factor);
    if (std::abs(hz - asked.rate_hz) < std::abs(nearest.output_hz - asked.rate_hz)) nearest = {factor, hz};
    if (is_near(hz)) return {factor, hz};
    (hz < asked.rate_hz ? low : high) = factor;
    if (low == 0 || high == 0) {
      const double next = low == 0 ? factor / 2 : factor * 2;
      if (next < 1 / kMostFactor || next > most) break;
      factor = next;
    } else {
      if (high / low < 1.0001) break;
      factor = std::sqrt(low * high);
    }
  }
  fail_input(
      "stimulus.calibrate: no factor on the input rates makes the neuron fire at {} Hz: the nearest, {:.4g}, "
      "gives {:.3g} Hz in {} trials; choose another rate_hz, more trials, a greater tolerance, or other "
      "rates{}",
      asked.rate_hz, nearest.factor, nearest.output_hz, asked.trials,
      most == 1 ? " (recorded trains and patterns can be thinned, but not raised)" : "");
}

}  // namespace

std::filesystem::path calibration_path(const std::filesystem::path& folder) {
  return folder / "calibration.json";
}

std::optional<CalibrationResult> read_calibration_result(const DatasetPlan& plan,
                                                         const std::filesystem::path& folder) {
  const auto file = calibration_path(folder);
  if (!plan.stimulus.calibration || !std::filesystem::exists(file)) return {};
  const auto json = files::parse_checked_json(files::read_file(file), file.string());
  const files::JsonObject object(json, file.string());
  if (object.text("configuration") != plan.identity.configuration) return {};
  return CalibrationResult{object.number("factor", {1e-6, 1e6}), object.number("output_hz", {0, 1e4})};
}

DatasetPlan calibrate(const DatasetPlan& plan, const std::filesystem::path& folder, int threads,
                      const Watcher& watcher) {
  const auto file = calibration_path(folder);
  if (!plan.stimulus.calibration) {
    std::filesystem::remove(file);
    return plan;
  }
  if (const auto known = read_calibration_result(plan, folder)) return scaled(plan, known->factor);
  const auto found = found_factor(plan, threads, watcher);
  const nlohmann::ordered_json json{{"factor", found.factor},
                                    {"output_hz", found.output_hz},
                                    {"rate_hz", plan.stimulus.calibration->rate_hz},
                                    {"trials", plan.stimulus.calibration->trials},
                                    {"configuration", plan.identity.configuration}};
  files::write_file_atomically(file, json.dump(1) + "\n");
  watcher.note(fmt::format("calibrate: input rates times {:.4g} make the neuron fire at {:.3g} Hz",
                           found.factor, found.output_hz));
  return scaled(plan, found.factor);
}

DatasetPlan calibrated(const DatasetPlan& plan, const std::filesystem::path& folder) {
  if (!plan.stimulus.calibration) return plan;
  const auto known = read_calibration_result(plan, folder);
  if (!known)
    fail_input("{}: is missing, or of another configuration: simulate again",
               calibration_path(folder).string());
  return scaled(plan, known->factor);
}

}  // namespace nt::produce

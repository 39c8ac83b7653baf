// What a plan names of the inside of a detailed neuron, each in its standard deviations.
#include "files/files.hpp"
#include "produce/detail/simulation_progress.hpp"
#include "produce/plan.hpp"
#include "produce/signal_sources.hpp"
#include "produce/targets.hpp"
#include "produce/trial_source.hpp"

namespace nt::produce {
namespace {

constexpr std::string_view kFile = "targets.h5";

int64_t values_per_ms(const DatasetPlan& plan) {
  return cell::compartmental(plan.cell) != nullptr ? std::ssize(plan.data.targets) : 0;
}

std::vector<simulate::Quantity> quantities_of(const DatasetPlan& plan) {
  std::vector<simulate::Quantity> all;
  for (const auto& name : plan.data.targets)
    all.push_back(simulate::quantity_named(*cell::compartmental(plan.cell), name));
  return all;
}

/// The scales of the data set in a folder, fitted if they are not there.
std::vector<Target> ready_targets(const DatasetPlan& plan, const SignalPreparation& preparation) {
  const auto file = targets_path(preparation.folder);
  if (std::filesystem::exists(file)) {
    auto targets = read_targets(file, plan.identity.configuration);
    if (targets.size() != plan.data.targets.size())
      fail_input("{}: has {} targets, expected {}; remove it", file.string(), targets.size(),
                 plan.data.targets.size());
    return targets;
  }
  SimulationProgress progress("fit", plan.data.target_fit_trials, 0, plan.data.trial_ms, preparation.watcher);
  const auto quantities = quantities_of(plan);
  const auto scales = quantity_scales(plan, quantities, plan.data.target_fit_trials, preparation.threads,
                                      [&](int64_t trial_ms) { progress.add(trial_ms); });
  std::vector<Target> targets;
  for (size_t k = 0; k < quantities.size(); ++k) {
    if (!(scales[k].sd > 0))
      fail_input("data.targets: {} does not vary under this input; leave it out", plan.data.targets[k]);
    targets.push_back({plan.data.targets[k], quantities[k].unit.empty() ? "1" : quantities[k].unit,
                       scales[k].mean, scales[k].sd});
  }
  files::write_file_atomically(
      file, targets_bytes(targets, plan.identity.configuration, plan.data.target_fit_trials));
  return targets;
}

SignalMaker maker(const DatasetPlan& plan, const SignalPreparation& preparation) {
  SignalMaker maker;
  maker.quantities = quantities_of(plan);
  maker.from_recording = [targets = ready_targets(plan, preparation)](
                             const simulate::Recording&, std::span<const std::vector<float>> quantities) {
    std::vector<float> values;
    for (size_t ms = 0; ms < quantities.front().size(); ++ms)
      for (size_t k = 0; k < targets.size(); ++k)
        values.push_back(
            static_cast<float>((static_cast<double>(quantities[k][ms]) - targets[k].mean) / targets[k].sd));
    return values;
  };
  return maker;
}

std::string configuration(const DatasetPlan& plan) {
  return fmt::format("targets = [\"{}\"]\ntarget_fit_trials = {}\n", fmt::join(plan.data.targets, "\", \""),
                     plan.data.target_fit_trials);
}

}  // namespace

SignalSource targets_signal() {
  return {"targets", "standard deviations", values_per_ms, maker, configuration, kFile, true};
}

}  // namespace nt::produce

// Principal components of the dendrites' voltages, where a detailed neuron's plan asks for some.
#include "produce/detail/simulation_progress.hpp"
#include "produce/plan.hpp"
#include "produce/signal_sources.hpp"
#include "produce/trial_source.hpp"

namespace nt::produce {
namespace {

constexpr std::string_view kFile = "dendritic_basis.h5";

int64_t values_per_ms(const DatasetPlan& plan) {
  return cell::compartmental(plan.cell) != nullptr ? plan.data.dendritic_components : 0;
}

/// The basis of the data set in a folder, fitted if it is not there.
DendriticBasis ready_basis(const DatasetPlan& plan, const SignalPreparation& preparation) {
  const auto file = dendritic_basis_path(preparation.folder);
  if (std::filesystem::exists(file)) {
    auto basis = read_dendritic_basis(file, plan.identity.configuration);
    const auto components = static_cast<size_t>(plan.data.dendritic_components);
    const auto compartments = dataset::cell_table(plan.cell).section.size();
    if (basis.components() != components || basis.compartments() != compartments) {
      fail_input("{}: has {} components of {} compartments, expected {} of {}; remove it", file.string(),
                 basis.components(), basis.compartments(), components, compartments);
    }
    return basis;
  }
  SimulationProgress progress("fit", plan.data.dendritic_fit_trials, 0, plan.data.trial_ms,
                              preparation.watcher);
  int64_t samples = 0;
  const auto basis = fit_dendritic_basis(
      plan, preparation.threads, [&](int64_t trial_ms) { progress.add(trial_ms); }, samples);
  files::write_file_atomically(file, dendritic_basis_bytes(basis, plan.identity.configuration,
                                                           plan.data.dendritic_fit_trials, samples));
  return basis;
}

SignalMaker maker(const DatasetPlan& plan, const SignalPreparation& preparation) {
  return {
      .at_ms = [basis = ready_basis(plan, preparation)](auto mV, auto values) { basis.project(mV, values); }};
}

std::string configuration(const DatasetPlan& plan) {
  return fmt::format("dendritic_components = {}\ndendritic_fit_trials = {}\n", plan.data.dendritic_components,
                     plan.data.dendritic_fit_trials);
}

}  // namespace

SignalSource dendritic_components() {
  return {"dendrites_pc", "standard deviations", values_per_ms, maker, configuration, kFile, true};
}

}  // namespace nt::produce

#include "produce/calibrate.hpp"
#include "run/detail/interpretation_json.hpp"
#include "run/detail/on_device.hpp"
#include "run/stages.hpp"

namespace nt::run {
namespace {

StageInputs interpretation_inputs(RunFolder& run) {
  std::vector<std::string> files{kTwinFile, "dataset/test"};
  if (run.experiment.dendritic_spikes.trials > 0 && run.experiment.plan.data.dendritic_components > 0)
    files.push_back("dataset/dendritic_basis.h5");
  return {run.experiment.determines.interpret, run.contents(files)};
}

/// What the hidden layers know of the inside of the neuron, and which dendritic spikes the twin predicts.
void add_probes(const RunFolder& run, const produce::DatasetPlan& plan, interpret::Interpretation& found,
                twin::Twin& twin) {
  if (run.experiment.probes.trials_score > 0)
    found.probes =
        interpret::probe_layers(twin, run.experiment.probes, plan, run.threads, run.watcher, *run.ranks);
  if (run.experiment.dendritic_spikes.trials == 0) return;
  std::optional<produce::DendriticBasis> basis;
  if (run.experiment.plan.data.dendritic_components > 0)
    basis = produce::read_dendritic_basis(produce::dendritic_basis_path(run.dataset),
                                          run.experiment.plan.identity.configuration);
  found.dendritic_spikes =
      interpret::dendritic_spikes(twin, run.experiment.dendritic_spikes, plan, basis ? &*basis : nullptr,
                                  run.threads, run.watcher, *run.ranks);
}

bool interpreted_before(RunFolder& run) {
  // There may be no evaluation yet, but none with other settings beside what is said now.
  const auto others = run.log().find("evaluate") != nullptr
                          ? std::vector<std::string>{"simulate", "train", "evaluate"}
                          : std::vector<std::string>{"simulate", "train"};
  run.require_same_experiment(others);
  return run.done_before("interpret", interpretation_inputs(run), {"interpretation.json"});
}

}  // namespace

void interpret_stage(RunFolder& run) {
  const auto& ranks = *run.ranks;
  if (ranks::first_says(ranks, [&] { return interpreted_before(run); }))
    return run.watcher.note("interpret: done before");
  const auto test_split = run.open("test");
  if (ranks.is_first()) {
    run.require_results("train", {}, {kTwinFile});
    run.require_results("simulate", {}, {"dataset/test"});
    run.remember_experiment();
  }
  const double start = seconds_now();
  auto twin = twin_on_device(run, "interpret");
  const auto plan = on_device(produce::calibrated(run.experiment.plan, run.dataset), run, "interpret");
  auto found =
      interpret::interpret(twin, plan, test_split, run.experiment.interpret, run.threads, run.watcher, ranks);
  add_probes(run, plan, found, twin);
  if (!ranks.is_first()) return;
  files::write_file_atomically(run.folder / "interpretation.json", interpretation_json(found).dump() + "\n");
  if (!twin.network().filters(twin.layout(), twin.numbers, twin.channels()))
    run.watcher.note(fmt::format("interpret: a {} twin has no filters to show", twin.network().kind()));
  const double seconds = seconds_now() - start;
  run.finish("interpret", interpretation_inputs(run), {"interpretation.json"}, seconds);
  run.watcher.note(fmt::format("interpret: {:.1f} s", seconds));
}

}  // namespace nt::run

#include "run/detail/simulate_stage.hpp"

#include <algorithm>

#include "produce/make_dataset.hpp"
#include "produce/outdated.hpp"
#include "run/stages.hpp"

namespace nt::run {
namespace {

StageInputs simulation_inputs(const RunFolder& run) {
  return {run.experiment.determines.simulate, {}};
}

std::vector<std::string> simulation_results(const RunFolder& run) {
  std::vector<std::string> names{"dataset/train", "dataset/valid", "dataset/test"};
  if (run.experiment.plan.data.dendritic_components > 0) names.push_back("dataset/dendritic_basis.h5");
  if (!run.experiment.plan.data.targets.empty()) names.push_back("dataset/targets.h5");
  if (run.experiment.plan.stimulus.calibration) names.push_back("dataset/calibration.json");
  return names;
}

}  // namespace

bool simulated_before(RunFolder& run) {
  return run.done_before("simulate", simulation_inputs(run), simulation_results(run));
}

void make_room_for_data(const RunFolder& run) {
  if (const auto words = produce::put_outdated_aside(run.experiment.plan, run.dataset); !words.empty())
    run.watcher.note("simulate: " + words);
}

void finish_simulation(RunFolder& run, int64_t simulated, double seconds) {
  run.forget_contents();
  // The time of this session: what an interrupted one did before is not known.
  run.finish("simulate", simulation_inputs(run), simulation_results(run),
             simulated > 0 ? seconds : run.log().seconds("simulate"));
  run.watcher.note(fmt::format("simulate: {} trials of {} ms in {:.1f} s", simulated,
                               run.experiment.plan.data.trial_ms, seconds));
}

void note_data_found(RunFolder& run) {
  const auto results = run.contents(simulation_results(run));
  if (std::ranges::any_of(results, [](const auto& result) { return result.second.empty(); })) return;
  const auto* record = run.log().find("simulate");
  if (record == nullptr || !why_again(*record, simulation_inputs(run), results).empty())
    run.finish("simulate", simulation_inputs(run), simulation_results(run), run.log().seconds("simulate"));
}

void simulate_stage(RunFolder& run) {
  const auto& ranks = *run.ranks;
  if (ranks::first_says(ranks, [&] { return simulated_before(run); }))
    return run.watcher.note("simulate: done before");
  if (ranks.is_first()) {
    make_room_for_data(run);
    run.remember_experiment();
  }
  const double start = seconds_now();
  auto plan = run.experiment.plan;
  plan.simulation.device = run.device();
  const auto simulated =
      produce::make_dataset(plan, run.dataset, run.threads, run.watcher, {{}, nullptr, run.ranks});
  if (ranks.is_first()) finish_simulation(run, simulated, seconds_now() - start);
}

}  // namespace nt::run

#include "run/run_plan.hpp"

#include <algorithm>
#include <chrono>

#include "files/free_space.hpp"
#include "produce/dataset_size.hpp"
#include "produce/trial_source.hpp"
#include "run/memory_estimate.hpp"
#include "run/stage_log.hpp"
#include "simulate/device_cable.hpp"
#include "simulate/simulator.hpp"
#include "train/training_time.hpp"
#include "twin/device_passes.hpp"

namespace nt::run {
namespace {

using neurontwin::RunPlan;
using neurontwin::StagePlan;

constexpr std::array kRecorded{StageName::simulate, StageName::train, StageName::evaluate,
                               StageName::interpret};

/// Whether what a stage has written is there; what it holds is looked at when the next stage begins.
bool is_there(const std::filesystem::path& folder, const std::string& name) {
  const auto file = folder / name;
  return std::filesystem::exists(file) ||
         std::filesystem::exists(dataset::shard_path(file.parent_path(), file.filename().string(), 0));
}

/// Why a stage is to be done again by its own record; empty: it is not.
std::string own_reason(const StageRecord& record, const Experiment& experiment, StageName stage,
                       const std::filesystem::path& folder) {
  for (const auto& [name, digest] : record.outputs)
    if (!is_there(folder, name)) return name + " is missing";
  return why_again(record, {settings_of(experiment.determines, name_of(stage)), {}}, {});
}

/// Of each stage, by its record and by those before it.
std::vector<StagePlan> look_at(const std::filesystem::path& folder, const Experiment& experiment) {
  const StageLog log(folder);
  std::vector<StagePlan> stages;
  for (const auto stage : kRecorded) {
    StagePlan plan{.stage = stage};
    // Interpretation does not follow from evaluation.
    const auto before = std::span(stages).first(std::min<size_t>(stages.size(), 2));
    const bool follows = std::ranges::any_of(before, &StagePlan::to_do);
    if (const auto* record = log.find(std::string(name_of(stage)))) {
      plan.why = own_reason(*record, experiment, stage, folder);
      plan.to_do = !plan.why.empty() || follows;
      if (plan.why.empty() && follows) plan.why = "a stage before it is to be done";
    }
    stages.push_back(std::move(plan));
  }
  const bool page = std::ranges::any_of(stages, &StagePlan::to_do) || log.find("report") == nullptr ||
                    !is_there(folder, "report.html");
  stages.push_back({.stage = StageName::report, .to_do = page});
  return stages;
}

/// Seconds for a second of the neuron, all lanes and threads in use.
double simulation_s_per_s(const Experiment& e, int threads) {
  constexpr int64_t kShort_ms = 100;
  auto plan = e.plan;
  plan.data.trial_ms = std::min(plan.data.trial_ms, kShort_ms);
  const auto trials =
      static_cast<int64_t>(simulate::Simulator(plan.cell, plan.simulation).side_by_side()) * threads;
  const auto start = std::chrono::steady_clock::now();
  produce::output_spike_counts(plan, random::Stage::stimulus_train, trials, threads, [](int64_t) {});
  const double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return 1000 * s / static_cast<double>(trials * plan.data.trial_ms);
}

/// Neuron time that evaluation and interpretation simulate beside the data set.
double other_inputs_s(const Experiment& e) {
  return static_cast<double>(static_cast<int64_t>(e.generalisation.sets.size()) * e.generalisation.trials *
                             e.plan.data.trial_ms) /
         1000;
}

double probed_s(const Experiment& e) {
  return static_cast<double>((e.probes.trials_score > 0 ? e.probes.trials_fit + e.probes.trials_score : 0) *
                             e.plan.data.trial_ms) /
         1000;
}

double training_s(const Experiment& e, int threads) {
  const auto channels = cell::excitatory_synapses(e.plan.cell) + cell::inhibitory_synapses(e.plan.cell);
  const auto valid = e.train.valid_trials > 0 ? e.train.valid_trials : e.plan.data.valid_trials;
  return train::training_time_s(e.twin, channels, e.train, produce::expected_input_spikes_per_ms(e.plan),
                                valid, e.plan.data.trial_ms, threads);
}

void add_times(RunPlan& plan, const Experiment& e, const Options& options) {
  const int threads = threads_of(options);
  const auto simulates = [](const StagePlan& s) {
    return s.to_do && s.stage != StageName::train && s.stage != StageName::report;
  };
  // What a device takes is not known.
  const bool on_cpu = options.device == "cpu";
  const double each_s = std::ranges::any_of(plan.stages, simulates) ? simulation_s_per_s(e, threads) : 0;
  for (auto& stage : plan.stages) {
    if (!stage.to_do) continue;
    if (on_cpu && stage.stage == StageName::simulate)
      stage.seconds = each_s * static_cast<double>(plan.missing_trials * plan.trial_ms) / 1000;
    if (stage.stage == StageName::evaluate) stage.seconds = each_s * other_inputs_s(e);
    if (stage.stage == StageName::interpret) stage.seconds = each_s * probed_s(e);
    if (on_cpu && stage.stage == StageName::train) stage.seconds = training_s(e, threads);
    plan.seconds += stage.seconds;
  }
}

}  // namespace

void require_suits_device(const Experiment& e, const Options& options, std::span<const StageName> stages) {
  if (device::kind_named(options.device) == device::Kind::cpu) return;
  for (const auto& stage : look_at(options.out, e)) {
    if (!stage.to_do || std::ranges::find(stages, stage.stage) == stages.end()) continue;
    if (stage.stage == StageName::simulate) simulate::cell_for_device(e.plan.cell, e.plan.simulation);
    if (stage.stage == StageName::train) twin::require_device_passes(e.twin);
  }
}

RunPlan plan_run(const Experiment& e, const Options& options, std::span<const StageName> stages) {
  const auto dataset = options.out / "dataset";
  const auto size = produce::size_of(e.plan, dataset);
  const auto memory = memory_needed(e);
  RunPlan plan{
      .folder = options.out,
      .missing_trials = size.missing_trials,
      .trial_ms = e.plan.data.trial_ms,
      .missing_bytes = size.missing_bytes,
      .free_disk_bytes = static_cast<double>(files::free_disk_bytes(dataset)),
      .memory_bytes =
          std::max({memory.training, memory.evaluation, produce::kCopiesOfShard * size.shard_bytes}),
      .free_memory_bytes = static_cast<double>(files::free_memory_bytes()),
  };
  for (auto& stage : look_at(options.out, e))
    if (std::ranges::find(stages, stage.stage) != stages.end()) plan.stages.push_back(std::move(stage));
  require_suits_device(e, options, stages);
  add_times(plan, e, options);
  return plan;
}

}  // namespace nt::run

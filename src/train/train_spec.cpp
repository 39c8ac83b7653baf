#include "train/train_spec.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nt::train {

const SchedulePhase& TrainSpec::phase(int64_t epoch) const {
  const SchedulePhase* now = &schedule.front();
  for (const auto& phase : schedule) {
    if (phase.from_epoch <= epoch) now = &phase;
  }
  return *now;
}

double TrainSpec::learning_rate(int64_t step) const {
  const int64_t epoch = step / steps_per_epoch;
  const auto& now = phase(epoch);
  double rate = now.learning_rate;
  if (now.final_learning_rate > 0) {
    int64_t end_epoch = epochs;
    for (const auto& other : schedule) {
      if (other.from_epoch > now.from_epoch) end_epoch = std::min(end_epoch, other.from_epoch);
    }
    const auto first = static_cast<double>(now.from_epoch * steps_per_epoch);
    const auto count = static_cast<double>((end_epoch - now.from_epoch) * steps_per_epoch);
    const double done = (static_cast<double>(step) - first) / count;
    rate = now.final_learning_rate +
           (rate - now.final_learning_rate) * (1 + std::cos(std::numbers::pi * done)) / 2;
  }
  if (step < warm_up_steps) rate *= static_cast<double>(step + 1) / static_cast<double>(warm_up_steps);
  return rate;
}

bool TrainSpec::depends_on_epochs() const {
  return schedule.back().final_learning_rate > 0;
}

int64_t TrainSpec::trials_in(int64_t epoch, int64_t all) const {
  if (starts_with_trials == 0 || epoch >= all_trials_from_epoch || all <= starts_with_trials) return all;
  return starts_with_trials + (all - starts_with_trials) * epoch / all_trials_from_epoch;
}

double TrainSpec::weight(const SchedulePhase& phase, const twin::HeadKind& head) const {
  if (!head.in_schedule) return heads.find(head.weight_key)->second;
  const auto found = phase.weights.find(head.name);
  return found == phase.weights.end() ? head.weight : found->second;
}

LossWeights TrainSpec::weights(const SchedulePhase& phase, std::span<const twin::Head> heads_of_twin) const {
  LossWeights all;
  for (const auto& head : heads_of_twin) all.push_back(weight(phase, twin::head_kind(head.name)));
  return all;
}

bool TrainSpec::learns_spikes() const {
  const auto& spike = twin::head_kind("spike");
  return std::ranges::any_of(schedule, [&](const auto& p) { return weight(p, spike) > 0; });
}

bool TrainSpec::freezes_norm() const {
  return std::any_of(schedule.begin(), schedule.end(), [](const auto& p) { return p.freeze_norm; });
}

TrainSpec read_train(const config::Settings& settings) {
  TrainSpec spec;
  spec.batch_windows = settings.integer("batch_windows", spec.batch_windows, {1, 1e6});
  spec.window_ms = settings.integer("window_ms", spec.window_ms, {1, 1e6});
  spec.epochs = settings.integer("epochs", {}, {1, 1e6});
  spec.steps_per_epoch = settings.integer("steps_per_epoch", {}, {1, 1e9});
  spec.skip_ms = settings.integer("skip_ms", spec.skip_ms, config::kNotNegative);
  spec.full_history = settings.flag("full_history", spec.full_history);
  spec.soma_skips_after_spike_ms =
      settings.integer("soma_skips_after_spike_ms", spec.soma_skips_after_spike_ms, config::kNotNegative);
  spec.l2 = settings.number("l2", spec.l2, config::kNotNegative);
  spec.clip_gradient = settings.number("clip_gradient", spec.clip_gradient, config::kNotNegative);
  spec.clip_over_usual = settings.number("clip_over_usual", spec.clip_over_usual, config::kNotNegative);
  if (spec.clip_over_usual > 0 && spec.clip_over_usual < 1) {
    fail_input("{}: '{}' is {}, expected 0 (off), or at least 1", settings.where("clip_over_usual"),
               settings.full_key("clip_over_usual"), spec.clip_over_usual);
  }
  spec.warm_up_steps = settings.integer("warm_up_steps", spec.warm_up_steps, {0, 1e9});
  spec.average_steps = settings.integer("average_steps", spec.average_steps, {0, 1e9});
  spec.setback_factor = settings.number("setback_factor", spec.setback_factor, {1.01});
  spec.setback_epochs = settings.integer("setback_epochs", spec.setback_epochs, {0, 1e6});
  if (settings.has("seed")) spec.seed = static_cast<uint64_t>(settings.integer("seed", {}, {0, 9e15}));
  spec.heads = twin::read_head_settings(settings);
  for (const auto& kind : twin::head_kinds()) {
    const int64_t edge_ms = kind.edge_ms == nullptr ? 0 : kind.edge_ms(spec.heads);
    if (2 * edge_ms < spec.window_ms) continue;
    const auto& key = kind.settings.front().key;
    fail_input("{}: '{}' looks {} ms to either side, expected less than half of window_ms, {} ms",
               settings.where(key), settings.full_key(key), edge_ms, spec.window_ms);
  }
  spec.checkpoint_every_s =
      settings.number("checkpoint_every_s", spec.checkpoint_every_s, config::kNotNegative);
  spec.starts_with_trials = settings.integer("starts_with_trials", spec.starts_with_trials, {0, 1e9});
  if (spec.starts_with_trials > 0)
    spec.all_trials_from_epoch = settings.integer("all_trials_from_epoch", {}, {1, 1e6});
  int64_t before = -1;
  for (const auto& phase : settings.tables("schedule")) {
    SchedulePhase p;
    p.from_epoch = phase.integer("from_epoch", {}, config::kNotNegative);
    p.learning_rate = phase.number("learning_rate", {}, config::kPositive);
    p.final_learning_rate = phase.number("final_learning_rate", p.final_learning_rate, config::kNotNegative);
    for (const auto& kind : twin::head_kinds()) {
      if (kind.in_schedule && kind.quiet && !phase.has(kind.weight_key))
        p.weights[kind.name] = kind.weight;
      else if (kind.in_schedule)
        p.weights[kind.name] = phase.number(kind.weight_key, kind.weight, config::kNotNegative);
    }
    p.freeze_norm = phase.flag("freeze_norm", p.freeze_norm);
    if (spec.schedule.empty() ? p.from_epoch != 0 : p.from_epoch <= before) {
      fail_input("{}: '{}' is {}, expected {}", phase.where("from_epoch"), phase.full_key("from_epoch"),
                 p.from_epoch,
                 spec.schedule.empty() ? "0 in the first phase" : "more than in the phase before");
    }
    before = p.from_epoch;
    spec.schedule.push_back(p);
  }
  if (spec.schedule.empty()) {
    fail_input(
        "{}: '{}' is missing, expected at least one phase, [[train.schedule]] with from_epoch = 0 and "
        "learning_rate",
        settings.where("schedule"), settings.full_key("schedule"));
  }
  return spec;
}

}  // namespace nt::train

#include "run/search_stage.hpp"

#include <algorithm>

#include "dataset/event_support.hpp"
#include "files/files.hpp"
#include "run/detail/search_json.hpp"
#include "run/stage_log.hpp"
#include "run/stages.hpp"
#include "search/search.hpp"

namespace nt::run {
namespace {

/// What networks are trained and judged on, by content.
Contents data_of(const Experiment& e, const Options& o, int threads, const Watcher& watcher) {
  const auto [train, valid, test] = produce::splits_of(e.plan.data);
  const auto content = [&](const produce::SplitPlan& split) {
    return dataset::digest_of_split(produce::files_of(e.plan, split), o.out / "dataset", threads, watcher);
  };
  return {{"dataset/train", content(train)}, {"dataset/valid", content(valid)}};
}

/// A search there that cannot go on: of other data it is put aside, of other settings refused.
void make_room(const StageLog& log, const search::SearchTask& task, const Experiment& e) {
  const auto there = search::identity_of_search(task.out);
  if (there.empty() || there == task.identity) return;
  const auto* record = log.find("search trials");
  const auto found = record != nullptr
                         ? config::differences(record->inputs.settings, e.determines.search_trial)
                         : std::vector<config::KeyDifference>{};
  if (std::ranges::any_of(found, config::is_setting)) {
    fail_input(
        "{}: holds a search of other settings ({}); choose another --out, or remove it and the folder {} to "
        "search anew",
        (task.out / "search.sqlite").string(), words_for(found), (task.out / "search").string());
  }
  const auto aside = search::put_search_aside(task.out);
  task.watcher.note(fmt::format("search: the search there is {}; it is now in {}",
                                record != nullptr ? "of other data, or of an older algorithm"
                                                  : "of other settings or data, or of an older neurontwin",
                                aside.string()));
}

search::SearchTask task_of(const Experiment& e, const Options& o, int threads, const Watcher& watcher) {
  if (!e.search) {
    fail_input(
        "{}: has no [search], which says what to try and how long; for example\n"
        "            [search]\n            depth = [1, 8]\n            widths = [32, 64, 128]\n"
        "            budget_minutes = 60",
        o.experiment.string());
  }
  search::SearchTask task;
  task.spec = *e.search;
  task.twin.convolutional = e.convolutional;
  if (const auto* own = e.twin.as<twin::RecurrentSpec>()) task.twin.recurrent = *own;
  task.twin.convolutional.activation = task.spec.activation;
  if (task.spec.weight_sd) task.twin.convolutional.weight_sd = *task.spec.weight_sd;
  task.twin.heads = e.twin.heads;
  task.train = e.train;
  for (const int64_t branches : task.spec.space.branches) {
    auto spec = task.twin.recurrent;
    spec.branches = branches;
    twin::wire(spec, dataset::cell_table(e.plan.cell));
    task.recurrent.emplace(branches, std::move(spec));
  }
  task.channels = cell::excitatory_synapses(e.plan.cell) + cell::inhibitory_synapses(e.plan.cell);
  task.seed = e.seed;
  task.skip_ms = e.evaluate.skip_ms;
  task.out = o.out;
  task.threads = threads;
  task.watcher = watcher;
  task.ranks = o.ranks;
  task.open = [&e, &o](const std::string& name) {
    return produce::open_split(e.plan, o.out / "dataset", name);
  };
  task.shifted = [&e, &o, threads, watcher] {
    return evaluate::shifted_trials(e.generalisation, e.plan, o.out / "dataset", threads, watcher);
  };
  return task;
}

void require_spikes(const search::SearchTask& task, const Experiment& e) {
  if (task.spec.measure != search::Measure::auc) return;
  const auto support = dataset::event_support(task.open("valid"), task.skip_ms);
  task.watcher.note(words_for(support, "valid"));
  if (const auto warning = dataset::warning_of(support, "valid")) task.watcher.note(*warning);
  if (support.spikes_after_skip > 0) return;
  fail_input(
      "{} validation trials hold no output spike; raise data.valid_trials, or the input rates in [stimulus], "
      "or "
      "set search.measure = \"variance_explained\" to judge by the voltage alone",
      e.plan.data.valid_trials);
}

}  // namespace

std::string run_search(const Experiment& experiment, const Options& options, int workers,
                       std::vector<std::string> arguments, const Watcher& watcher) {
  const int threads = threads_of(options);
  auto task = task_of(experiment, options, threads, watcher);
  run_stage(StageName::simulate, experiment, options, watcher);
  if (!options.ranks->is_first()) {
    options.ranks->from_first(task.identity);  // once rank 0 has looked at what is there
    search::search(task, {}, 0);
    return "";
  }
  const files::FolderLock lock(options.out);
  const StageInputs inputs{experiment.determines.search, data_of(experiment, options, threads, watcher)};
  task.identity = search_identity(experiment.determines, experiment.plan.identity, inputs.files);
  StageLog log(options.out);
  make_room(log, task, experiment);
  require_spikes(task, experiment);
  // Said before the first trial, so that one killed at any moment is known for what it is.
  log.finish("search trials", {{experiment.determines.search_trial, inputs.files}, {}, 0});
  options.ranks->from_first(task.identity);
  arguments.push_back("--search-worker");
  arguments.push_back(std::to_string(std::max(1, threads / workers)));
  const auto answers = search::search(task, arguments, workers);
  const auto text = search_json(answers).dump(1) + "\n";
  files::write_file_atomically(options.out / "search.json", text);
  log.finish("search", {inputs, {{"search.json", files::digest(text)}}, 0});
  return search::table_of(answers);
}

void run_search_worker(const Experiment& experiment, const Options& options, int threads,
                       const Watcher& watcher) {
  auto task = task_of(experiment, options, threads, watcher);
  task.identity = search_identity(experiment.determines, experiment.plan.identity,
                                  data_of(experiment, options, threads, watcher));
  search::work_on_search(task);
}

}  // namespace nt::run

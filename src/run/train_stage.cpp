#include <algorithm>

#include "dataset/event_support.hpp"
#include "files/json.hpp"
#include "produce/background_dataset.hpp"
#include "produce/targets.hpp"
#include "report/report.hpp"
#include "run/detail/simulate_stage.hpp"
#include "run/stages.hpp"
#include "train/by_ranks.hpp"
#include "twin/device_passes.hpp"
#include "twin/saved_twin.hpp"

namespace nt::run {
namespace {

StageInputs training_inputs(RunFolder& run) {
  return {run.experiment.determines.train, run.contents({"dataset/train", "dataset/valid"})};
}

bool trained_before(RunFolder& run) {
  return run.done_before("train", training_inputs(run), {kTwinFile, "learning.json"});
}

/// Says how many output spikes a split holds, and what follows if these are few.
dataset::EventSupport say_support(const RunFolder& run, const dataset::Split& split, const std::string& name,
                                  int64_t skip_ms) {
  auto support = dataset::event_support(split, skip_ms);
  run.watcher.note(words_for(support, name));
  const auto warning = dataset::warning_of(support, name);
  if (warning && run.experiment.train.learns_spikes()) run.watcher.note(*warning);
  const auto rate = rate_warning_of(support, name);
  if (rate && run.experiment.train.learns_spikes() && name == "train") run.watcher.note(*rate);
  return support;
}

/// A twin cannot learn to spike on data without a single output spike in the first `trials`. `key` sets
/// their number.
void require_spikes(const RunFolder& run, const dataset::EventSupport& support, int64_t trials,
                    std::string_view key) {
  if (std::any_of(support.spikes_of.begin(), support.spikes_of.begin() + trials,
                  [](int64_t spikes) { return spikes > 0; })) {
    return;
  }
  fail_input(
      "{} trials ({:.0f} s) hold no output spike; raise {}, or the input rates in [stimulus], or set "
      "spike_weight = 0 in train.schedule to train on the voltage alone",
      trials, static_cast<double>(trials * run.experiment.plan.data.trial_ms) / 1000, key);
}

/// Of starting weights and windows.
uint64_t training_seed(const RunFolder& run) {
  return run.experiment.train.seed.value_or(run.experiment.seed);
}

twin::Twin fresh_twin(const RunFolder& run) {
  return twin::Twin(run.experiment.twin,
                    cell::excitatory_synapses(run.experiment.plan.cell) +
                        cell::inhibitory_synapses(run.experiment.plan.cell),
                    training_seed(run), twin::on_threads(run.training_threads));
}

/// With the scales of its targets, which say what its outputs mean.
twin::TwinDescription described(const RunFolder& run, int64_t best_epoch) {
  auto description = describe_twin(run.experiment, best_epoch);
  const auto& plan = run.experiment.plan;
  if (plan.data.targets.empty()) return description;
  auto& all = description.provenance["targets"] = nlohmann::json::array();
  for (const auto& target :
       produce::read_targets(produce::targets_path(run.dataset), plan.identity.configuration))
    all.push_back({{"name", target.name}, {"unit", target.unit}, {"mean", target.mean}, {"sd", target.sd}});
  return description;
}

/// Where a page of the training is asked for, writes it after each epoch; else nothing.
class WatchPage {
 public:
  explicit WatchPage(const RunFolder& run) : run_(run) {
    if (!run.options.watch) return;
    write({}, false);
    run.watcher.note(fmt::format("train: watch it in a browser, {}",
                                 std::filesystem::absolute(run.folder / kFile).lexically_normal().string()));
  }
  void write(const train::TrainResult& result, bool finished) const {
    if (!run_.options.watch) return;
    files::write_file_atomically(
        run_.folder / kFile,
        report::make_watch_page(run_.experiment.title, train::learning_json(result).dump(),
                                run_.experiment.train.epochs, finished));
  }

 private:
  static constexpr auto kFile = "watch.html";
  const RunFolder& run_;
};

/// Returns the seconds of computing.
double train_on(RunFolder& run, const train::GrowingTrials& trials, const Watcher& watcher,
                std::shared_ptr<const ranks::Ranks> ranks = ranks::alone()) {
  const auto valid_split = run.open("valid");
  const auto first = run.experiment.train.trials_in(0, trials.all);
  const auto& first_split = trials.first(first);
  if (!ranks->is_first()) {
    auto twin = fresh_twin(run);
    nt::train::train(twin,
                     {run.experiment.train, training_seed(run), {}, {}, watcher, {}, ranks, run.device()},
                     trials, valid_split);
    return 0;
  }
  const auto name = name_of_training(run.experiment, first_split.digest(), valid_split.digest());
  const auto train_support = say_support(run, first_split, "train", run.experiment.train.skip_ms);
  const auto valid_support = say_support(run, valid_split, "valid", 0);
  // The test trials are not needed yet, but it is good to know before training that they will not do.
  if (std::filesystem::exists(dataset::shard_path(run.dataset, "test", 0)) &&
      run.experiment.train.starts_with_trials == 0)
    say_support(run, run.open("test"), "test", run.experiment.evaluate.skip_ms);
  if (run.experiment.train.learns_spikes()) {
    require_spikes(
        run, train_support, first,
        run.experiment.train.starts_with_trials > 0 ? "train.starts_with_trials" : "data.train_trials");
    require_spikes(run, valid_support, run.experiment.plan.data.valid_trials, "data.valid_trials");
  }
  auto twin = fresh_twin(run);
  const WatchPage page(run);
  const auto result = nt::train::train(
      twin,
      {run.experiment.train, training_seed(run), run.folder / "checkpoints", name, watcher,
       [&](const train::TrainResult& so_far) { page.write(so_far, false); }, ranks, run.device()},
      trials, valid_split);
  page.write(result, true);
  files::write_file_atomically(run.folder / "learning.json", train::learning_json(result).dump(1) + "\n");
  files::write_file_atomically(run.twin_path(), twin::twin_bytes(twin, described(run, result.best_epoch)));
  run.watcher.note(fmt::format("train: {} epochs, best {} with validation loss {:.5f}, {:.1f} s of computing",
                               result.epochs.size(), result.best_epoch,
                               result.epochs[result.best_epoch - 1].valid_loss, result.seconds));
  for (const auto& setback : result.setbacks)
    run.watcher.note(
        fmt::format("train: setback: {}; went on from the best weights at {:g} of the learning rate",
                    setback.words, setback.rate_factor));
  return result.seconds;
}

/// No more than a batch has windows; null on the others.
std::shared_ptr<const ranks::Ranks> ranks_at_work(const RunFolder& run) {
  const auto windows = run.experiment.train.batch_windows;
  if (run.ranks->size() <= windows) return run.ranks;
  run.watcher.note(fmt::format("train: {} of {} ranks, one for each window of a batch (train.batch_windows)",
                               windows, run.ranks->size()));
  return run.ranks->first(static_cast<int>(windows));
}

/// Once all of the data set is there: it is among what the stage is known by.
void finish_training(RunFolder& run, double seconds) {
  run.finish("train", training_inputs(run), {kTwinFile, "learning.json"}, seconds);
}

int threads_beside_training(const RunFolder& run) {
  const int wanted =
      run.options.simulation_threads > 0 ? run.options.simulation_threads : std::max(1, run.threads / 2);
  return std::min(wanted, run.threads);
}

std::string simulation_note(const Progress& simulation, const std::string& after) {
  if (simulation.what.empty()) return "";
  return fmt::format("{}{} {:.0f}/{:.0f} {}", after.empty() ? "" : ", ", simulation.what, simulation.done,
                     simulation.total, simulation.unit);
}

}  // namespace

std::string name_of_training(const Experiment& experiment, const std::string& train_data,
                             const std::string& valid_data) {
  return training_identity(experiment.determines, experiment.plan.identity,
                           {{"dataset/train", train_data}, {"dataset/valid", valid_data}},
                           experiment.train.depends_on_epochs());
}

void require_training_possible(const RunFolder& run) {
  if (run.device() == device::Kind::cpu) return;
  twin::require_device_passes(run.experiment.twin);
  if (run.ranks->size() > 1)
    train::require_devices_can_share(*run.ranks, fresh_twin(run), run.experiment.train);
}

void train_stage(RunFolder& run) {
  const auto done_before = [&] {
    run.require_own_data();
    return trained_before(run);
  };
  if (ranks::first_says(*run.ranks, done_before)) return run.watcher.note("train: done before");
  const auto ranks = ranks_at_work(run);
  if (!ranks) return;
  const auto train_split = run.open("train");
  if (ranks->is_first()) {
    run.remember_experiment();
    note_data_found(run);
  }
  const double seconds = train_on(
      run,
      {run.experiment.plan.data.train_trials, [&](int64_t) -> const dataset::Split& { return train_split; }},
      run.watcher, ranks);
  if (ranks->is_first()) finish_training(run, seconds);
}

void simulate_and_train(RunFolder& run) {
  if (simulated_before(run)) {
    simulate_stage(run);
    return train_stage(run);
  }
  make_room_for_data(run);
  run.remember_experiment();
  const int beside = threads_beside_training(run), threads_of_training = std::max(1, run.threads - beside);
  produce::BackgroundDataset data(run.experiment.plan, run.dataset, run.threads, beside, run.watcher.stop);
  bool simulated = false;
  const auto note_if_simulated = [&] {
    if (simulated || !data.finished()) return;
    simulated = true;
    *run.training_threads = run.threads;
    finish_simulation(run, data.finish({}), data.seconds());
  };
  data.wait_for("valid", run.experiment.plan.data.valid_trials, run.watcher);
  dataset::Split train_split;
  const train::GrowingTrials trials{
      run.experiment.plan.data.train_trials, [&](int64_t first) -> const dataset::Split& {
        data.wait_for("train", first, run.watcher);
        train_split.grow(
            produce::files_of(run.experiment.plan, produce::splits_of(run.experiment.plan.data)[0]),
            run.dataset, first);
        *run.training_threads = simulated ? run.threads : threads_of_training;
        return train_split;
      }};
  const auto tell = [&](Progress progress) {
    try {
      data.rethrow_failure();
    } catch (...) {
      if (!run.watcher.stop_requested()) throw;  // else training stops by itself, with a checkpoint
    }
    note_if_simulated();
    if (!simulated) progress.note += simulation_note(data.progress(), progress.note);
    run.watcher.tell(progress);
  };
  const double seconds = train_on(run, trials, run.watcher.with_progress(tell));
  data.finish(run.watcher);
  note_if_simulated();
  finish_training(run, seconds);
}

}  // namespace nt::run

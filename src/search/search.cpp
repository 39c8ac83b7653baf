#include "search/search.hpp"

#include <chrono>
#include <cmath>
#include <thread>

#include "search/detail/crew.hpp"
#include "search/detail/criterion.hpp"
#include "search/detail/trial_network.hpp"
#include "search/detail/work.hpp"

namespace nt::search {
namespace {

/// Trains a trial to its rung and says what it came to; nothing if the user stopped it.
std::optional<RungResult> run_job(const SearchTask& task, const ClaimedJob& claimed,
                                  const dataset::Split& train_split, const dataset::Split& valid_split) {
  const auto& job = claimed.job;
  const auto& configuration = claimed.configuration;
  const auto& folder = claimed.folder;
  auto twin = fresh_network(task, job.trial, configuration);
  const auto spec = training_of(configuration, task.spec.halving, job.rung, task.train);
  RungResult result;
  train::TrainResult trained;
  try {
    trained = train::train(twin,
                           {spec, seed_of_windows(task, job.trial, configuration), folder,
                            identity_of(task, configuration), task.watcher},
                           train_split, valid_split);
  } catch (const train::Diverged& error) {
    result.auc = result.variance_explained = result.rmse_mV = std::nan("");
    result.failure = error.what();
    return result;
  } catch (const RunError&) {
    if (task.watcher.stop_requested()) return std::nullopt;
    throw;
  }
  const auto trials = evaluate::compare(twin, valid_split);
  const auto answers = measure(trials, task.skip_ms, {}, 0);
  result.auc = answers.auc.value;
  result.variance_explained = answers.variance_explained.value;
  result.rmse_mV = answers.rmse_mV;
  const auto first = job.rung > 0 ? static_cast<size_t>(task.spec.halving.epochs_at(job.rung - 1)) : 0;
  for (size_t i = first; i < trained.epochs.size(); ++i) result.seconds += trained.epochs[i].seconds;
  for (const auto& epoch : trained.epochs) {
    result.curve.push_back({epoch.epoch, epoch.seen_s, epoch.learning_rate, epoch.train_loss,
                            epoch.valid_loss, epoch.valid_auc});
  }
  keep_weights(folder, job.rung);
  return result;
}

}  // namespace

twin::TwinSpec twin_of(const SearchTask& task, const Configuration& configuration) {
  auto rest = task.twin;
  if (configuration.is_control()) {
    const auto wired = task.recurrent.find(configuration.branches);
    if (wired == task.recurrent.end()) {
      fail_input(
          "{}: a trial has {} branches, which [search] does not ask for; the file is damaged, put it aside",
          (task.out / "search.sqlite").string(), configuration.branches);
    }
    rest.recurrent = wired->second;
  }
  return twin_of(configuration, rest);
}

double score_of(const SearchTask& task, const RungResult& result) {
  return task.spec.measure == Measure::auc ? result.auc : result.variance_explained;
}

Claim StoredJobs::claim() {
  const auto choose = [&](const Knowledge& knowledge) {
    return sequence_.next(knowledge, store_.elapsed_s());
  };
  if (auto claimed = store_.claim(choose)) return {.job = std::move(claimed)};
  // Another worker's result may make something due; and if that worker dies, its job is another's.
  return {.over = store_.unfinished() == 0 && !choose(store_.knowledge_without_curves())};
}

void StoredJobs::finish(const ClaimedJob& claimed, const RungResult& result) {
  store_.finish(claimed.job, result);
  forget_older_weights(claimed.folder, claimed.job.rung);
}

void work_on(const SearchTask& task, Jobs& jobs) {
  const auto train_split = task.open("train"), valid_split = task.open("valid");
  while (!task.watcher.stop_requested()) {
    const auto claim = jobs.claim();
    if (claim.over) return;
    if (!claim.job) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      continue;
    }
    const auto result = run_job(task, *claim.job, train_split, valid_split);
    if (!result) return;
    jobs.finish(*claim.job, *result);
  }
}

void work_on_search(const SearchTask& asked) {
  auto task = asked;
  task.watcher.progress = {};
  StoredJobs jobs(task);
  work_on(task, jobs);
}

namespace {

Progress progress_of(const SearchTask& task, const Knowledge& knowledge, double elapsed_s) {
  double best = std::nan("");
  for (const auto& finished : knowledge.finished) best = std::fmax(best, score_of(task, finished.result));
  const auto note = fmt::format("{} trials, {} rungs done, best {} {:.5f}", knowledge.trials.size(),
                                knowledge.finished.size(), name_of(task.spec.measure), best);
  if (task.spec.budget_minutes > 0) return {"search", elapsed_s / 60, task.spec.budget_minutes, "min", note};
  if (task.spec.budget_samples_h > 0)
    return {"search", samples_h(task, knowledge), task.spec.budget_samples_h, "h", note};
  return {"search",
          static_cast<double>(knowledge.trials.size()),
          static_cast<double>(task.spec.trials),
          "trials",
          note,
          false};
}

}  // namespace

SearchAnswers search(const SearchTask& task, const std::vector<std::string>& worker_command, int workers) {
  if (!task.ranks->is_first()) {
    work_by_ranks(task, {});
    return {};
  }
  SearchStore store(task.out, task.identity);
  using Clock = std::chrono::steady_clock;
  auto before = Clock::now();
  const auto account_time = [&] {
    const auto now = Clock::now();
    store.add_elapsed(std::chrono::duration<double>(now - before).count());
    before = now;
  };
  const double budget_s = 60 * task.spec.budget_minutes;
  const auto finished = [&] {
    return static_cast<int64_t>(store.knowledge_without_curves().finished.size());
  };
  auto told = Clock::now() - std::chrono::hours(1);
  const auto tick = [&] {
    if (Clock::now() - told > std::chrono::seconds(1)) {
      told = Clock::now();
      account_time();
      task.watcher.tell(progress_of(task, store.knowledge_without_curves(), store.elapsed_s()));
    }
    return task.watcher.stop_requested() || (budget_s > 0 && store.elapsed_s() >= budget_s);
  };
  const bool over = store.unfinished() == 0 &&
                    !stop_reason(task, store.knowledge_without_curves(), store.elapsed_s()).empty();
  if (task.ranks->size() > 1)
    work_by_ranks(task, tick);
  else if (!over && !tick())
    run_crew(worker_command, workers, tick, finished, task.watcher.stop);
  account_time();
  task.watcher.stop_here_if_asked("searching");
  return judge(task, store, stop_reason(task, store.knowledge_without_curves(), store.elapsed_s()));
}

}  // namespace nt::search

#include "search/search.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <thread>

#include "files/files.hpp"
#include "search/crew.hpp"
#include "search/criterion.hpp"
#include "search/trial_network.hpp"

namespace neurontwin {
namespace {

constexpr std::array<std::string_view, 3> kCriteria{"smallest_not_worse", "target", "complexity_index"};
constexpr std::array<std::string_view, 2> kMeasures{"auc", "variance_explained"};
constexpr std::array<std::string_view, 2> kActivations{"linear", "relu"};  // in the order of Activation

/// Trains a trial to its rung and says what it came to; nothing if the user stopped it.
std::optional<RungResult> run_job(const SearchTask& task, const ClaimedJob& claimed, const Split& train_split,
                                  const Split& valid_split) {
  const auto& [job, configuration, folder, lock] = claimed;
  auto twin = fresh_network(task, job.trial, configuration);
  const auto spec = training_of(configuration, task.spec.halving, job.rung, task.train);
  RungResult result;
  TrainResult trained;
  try {
    trained = train(twin, spec, seed_of_windows(task, job.trial, configuration), train_split, valid_split,
                    folder, identity_of(task, configuration), {});
  } catch (const Diverged& error) {
    result.auc = result.variance_explained = result.rmse_mV = std::nan("");
    result.failure = error.what();
    result.curve = nlohmann::ordered_json::array();
    return result;
  } catch (const RunError&) {
    if (stop_requested()) return std::nullopt;
    throw;
  }
  const auto trials = compare(twin, valid_split);
  const auto answers = measure(trials, task.skip_ms, {}, 0);
  result.auc = answers.auc.value;
  result.variance_explained = answers.variance_explained.value;
  result.rmse_mV = answers.rmse_mV;
  const auto first = job.rung > 0 ? static_cast<size_t>(task.spec.halving.epochs_at(job.rung - 1)) : 0;
  for (size_t i = first; i < trained.epochs.size(); ++i) result.seconds += trained.epochs[i].seconds;
  result.curve = nlohmann::ordered_json::array();
  for (const auto& epoch : trained.epochs) {
    result.curve.push_back({{"epoch", epoch.epoch},
                            {"seen_s", epoch.seen_s},
                            {"learning_rate", epoch.learning_rate},
                            {"train_loss", epoch.train_loss},
                            {"valid_loss", epoch.valid_loss},
                            {"valid_auc", epoch.valid_auc}});
  }
  keep_weights(folder, job.rung);
  return result;
}

}  // namespace

TwinSpec twin_of(const SearchTask& task, const Configuration& configuration) {
  auto rest = task.twin;
  if (configuration.is_control()) rest.recurrent = task.recurrent.at(configuration.branches);
  return twin_of(configuration, std::move(rest));
}

double score_of(const SearchTask& task, const RungResult& result) {
  return task.spec.measure == Measure::auc ? result.auc : result.variance_explained;
}

std::string_view name_of(Criterion criterion) {
  return kCriteria[static_cast<size_t>(criterion)];
}
std::string_view name_of(Measure measure) {
  return kMeasures[static_cast<size_t>(measure)];
}

SearchSpec read_search(const Settings& settings) {
  SearchSpec spec;
  spec.space = read_space(settings);
  spec.halving = read_halving(settings);
  spec.activation = settings.choice("activation", kActivations, spec.activation);
  if (settings.has("weight_sd")) spec.weight_sd = settings.number("weight_sd", {}, kNotNegative);
  spec.criterion = settings.choice("criterion", kCriteria, spec.criterion);
  spec.size = settings.choice("size", kSizeNames, spec.size);
  spec.measure = settings.choice("measure", kMeasures,
                                 spec.space.spike_weight > 0 ? Measure::auc : Measure::variance_explained);
  spec.epsilon = settings.number("epsilon", spec.epsilon, kNotNegative);
  spec.confidence = settings.number("confidence", spec.confidence, {0.5, 0.9999});
  spec.target_auc = settings.number("target_auc", spec.target_auc, {0, 1});
  spec.target_variance_explained =
      settings.number("target_variance_explained", spec.target_variance_explained, {0, 1});
  spec.trainings = settings.integer("trainings", spec.trainings, {1, 1000});
  spec.generalise = settings.flag("generalise", spec.generalise);
  spec.resamples = settings.integer("resamples", spec.resamples, {10, 1e6});
  spec.budget_samples_h = settings.number("budget_samples_h", spec.budget_samples_h, kNotNegative);
  spec.budget_minutes = settings.number("budget_minutes", spec.budget_minutes, kNotNegative);
  spec.trials = settings.integer("trials", spec.trials, {0, 1e6});
  spec.quiet_rungs = settings.integer("quiet_rungs", spec.quiet_rungs, kNotNegative);
  for (const auto& network : settings.tables("published")) {
    spec.published.push_back({network.text("name"), network.number("depth", {}, kPositive),
                              network.number("parameters", {}, kPositive),
                              network.number("auc", {}, {0, 1})});
  }
  if (spec.budget_samples_h == 0 && spec.budget_minutes == 0 && spec.trials == 0) {
    fail_input(
        "{}: '{}' is missing, as are budget_minutes and trials; a search needs at least one, for example "
        "budget_minutes = 60",
        settings.where("budget_samples_h"), settings.full_key("budget_samples_h"));
  }
  if (spec.criterion == Criterion::target && spec.target_auc == 0 && spec.target_variance_explained == 0) {
    fail_input(
        "{}: '{}' is \"target\", expected target_auc or target_variance_explained beside it; the paper's is "
        "target_auc = 0.991",
        settings.where("criterion"), settings.full_key("criterion"));
  }
  if (spec.criterion == Criterion::complexity_index) {
    if (spec.measure != Measure::auc) {
      fail_input(
          "{}: '{}' is \"complexity_index\", which is made from the AUC of spikes; expected measure = "
          "\"auc\"",
          settings.where("criterion"), settings.full_key("criterion"));
    }
    spec.space = probe_space(std::move(spec.space));
  }
  return spec;
}

namespace {

/// Of all jobs, finished or begun.
int64_t epochs_of(const SearchTask& task, const Knowledge& knowledge) {
  int64_t epochs = 0;
  for (const auto& trial : knowledge.trials) {
    if (trial.begun > 0) epochs += task.spec.halving.epochs_at(trial.begun - 1);
  }
  return epochs;
}

}  // namespace

double hours_of(const SearchTask& task, int64_t epochs) {
  return static_cast<double>(epochs) *
         static_cast<double>(task.spec.halving.steps_per_epoch * task.train.batch_windows *
                             task.train.window_ms) /
         3.6e6;
}

double samples_h(const SearchTask& task, const Knowledge& knowledge) {
  return hours_of(task, epochs_of(task, knowledge));
}

namespace {

/// The trials that are networks of their own, not another training of one before, by number.
struct Tried {
  std::vector<int64_t> number;
  std::vector<TrialState> state;
  std::vector<double> size;
  int64_t unfinished = 0;  // rungs that are being worked on
};

Tried tried_in(const SearchTask& task, const Knowledge& knowledge) {
  Tried tried;
  std::map<int64_t, size_t> place;
  for (size_t i = 0; i < knowledge.trials.size(); ++i) {
    const auto& [configuration, begun] = knowledge.trials[i];
    if (configuration.is_again()) continue;
    const auto size = size_of(twin_of(task, configuration), task.channels, task.spec.size);
    place[static_cast<int64_t>(i)] = tried.number.size();
    tried.number.push_back(static_cast<int64_t>(i));
    tried.state.push_back({class_of(configuration, size, task.spec.size), {}, begun});
    tried.size.push_back(static_cast<double>(size));
    tried.unfinished += begun;
  }
  for (const auto& [job, result] : knowledge.finished) {  // a trial's rungs finish in their order
    const auto at = place.find(job.trial);
    if (at == place.end()) continue;
    tried.state[at->second].scores.push_back(score_of(task, result));
    --tried.unfinished;
  }
  return tried;
}

bool front_rests(const SearchTask& task, const Knowledge& knowledge) {
  if (task.spec.quiet_rungs == 0) return false;
  std::vector<Outcome> outcomes;
  for (const auto& [job, result] : knowledge.finished) {
    const auto& configuration = knowledge.trials[static_cast<size_t>(job.trial)].configuration;
    if (configuration.is_control() || configuration.is_again()) continue;  // not on the front
    outcomes.push_back(
        {static_cast<double>(size_of(twin_of(task, configuration), task.channels, task.spec.size)),
         score_of(task, result)});
  }
  return quiet_outcomes(outcomes, task.spec.epsilon) >= task.spec.quiet_rungs;
}

/// Whether a job's cost is beyond this share of the budget of samples.
bool too_dear(const SearchTask& task, const Knowledge& knowledge, const SearchStore::Choice& choice,
              double share = 1) {
  if (task.spec.budget_samples_h == 0) return false;
  const int64_t epochs = epochs_of(task, knowledge) + task.spec.halving.epochs_of(choice.job.rung);
  return hours_of(task, epochs) > share * task.spec.budget_samples_h;
}

/// A network tried before to be trained on, or a new one; or why neither.
struct Exploration {
  std::optional<SearchStore::Choice> job;
  std::string ended_by;
};
Exploration explore(const SearchTask& task, const Knowledge& knowledge, const Tried& tried,
                    double elapsed_s) {
  if (front_rests(task, knowledge)) return {{}, "front"};
  const auto count = static_cast<int64_t>(tried.number.size());
  std::optional<SearchStore::Choice> job;
  if (const auto due = due_trial(tried.state, task.spec.halving)) {
    const auto i = static_cast<size_t>(*due);
    job = {{tried.number[i], tried.state[i].begun}, {}};
  } else if (task.spec.trials > 0 && count >= task.spec.trials) {
    return {{}, "trials"};
  } else {
    job = {{static_cast<int64_t>(knowledge.trials.size()), 0}, draw(task.spec.space, task.seed, count)};
  }
  if (task.spec.trainings > 1) {
    const double half_s = 30 * task.spec.budget_minutes;
    if ((half_s > 0 && elapsed_s >= half_s) || too_dear(task, knowledge, *job, 0.5)) return {{}, "trainings"};
  }
  return {std::move(job), ""};
}

/// The networks to be trained again: of those that came farthest the best of every size, and the best
/// control.
std::vector<int64_t> worth_training_again(const SearchTask& task, const Knowledge& knowledge,
                                          const Tried& tried) {
  size_t rungs = 0;
  for (const auto& state : tried.state) rungs = std::max(rungs, state.scores.size());
  std::vector<Outcome> networks, controls;
  for (size_t i = 0; i < tried.number.size(); ++i) {
    const auto& scores = tried.state[i].scores;
    const double score = rungs > 0 && scores.size() == rungs ? scores.back() : std::nan("");
    const auto number = static_cast<size_t>(tried.number[i]);
    const bool control = knowledge.trials[number].configuration.is_control();
    networks.push_back({tried.size[i], control ? std::nan("") : score});
    controls.push_back({0, control ? score : std::nan("")});
  }
  const bool one_of_a_size = task.spec.size == Size::depth;  // else every network has a size of its own
  std::vector<int64_t> trials;
  for (const auto i : one_of_a_size ? best_of_every_size(networks) : front_of(networks))
    trials.push_back(tried.number[i]);
  for (const auto i : best_of_every_size(controls)) trials.push_back(tried.number[i]);
  return trials;
}

/// All of them once more, then all of them once more. Each is trained to the rung that the first one reached.
std::optional<SearchStore::Choice> train_again(const SearchTask& task, const Knowledge& knowledge,
                                               const Tried& tried) {
  std::map<int64_t, std::vector<int64_t>> again;  // of each network, its other trainings
  for (size_t i = 0; i < knowledge.trials.size(); ++i) {
    const auto& configuration = knowledge.trials[i].configuration;
    if (configuration.is_again()) again[configuration.again_of].push_back(static_cast<int64_t>(i));
  }
  std::map<int64_t, int64_t> finished;
  std::map<int64_t, bool> failed;
  for (const auto& [job, result] : knowledge.finished) {
    ++finished[job.trial];
    if (!result.failure.empty()) failed[job.trial] = true;
  }
  const auto networks = worth_training_again(task, knowledge, tried);
  for (size_t training = 0; training + 1 < static_cast<size_t>(task.spec.trainings); ++training) {
    for (const auto network : networks) {
      if (again[network].size() <= training) {
        auto configuration = knowledge.trials[static_cast<size_t>(network)].configuration;
        configuration.again_of = network;
        return {{{static_cast<int64_t>(knowledge.trials.size()), 0}, std::move(configuration)}};
      }
      const auto trial = again[network][training];
      const auto begun = knowledge.trials[static_cast<size_t>(trial)].begun;
      if (!failed[trial] && begun == finished[trial] && begun < finished[network])
        return {{{trial, begun}, {}}};
    }
  }
  return std::nullopt;
}

/// What is due next, whatever it costs, or why nothing is any more. Neither: others' results have to come.
Exploration wanted_job(const SearchTask& task, const Knowledge& knowledge, double elapsed_s) {
  const auto tried = tried_in(task, knowledge);
  auto wanted = explore(task, knowledge, tried, elapsed_s);
  if (wanted.job || task.spec.trainings == 1) return wanted;
  if (tried.unfinished > 0) return {};
  if (auto job = train_again(task, knowledge, tried)) return {std::move(job), ""};
  return wanted;
}

}  // namespace

std::optional<SearchStore::Choice> next_job(const SearchTask& task, const Knowledge& knowledge,
                                            double elapsed_s) {
  auto wanted = wanted_job(task, knowledge, elapsed_s).job;
  if (wanted && too_dear(task, knowledge, *wanted)) return std::nullopt;
  return wanted;
}

std::string stop_reason(const SearchTask& task, const Knowledge& knowledge, double elapsed_s) {
  const auto wanted = wanted_job(task, knowledge, elapsed_s);
  if (!wanted.ended_by.empty()) return wanted.ended_by;
  if (task.spec.budget_minutes > 0 && elapsed_s >= 60 * task.spec.budget_minutes) return "budget_minutes";
  return wanted.job && too_dear(task, knowledge, *wanted.job) ? "budget_samples_h" : "";
}

void work_on_search(const SearchTask& task) {
  SearchStore store(task.out, task.identity);
  const auto train_split = task.open("train"), valid_split = task.open("valid");
  const auto choose = [&](const Knowledge& knowledge) {
    return next_job(task, knowledge, store.elapsed_s());
  };
  while (!stop_requested()) {
    const auto claimed = store.claim(choose);
    if (!claimed) {
      // Another worker's result may make something due; and if that worker dies, its job is ours.
      if (store.unfinished() == 0 && !choose(store.knowledge_without_curves())) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      continue;
    }
    const auto result = run_job(task, *claimed, train_split, valid_split);
    if (!result) return;
    store.finish(claimed->job, *result);
    forget_older_weights(claimed->folder, claimed->job.rung);
  }
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
  return {"search", static_cast<double>(knowledge.trials.size()), static_cast<double>(task.spec.trials),
          "trials", note};
}

}  // namespace

nlohmann::ordered_json search(const SearchTask& task, const std::vector<std::string>& worker_command,
                              int workers, const ProgressListener& listener) {
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
      if (listener) listener(progress_of(task, store.knowledge_without_curves(), store.elapsed_s()));
    }
    return stop_requested() || (budget_s > 0 && store.elapsed_s() >= budget_s);
  };
  const bool over = store.unfinished() == 0 &&
                    !stop_reason(task, store.knowledge_without_curves(), store.elapsed_s()).empty();
  if (!over && !tick()) run_crew(worker_command, workers, tick, finished);
  account_time();
  if (stop_requested()) fail_run("stopped while searching; run the same command again to go on");
  const auto reason = stop_reason(task, store.knowledge_without_curves(), store.elapsed_s());
  auto answers = judge(task, store, reason);
  write_file_atomically(task.out / "search.json", answers.dump(1) + "\n");
  return answers;
}

}  // namespace neurontwin

// What a search does next, and why it is over.
#include <algorithm>
#include <cmath>
#include <map>

#include "search/search.hpp"

namespace nt::search {
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
    const auto& configuration = knowledge.trials[job.trial].configuration;
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
  std::vector<int64_t> trials;
  for (const auto i : contenders(networks, task.spec.size)) trials.push_back(tried.number[i]);
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
        auto configuration = knowledge.trials[network].configuration;
        configuration.again_of = network;
        return {{{static_cast<int64_t>(knowledge.trials.size()), 0}, std::move(configuration)}};
      }
      const auto trial = again[network][training];
      const auto begun = knowledge.trials[trial].begun;
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

}  // namespace nt::search

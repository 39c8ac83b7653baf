#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "dataset/split.hpp"
#include "evaluate/generalisation.hpp"
#include "progress/watcher.hpp"
#include "ranks/ranks.hpp"
#include "search/answers.hpp"
#include "search/search_spec.hpp"
#include "search/store.hpp"

namespace nt::search {

/// Part of what a result is known by. Raise it when the same data and settings come to other networks or
/// scores.
inline constexpr int kSearchVersion = 1;

/// A search in a run directory whose data set is there.
struct SearchTask {
  SearchSpec spec;
  RestOfTwin twin;         // what a configuration does not say, but for the wiring
  train::TrainSpec train;  // the same
  /// By the branches wanted: recurrent networks' wiring on the cell, and what else they do not say.
  std::map<int64_t, twin::RecurrentSpec> recurrent;
  int64_t channels = 0;
  uint64_t seed = 0;
  int64_t skip_ms = 0;   // of a trial's start, which do not count when networks are judged
  std::string identity;  // all that determines a trial's result
  std::filesystem::path out;
  int threads = 1;                                             // of this process
  std::shared_ptr<const ranks::Ranks> ranks = ranks::alone();  // that work on it
  Watcher watcher = {};
  std::function<dataset::Split(const std::string& name)> open;    // "train", "valid", "test"
  std::function<std::vector<evaluate::ShiftedTrials>()> shifted;  // the trials of [evaluate.generalisation]
};

twin::TwinSpec twin_of(const SearchTask& task, const Configuration& configuration);

/// Works on one job after the other until there are none, or the user asks to stop.
void work_on_search(const SearchTask& task);

/// Why a search is over; empty: it is not. "front", "trials", "budget_minutes", "budget_samples_h", or
/// "trainings": half of the budget went into trying networks, and those that may be the answer were trained
/// as often as was asked for.
std::string stop_reason(const SearchTask& task, const Knowledge& knowledge, double elapsed_s);
/// Job after job, as the search is done (never those that somebody works on). Where networks are to be
/// trained several times, nothing new is tried once half of the budget is spent; the other half is for that.
std::optional<SearchStore::Choice> next_job(const SearchTask& task, const Knowledge& knowledge,
                                            double elapsed_s);
/// The score of a finished rung: the measure.
double score_of(const SearchTask& task, const RungResult& result);
/// Hours of simulated neuron that so many epochs train on.
double hours_of(const SearchTask& task, int64_t epochs);
/// The same of all jobs, finished or begun.
double samples_h(const SearchTask& task, const Knowledge& knowledge);

/// Runs `workers` processes of `worker_command` until they end: this program, and work_on_search in it. Where
/// there are several ranks these work instead: for all of them, of which rank 0 alone uses the store and has
/// the answers. Then judges. RunError if the user stopped it.
SearchAnswers search(const SearchTask& task, const std::vector<std::string>& worker_command, int workers);

/// What a search came to. Looks at the test set, once for each chosen network and the control.
SearchAnswers judge(const SearchTask& task, SearchStore& store, const std::string& stopped_by);
/// The same in words.
std::string table_of(const SearchAnswers& answers);

}  // namespace nt::search

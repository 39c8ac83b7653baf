#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "dataset/split.hpp"
#include "evaluate/generalisation.hpp"
#include "progress/watcher.hpp"
#include "search/halving.hpp"
#include "search/space.hpp"
#include "search/store.hpp"

namespace nt::search {

/// Part of what a result is known by. Raise it when the same data and settings come to other networks or
/// scores.
inline constexpr int kSearchVersion = 1;

enum class Criterion { smallest_not_worse, target, complexity_index };
std::string_view name_of(Criterion criterion);

/// What networks are judged by on the validation set: the area under the ROC curve of their spikes, or the
/// variance explained of the voltage, which is all that a neuron without spikes has.
enum class Measure { auc, variance_explained };
std::string_view name_of(Measure measure);

/// A network that somebody published, to be shown beside those found.
struct PublishedNetwork {
  std::string name;
  double depth = 0, parameters = 0, auc = 0;
};

/// Reads [search].
struct SearchSpec {
  SearchSpace space;
  Halving halving;
  // Of every network's layers, whatever [twin] says.
  twin::Activation activation = twin::Activation::relu;
  std::optional<double> weight_sd;  // as in [twin] where it is not said
  Criterion criterion = Criterion::smallest_not_worse;
  Size size = Size::depth;
  Measure measure = Measure::auc;
  double epsilon = 0.001;
  double confidence = 0.95;
  double target_auc = 0, target_variance_explained = 0;  // 0: no target
  int64_t resamples = 1000;
  /// How often the networks that may be the answer are trained, each time from other random weights.
  int64_t trainings = 1;
  bool generalise = false;  // ask them about the inputs of [evaluate.generalisation], too
  std::vector<PublishedNetwork> published;
  // When to stop; 0: never for this reason. At least one is not 0.
  double budget_samples_h = 0;  // hours of simulated neuron trained on, all trials together
  double budget_minutes = 0;    // of wall time, all sessions together
  int64_t trials = 0;           // configurations
  int64_t quiet_rungs = 0;      // the front has not moved by more than epsilon in so many finished rungs
};
SearchSpec read_search(const config::Settings& settings);

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
  int threads = 1;  // of this process
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

/// Runs `workers` processes of `worker_command` until they end: this program, and work_on_search in it.
/// Then judges, and writes DIR/search.json. RunError if the user stopped it. Returns what it wrote.
nlohmann::ordered_json search(const SearchTask& task, const std::vector<std::string>& worker_command,
                              int workers);

/// What a search came to: search.json. Looks at the test set, once for each chosen network and the control.
nlohmann::ordered_json judge(const SearchTask& task, SearchStore& store, const std::string& stopped_by);
/// The same in words.
std::string table_of(const nlohmann::ordered_json& answers);

}  // namespace nt::search

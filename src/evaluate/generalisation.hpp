#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/metrics.hpp"
#include "evaluate/scores.hpp"
#include "produce/make_clusters.hpp"
#include "produce/make_dataset.hpp"
#include "progress/watcher.hpp"

namespace nt::evaluate {

/// How well a twin does on inputs that it was not trained on: sets of trials from other input distributions
/// (stimulus/shifted.hpp), simulated as the test set is. Reads [evaluate.generalisation].
struct GeneralisationSpec {
  std::vector<stimulus::ShiftedSet> sets;  // none: not asked
  int64_t trials = 128;                    // in each
  produce::ClusterSpec clusters;
};
/// InputError where it is wrong, or where a set makes no sense for the neuron.
GeneralisationSpec read_generalisation(const config::Settings& settings, const cell::Neuron& neuron);

/// The trials of a set.
struct ShiftedTrials {
  std::string name, words;  // of the set
  dataset::Split trials;
};
/// Simulates what is missing of the sets in the data set's folder, as "ood-NAME-NNNN.h5", and opens them. The
/// trials depend neither on `threads` nor on the other sets. `ranks` simulate them together: for all of
/// these.
std::vector<ShiftedTrials> shifted_trials(const GeneralisationSpec& spec, const produce::DatasetPlan& plan,
                                          const std::filesystem::path& folder, int threads,
                                          const Watcher& watcher,
                                          const std::shared_ptr<const ranks::Ranks>& ranks = ranks::alone());

/// A model's scores of the test set, which those of the other sets are compared with.
struct TestScores {
  Scored scored;
  ResampledMetrics resampled;
};
/// What a model says of a set's trials, beside the truth.
using Answer = std::function<std::vector<TrialComparison>(const ShiftedTrials&)>;

/// Bootstraps have `resamples`, and seeds that follow `seed`.
struct GeneralisationScoring {
  int64_t skip_ms, resamples;
  double rate_per_bin;  // of the constant-rate model
  uint64_t seed;
  Watcher watcher = {};  // may ask to stop
};

/// "generalisation.NAME.MODEL*" for each set: the scores, with thresholds from the validation set, and under
/// "drop." the test set's less these, with intervals from bootstraps over the trials of both. `model` is ""
/// for the twin, which also gets what the sets hold; a set with few spikes or none says so in a note, and
/// without one has no scores that need one.
void put_generalisation(Metrics& metrics, const std::string& model, std::span<const ShiftedTrials> sets,
                        const TestScores& test, const Answer& answer, const GeneralisationScoring& scoring);

}  // namespace nt::evaluate

#pragma once
#include <optional>
#include <string>
#include <vector>

#include "dataset/event_support.hpp"
#include "evaluate/calibration.hpp"
#include "evaluate/sequences.hpp"
#include "stimulus/stimulus.hpp"

namespace nt::evaluate {

/// How often the twin spikes so many ms after the neuron does, from -kReach_ms to kReach_ms.
struct CrossCorrelation {
  static constexpr int64_t kReach_ms = 50;
  std::vector<double> predicted_rate_hz = {};  // [lag], in few digits
  double base_rate_hz = 0;                     // of the twin, at any time
  double spikes = 0;                           // of the neuron
};

/// The points of the ROC and of the precision-recall curve, from the highest threshold to the lowest.
struct RocPoints {
  std::vector<double> false_positive_rate = {}, true_positive_rate = {}, precision = {};
};

/// 1 ms bins grouped by the twin's chance of a spike: its mean, the share with a spike, the number of bins.
struct CalibrationCurve {
  std::vector<double> predicted = {}, observed = {}, bins = {};
};

/// How often something lies between edge[i] and edge[i + 1], of the neuron and of its twin.
struct PairedHistogram {
  std::vector<double> edge = {};
  std::vector<int64_t> actual = {}, predicted = {};
};

/// What the twin finds at a threshold from the validation trials.
struct OperatingPoint {
  double target_fpr = 0;  // the false-positive rate that the threshold was chosen for
  double threshold = 0;   // a chance of a spike
  double tpr = 0, fpr = 0, false_positives_per_s = 0;
  double tpr_at_test_fpr = 0;  // with the threshold at which the test trials have target_fpr
};

/// The distribution of the output rate over the trials of one split.
struct SplitRates {
  std::string name;
  size_t trials = 0;
  double mean_hz = 0;
  std::vector<double> quantile_hz = {};  // at TrialRates::share
  std::vector<int64_t> counts = {};      // in the bins of TrialRates::edge_hz
  int64_t trials_above_most = 0;         // that the published evaluation would drop
};
/// The same of all splits, in bins that are equal for all.
struct TrialRates {
  int64_t spikes_per_bin = 1;
  std::vector<double> edge_hz = {};
  int64_t most_spikes = 0;  // of a trial that the published evaluation keeps
  double most_hz = 0;
  std::vector<double> share = {};
  std::vector<SplitRates> splits = {};
};

/// What there is to draw of spikes.
struct SpikeCurves {
  RocPoints roc = {};
  CrossCorrelation cross_correlation = {};
  CalibrationCurve calibration = {};
  PairedHistogram interval_ms = {};           // between two spikes
  std::vector<double> rate_hz = {};           // [test trial]
  std::vector<double> expected_rate_hz = {};  // [test trial], the twin's
  std::vector<OperatingPoint> operating_points = {};
  CalibrationGroups calibration_groups = {};
  TrialRates trial_rates = {};
};

/// A test trial to look at.
struct ExampleTrial {
  size_t trial = 0;
  stimulus::SynapticInput input = {};
  std::vector<int64_t> spikes_ms = {}, predicted_spikes_ms = {};
  std::vector<float> soma_mV = {}, predicted_soma_mV = {}, spike_probability = {};  // [ms]
  double threshold = 0;  // above which the twin spikes
};

/// A set of trials from another input distribution.
struct OtherInput {
  std::string name, words;
};

/// What the report draws of an evaluation.
struct Curves {
  std::optional<SpikeCurves> spikes = {};  // none of a neuron that never spikes
  PairedHistogram voltage_mV = {};
  std::vector<ExampleTrial> examples = {};
  std::vector<OtherInput> other_inputs = {};
  std::optional<SequenceAnswers> sequences = {};
};

}  // namespace nt::evaluate

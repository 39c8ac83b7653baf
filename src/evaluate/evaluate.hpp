#pragma once
#include "evaluate/baselines.hpp"
#include "evaluate/ceiling.hpp"
#include "evaluate/curves.hpp"
#include "evaluate/generalisation.hpp"
#include "evaluate/glm.hpp"
#include "evaluate/metrics.hpp"
#include "evaluate/trial_score.hpp"
#include "progress/watcher.hpp"

namespace nt::evaluate {

/// Part of what a result is known by. Raise it when the same twin and data come to other numbers.
inline constexpr int kEvaluateVersion = 3;

/// Reads [evaluate].
struct EvaluateSpec {
  int64_t bootstrap_resamples = 1000;
  int64_t skip_ms = 0;  // bins at the start of each trial that do not count
  int64_t examples = 3;
  bool baselines = true;
  bool one_unit_network = false;
  BinnedBaselines binned = {};

  /// Whether networks are to be trained beside the twin.
  bool trains_networks() const { return one_unit_network || binned.any(); }

  GlmBudget glm;
  std::vector<double> ceiling_jitter_ms{1};
  bool published_labels =
      false;  // published.* is scored against spike times as the published data round them
};
EvaluateSpec read_evaluate(const config::Settings& settings);

struct Evaluation {
  Metrics metrics;  // flat: "spike.auc": 0.997, ...
  Curves curves;
};

/// Everything that is said about a twin, on trials it was never trained on. Thresholds come from the
/// validation set, confidence intervals from a bootstrap over test trials, the constant-rate model from the
/// training set. With `networks` those that the spec asks for are trained and scored, too. The twin and the
/// linear sum are also asked about the trials of `other_inputs`. The trials that the twin predicts are dealt
/// out to `ranks`: for all of these, of which rank 0 alone has an evaluation, the same to the bit whatever
/// their number.
Evaluation evaluate(twin::Twin& twin, const EvaluateSpec& spec, uint64_t seed, const dataset::Split& train,
                    const dataset::Split& valid, const dataset::Split& test, const Watcher& watcher,
                    const OneUnitTask* networks = nullptr, std::span<const ShiftedTrials> other_inputs = {},
                    const ranks::Ranks& ranks = *ranks::alone());

/// "ceiling.NAME.*": the scores of a second answer to the same trials as if it were a prediction, smoothed by
/// the kernel that suits the validation trials best. No twin can be asked for more than a repetition knows.
/// `valid` and `test` answer the trials of the splits of these names.
Metrics ceiling_metrics(const std::string& name, const EvaluateSpec& spec, uint64_t seed,
                        const dataset::Split& train, const dataset::Split& valid_split,
                        const SecondAnswer& valid, const dataset::Split& test_split,
                        const SecondAnswer& test);

}  // namespace nt::evaluate

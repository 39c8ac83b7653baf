#pragma once
#include <nlohmann/json.hpp>

#include "evaluate/trial_score.hpp"
#include "progress/progress.hpp"

namespace neurontwin {

/// Reads [evaluate].
struct EvaluateSpec {
  int64_t bootstrap_resamples = 1000;
  int64_t skip_ms = 0;  // bins at the start of each trial that do not count
  int64_t examples = 3;
};
EvaluateSpec read_evaluate(const Settings& settings);

struct Evaluation {
  nlohmann::ordered_json metrics;  // flat: "spike.auc": 0.997, ... (DESIGN.md, "A run directory")
  nlohmann::ordered_json curves;   // what the report draws
};

/// Everything that is said about a twin, on trials it was never trained on. Thresholds come from the
/// validation set, confidence intervals from a bootstrap over test trials, the constant-rate model from the
/// training set.
Evaluation evaluate(Twin& twin, const EvaluateSpec& spec, uint64_t seed, const Split& train,
                    const Split& valid, const Split& test, const ProgressListener& listener);

}  // namespace neurontwin

#pragma once
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "neurontwin/dataset.hpp"
#include "neurontwin/twin.hpp"

/// How good a twin is, on trials that it was never trained on.
namespace neurontwin {

/// A number under the name that metrics.json has it by ("spike.auc", docs/files.md), and its 95 % interval
/// from a bootstrap over the test trials; NaN where it has none.
struct Metric {
  std::string name;
  double value = 0;
  double low = std::numeric_limits<double>::quiet_NaN(), high = std::numeric_limits<double>::quiet_NaN();
};

struct Metrics {
  std::vector<Metric> all;

  /// Null if there is none of this name: what is not defined (spikes to be found where there are none) is
  /// left out.
  const Metric* find(std::string_view name) const;
  /// NaN if there is none.
  double value(std::string_view name) const;
};

struct EvaluateOptions {
  /// TOML text: the keys of an experiment's table [evaluate] (docs/files.md); without any, spikes and voltage
  /// are scored, and a linear sum beside them.
  std::string settings = {};
  uint64_t seed = 1;  // of resamples
  int threads = 0;    // 0: one for each core
  Watcher watcher = {};
  std::string device = "cpu";  // that asks the twin: "cpu" or "cuda" (docs/gpu.md)
};

/// Thresholds come from the validation trials, the constant-rate model from the training trials, scores from
/// the test trials. InputError where the twin and the data have not the same synapses, or the device is none
/// or has no code for the kind of twin.
Metrics evaluate(const Twin& twin, const Dataset& dataset, const EvaluateOptions& options = {});

}  // namespace neurontwin

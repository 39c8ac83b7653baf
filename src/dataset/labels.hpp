#pragma once
#include "config/settings.hpp"
#include "dataset/shard.hpp"

namespace nt::dataset {

/// In what form outputs are handed to training and evaluation; files hold them as they were simulated. Reads
/// `labels` and `soma_ceiling_mV` of [data].
struct Labels {
  /// Spike times rounded to 16-bit floats, as the published data sets store them: to 2 ms above 2048 ms, to 4
  /// ms above 4096 ms.
  bool published = false;
  double soma_ceiling_mV = 100;  // the somatic voltage is clipped here
};
Labels read_labels(const config::Settings& settings);

/// The 16-bit float nearest to `x`, of two the even one. Expects 2^-14 <= |x| < 65520, or 0.
float rounded_to_half(float x);

/// A trial with its outputs in this form. A rounded spike stays within the trial.
TrialView labelled(TrialView trial, const Labels& labels);

}  // namespace nt::dataset

#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dataset/split.hpp"
#include "twin/parallel.hpp"

namespace nt::evaluate {

/// Every synapse's filter is a sum of decaying exponentials with these time constants, so that the model sees
/// all of the trial's past.
inline constexpr std::array<double, 8> kGlmTimeConstants_ms{1, 2, 5, 10, 20, 50, 100, 200};

/// What a generalised linear model says about each 1 ms bin: the log-odds of a spike (logistic regression) or
/// the somatic voltage (least squares).
enum class GlmTarget { spike, soma };

/// value(t) = bias + sum over spikes s of synapse i at or before t, and time constants b, of
///            weight[i][b] exp(-(t - s) / tau[b]).
/// With history the neuron's own output spikes before the bin are one synapse more, the last.
struct Glm {
  GlmTarget target = GlmTarget::spike;
  bool history = false;
  double bias = 0;
  std::vector<std::array<double, kGlmTimeConstants_ms.size()>> weight;  // [synapse]
  double ridge = 0;  // that it was fitted with, as a share of the loss' curvature

  /// [ms]. The history is that of the true spikes: a prediction one millisecond ahead.
  std::vector<float> predict(const dataset::TrialView& trial, int64_t excitatory_synapses) const;
  int64_t parameter_count() const;
};

/// `trials` training trials (evenly chosen), and at most so many passes over them for each ridge.
struct GlmBudget {
  int64_t trials = 400;
  int passes = 100;
};

/// Penalised maximum likelihood (squared error for the voltage) by L-BFGS: a ridge on the weights, each in
/// units in which its filtered synapse varies by about 1, with every input's mean taken off. The ridge is
/// chosen on up to a quarter as many validation trials, from fits of a quarter of the training trials; the
/// last fit is of all. Starts at `start` if given: the model without history, whose ridge it takes over; or
/// for spikes the voltage's model. Deterministic on any number of threads.
Glm fit_glm(GlmTarget target, bool history, const dataset::Split& train, const dataset::Split& valid,
            const GlmBudget& budget, const twin::Parallel& parallel = {}, const Glm* start = nullptr);

}  // namespace nt::evaluate

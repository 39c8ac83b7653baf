#pragma once
#include "dataset/windows.hpp"
#include "twin/network.hpp"

namespace neurontwin {

/// Questions that are easier than "a spike in this very millisecond?", for heads that help the layers below
/// them to learn. Bins whose answer depends on what lies outside the window do not count.
struct EasierQuestions {
  int64_t near_spike_ms = 0;  // is there a spike at most so far away? 0: not asked
  double near_spike_weight = 1;
  double rate_sd_ms = 0;  // how many spikes, each weighted by exp(-d^2 / (2 sd^2)), d away? 0: not asked
  double rate_weight = 1;

  /// Milliseconds at either end of a window that do not count.
  int64_t near_spike_edge_ms() const { return near_spike_ms; }
  int64_t rate_edge_ms() const;
};

/// Losses of a stretch of predictions, each a mean over 1 ms bins (the voltage's over those where it counts,
/// the components' over components too), as the paper's loss weights expect them.
struct Losses {
  torch::Tensor spike;  // binary cross-entropy, nats
  torch::Tensor soma;   // squared error, mV^2
  // Undefined where there is no such head.
  torch::Tensor dendrites;   // squared error
  torch::Tensor near_spike;  // binary cross-entropy, nats
  torch::Tensor rate;        // Poisson's: expected - count log(expected)
};
/// RunError if the twin has a head for other dendritic components than the batch.
Losses losses(const TwinOutput& output, const WindowBatch& batch, const EasierQuestions& questions = {});

/// The easier questions' losses with their weights; 0 if none is asked.
double easier_loss(const Losses& losses, const EasierQuestions& questions);

/// What is minimised.
struct LossWeights {
  double spike = 1, soma = 0.02, dendrites = 0;
};
torch::Tensor weighted(const Losses& losses, const LossWeights& weights, const EasierQuestions& questions);

/// Area under the ROC curve: the chance that a bin with a spike scores above one without, ties counting half
/// (Mann and Whitney 1947). NaN if either kind is absent.
double area_under_roc(std::span<const float> score, std::span<const uint8_t> spike);

}  // namespace neurontwin

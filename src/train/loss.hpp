#pragma once
#include "dataset/windows.hpp"
#include "twin/network.hpp"

namespace neurontwin {

/// Losses of a stretch of predictions, each a mean over 1 ms bins, the voltage's over those where it counts.
struct Losses {
  torch::Tensor spike;  // binary cross-entropy, nats
  torch::Tensor soma;   // squared error, mV^2
};
Losses losses(const TwinOutput& output, const WindowBatch& batch);

/// Area under the ROC curve: the chance that a bin with a spike scores above one without, ties counting half
/// (Mann and Whitney 1947). NaN if either kind is absent.
double area_under_roc(std::span<const float> score, std::span<const uint8_t> spike);

}  // namespace neurontwin

#pragma once
#include "train/nadam.hpp"
#include "train/train_spec.hpp"

namespace neurontwin {

/// Steps of training a twin: forward pass, losses, backward pass, update. Keeps the memory that they need.
class TrainStep {
 public:
  TrainStep(Twin& twin, const TrainSpec& spec);
  /// One step on a batch. Returns the losses, one for each head, before it.
  std::vector<double> take(const WindowBatch& batch, const SchedulePhase& phase);

  Nadam optimiser;

 private:
  Twin& twin_;
  const TrainSpec& spec_;
  Numbers<float> output_gradient_, gradients_;
};

/// Shortens a gradient that is longer than `most` to that length.
void clip_length(std::span<float> gradient, double most);

}  // namespace neurontwin

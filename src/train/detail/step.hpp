#pragma once
#include "train/nadam.hpp"
#include "train/train_spec.hpp"
#include "train/train_state.hpp"

namespace nt::train {

/// Steps of training a twin: forward pass, losses, backward pass, update. Keeps the memory that they need.
class TrainStep {
 public:
  TrainStep(twin::Twin& twin, const TrainSpec& spec);
  /// One step on a batch. Returns the losses, one for each head, before it. Where one of them is no finite
  /// number, or the gradient is none, the weights stay as they are; of the gradient that is said by a NaN in
  /// the place of the first loss.
  std::vector<double> take(const dataset::WindowBatch& batch, const SchedulePhase& phase,
                           double learning_rate, GradientLengths& lengths);

  Nadam optimiser;

 private:
  twin::Twin& twin_;
  const TrainSpec& spec_;
  twin::Numbers<float> output_gradient_, gradients_;
};

double length_of(std::span<const float> gradient);
/// Shortens a gradient of length `length` to `most` if it is longer.
void clip_length(std::span<float> gradient, double length, double most);
/// How long a gradient of this length may be: `over_usual` times the usual length of those before it, which
/// it is then counted among, as no longer than that. Infinite until there were some.
double usual_limit(GradientLengths& lengths, double length, double over_usual);

}  // namespace nt::train

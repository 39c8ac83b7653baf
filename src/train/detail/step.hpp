#pragma once
#include "ranks/ranks.hpp"
#include "train/nadam.hpp"
#include "train/train_spec.hpp"
#include "train/train_state.hpp"
#include "twin/device_passes.hpp"

namespace nt::train {

/// The windows of one step.
struct StepBatch {
  dataset::WindowBatch own;  // this rank's share, or all
  dataset::WindowBatch all;  // the outputs of all windows, without history, where there are other ranks
  const twin::DeviceInput* on_device = nullptr;  // the input of this rank's share, where a device computes
};

/// Steps of training a twin: forward pass, losses, backward pass, update. Keeps the memory that they need.
class TrainStep {
 public:
  /// `ranks` compute each step together, every one its share of the windows (share_of). A batch of theirs has
  /// as many windows as there are ranks, or more. `device`: computes the passes; null: the twin itself does.
  TrainStep(twin::Twin& twin, const TrainSpec& spec, const ranks::Ranks& ranks,
            twin::DevicePasses* device = nullptr);
  ~TrainStep();
  TrainStep(const TrainStep&) = delete;
  TrainStep& operator=(const TrainStep&) = delete;
  /// One step on a batch. Returns the losses, one for each head, before it. Where one of them is no finite
  /// number, or the gradient is none, the weights stay as they are; of the gradient that is said by a NaN in
  /// the place of the first loss.
  std::vector<double> take(const StepBatch& batch, const SchedulePhase& phase, double learning_rate,
                           GradientLengths& lengths);

  Nadam optimiser;

 private:
  twin::Outputs<float> forward(const StepBatch& batch, twin::NormBy norm);
  void backward(const StepBatch& batch, std::span<const float> output_gradient);
  twin::Outputs<float> of_all_ranks(const twin::Outputs<float>& own, const StepBatch& batch);

  twin::Twin& twin_;
  const TrainSpec& spec_;
  const ranks::Ranks& ranks_;
  twin::DevicePasses* device_;
  twin::Numbers<float> outputs_, output_gradient_, gradients_;
};

double length_of(std::span<const float> gradient);
/// Shortens a gradient of length `length` to `most` if it is longer.
void clip_length(std::span<float> gradient, double length, double most);
/// How long a gradient of this length may be: `over_usual` times the usual length of those before it, which
/// it is then counted among, as no longer than that. Infinite until there were some.
double usual_limit(GradientLengths& lengths, double length, double over_usual);

}  // namespace nt::train

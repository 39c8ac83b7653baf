#pragma once
#include <memory>

#include "ranks/ranks.hpp"
#include "train/nadam.hpp"
#include "train/train_spec.hpp"
#include "train/train_state.hpp"
#include "train/weight_average.hpp"
#include "twin/device_passes.hpp"

namespace nt::train {

class DeviceNadam;

/// The windows of one step.
struct StepBatch {
  dataset::WindowBatch own;  // this rank's share, or all
  dataset::WindowBatch all;  // the outputs of all windows, without history, where there are other ranks
  const twin::DeviceInput* on_device = nullptr;  // the input of this rank's share, where a device computes
};

/// Steps of training a twin: forward pass, losses, backward pass, update. Keeps the memory that they need.
/// Where a device computes a twin that can stay there, numbers, moments and averages do between steps, and
/// the host's are of old until fetch().
class TrainStep {
 public:
  /// `ranks` compute each step together, every one its share of the windows (share_of). A batch of theirs has
  /// as many windows as there are ranks, or more. `device`: computes the passes; null: the twin itself does.
  TrainStep(twin::Twin& twin, const TrainSpec& spec, const ranks::Ranks& ranks, WeightAverage& average,
            twin::DevicePasses* device = nullptr);
  ~TrainStep();
  TrainStep(const TrainStep&) = delete;
  TrainStep& operator=(const TrainStep&) = delete;
  /// One step on a batch. Returns the losses, one for each head, before it. Where one of them is no finite
  /// number, or the gradient is none, the weights stay as they are; of the gradient that is said by a NaN in
  /// the place of the first loss.
  std::vector<double> take(const StepBatch& batch, const SchedulePhase& phase, double learning_rate,
                           GradientLengths& lengths);
  /// Takes the weights into their average, after step `step`, counted from 1.
  void add_to_average(int64_t step);
  /// Brings the host's up to date.
  void fetch();
  /// The same, and the next step begins with what the host has by then: before anything of it is changed, or
  /// the device is given other numbers.
  void hand_to_host();

  Nadam optimiser;

 private:
  twin::Outputs<float> forward(const StepBatch& batch, twin::NormBy norm);
  /// Returns the length of the gradient.
  double backward(const StepBatch& batch, std::span<const float> output_gradient);
  void update(double learning_rate, double gradient_factor);
  twin::Outputs<float> of_all_ranks(const twin::Outputs<float>& own, const StepBatch& batch);

  twin::Twin& twin_;
  const TrainSpec& spec_;
  const ranks::Ranks& ranks_;
  WeightAverage& average_;
  twin::DevicePasses* device_;
  twin::ResidentPasses* resident_ = nullptr;  // null: numbers are the host's
  std::unique_ptr<DeviceNadam> on_device_;    // there are such
  bool device_is_ahead_ = false, host_is_ahead_ = true;
  twin::Numbers<float> outputs_, output_gradient_, gradients_;
};

double length_of(std::span<const float> gradient);
/// What shortens a gradient of length `length` to `most` if it is longer; 1 if it is not.
double clip_factor(double length, double most);
/// How long a gradient of this length may be: `over_usual` times the usual length of those before it, which
/// it is then counted among, as no longer than that. Infinite until there were some.
double usual_limit(GradientLengths& lengths, double length, double over_usual);

}  // namespace nt::train

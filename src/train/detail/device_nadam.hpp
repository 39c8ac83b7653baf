#pragma once
#include "train/detail/nadam_code.hpp"
#include "train/nadam.hpp"
#include "train/weight_average.hpp"
#include "twin/device_passes.hpp"

namespace nt::train {

/// The end of a training step on the device where the twin's numbers stay (twin::ResidentPasses): Nadam's
/// update and the running mean of the weights, of which the device has working copies of the host's.
class DeviceNadam {
 public:
  /// `optimiser`: whose moments it copies and whose regularisation it takes over.
  DeviceNadam(twin::ResidentPasses& passes, const Nadam& optimiser, const WeightAverage& average);

  /// From the host, or to it.
  void upload(std::span<const float> numbers, const Nadam& optimiser, const WeightAverage& average);
  void download(std::span<float> numbers, Nadam& optimiser, WeightAverage& average) const;

  /// Of the gradients that the passes left.
  double length_of_gradients();
  /// NadamOf::step() with these rates, of the gradients times `factor`.
  void step(const NadamRates& rates, double factor);
  /// WeightAverage::add().
  void add_to_average(int64_t trained, float share);

 private:
  twin::ResidentPasses& passes_;
  std::shared_ptr<device::Device> device_;
  device::Array<device_code::Stretch> stretch_;
  device::Array<float> first_moment_, second_moment_, average_;
  device::Array<double> partial_;
  std::vector<double> sums_;
};

}  // namespace nt::train

// The end of a training step on a device, emulated, against the CPU's.
#include "train/detail/device_nadam.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "config/error.hpp"
#include "device/tested.hpp"
#include "train/step.hpp"
#include "twin/convolutional.hpp"

namespace nt::train {
namespace {

/// Numbers on an emulated device, without passes.
class NumbersAlone final : public twin::ResidentPasses {
 public:
  explicit NumbersAlone(const twin::ParameterLayout& layout)
      : numbers_(device_, static_cast<size_t>(layout.total())),
        gradients_(device_, static_cast<size_t>(layout.trained())) {}
  const std::shared_ptr<device::Device>& device() const override { return device_; }
  device::Array<float>& numbers() override { return numbers_; }
  device::Array<float>& gradients() override { return gradients_; }
  twin::Outputs<float> forward(const twin::DeviceInput&, twin::NormBy, bool) override {
    fail_run("no passes");
  }
  void backward(const twin::DeviceInput&, std::span<const float>) override { fail_run("no passes"); }

 private:
  std::shared_ptr<device::Device> device_ = device::open_device(device::tested_kind());
  device::Array<float> numbers_, gradients_;
};

/// More numbers than a block takes, in arrays that are regularised and arrays that are not; running averages
/// behind them.
twin::Twin some_twin() {
  twin::ConvolutionalSpec spec({{30, 12}, {5, 7}});
  spec.batch_norm = true;
  return twin::Twin(twin::TwinSpec(spec), 40, 1);
}

std::vector<float> random_gradients(const twin::Twin& twin, uint64_t seed) {
  random::Random random(seed, random::Stage::test_cases, 0, random::StreamName::test_case);
  std::vector<float> gradients(static_cast<size_t>(twin.layout().trained()), 0.0f);
  for (const auto& array : twin.layout().arrays()) {  // what lies between arrays stays 0
    const auto at = static_cast<size_t>(twin.layout().offset(array.array.name));
    for (int64_t i = 0; array.trained && i < array.count(); ++i)
      gradients[at + static_cast<size_t>(i)] =
          static_cast<float>(std::exp(4 * random.normal() - 6) * random.normal());
  }
  return gradients;
}

/// The greatest difference, in units of the greatest of the right ones.
double difference(std::span<const float> ours, std::span<const float> right) {
  EXPECT_EQ(ours.size(), right.size());
  double most = 0, size = 0;
  for (size_t i = 0; i < right.size(); ++i) {
    most = std::max(most, std::fabs(static_cast<double>(ours[i]) - right[i]));
    size = std::max(size, std::fabs(static_cast<double>(right[i])));
  }
  return most / size;
}

TEST(NadamOnADevice, TakesTheStepsOfTheCpu) {
  auto cpu = some_twin(), on_device = some_twin();
  const double l2 = 0.01;
  Nadam of_cpu(cpu.layout(), l2), of_device(cpu.layout(), l2);
  WeightAverage average(3), average_of_device(3);
  average.start(cpu.numbers);
  average_of_device.start(cpu.numbers);
  NumbersAlone there(cpu.layout());
  ASSERT_GT(there.gradients().size(), size_t{device_code::kNumbersOfABlock});
  DeviceNadam device(there, of_device, average_of_device);
  device.upload(on_device.numbers, of_device, average_of_device);
  for (int64_t step = 1; step <= 8; ++step) {
    auto gradients = random_gradients(cpu, static_cast<uint64_t>(step));
    there.gradients().upload(gradients);
    const double length = length_of(gradients);
    EXPECT_NEAR(device.length_of_gradients(), length, 1e-12 * length);
    const double factor = clip_factor(length, step % 2 == 0 ? 0.5 * length : 2 * length);
    device.step(of_device.next_rates(1e-2), factor);
    device.add_to_average(cpu.layout().trained(), average_of_device.share_of(step));
    for (float& g : gradients) g *= static_cast<float>(factor);
    of_cpu.step(1e-2, gradients, cpu.numbers, cpu.parallel);
    average.add(cpu.numbers, cpu.layout().trained(), step);
  }
  device.download(on_device.numbers, of_device, average_of_device);
  // Some roundings of 6e-8 in each step.
  EXPECT_LT(difference(on_device.numbers, cpu.numbers), 1e-6);
  EXPECT_LT(difference(of_device.first_moment, of_cpu.first_moment), 1e-6);
  EXPECT_LT(difference(of_device.second_moment, of_cpu.second_moment), 1e-6);
  EXPECT_LT(difference(average_of_device.numbers(), average.numbers()), 1e-6);
  EXPECT_GT(difference(average.numbers(), cpu.numbers), 1e-3);
  EXPECT_EQ(of_device.steps, 8);
}

}  // namespace
}  // namespace nt::train

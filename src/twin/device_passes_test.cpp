// A twin's passes as device code, emulated, against the CPU's own.
#include "twin/device_passes.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "config/error.hpp"
#include "device/tested.hpp"
#include "twin/convolutional.hpp"
#include "twin/detail/convolutional_device_passes.hpp"
#include "twin/tree.hpp"

namespace nt::twin {
namespace {

constexpr int64_t kChannels = 9, kWindows = 5, kWindow_ms = 40;

random::Random random_of(uint64_t seed) {
  return random::Random(seed, random::Stage::test_cases, 0, random::StreamName::test_case);
}

RecurrentSpec small() {
  RecurrentSpec r;
  r.memory_units = 6;
  r.history_ms = 20;
  r.excitatory_channels = 5;
  r.learn_time_constants = true;
  r.wiring = {3, {0, 1, 3, 4, 6, 7, 9, 10, 11, 12}, {0, 0, 1, 1, 1, 2, 2, 1, 2, 0, 2, 1}, {5, 40, 8}};
  return r;
}

std::vector<RecurrentSpec> specs() {
  auto wide = small();  // more units than a block has threads, whose weights do not fit into shared memory
  wide.memory_units = 150;
  wide.hidden_count = 300;
  auto rectified = small();
  rectified.activation = HiddenActivation::relu;
  rectified.learn_time_constants = false;
  rectified.history_ms = 0;
  return {small(), wide, rectified};
}

/// A twin whose numbers are small where it is large, and none of which is 0.
Twin twin_of(const RecurrentSpec& spec) {
  Twin twin(TwinSpec(spec), kChannels, 3);
  auto random = random_of(4);
  const double sd = 0.2 * std::sqrt(6 / static_cast<double>(spec.memory_units));
  for (float& x : twin.numbers) x += static_cast<float>(sd * random.normal());
  return twin;
}

/// Some at the same time, of the same channel, and outside of the windows.
std::vector<int32_t> random_events(int64_t duration) {
  auto random = random_of(5);
  std::vector<int32_t> events;
  for (int64_t w = 0; w < kWindows; ++w)
    for (int64_t t = 0; t < duration + 3; ++t)
      for (int64_t c = 0; c < kChannels; ++c)
        for (int copies = random.uniform() < 0.05 ? 1 + static_cast<int>(2 * random.uniform()) : 0;
             copies > 0; --copies)
          for (const int64_t x : {w, c, t}) events.push_back(static_cast<int32_t>(x));
  return events;
}

/// The greatest difference, relative to the greatest of the right ones.
template <class A, class B>
double difference(const A& a, const B& right, size_t count) {
  double most = 0, size = 0;
  for (size_t i = 0; i < count; ++i) {
    most = std::max(most, std::fabs(static_cast<double>(a[i]) - right[i]));
    size = std::max(size, std::fabs(static_cast<double>(right[i])));
  }
  EXPECT_GT(size, 0);
  return most / size;
}

/// All that a training step computes.
struct Passes {
  std::vector<float> outputs, gradients;
};

/// By forward(backward?) and backward(gradient of the outputs, to the gradients).
template <class Forward, class Backward>
Passes passes_of(const Twin& twin, Forward&& forward, Backward&& backward) {
  Passes p;
  const auto outputs = forward(true);
  p.outputs.assign(outputs.values, outputs.values + outputs.rows * outputs.row);
  auto random = random_of(6);
  std::vector<float> of_outputs(p.outputs.size());
  for (float& x : of_outputs) x = static_cast<float>(random.normal());
  p.gradients.assign(static_cast<size_t>(twin.layout().trained()), 0.0f);
  backward(std::span<const float>(of_outputs), std::span(p.gradients));
  return p;
}
Passes of_cpu(Twin& twin, const SpikeWindows& input, NormBy norm = NormBy::batch) {
  return passes_of(
      twin, [&](bool backward) { return twin.forward(input, norm, backward); },
      [&](auto of_outputs, auto gradients) { twin.backward(of_outputs, gradients); });
}
Passes of_device(DevicePasses& passes, Twin& twin, const DeviceInput& input, NormBy norm = NormBy::batch) {
  return passes_of(
      twin, [&](bool backward) { return passes.forward(twin.numbers, input, norm, backward); },
      [&](auto of_outputs, auto gradients) { passes.backward(twin.numbers, input, of_outputs, gradients); });
}

/// With its input, emulated.
struct OnADevice {
  std::unique_ptr<DevicePasses> passes;
  DeviceInput input;
  OnADevice(const Twin& twin, const SpikeWindows& windows)
      : passes(device_passes(twin, device::open_device(device::tested_kind()))),
        input(device::tested_kind(), kChannels, twin.history_ms()) {
    input.upload(windows);
  }
};

void expect_same(const Twin& twin, const Passes& ours, const Passes& right, double tolerance) {
  EXPECT_LT(difference(ours.outputs, right.outputs, right.outputs.size()), tolerance);
  for (const auto& array : twin.layout().arrays()) {
    if (!array.trained) continue;
    const auto at = twin.layout().offset(array.array.name);
    EXPECT_LT(difference(ours.gradients.data() + at, right.gradients.data() + at,
                         static_cast<size_t>(array.count())),
              tolerance)
        << array.array.name;
  }
}

TEST(TrainingOnADevice, HasTheCpusPassesAndGradients) {
  for (const auto& spec : specs()) {
    SCOPED_TRACE(spec.words());
    auto twin = twin_of(spec);
    const auto events = random_events(spec.history_ms + kWindow_ms);
    const SpikeWindows input{events, kWindows, kWindow_ms};
    OnADevice device(twin, input);
    // Sums of up to 450 terms in another order, carried on over 60 ms: some float roundings of 6e-8.
    expect_same(twin, of_device(*device.passes, twin, device.input), of_cpu(twin, input), 2e-5);
  }
}

TEST(TrainingOnADevice, GivesTheSameBitsEveryTime) {
  const auto spec = small();
  auto twin = twin_of(spec);
  const auto events = random_events(spec.history_ms + kWindow_ms);
  OnADevice device(twin, {events, kWindows, kWindow_ms});
  const auto first = of_device(*device.passes, twin, device.input),
             second = of_device(*device.passes, twin, device.input);
  EXPECT_EQ(first.outputs, second.outputs);
  EXPECT_EQ(first.gradients, second.gradients);
}

TEST(TrainingOnADevice, GoesOnWithOtherWindowsBetweenTwoPasses) {
  // A validation of more and longer windows than those of training leaves nothing behind.
  const auto spec = small();
  auto twin = twin_of(spec);
  const auto events = random_events(spec.history_ms + kWindow_ms);
  OnADevice device(twin, {events, kWindows, kWindow_ms});
  const auto before = of_device(*device.passes, twin, device.input);
  const auto longer_events = random_events(spec.history_ms + 3 * kWindow_ms);
  const SpikeWindows longer{longer_events, kWindows, 3 * kWindow_ms};
  DeviceInput other(device::tested_kind(), kChannels, twin.history_ms());
  other.upload(longer);
  const auto ours = device.passes->forward(twin.numbers, other, NormBy::running, false);
  const auto right = twin.forward(longer);
  EXPECT_LT(difference(ours.values, std::span(right.values, right.rows * right.row), right.rows * right.row),
            2e-5);
  EXPECT_EQ(of_device(*device.passes, twin, device.input).gradients, before.gradients);
}

std::vector<ConvolutionalSpec> convolutional_specs() {
  ConvolutionalSpec deep({{7, 6}, {4, 6, 2}, {3, 70}, {2, 70}});  // wider than a tile of a product
  deep.batch_norm = true;
  deep.residual = true;
  deep.weight_sd = 0.2;
  auto shaped = deep;
  shaped.temporal_shapes = 3;
  shaped.batch_norm = false;
  ConvolutionalSpec one({{1, 5}});
  one.activation = Activation::linear;
  return {deep, shaped, one};
}

TEST(TrainingOnADevice, HasTheCpusConvolutionsNormalisationsAndTheirGradients) {
  for (const auto& spec : convolutional_specs()) {
    for (const auto norm : {NormBy::batch, NormBy::running}) {
      SCOPED_TRACE(spec.words());
      Twin cpu(TwinSpec(spec), kChannels, 3), emulated(TwinSpec(spec), kChannels, 3);
      for (auto* twin : {&cpu, &emulated}) {  // away from the start, where scales are 1 and shifts 0
        auto random = random_of(4);
        for (float& x : twin->numbers) x += static_cast<float>(0.1 * random.uniform());
      }
      const auto events = random_events(spec.window_ms() - 1 + kWindow_ms);
      const SpikeWindows input{events, kWindows, kWindow_ms};
      OnADevice device(emulated, input);
      const auto ours = of_device(*device.passes, emulated, device.input, norm);
      // Sums of up to 210 terms and 200 rows in another order, through four layers, whose normalisation
      // magnifies them.
      expect_same(cpu, ours, of_cpu(cpu, input, norm), 1e-4);
      EXPECT_LT(difference(emulated.numbers, cpu.numbers, cpu.numbers.size()), 1e-6);  // running averages
    }
  }
}

TEST(TrainingOnADevice, ConvolutionsOfALibraryAreThoseOfTheKernels) {
  for (const auto& spec : convolutional_specs()) {
    SCOPED_TRACE(spec.words());
    Twin twin(TwinSpec(spec), kChannels, 3);
    const auto events = random_events(spec.window_ms() - 1 + kWindow_ms);
    OnADevice device(twin, {events, kWindows, kWindow_ms});
    const auto other = device::open_device(device::tested_kind());
    ConvolutionalDevicePasses by_kernels(spec, twin.spec().heads, twin.layout(), kChannels, other, nullptr);
    const auto right = of_device(by_kernels, twin, device.input, NormBy::running);
    ConvolutionalDevicePasses by_library(spec, twin.spec().heads, twin.layout(), kChannels, other,
                                         device::open_products(*other));
    for (int again = 0; again < 2; ++again)  // gradients of the first time are not in the second's
      expect_same(twin, of_device(by_library, twin, device.input, NormBy::running), right, 1e-4);
  }
}

TEST(TrainingOnADevice, OfAKindWithoutDeviceCodeIsRefused) {
  const TreeSpec tree({{7, 3}, {4, 2}, {3, 5}},
                      {{4, {0, 1, 3, 4, 5, 6, 7, 8, 9}, {0, 0, 1, 1, 2, 2, 2, 3, 3}}, {{0, 3, 4}, {0, 2}}});
  EXPECT_THROW(require_device_passes(TwinSpec(tree)), InputError);
  EXPECT_NO_THROW(require_device_passes(TwinSpec(small())));
}

}  // namespace
}  // namespace nt::twin

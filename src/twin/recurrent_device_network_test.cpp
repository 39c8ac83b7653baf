// A recurrent twin's passes as device code, emulated, against the CPU's own.
#include "twin/detail/recurrent_device_network.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "config/error.hpp"
#include "twin/convolutional.hpp"
#include "twin/device_network.hpp"
#include "twin/twin.hpp"

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
  std::vector<float> drive, features, drive_gradient, gradients;
};
Passes passes_of(Network<float>& network, Twin& twin, const RecurrentSpec& spec,
                 std::span<const int32_t> events) {
  const Parallel parallel;
  const SpikeWindows input{events, kWindows, kWindow_ms};
  network.plan(kWindows, kWindow_ms, true);
  const auto drive_count = kWindows * network.drive_ms(kWindow_ms) * network.drive_width();
  const auto feature_count = kWindows * kWindow_ms * spec.memory_units;
  Passes p;
  const float* drive = network.drive(twin.numbers.data(), input, parallel);
  p.drive.assign(drive, drive + drive_count);
  const float* features = network.above(twin.numbers.data(), NormBy::batch, parallel);
  p.features.assign(features, features + feature_count);
  auto random = random_of(6);
  std::vector<float> of_features(static_cast<size_t>(feature_count));
  for (float& x : of_features) x = static_cast<float>(random.normal());
  p.gradients.assign(static_cast<size_t>(twin.layout().trained()), 0.0f);
  const float* of_drive =
      network.above_backward(twin.numbers.data(), of_features.data(), p.gradients.data(), parallel);
  p.drive_gradient.assign(of_drive, of_drive + drive_count);
  network.drive_backward(twin.numbers.data(), input, of_drive, p.gradients.data(), parallel);
  return p;
}

TEST(TrainingOnADevice, HasTheCpusPassesAndGradients) {
  for (const auto& spec : specs()) {
    SCOPED_TRACE(spec.words());
    auto twin = twin_of(spec);
    const auto events = random_events(spec.history_ms + kWindow_ms);
    const auto cpu = spec.network(twin.layout(), kChannels, float());
    RecurrentDeviceNetwork device(spec, twin.layout(), device::open_device(device::Kind::emulate));
    const auto right = passes_of(*cpu, twin, spec, events), ours = passes_of(device, twin, spec, events);
    // Sums of up to 450 terms in another order, carried on over 60 ms: some float roundings of 6e-8.
    constexpr double kTolerance = 2e-5;
    EXPECT_LT(difference(ours.drive, right.drive, right.drive.size()), kTolerance);
    EXPECT_LT(difference(ours.features, right.features, right.features.size()), kTolerance);
    EXPECT_LT(difference(ours.drive_gradient, right.drive_gradient, right.drive_gradient.size()), kTolerance);
    for (const auto& array : twin.layout().arrays()) {
      if (!array.trained || !array.array.name.starts_with("recurrent.")) continue;
      const auto at = twin.layout().offset(array.array.name);
      EXPECT_LT(difference(ours.gradients.data() + at, right.gradients.data() + at,
                           static_cast<size_t>(array.count())),
                kTolerance)
          << array.array.name;
    }
  }
}

TEST(TrainingOnADevice, GivesTheSameBitsEveryTime) {
  const auto spec = small();
  auto twin = twin_of(spec);
  const auto events = random_events(spec.history_ms + kWindow_ms);
  RecurrentDeviceNetwork device(spec, twin.layout(), device::open_device(device::Kind::emulate));
  const auto first = passes_of(device, twin, spec, events), second = passes_of(device, twin, spec, events);
  EXPECT_EQ(first.features, second.features);
  EXPECT_EQ(first.gradients, second.gradients);
}

TEST(TrainingOnADevice, OfAKindWithoutDeviceCodeIsRefused) {
  const TwinSpec convolutional(ConvolutionalSpec({{7, 6}}));
  const Twin twin(convolutional, kChannels, 1);
  const auto device = device::open_device(device::Kind::emulate);
  EXPECT_THROW(device_network(convolutional, twin.layout(), device), InputError);
  const auto recurrent = twin_of(small());
  EXPECT_NE(device_network(recurrent.spec(), recurrent.layout(), device), nullptr);
}

TEST(TrainingOnADevice, TakesADriveFromElsewhere) {
  const auto spec = small();
  auto twin = twin_of(spec);
  const auto events = random_events(spec.history_ms + kWindow_ms);
  RecurrentDeviceNetwork device(spec, twin.layout(), device::open_device(device::Kind::emulate));
  const auto from_spikes = passes_of(device, twin, spec, events);
  device.plan(kWindows, kWindow_ms, false);
  std::ranges::copy(from_spikes.drive, device.drive_buffer());
  const float* features = device.above(twin.numbers.data(), NormBy::running, {});
  EXPECT_EQ(std::vector<float>(features, features + from_spikes.features.size()), from_spikes.features);
}

}  // namespace
}  // namespace nt::twin

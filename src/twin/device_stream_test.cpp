// Twins at work on a device, whose code is emulated here, against the CPU's own.
#include "twin/device_stream.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "config/error.hpp"
#include "device/tested.hpp"
#include "twin/convolutional.hpp"
#include "twin/recurrent.hpp"
#include "twin/tree.hpp"

namespace nt::twin {
namespace {

constexpr int64_t kChannels = 9, kStreams = 150, kDuration = 90;  // streams: a block of threads and some more

random::Random random_of(uint64_t seed) {
  return random::Random(seed, random::Stage::test_cases, 0, random::StreamName::test_case);
}

std::vector<int32_t> random_events(int64_t duration, uint64_t seed) {
  auto random = random_of(seed);
  std::vector<int32_t> events;
  for (int64_t s = 0; s < kStreams; ++s)
    for (int64_t t = 0; t < duration; ++t)
      for (int64_t c = 0; c < kChannels; ++c)
        if (random.uniform() < 0.05)
          for (const int64_t x : {s, c, t}) events.push_back(static_cast<int32_t>(x));
  return events;
}

RecurrentSpec recurrent() {
  RecurrentSpec r;
  r.memory_units = 6;
  r.history_ms = 20;
  r.excitatory_channels = 5;
  r.wiring = {3, {0, 1, 3, 4, 6, 7, 9, 10, 11, 12}, {0, 0, 1, 1, 1, 2, 2, 1, 2, 0, 2, 1}, {5, 40, 8}};
  return r;
}

/// Numbers that are not 0 in biases; smaller ones in large twins, which would be chaotic.
Twin shaken(const TwinSpec& spec) {
  Twin twin(spec, kChannels, 3);
  auto random = random_of(4);
  const double sd = 0.2 * std::sqrt(6 / static_cast<double>(spec.network->width()));
  for (const auto& array : twin.layout().arrays())
    for (float& x : twin.array(array.array.name))
      x += static_cast<float>(array.trained ? sd * random.normal() : 0.1 + 0.8 * random.uniform());
  return twin;
}

std::vector<TwinSpec> kinds() {
  TwinSpec with_heads(recurrent());
  with_heads.heads.push_back(further_head("dendrites", 3));
  auto wide = recurrent();  // whose rows are no whole tiles
  wide.memory_units = 13;
  wide.hidden_count = 21;
  wide.activation = HiddenActivation::relu;
  auto without_history = recurrent();
  without_history.history_ms = 0;
  auto huge = recurrent();  // whose weights do not fit into shared memory
  huge.memory_units = 120;
  huge.hidden_count = 300;
  std::vector<TwinSpec> all{TwinSpec(recurrent()), with_heads, TwinSpec(wide), TwinSpec(without_history),
                            TwinSpec(huge)};
  for (const int64_t shapes : {0, 3}) {
    ConvolutionalSpec deep({{7, 6}, {4, 6, 2}, {3, 4}});
    deep.temporal_shapes = shapes;
    deep.batch_norm = shapes == 0;
    deep.residual = true;
    deep.weight_sd = 0.3;
    all.emplace_back(deep);
  }
  ConvolutionalSpec one({{1, 5}});
  one.activation = Activation::linear;
  all.emplace_back(one);
  return all;
}

/// The greatest difference, relative to the greatest of the right ones.
double difference(const Outputs<float>& a, const Outputs<float>& right) {
  EXPECT_EQ(a.rows, right.rows);
  EXPECT_EQ(a.row, right.row);
  double most = 0, size = 0;
  for (int64_t i = 0; i < right.rows * right.row; ++i) {
    most = std::max(most, std::fabs(static_cast<double>(a.values[i]) - right.values[i]));
    size = std::max(size, std::fabs(static_cast<double>(right.values[i])));
  }
  return most / size;
}

// Sums of up to 320 terms in another order, which memory carries on from ms to ms: some float roundings of
// 6e-8.
constexpr double kTolerance = 3e-6;

TEST(ATwinOnADevice, AnswersAsOnTheCpu) {
  const auto device = device::open_device(device::tested_kind());
  for (const auto& spec : kinds()) {
    SCOPED_TRACE(spec.network->words());
    auto twin = shaken(spec);
    Twin::Stream cpu(twin, kStreams);
    const auto emulated = device_stream(twin, kStreams, device);
    uint64_t seed = 10;
    for (const int64_t ms : {int64_t{1}, int64_t{7}, kDuration}) {
      const auto events = random_events(ms, seed++);
      const auto right = cpu.advance(events, ms);
      EXPECT_LT(difference(emulated->advance(events, ms), right), kTolerance) << ms << " ms";
    }
    const auto states = emulated->states(), right = cpu.state(kStreams - 1);
    ASSERT_EQ(states.size(), right.size() * kStreams);
    const auto last = std::span(states).last(right.size());
    for (size_t i = 0; i < right.size(); ++i) EXPECT_NEAR(last[i], right[i], 2e-5) << i;
  }
}

TEST(ATwinOnADevice, GoesOnFromTheStateOfAnother) {
  const auto device = device::open_device(device::tested_kind());
  for (const auto& spec : kinds()) {
    SCOPED_TRACE(spec.network->words());
    auto twin = shaken(spec);
    const auto first = device_stream(twin, kStreams, device), second = device_stream(twin, 1, device);
    first->advance(random_events(kDuration, 7), kDuration);
    const auto states = first->states();
    second->set_states(std::span(states).last(states.size() / kStreams));
    const auto of_first = first->advance({}, 5);
    const std::vector<float> last(of_first.values + (kStreams - 1) * 5 * of_first.row,
                                  of_first.values + kStreams * 5 * of_first.row);
    const auto of_second = second->advance({}, 5);
    EXPECT_EQ(last, std::vector<float>(of_second.values, of_second.values + 5 * of_second.row));
  }
}

TEST(ATwinOnADevice, TakesSpikesInAnyOrderWithinAPiece) {
  const auto device = device::open_device(device::tested_kind());
  auto twin = shaken(TwinSpec(recurrent()));
  const auto first = device_stream(twin, 1, device), second = device_stream(twin, 1, device);
  const std::vector<int32_t> ordered{0, 2, 1, 0, 5, 4}, other{0, 5, 4, 0, 2, 1};
  const auto a = first->advance(ordered, 9), b = second->advance(other, 9);
  EXPECT_EQ(std::vector<float>(a.values, a.values + 18), std::vector<float>(b.values, b.values + 18));
}

TEST(ATwinOnADevice, OfAKindWithoutDeviceCodeIsRefused) {
  const TreeSpec tree(
      {{7, 3}, {4, 2}, {3, 5}},
      {{4, {0, 1, 3, 4, 5, 6, 7, 8, 9, 10}, {0, 0, 1, 1, 2, 2, 2, 3, 3, 0}}, {{0, 3, 4}, {0, 2}}});
  Twin twin(TwinSpec(tree), kChannels, 1);
  EXPECT_THROW(device_stream(twin, 1, device::open_device(device::tested_kind())), InputError);
}

}  // namespace
}  // namespace nt::twin

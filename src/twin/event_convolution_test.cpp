#include "twin/detail/event_convolution.hpp"

#include <gtest/gtest.h>

#include "twin/detail/kernel_cases.hpp"

namespace nt::twin {
namespace {

struct Case {
  EventConvolutionShape shape;
  double density;
};

/// Every size class of the kernels: less than a cache line of features, several lines, odd ones; fewer taps
/// than a block of registers holds and more; silence, sparse and every bin.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const int64_t features : {1, 3, 16, 20, 33, 128}) {
    for (const int64_t taps : {1, 4, 17, 54}) {
      for (const double density : {0.0, 0.01, 0.2, 1.0}) {
        all.push_back(
            {{.windows = 3, .channels = 7, .duration = 29, .taps = taps, .features = features}, density});
      }
    }
  }
  return all;
}

/// In no order, with times before and after what reaches an output, and some spikes twice.
std::vector<int32_t> random_events(const EventConvolutionShape& s, double density, random::Random& random) {
  std::vector<std::array<int32_t, 3>> list;
  for (int32_t w = 0; w < s.windows; ++w) {
    for (int32_t c = 0; c < s.channels; ++c) {
      for (int32_t t = -2; t < s.duration + s.taps + 2; ++t) {
        if (random.uniform() < density) list.push_back({w, c, t});
      }
    }
  }
  for (size_t i = 0; i + 1 < list.size(); ++i) {
    std::swap(list[i], list[random.integer(static_cast<int64_t>(i), static_cast<int64_t>(list.size()) - 1)]);
  }
  if (!list.empty()) list.push_back(list.front());
  std::vector<int32_t> events;
  for (const auto& e : list) events.insert(events.end(), e.begin(), e.end());
  return events;
}

template <class T>
class FastEventConvolution : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(FastEventConvolution, Reals);

TYPED_TEST(FastEventConvolution, IsTheReferenceForwardAndBackward) {
  using T = TypeParam;
  // Sums of up to a thousand terms in another order.
  const double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-12;
  uint64_t n = 0;
  for (const auto& [s, density] : cases()) {
    random::Random random(1, random::Stage::test_cases, n++, random::StreamName::test_case);
    const auto events = random_events(s, density, random);
    const auto weight = random_values<T>(s.channels * s.taps * s.features, random);
    const auto gradient = random_values<T>(s.windows * s.duration * s.features, random);
    std::vector<T> output(gradient.size(), NAN), expected_output(gradient.size(), NAN);
    event_convolution_forward<T>(s, events, weight.data(), output.data(), threads(2));
    event_convolution_forward_reference<T>(s, events, weight.data(), expected_output.data());
    EXPECT_LE(difference(output, expected_output), tolerance);
    std::vector<T> weight_gradient(weight.size(), NAN), expected(weight.size(), NAN);
    event_convolution_weight_gradient<T>(s, events, gradient.data(), weight_gradient.data(), threads(2));
    event_convolution_weight_gradient_reference<T>(s, events, gradient.data(), expected.data());
    EXPECT_LE(difference(weight_gradient, expected), tolerance);
  }
}

TYPED_TEST(FastEventConvolution, GivesTheSameBitsOnAnyNumberOfThreads) {
  using T = TypeParam;
  uint64_t n = 0;
  for (const auto& [s, density] : cases()) {
    random::Random random(2, random::Stage::test_cases, n++, random::StreamName::test_case);
    const auto events = random_events(s, density, random);
    const auto weight = random_values<T>(s.channels * s.taps * s.features, random);
    const auto gradient = random_values<T>(s.windows * s.duration * s.features, random);
    std::vector<T> output(gradient.size()), weight_gradient(weight.size());
    event_convolution_forward<T>(s, events, weight.data(), output.data(), threads(1));
    event_convolution_weight_gradient<T>(s, events, gradient.data(), weight_gradient.data(), threads(1));
    for (const int count : {2, 5, 16}) {
      std::vector<T> again(gradient.size()), weight_again(weight.size());
      event_convolution_forward<T>(s, events, weight.data(), again.data(), threads(count));
      event_convolution_weight_gradient<T>(s, events, gradient.data(), weight_again.data(), threads(count));
      EXPECT_EQ(output, again);
      EXPECT_EQ(weight_gradient, weight_again);
    }
  }
}

TYPED_TEST(FastEventConvolution, AddsEventByEventAsTheReferenceDoesOnAnyNumberOfThreads) {
  using T = TypeParam;
  uint64_t n = 0;
  for (const auto& [s, density] : cases()) {
    random::Random random(3, random::Stage::test_cases, n++, random::StreamName::test_case);
    std::vector<int32_t> events;
    for (int32_t w = 0; w < s.windows; ++w) {
      for (int32_t c = 0; c < s.channels; ++c) {
        for (int32_t t = 0; t < 3; ++t) {
          if (random.uniform() < density) events.insert(events.end(), {w, c, t});
        }
      }
    }
    const EventAdditionShape shape{s.windows, s.taps, s.features, (s.taps + 5) * s.features};
    const auto weight = random_values<T>(s.channels * s.taps * s.features, random);
    const auto before = random_values<T>(s.windows * shape.stride, random);
    auto expected = before;
    event_convolution_add_reference<T>(shape, events, weight.data(), expected.data());
    for (const int count : {1, 2, 5}) {
      auto rows = before;
      event_convolution_add<T>(shape, events, weight.data(), rows.data(), threads(count));
      EXPECT_EQ(rows, expected);  // the same additions in the same order
    }
  }
}

}  // namespace
}  // namespace nt::twin

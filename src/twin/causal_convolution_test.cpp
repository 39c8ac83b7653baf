#include "twin/detail/causal_convolution.hpp"

#include <gtest/gtest.h>

#include "twin/arena.hpp"
#include "twin/detail/convolution_stream.hpp"
#include "twin/detail/kernel_cases.hpp"

namespace nt::twin {
namespace {

/// Taps, times and features that fill tiles, phases and vectors, and that do not.
std::vector<CausalConvolutionShape> shapes() {
  std::vector<CausalConvolutionShape> all;
  for (const int64_t taps : {1, 2, 5, 12, 19}) {
    for (const int64_t duration : {1, 7, 48}) {
      all.push_back({.windows = 3, .duration = duration, .taps = taps, .inputs = 13, .outputs = 17});
      all.push_back({.windows = 1, .duration = duration, .taps = taps, .inputs = 64, .outputs = 32});
      all.push_back({.windows = 2, .duration = duration, .taps = taps, .inputs = 3, .outputs = 1});
    }
  }
  return all;
}

template <class T>
struct RandomCase {
  std::vector<T> input, weight, output_gradient;
  RandomCase(const CausalConvolutionShape& s, uint64_t seed) {
    random::Random random(seed, random::Stage::test_cases, 0, random::StreamName::test_case);
    input = random_values<T>(s.windows * s.input_duration() * s.inputs, random);
    weight = random_values<T>(s.taps * s.inputs * s.outputs, random);
    output_gradient = random_values<T>(s.windows * s.duration * s.outputs, random);
  }
};

template <class T>
struct Results {
  std::vector<T> output, input_gradient, weight_gradient;
  explicit Results(const RandomCase<T>& c)
      : output(c.output_gradient.size(), NAN),
        input_gradient(c.input.size(), NAN),
        weight_gradient(c.weight.size(), NAN) {}
  bool operator==(const Results&) const = default;
};

template <class T>
Results<T> fast(const CausalConvolutionShape& s, const RandomCase<T>& c, int halvings, int on_threads) {
  Results<T> r(c);
  const auto parallel = threads(on_threads);
  causal_convolution_forward<T>(s, c.input.data(), c.weight.data(), r.output.data(), halvings, parallel);
  causal_convolution_input_gradient<T>(s, c.output_gradient.data(), c.weight.data(), r.input_gradient.data(),
                                       halvings, parallel);
  causal_convolution_weight_gradient<T>(s, c.input.data(), c.output_gradient.data(), r.weight_gradient.data(),
                                        halvings, parallel);
  return r;
}

template <class T>
class FastCausalConvolution : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(FastCausalConvolution, Reals);

TYPED_TEST(FastCausalConvolution, IsTheReferenceForwardAndBackward) {
  using T = TypeParam;
  // Up to 1216 products to a sum, and two halvings: a hundred roundings' worth.
  const double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-13;
  uint64_t seed = 0;
  for (const auto& s : shapes()) {
    const RandomCase<T> c(s, seed++);
    Results<T> expected(c);
    causal_convolution_forward_reference<T>(s, c.input.data(), c.weight.data(), expected.output.data());
    causal_convolution_input_gradient_reference<T>(s, c.output_gradient.data(), c.weight.data(),
                                                   expected.input_gradient.data());
    causal_convolution_weight_gradient_reference<T>(s, c.input.data(), c.output_gradient.data(),
                                                    expected.weight_gradient.data());
    for (const int halvings : {0, 1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << s.taps << " taps, " << s.duration << " ms, " << s.inputs << " to "
                                      << s.outputs << ", halvings " << halvings);
      const auto r = fast(s, c, halvings, 2);
      EXPECT_LE(difference(r.output, expected.output), tolerance);
      EXPECT_LE(difference(r.input_gradient, expected.input_gradient), tolerance);
      EXPECT_LE(difference(r.weight_gradient, expected.weight_gradient), tolerance);
    }
  }
}

TYPED_TEST(FastCausalConvolution, GivesTheSameBitsOnAnyNumberOfThreads) {
  using T = TypeParam;
  for (const auto& s : shapes()) {
    const RandomCase<T> c(s, 1);
    for (const int halvings : {0, 2}) {
      const auto alone = fast(s, c, halvings, 1);
      for (const int count : {2, 5, 16}) EXPECT_EQ(fast(s, c, halvings, count), alone);
    }
  }
}

TYPED_TEST(FastCausalConvolution, OfStreamsIsTheReferenceAndTheSameBitsForEachAlone) {
  using T = TypeParam;
  // Outputs that fill panels of vectors and that do not, rows that fill tiles and that do not.
  uint64_t seed = 0;
  for (const int64_t outputs : {1, 17, 64, 70}) {
    for (const int64_t dilation : {1, 3}) {
      for (const int64_t duration : {1, 5, 30}) {
        ConvolutionStreamShape s{7, duration, 6, 13, outputs, dilation, 0};
        s.stride = (duration + 5 * dilation + 2) * s.inputs;  // two rows more than are read
        random::Random random(seed++, random::Stage::test_cases, 0, random::StreamName::test_case);
        const auto input = random_values<T>(s.streams * s.stride, random);
        const auto weight = random_values<T>(s.taps * s.inputs * outputs, random);
        std::vector<T> expected(s.streams * duration * outputs, NAN), y(expected), again(expected);
        convolution_stream_reference(s, input.data(), weight.data(), expected.data());
        Arena arena;
        T* packed = nullptr;
        arena.plan([&](Arena& room) { packed = room.take<T>(packed_weights<T>(s)); });
        pack_weights(s, weight.data(), packed);
        convolution_stream<T>(s, input.data(), packed, y.data(), threads(2));
        EXPECT_LE(difference(y, expected), sizeof(T) == 4 ? 1e-5 : 1e-13);  // sums of 78 terms
        auto one = s;
        one.streams = 1;
        for (int64_t n = 0; n < s.streams; ++n)
          convolution_stream<T>(one, input.data() + n * s.stride, packed,
                                again.data() + n * duration * outputs, {});
        EXPECT_EQ(y, again);
      }
    }
  }
}

}  // namespace
}  // namespace nt::twin

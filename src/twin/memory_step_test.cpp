#include "twin/detail/memory_step.hpp"

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "twin/arena.hpp"
#include "twin/detail/kernel_cases.hpp"

namespace nt::twin {
namespace {

random::Random random_of(uint64_t trial) {
  return {1, random::Stage::test_cases, trial, random::StreamName::test_case};
}

template <class T>
struct Step {
  MemoryStepShape shape;
  std::vector<T> branch, memory, delta, head, hidden_bias, delta_bias, head_constant, keep, gate;

  Step(const MemoryStepShape& s, random::Random& random)
      : shape(s),
        branch(random_values<T>(s.branches * s.hidden, random)),
        memory(random_values<T>(s.units * s.hidden, random)),
        delta(random_values<T>(s.hidden * s.units, random)),
        head(random_values<T>(s.units * s.outputs, random)),
        hidden_bias(random_values<T>(s.hidden, random)),
        delta_bias(random_values<T>(s.units, random)),
        head_constant(random_values<T>(s.outputs, random)),
        keep(random_values<T>(s.units, random)),
        gate(random_values<T>(s.units, random)) {}

  /// leaky_memory.hpp and the heads, as they are written there, for one stream: [unit], [output].
  std::pair<std::vector<double>, std::vector<double>> plain(const std::vector<double>& sums,
                                                            const std::vector<double>& last) const {
    const auto n = [](int64_t i) { return static_cast<size_t>(i); };
    std::vector<double> act, now, out;
    for (int64_t h = 0; h < shape.hidden; ++h) {
      double x = hidden_bias[n(h)];
      for (int64_t b = 0; b < shape.branches; ++b) x += sums[n(b)] * branch[n(b * shape.hidden + h)];
      for (int64_t u = 0; u < shape.units; ++u)
        x += keep[n(u)] * last[n(u)] * memory[n(u * shape.hidden + h)];
      act.push_back(shape.activation == HiddenActivation::relu ? std::max(x, 0.0) : x / (1 + std::exp(-x)));
    }
    for (int64_t u = 0; u < shape.units; ++u) {
      double x = delta_bias[n(u)];
      for (int64_t h = 0; h < shape.hidden; ++h) x += act[n(h)] * delta[n(h * shape.units + u)];
      now.push_back(keep[n(u)] * last[n(u)] + gate[n(u)] * kWriteRange * std::tanh(kWriteSlope * x));
    }
    for (int64_t o = 0; o < shape.outputs; ++o) {
      double x = head_constant[n(o)];
      for (int64_t u = 0; u < shape.units; ++u) x += now[n(u)] * head[n(u * shape.outputs + o)];
      out.push_back(x);
    }
    return {now, out};
  }
};

void in_every_instruction_set(const std::function<void()>& body) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

template <class T>
class MemorySteps : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(MemorySteps, Reals);

TYPED_TEST(MemorySteps, AreWhatTheFormulasSayForSmallAndLargeSums) {
  using T = TypeParam;
  in_every_instruction_set([] {
    const int64_t n = step_lanes<T>();
    auto random = random_of(1);
    for (const auto activation : {HiddenActivation::relu, HiddenActivation::silu}) {
      const Step<T> step({5, 11, 3, 2, activation}, random);
      const auto& s = step.shape;
      Arena arena;
      T *branch = nullptr, *memory = nullptr, *delta = nullptr, *head = nullptr;
      T *sums = nullptr, *state = nullptr, *scratch = nullptr, *outputs = nullptr;
      arena.plan([&](Arena& a) {
        for (auto [to, count] : {std::pair{&branch, s.branches * s.hidden},
                                 {&memory, s.units * s.hidden},
                                 {&delta, s.units * s.hidden},
                                 {&head, s.units * s.outputs},
                                 {&sums, s.branches * n},
                                 {&state, s.units * n},
                                 {&scratch, (s.hidden + s.units) * n},
                                 {&outputs, s.outputs * n}})
          *to = a.take<T>(count);
      });
      pack_step_matrix(step.branch.data(), s.branches, s.hidden, branch);
      pack_step_matrix(step.memory.data(), s.units, s.hidden, memory);
      pack_step_matrix(step.delta.data(), s.hidden, s.units, delta);
      pack_step_matrix(step.head.data(), s.units, s.outputs, head);
      const MemoryStepWeights<T> weights{branch,
                                         memory,
                                         delta,
                                         head,
                                         step.hidden_bias.data(),
                                         step.delta_bias.data(),
                                         step.head_constant.data(),
                                         step.keep.data(),
                                         step.gate.data()};
      for (const double size : {1.0, 30.0, 3000.0}) {
        for (int64_t i = 0; i < s.branches * n; ++i)
          sums[i] = static_cast<T>(size * (random.uniform() - 0.5));
        for (int64_t i = 0; i < s.units * n; ++i) state[i] = static_cast<T>(random.uniform() - 0.5);
        std::vector<std::pair<std::vector<double>, std::vector<double>>> expected;
        for (int64_t lane = 0; lane < n; ++lane) {
          std::vector<double> own_sums, own_state;
          for (int64_t b = 0; b < s.branches; ++b) own_sums.push_back(sums[b * n + lane]);
          for (int64_t u = 0; u < s.units; ++u) own_state.push_back(state[u * n + lane]);
          expected.push_back(step.plain(own_sums, own_state));
        }
        memory_step(s, weights, sums, state, scratch, outputs);
        // A write's slope is at most 1.2, of sums of up to 11 x 5 terms of `size`: some 10 roundings of
        // these.
        const double tolerance = (sizeof(T) == 4 ? 6e-7 : 1e-15) * std::max(size, 2.0) * 4;
        for (int64_t lane = 0; lane < n; ++lane) {
          const auto& [memory_now, out] = expected[static_cast<size_t>(lane)];
          for (int64_t u = 0; u < s.units; ++u)
            EXPECT_NEAR(state[u * n + lane], memory_now[static_cast<size_t>(u)], tolerance) << size;
          for (int64_t o = 0; o < s.outputs; ++o)
            EXPECT_NEAR(outputs[o * n + lane], out[static_cast<size_t>(o)], tolerance) << size;
        }
      }
    }
  });
}

TEST(BeginsOfStreams, AreFoundAndDisorderIsSeenWhereverItIs) {
  constexpr int64_t kStreams = 9;
  in_every_instruction_set([] {
    auto random = random_of(2);
    for (const int64_t count : {0, 1, 2, 17, 48, 49, 300}) {
      std::vector<std::array<int32_t, 3>> events(static_cast<size_t>(count));
      for (auto& e : events) {
        e = {static_cast<int32_t>(kStreams * random.uniform()), static_cast<int32_t>(50 * random.uniform()),
             static_cast<int32_t>(20 * random.uniform())};
      }
      std::ranges::sort(events, {}, [](const auto& e) { return std::pair(e[0], e[2]); });
      const auto flat = [&] {
        std::vector<int32_t> all;
        for (const auto& e : events) all.insert(all.end(), e.begin(), e.end());
        return all;
      };
      std::vector<int64_t> first(kStreams + 1, -1);
      ASSERT_TRUE(begins_of_streams(flat(), first)) << count;
      for (int64_t s = 0; s <= kStreams; ++s) {
        EXPECT_EQ(first[static_cast<size_t>(s)],
                  std::ranges::count_if(events, [&](const auto& e) { return e[0] < s; }));
      }
      for (size_t i = 1; i < events.size(); ++i) {
        if (events[i][0] == events[i - 1][0] && events[i][2] == events[i - 1][2]) continue;
        std::swap(events[i], events[i - 1]);
        EXPECT_FALSE(begins_of_streams(flat(), first)) << i;
        std::swap(events[i], events[i - 1]);
      }
    }
  });
}

}  // namespace
}  // namespace nt::twin

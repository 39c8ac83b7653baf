#include "twin/recurrent_layer.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>

#include "random/random.hpp"
#include "twin/branches.hpp"

namespace neurontwin {
namespace {

/// Spikes in random bins, some of them twice, sorted by window.
torch::Tensor random_events(int64_t windows, int64_t channels, int64_t duration, double density,
                            uint64_t seed) {
  Random random(seed, Stage::test_cases, 0, StreamName::test_case);
  std::vector<int32_t> list;
  for (int64_t w = 0; w < windows; ++w) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t t = -1; t <= duration; ++t) {  // those at either end lie outside
        for (int twice = 0; twice < 2; ++twice) {
          if (random.uniform() >= density) continue;
          for (const int64_t x : {w, c, t}) list.push_back(static_cast<int32_t>(x));
        }
      }
    }
  }
  return torch::tensor(list, torch::kInt32).view({-1, 3});
}

/// Channels that feed one to three of the branches.
Wiring random_wiring(int64_t channels, int64_t branches, Random& random) {
  Wiring wiring;
  wiring.branches = branches;
  for (int64_t c = 0; c < channels; ++c) {
    const int64_t first = random.integer(0, branches - 1);
    for (int64_t b = first; b <= std::min(branches - 1, first + random.integer(0, 2)); ++b)
      wiring.branch.push_back(b);
    wiring.first.push_back(wiring.contacts());
  }
  return wiring;
}

RecurrentSpec small_spec() {
  Random random(3, Stage::test_cases, 0, StreamName::test_case);
  RecurrentSpec spec;
  spec.memory_units = 5;
  spec.wiring = random_wiring(9, 4, random);
  spec.excitatory_channels = 6;
  spec.learn_time_constants = true;
  return spec;
}

double largest(const torch::Tensor& t) {
  return t.numel() == 0 ? 0 : t.detach().abs().max().item<double>();
}

TEST(RecurrentLayer, OutputsAndGradientsAreThoseOfTorchsOwnOperations) {
  // Units that fill SIMD vectors and that do not, groups of windows of every size, silence and every bin. In
  // double nothing but a wrong formula can be far off; in float sums of a few hundred terms lose 1e-5.
  torch::manual_seed(1);
  Random random(1, Stage::test_cases, 0, StreamName::test_case);
  for (int n = 0; n < 24; ++n) {
    RecurrentSpec spec;
    spec.memory_units = std::array<int64_t, 6>{1, 3, 8, 20, 33, 50}[static_cast<size_t>(n % 6)];
    spec.activation = n % 2 == 0 ? HiddenActivation::silu : HiddenActivation::relu;
    spec.learn_time_constants = true;
    const int64_t channels = random.integer(1, 30), windows = 1 + n % 7, duration = random.integer(1, 50);
    spec.wiring = random_wiring(channels, random.integer(1, 9), random);
    spec.excitatory_channels = random.integer(0, channels);
    const auto events = random_events(windows, channels, duration, std::array{0.0, 0.02, 0.2, 1.0}[n / 6],
                                      100 + static_cast<uint64_t>(n));
    for (const auto precision : {torch::kFloat64, torch::kFloat32}) {
      SCOPED_TRACE(testing::Message() << "case " << n << ", " << precision);
      RecurrentLayer ours(spec, 3), theirs(spec, 3);
      {
        // Weights of another size, so that saturated and rectified units are among them.
        torch::NoGradGuard no_gradient;
        for (const auto& p : ours->named_parameters()) {
          p.value().add_(torch::randn_like(p.value()) * 0.3);
          theirs->named_parameters()[p.key()].copy_(p.value());
        }
      }
      ours->to(precision);
      theirs->to(precision);
      const auto a = ours->forward(events, windows, duration);
      const auto b = theirs->forward_reference(events, windows, duration);
      const double tolerance = precision == torch::kFloat64 ? 1e-11 : 2e-4;
      EXPECT_LE(largest(a - b), tolerance * std::max(1.0, largest(b)));
      const auto direction = torch::randn_like(b);
      (a * direction).sum().backward();
      (b * direction).sum().backward();
      double scale = 0;
      for (const auto& p : theirs->parameters()) scale = std::max(scale, largest(p.grad()));
      for (const auto& p : ours->named_parameters()) {
        const auto expected = theirs->named_parameters()[p.key()].grad();
        EXPECT_LE(largest(p.value().grad() - expected), tolerance * scale) << p.key();
      }
    }
  }
}

TEST(RecurrentLayer, GradientsAreWhatASmallStepOfEachWeightChanges) {
  torch::manual_seed(2);
  RecurrentLayer layer(small_spec(), 3);
  layer->to(torch::kFloat64);
  const int64_t windows = 3, duration = 40;
  const auto events = random_events(windows, 9, duration, 0.1, 5);
  const auto direction = torch::randn({windows, duration, 5}, torch::kFloat64);
  const auto value = [&] { return (layer->forward(events, windows, duration) * direction).sum(); };
  value().backward();
  for (const auto& p : layer->named_parameters()) {
    torch::NoGradGuard no_gradient;
    const auto step = torch::randn_like(p.value());
    constexpr double kSize = 1e-5;  // rounding 1e-11, curvature 1e-10
    p.value().add_(step * kSize);
    const double up = value().item<double>();
    p.value().sub_(step * 2 * kSize);
    const double down = value().item<double>();
    p.value().add_(step * kSize);
    const double expected = (step * p.value().grad()).sum().item<double>();
    EXPECT_NEAR((up - down) / (2 * kSize), expected, 1e-6 * std::max(1.0, std::abs(expected))) << p.key();
  }
}

TEST(RecurrentLayer, AnswersTheSameOnAnyNumberOfThreads) {
  RecurrentLayer layer(small_spec(), 3);
  const auto events = random_events(7, 9, 200, 0.1, 5);
  std::vector<torch::Tensor> first;
  const int before = at::get_num_threads();
  for (const int threads : {1, 2, 3, 8}) {
    at::set_num_threads(threads);
    layer->zero_grad();
    const auto memory = layer->forward(events, 7, 200);
    memory.square().sum().backward();
    std::vector<torch::Tensor> all{memory.detach()};
    for (const auto& p : layer->parameters()) all.push_back(p.grad().clone());
    if (first.empty()) first = all;
    for (size_t i = 0; i < all.size(); ++i)
      EXPECT_TRUE(torch::equal(all[i], first[i])) << threads << " threads, result " << i;
  }
  at::set_num_threads(before);
}

TEST(RecurrentLayer, AUnitThatIsWrittenToNoMoreForgetsWithItsTimeConstant) {
  auto spec = small_spec();
  spec.memory_units = 3;
  spec.shortest_memory_ms = 2;
  spec.longest_memory_ms = 50;
  RecurrentLayer layer(spec, 3);
  torch::NoGradGuard no_gradient;
  // Hidden units then write only while the branches' sums are not zero.
  layer->memory_weight.zero_();
  layer->to(torch::kFloat64);
  const auto memory =
      layer->forward(torch::tensor({0, 0, 3}, torch::kInt32).view({1, 3}), 1, 400)[0];  // a spike at 3 ms
  EXPECT_EQ(largest(memory.slice(0, 0, 3)), 0);
  EXPECT_GT(largest(memory[3]), 0);
  // The branch's own 5 ms are long over then, for the units that are slower.
  for (const auto& [unit, tau_ms] : {std::pair{1, 10.0}, {2, 50.0}}) {
    const double left = (memory[330][unit] / memory[320][unit]).item<double>();
    EXPECT_NEAR(left, std::exp(-10 / tau_ms), 1e-6) << tau_ms;
  }
}

TEST(Branches, AreRunsOfNeighboursThatEndWhereSectionsDo) {
  CellTable cell;
  // A soma without synapses, then sections of 3, 5 and 4 compartments.
  for (const auto& [name, count] : {std::pair{"soma", 1}, {"a", 3}, {"b", 5}, {"c", 4}}) {
    for (int i = 0; i < count; ++i) cell.section.emplace_back(name);
  }
  for (int c = 1; c < 13; ++c) cell.excitatory_compartment.push_back(c);
  cell.inhibitory_compartment = cell.excitatory_compartment;
  const auto wiring = wire_branches(cell, 3, false);
  EXPECT_EQ(wiring.branches, 3);
  EXPECT_EQ(wiring.channels(), 24);
  // Even shares would be four each; the middle one takes what is left between the sections' ends.
  const std::vector<int64_t> one_kind{0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2};
  for (size_t c = 0; c < 24; ++c) EXPECT_EQ(wiring.branch[c], one_kind[c % 12]) << c;

  const auto overlapping = wire_branches(cell, 3, true);
  EXPECT_EQ(overlapping.contacts(), 2 * (3 * 2 + 5 * 3 + 4 * 2));
  EXPECT_EQ(wire_branches(cell, 100, false).branches, 12);  // no more than there are places
}

TEST(Branches, APointNeuronHasOne) {
  CellTable cell;
  cell.section = {"soma"};
  cell.excitatory_compartment.assign(80, 0);
  cell.inhibitory_compartment.assign(20, 0);
  const auto wiring = wire_branches(cell, 45, true);
  EXPECT_EQ(wiring.branches, 1);
  EXPECT_EQ(wiring.contacts(), 100);
}

}  // namespace
}  // namespace neurontwin

// Float against double over the random input that training data are made of: a few seconds always, and with
// `./test --slow` as many as the claim in docs/performance.md is made for.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "simulate/cable.hpp"
#include "simulate/dendritic_input.hpp"
#include "simulate/simulator.hpp"

namespace nt::simulate {
namespace {

namespace fs = std::filesystem;

/// How many spikes of `a` have one of `b` within a ms, each used once.
size_t coincident(const std::vector<double>& a, const std::vector<double>& b) {
  size_t found = 0, j = 0;
  for (const double t : a) {
    while (j < b.size() && b[j] < t - 1) ++j;
    if (j < b.size() && b[j] <= t + 1) ++found, ++j;
  }
  return found;
}

TEST(Precision, FloatHasTheSpikesAndTheVoltageOfDouble) {
  const auto project = fs::path(__FILE__).parent_path().parent_path().parent_path();
  const auto cell =
      cell::read_detailed_cell(config::Settings::from_file(project / "cells/l5pc.toml"), project / "cells");
  const auto rates = stimulus::read_stimulus(
      config::Settings::from_file(project / "bench/l5pc_stimulus.toml"), synapse_pools(cell));
  const char* slow = std::getenv("NEURONTWIN_SLOW");
  const bool long_run = slow && *slow == '1';
  const int64_t trials = long_run ? 36 : 4, trial_ms = long_run ? 6000 : 1000;
  std::vector<stimulus::SynapticInput> inputs;
  for (int64_t trial = 0; trial < trials; ++trial)
    inputs.push_back(
        stimulus::draw_input(rates, 1, random::Stage::test_cases, static_cast<uint64_t>(trial), trial_ms));
  const auto a = simulate(cell, {{}, Precision::in_float}, inputs, trial_ms, 2);
  const auto b = simulate(cell, {{}, Precision::in_double}, inputs, trial_ms, 2);
  size_t in_float = 0, in_double = 0, both = 0, samples = 0;
  double squares = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    in_float += a[i].spike_times_ms.size();
    in_double += b[i].spike_times_ms.size();
    both += coincident(a[i].spike_times_ms, b[i].spike_times_ms);
    for (size_t k = 0; k < a[i].soma_mV.size(); ++k) {
      if (a[i].soma_mV[k] > -55 || b[i].soma_mV[k] > -55) continue;
      squares += std::pow(static_cast<double>(a[i].soma_mV[k]) - b[i].soma_mV[k], 2);
      ++samples;
    }
  }
  ASSERT_GT(in_double, 0u);
  EXPECT_GE(2.0 * static_cast<double>(both) / static_cast<double>(in_float + in_double), 0.99);
  EXPECT_NEAR(static_cast<double>(in_float) / static_cast<double>(in_double), 1, 0.01);
  EXPECT_LT(std::sqrt(squares / static_cast<double>(samples)), 0.3);
}

}  // namespace
}  // namespace nt::simulate

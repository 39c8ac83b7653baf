// Mechanisms that draw random numbers: the lanes against the plain reference, and what a trial's draws depend
// on.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "cell/initial_state.hpp"
#include "config/temporary_folder.hpp"
#include "random/random.hpp"
#include "simulate/cable.hpp"
#include "simulate/detail/cable_reference.hpp"
#include "simulate/neuron_streams.hpp"
#include "simulate/simulator.hpp"

namespace nt::simulate {
namespace {

constexpr int64_t kMs = 40;

/// A synapse that releases by chance, and a current that fluctuates from INITIAL on (Uhlenbeck and Ornstein
/// 1930).
class RandomDraws : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
    write("cell.swc", "1 1 0 -10 0 10 -1\n2 1 0 10 0 10 1\n3 3 0 11 0 1 2\n4 3 0 211 0 1 3\n");
    write("release.mod",
          "NEURON { POINT_PROCESS release RANGE p NONSPECIFIC_CURRENT i RANDOM r }\nPARAMETER { p = 0.4 }\n"
          "ASSIGNED { v (mV) i (nA) }\nSTATE { g (uS) n }\n"
          "BREAKPOINT { SOLVE s METHOD cnexp\n i = g*v }\nDERIVATIVE s { g' = -g/3 }\n"
          "NET_RECEIVE(w (uS)) { IF (random_uniform(r) < p) { g = g + w\n n = n + 1 } }");
    write(
        "noise.mod",
        "NEURON { POINT_PROCESS noise NONSPECIFIC_CURRENT i RANGE sd RANDOM r }\nPARAMETER { sd = 0.02 }\n"
        "ASSIGNED { i x }\nINITIAL { x = random_normal(r, 0, sd) }\nBREAKPOINT { SOLVE fluctuate\n i = x }\n"
        "PROCEDURE fluctuate() { x = x*exp(-dt/5) + sd*sqrt(1 - exp(-2*dt/5))*normrand(0, 1) }");
  }
  void TearDown() override { ::unsetenv("XDG_CACHE_HOME"); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  cell::DetailedCell cell(const std::string& more) const {
    const auto settings = config::Settings::from_text(
        "kind = \"detailed\"\nmorphology = \"cell.swc\"\ncompartment_spacing_um = 40\n"
        "insert = [ { mechanism = \"leak\", regions = [\"soma\", \"basal\"], g = 2e-4, e = -65 } ]\n" +
            more,
        "cell.toml");
    auto cell = cell::read_detailed_cell(settings, folder_.path());
    settings.reject_unread();
    return cell;
  }
  const config::TemporaryFolder folder_;
};

/// Spikes each 5 ms at each synapse.
stimulus::SynapticInput input(const cell::DetailedCell& cell, uint64_t trial, int64_t ms = kMs) {
  stimulus::SynapticInput input;
  const auto synapses = cell::synapse_compartments(cell, cell.excitatory).size();
  for (int64_t t = 2; t < ms; t += 5)
    for (uint32_t s = 0; s < synapses; ++s) {
      input.excitatory.time_ms.push_back(static_cast<uint32_t>(t));
      input.excitatory.synapse.push_back(s);
    }
  input.draws = random::trial_key(3, random::Stage::test_cases, trial);
  return input;
}

constexpr auto kRelease =
    "excitatory = { mechanism = \"release.mod\", regions = [\"soma\", \"basal\"], weight = 0.002 }\n";
constexpr auto kNoise = "point = [ { mechanism = \"noise.mod\", section = \"soma[0]\", x = 0.5 } ]\n";
const std::string kBoth = std::string(kRelease) + kNoise;

TEST_F(RandomDraws, NeuronsThatGoOnDrawWhatTheirTrialsDraw) {
  const cell::Neuron neuron = cell(kNoise);
  constexpr size_t kNeurons = 3;
  constexpr int64_t kShort_ms = 20;
  std::vector<stimulus::SynapticInput> silence(kNeurons);
  std::vector<random::TrialKey> draws;
  for (size_t n = 0; n < kNeurons; ++n)
    draws.push_back(silence[n].draws = random::trial_key(9, random::Stage::test_cases, n));
  const SimulationSpec spec;
  const auto trials = simulate(neuron, spec, silence, kShort_ms, 1);
  NeuronStreams streams(neuron, spec, kNeurons, draws);
  const auto in_order = [](int64_t tasks, const std::function<void(int64_t)>& f) {
    for (int64_t i = 0; i < tasks; ++i) f(i);
  };
  for (int64_t ms = 0; ms < kShort_ms; ++ms) {
    streams.advance({}, in_order);
    for (size_t n = 0; n < kNeurons; ++n)
      EXPECT_EQ(streams.soma_mV()[n], soma_at_whole_ms(trials[n])[static_cast<size_t>(ms)]) << ms << " " << n;
  }
  EXPECT_NE(streams.soma_mV()[0], streams.soma_mV()[1]);
}

TEST_F(RandomDraws, LanesEqualTheReference) {
  const auto neuron = cell(kBoth);
  for (const auto scheme : {Scheme::backward_euler, Scheme::crank_nicolson}) {
    const CableSpec spec{0.025, scheme, true, 1, 1};
    for (const uint64_t trial : {0u, 7u}) {
      const auto one = input(neuron, trial);
      const auto reference = simulate_reference(neuron, spec, one, kMs * 40);
      for (const auto precision : {Precision::in_double, Precision::in_float}) {
        const auto lanes = simulate(neuron, {spec, precision}, std::span(&one, 1), kMs, 1)[0];
        // As of other mechanisms (user_mechanism_test.cpp): rounding of a thousand steps.
        const double tolerance = precision == Precision::in_double ? 1e-6 : 0.02;
        for (size_t c = 0; c < neuron.geometry.compartments.size(); ++c)
          for (int64_t ms = 1; ms < kMs; ++ms)
            ASSERT_NEAR(lanes.dendrites_mV[c * kMs + static_cast<size_t>(ms)], reference.v_mV[ms * 40 - 1][c],
                        tolerance + 4e-6 * 100)
                << "compartment " << c << " at " << ms << " ms";
      }
    }
  }
}

TEST_F(RandomDraws, ATrialIsTheSameInAnyLaneOnAnyThread) {
  const auto neuron = cell(kBoth);
  std::vector<stimulus::SynapticInput> inputs;
  for (uint64_t trial = 0; trial < 21; ++trial) inputs.push_back(input(neuron, trial));
  for (const auto precision : {Precision::in_double, Precision::in_float}) {
    const SimulationSpec spec{{}, precision};
    const auto together = simulate(neuron, spec, inputs, kMs, 1);
    const auto on_threads = simulate(neuron, spec, inputs, kMs, 3);
    const std::vector backwards(inputs.rbegin(), inputs.rend());
    const auto turned = simulate(neuron, spec, backwards, kMs, 2);
    for (size_t i = 0; i < inputs.size(); ++i) {
      const auto alone = simulate(neuron, spec, std::span(&inputs[i], 1), kMs, 1)[0];
      EXPECT_EQ(alone.soma_mV, together[i].soma_mV) << i;
      EXPECT_EQ(alone.soma_mV, on_threads[i].soma_mV) << i;
      EXPECT_EQ(alone.soma_mV, turned[inputs.size() - 1 - i].soma_mV) << i;
      if (i > 0) {
        EXPECT_NE(alone.soma_mV, together[0].soma_mV) << i;
      }
    }
  }
}

TEST_F(RandomDraws, ASynapseReleasesAsOftenAsItsChanceSays) {
  // Counts what it releases, as a current that is nothing to the membrane.
  write("count.mod",
        "NEURON { POINT_PROCESS count NONSPECIFIC_CURRENT i RANDOM r }\nASSIGNED { i (nA) }\nSTATE { n }\n"
        "BREAKPOINT { i = 1e-7*n }\nNET_RECEIVE(w) { IF (random_uniform(r) < 0.4) { n = n + w } }");
  const auto neuron =
      cell("excitatory = { mechanism = \"count.mod\", regions = [\"soma\", \"basal\"], weight = 1 }\n");
  std::vector<stimulus::SynapticInput> inputs;
  for (uint64_t trial = 0; trial < 16; ++trial) inputs.push_back(input(neuron, trial, 1000));
  SimulationSpec spec{{.dt_ms = 0.1}, Precision::in_float};
  const auto compartments = cell::synapse_compartments(neuron, neuron.excitatory);
  spec.cable.quantities = {{.place = "all", .what = "count.i", .unit = "nA", .compartments = {}}};
  for (const int c : compartments) spec.cable.quantities[0].compartments.push_back(c);
  double released = 0;
  for (const auto& recording : simulate(neuron, spec, inputs, 1000, 1))
    released += 1e7 * recording.quantities[0].back();
  const double events = 16.0 * 200 * static_cast<double>(compartments.size());
  EXPECT_NEAR(released / events, 0.4, 5 * std::sqrt(0.4 * 0.6 / events));
}

TEST_F(RandomDraws, ACurrentThatFluctuatesHasItsStandardDeviation) {
  const auto neuron = cell(kNoise);
  std::vector<stimulus::SynapticInput> silence(16);
  for (uint64_t trial = 0; trial < silence.size(); ++trial)
    silence[trial].draws = random::trial_key(5, random::Stage::test_cases, trial);
  SimulationSpec spec{{.dt_ms = 0.1}, Precision::in_float};
  spec.cable.quantities = {{.place = "soma", .what = "noise.i", .unit = "nA", .compartments = {0}}};
  double sum = 0, squares = 0, n = 0;
  for (const auto& recording : simulate(neuron, spec, silence, 1000, 1))
    for (size_t ms = 50; ms < recording.quantities[0].size(); ms += 1) {
      const double x = recording.quantities[0][ms];
      sum += x, squares += x * x, n += 1;
    }
  const double independent = n / 10;  // twice the time constant
  EXPECT_NEAR(sum / n, 0, 5 * 0.02 / std::sqrt(independent));
  EXPECT_NEAR(std::sqrt(squares / n), 0.02, 5 * 0.02 / std::sqrt(2 * independent));
}

TEST_F(RandomDraws, WhatIsDrawnAtThatMomentIsNotRecorded) {
  write("drawn.mod",
        "NEURON { POINT_PROCESS drawn NONSPECIFIC_CURRENT i RANDOM r }\nASSIGNED { i }\n"
        "BREAKPOINT { i = 0.001*random_normal(r) }");
  const auto settings = config::Settings::from_text(
      "kind = \"detailed\"\nmorphology = \"cell.swc\"\npoint = [ { mechanism = \"drawn.mod\", section = "
      "\"soma[0]\", x = 0.5 } ]\n",
      "cell.toml");
  const auto neuron = cell::read_detailed_cell(settings, folder_.path());
  SimulationSpec spec;
  spec.cable.quantities = {{.place = "soma", .what = "drawn.i", .unit = "nA", .compartments = {0}}};
  const stimulus::SynapticInput silence;
  EXPECT_THROW(simulate(neuron, spec, std::span(&silence, 1), 10, 1), InputError);
}

}  // namespace
}  // namespace nt::simulate

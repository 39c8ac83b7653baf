// Events of mechanisms that do more than add their weight: against what NMODL says happens.
#include "simulate/event_program.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "cell/detailed.hpp"
#include "config/error.hpp"
#include "config/settings.hpp"
#include "simulate/cable.hpp"
#include "simulate/simulator.hpp"

namespace nt::simulate {
namespace {

class EventsOfMechanisms : public ::testing::Test {
 protected:
  std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) /
      fmt::format("events-{}", testing::UnitTest::GetInstance()->current_test_info()->name());

  void SetUp() override {
    std::filesystem::create_directories(folder);
    write("ball.swc", "1 1 -10 0 0 10 -1\n2 1 10 0 0 10 1\n");
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }

  cell::DetailedCell cell(const std::string& more) const {
    write("cell.toml",
          "kind = \"detailed\"\nmorphology = \"ball.swc\"\ncompartment_spacing_um = 100\ninitial_mV = -65\n"
          "insert = [ { mechanism = \"leak\", regions = [\"soma\"], g = 2e-4, e = -65 } ]\n" +
              more);
    return cell::read_detailed_cell(config::Settings::from_file(folder / "cell.toml"), folder);
  }
  static Recording run(const cell::DetailedCell& cell, const stimulus::TimedInput& input = {},
                       int64_t ms = 20) {
    const CableSpec spec{.dt_ms = 0.025, .scheme = Scheme::backward_euler};
    return simulate(cell, {spec, Precision::in_double}, std::span(&input, 1), ms, 1)[0];
  }
  static double at(const Recording& recording, double ms) { return recording.soma_mV[std::lround(ms * 8)]; }
};

TEST_F(EventsOfMechanisms, APulseThatSwitchesItselfIsTheElectrodesPulse) {
  write("pulse.mod",
        "NEURON { POINT_PROCESS pulse ELECTRODE_CURRENT i }\nPARAMETER { size = 0.1 }\nASSIGNED { i now }\n"
        "INITIAL { now = 0\n net_send(5, 1) }\nBREAKPOINT { i = now }\n"
        "NET_RECEIVE(w) { IF (flag == 1) { now = size\n net_send(3, 2) } ELSE { now = 0 } }");
  const auto own = run(cell("point = [ { mechanism = \"pulse.mod\", section = \"soma[0]\", x = 0.5 } ]\n"));
  const auto electrode =
      run(cell("point = [ { mechanism = \"IClamp\", section = \"soma[0]\", x = 0.5, del = 5, dur = 3, amp = "
               "0.1 } ]\n"));
  EXPECT_GT(at(own, 7), -64);
  // An event comes at the start of the step nearest to it, an electrode at each step's middle.
  for (const double ms : {4.0, 7.0, 9.0, 15.0}) EXPECT_NEAR(at(own, ms), at(electrode, ms), 0.05) << ms;
}

TEST_F(EventsOfMechanisms, AStreamRemembersItsEvents) {
  write("tired.mod",
        "NEURON { POINT_PROCESS tired NONSPECIFIC_CURRENT i }\nASSIGNED { v i }\nSTATE { g }\n"
        "BREAKPOINT { SOLVE s METHOD cnexp\n i = g*(v - 0) }\nDERIVATIVE s { g' = -g/2 }\n"
        "NET_RECEIVE(weight (uS), left) { INITIAL { left = 1 }\n g = g + weight*left\n left = left/2 }");
  const auto neuron =
      cell("excitatory = { mechanism = \"tired.mod\", regions = [\"soma\"], weight = 0.0001 }\n");
  stimulus::TimedInput once, twice;
  once.excitatory = {.time_ms = {2}, .synapse = {0}, .weight = {}};
  twice.excitatory = {.time_ms = {2, 2}, .synapse = {0, 0}, .weight = {}};
  const double first = at(run(neuron, once), 4) + 65, both = at(run(neuron, twice), 4) + 65;
  EXPECT_NEAR(both / first, 1.5, 0.02);  // the driving force is nearly the same
  // A second simulation starts with a fresh stream.
  EXPECT_EQ(run(neuron, once).soma_mV, run(neuron, once).soma_mV);
}

TEST_F(EventsOfMechanisms, AWeightOfItsOwnIsNotGivenWithTheEvents) {
  write("grows.mod",
        "NEURON { POINT_PROCESS grows NONSPECIFIC_CURRENT i }\nASSIGNED { v i }\nSTATE { g }\n"
        "BREAKPOINT { SOLVE s METHOD cnexp\n i = g*v }\nDERIVATIVE s { g' = -g/2 }\n"
        "NET_RECEIVE(weight (uS)) { g = g + weight\n weight = 2*weight }");
  const auto neuron =
      cell("excitatory = { mechanism = \"grows.mod\", regions = [\"soma\"], weight = 0.0001 }\n");
  stimulus::TimedInput plain, weighted;
  plain.excitatory = {.time_ms = {2, 10}, .synapse = {0, 0}, .weight = {}};
  weighted.excitatory = {.time_ms = {2}, .synapse = {0}, .weight = {1.0}};
  const auto recording = run(neuron, plain);
  EXPECT_GT(at(recording, 11.5) + 65, 1.5 * (at(recording, 3.5) + 65));
  EXPECT_THROW(run(neuron, weighted), InputError);
}

TEST_F(EventsOfMechanisms, AWatchActsWhenTheVoltageCrosses) {
  write("watch.mod",
        "NEURON { POINT_PROCESS watched NONSPECIFIC_CURRENT i }\nASSIGNED { v i g }\nINITIAL { g = 0\n "
        "net_send(0, 1) }\n"
        "BREAKPOINT { i = g*(v + 90) }\n"
        "NET_RECEIVE(w) { IF (flag == 1) { WATCH (v > -60) 2 }\n IF (flag == 2) { g = 0.1 } }");
  const std::string electrode =
      "{ mechanism = \"IClamp\", section = \"soma[0]\", x = 0.5, del = 2, dur = 10, amp = ";
  const std::string watch = "{ mechanism = \"watch.mod\", section = \"soma[0]\", x = 0.5 }";
  const auto strong = run(cell("point = [ " + watch + ", " + electrode + "0.06 } ]\n"));
  const auto weak = run(cell("point = [ " + watch + ", " + electrode + "0.005 } ]\n"));
  EXPECT_LT(at(strong, 19), -80);
  EXPECT_GT(at(weak, 19), -66);
}

TEST_F(EventsOfMechanisms, NetMoveWithoutAnEventOnItsWayIsRefused) {
  write("moves.mod",
        "NEURON { POINT_PROCESS moves NONSPECIFIC_CURRENT i }\nASSIGNED { v i }\nBREAKPOINT { i = 0*v }\n"
        "NET_RECEIVE(w) { net_move(t + 1) }");
  const auto neuron = cell("excitatory = { mechanism = \"moves.mod\", regions = [\"soma\"], weight = 1 }\n");
  stimulus::TimedInput input;
  input.excitatory = {.time_ms = {2}, .synapse = {0}, .weight = {}};
  EXPECT_THROW(run(neuron, input), InputError);
}

TEST_F(EventsOfMechanisms, WhatOnlyAddsItsWeightStaysAnAddition) {
  const auto m = mechanism::compile_mechanism(
      "NEURON { POINT_PROCESS x NONSPECIFIC_CURRENT i }\nASSIGNED { v i }\nSTATE { g }\n"
      "BREAKPOINT { i = g*v }\nNET_RECEIVE(w) { g = g + 3*w }",
      "x.mod");
  mechanism::Graph graph = m.graph;
  const auto effects = additive_effects(m, graph);
  ASSERT_TRUE(effects.has_value());
  EXPECT_TRUE(graph.is_constant(effects->at(0), 3));
}

}  // namespace
}  // namespace nt::simulate

// What is recorded inside a neuron, against the equations it has to obey.
#include "simulate/quantity.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "config/temporary_folder.hpp"
#include "simulate/cable.hpp"
#include "simulate/simulator.hpp"

namespace nt::simulate {
namespace {

/// A soma, and where `dendrite` a basal dendrite of two compartments.
cell::DetailedCell cell_of(const std::string& description, bool dendrite = false) {
  const auto folder = config::own_temporary_folder() / "neurontwin-quantity-test";
  std::filesystem::create_directories(folder);
  const std::string name = dendrite ? "dendrite.swc" : "soma.swc";
  {
    std::ofstream swc(folder / name);
    swc << "1 1 0 -10 0 10 -1\n2 1 0 10 0 10 1\n";
    if (dendrite) swc << "3 3 0 11 0 1 2\n4 3 0 81 0 1 3\n";
  }
  const auto settings = config::Settings::from_text(
      fmt::format("kind = \"detailed\"\nmorphology = \"{}\"\n{}", name, description), "cell.toml");
  auto cell = cell::read_detailed_cell(settings, folder);
  settings.reject_unread();
  return cell;
}

Quantity at_soma(const std::string& what) {
  return {"soma", what, "", {0}};
}

Recording run(const cell::DetailedCell& cell, std::vector<Quantity> quantities, int64_t ms,
              const stimulus::SynapticInput& input = {}, Precision precision = Precision::in_double) {
  CableSpec spec;
  spec.quantities = std::move(quantities);
  return simulate(cell, {spec, precision}, std::span(&input, 1), ms, 1)[0];
}

const std::string kPulse =
    "point = [ { mechanism = \"IClamp\", section = \"soma[0]\", del = 10, dur = 40, amp = 0.05 } ]\n";

TEST(Quantities, OfAPassiveSomaAreItsVoltageAndTheCurrentThatFollowsFromIt) {
  const double g = 5e-5, e_mV = -70;
  const auto cell = cell_of(
      "initial_mV = -65\n" + kPulse +
      fmt::format("insert = [ {{ mechanism = \"leak\", regions = [\"soma\"], g = {}, e = {} }} ]", g, e_mV));
  const auto r = run(cell, {at_soma("v"), at_soma("leak.i"), at_soma("IClamp.i")}, 80);
  ASSERT_EQ(r.quantities.size(), 3u);
  double highest = -100;
  for (size_t ms = 0; ms < 80; ++ms) {
    const double v = r.quantities[0][ms];
    highest = std::max(highest, v);
    EXPECT_EQ(r.quantities[0][ms], r.soma_mV[8 * ms]) << ms;
    EXPECT_NEAR(r.quantities[1][ms], g * (v - e_mV), 1e-5 * g) << ms;  // of v the recording keeps 4e-6 mV
    EXPECT_FLOAT_EQ(r.quantities[2][ms], ms >= 10 && ms < 50 ? -0.05f : 0.0f) << ms;  // outward positive
  }
  EXPECT_GT(highest, -60) << "the pulse should be seen";
}

TEST(Quantities, GatesAtSteadyVoltageAreAtTheirSteadyState) {
  // SKv3_1 (Hay et al. 2011): m_inf = 1/(1 + exp(-(v - 18.7)/9.7)); so little of it that the leak holds v.
  for (const double v : {-50.0, 0.0, 25.0}) {
    const auto cell = cell_of(fmt::format(
        "initial_mV = -65\ninsert = [ {{ mechanism = \"leak\", regions = [\"soma\"], g = 1e-3, e = {} }},\n"
        "{{ mechanism = \"SKv3_1\", regions = [\"soma\"], gbar = 1e-12 }} ]",
        v));
    const auto r = run(cell, {at_soma("v"), at_soma("SKv3_1.m")}, 100);
    EXPECT_NEAR(r.quantities[0].back(), v, 1e-4);
    EXPECT_NEAR(r.quantities[1].back(), 1 / (1 + std::exp(-(v - 18.7) / 9.7)), 1e-6) << v;
  }
}

/// The squid's axon (Hodgkin and Huxley 1952), which fires at 0.3 nA.
const std::string kSquid =
    "initial_mV = -65\nreversal_mV = { na = 50, k = -77 }\n"
    "insert = [ { mechanism = \"squid\", regions = [\"soma\"] } ]\n"
    "point = [ { mechanism = \"IClamp\", section = \"soma[0]\", del = 5, dur = 90, amp = 0.3 } ]\n";

TEST(Quantities, GatesStayBetweenZeroAndOneAndMakeTheirCurrents) {
  const auto cell = cell_of(kSquid);
  std::vector<Quantity> quantities;
  for (const auto* what : {"v", "squid.m", "squid.h", "squid.n", "squid.ina", "squid.ik", "squid.i"})
    quantities.push_back(at_soma(what));
  const auto r = run(cell, quantities, 100);
  ASSERT_GE(r.spike_times_ms.size(), 3u);
  for (size_t ms = 0; ms < 100; ++ms) {
    const auto of = [&](size_t k) { return static_cast<double>(r.quantities[k][ms]); };
    for (const size_t gate : {1, 2, 3}) {
      EXPECT_GE(of(gate), 0) << ms;
      EXPECT_LE(of(gate), 1) << ms;
    }
    // Products of numbers that are kept in float.
    EXPECT_NEAR(of(4), 0.12 * std::pow(of(1), 3) * of(2) * (of(0) - 50), 1e-5 * std::fabs(of(4)) + 1e-8)
        << ms;
    EXPECT_NEAR(of(5), 0.036 * std::pow(of(3), 4) * (of(0) + 77), 1e-5 * std::fabs(of(5)) + 1e-8) << ms;
    EXPECT_NEAR(of(6), 0.0003 * (of(0) + 54.3), 1e-7) << ms;
  }
}

TEST(Quantities, RecordingThemLeavesTheNeuronAlone) {
  const auto cell = cell_of(kSquid);
  const auto with = run(cell, {at_soma("squid.m"), at_soma("v")}, 60, {}, Precision::in_float);
  const auto without = run(cell, {}, 60, {}, Precision::in_float);
  EXPECT_EQ(with.soma_mV, without.soma_mV);
  EXPECT_TRUE(without.quantities.empty());
}

TEST(Quantities, CalciumDecaysToRestAndStandsWhereItsCurrentHoldsIt) {
  // cai' = -1e4 ica gamma/(2 F depth) - (cai - 1e-4)/decay (Hay et al. 2011), depth 0.1 um.
  const auto quiet = cell_of(
      "calcium = { inside_mM = 5e-4, outside_mM = 2 }\ninitial_mV = -65\ninsert = [ { mechanism = "
      "\"CaDynamics_E2\", regions = [\"soma\"], decay = 30, gamma = 0.0005 } ]");
  const auto decay = run(quiet, {at_soma("cai")}, 100).quantities[0];
  for (size_t ms = 0; ms < 100; ++ms)  // the concentration is updated every 0.1 ms
    EXPECT_NEAR(decay[ms], 1e-4 + 4e-4 * std::exp(-static_cast<double>(ms) / 30), 2e-6) << ms;

  const auto open = cell_of(
      "initial_mV = -65\ninsert = [ { mechanism = \"leak\", regions = [\"soma\"], g = 1e-3, e = -20 },\n"
      "{ mechanism = \"CaDynamics_E2\", regions = [\"soma\"], decay = 30, gamma = 0.0005 },\n"
      "{ mechanism = \"Ca_HVA\", regions = [\"soma\"], gbar = 2e-3 } ]");
  const auto held = run(open, {at_soma("cai"), at_soma("Ca_HVA.ica")}, 4000);
  const double inflow = -1e4 * held.quantities[1].back() * 0.0005 / (2 * 96485.33 * 0.1);
  ASSERT_GT(inflow * 30, 1e-4) << "the channel should matter";
  EXPECT_NEAR(held.quantities[0].back(), 1e-4 + inflow * 30, 1e-3 * inflow * 30);
}

const std::string kSynapses =
    "initial_mV = -70\ninsert = [ { mechanism = \"leak\", regions = [\"soma\", \"basal\"], g = 1e-4, e = -70 "
    "} ]\n"
    "excitatory = { mechanism = \"AMPANMDA\", regions = [\"basal\"] }\n"
    "inhibitory = { mechanism = \"DoubleExp\", regions = [\"basal\"] }\n";

TEST(Quantities, ASynapsesConductanceIsADifferenceOfExponentialsNmdasBlockedByMagnesium) {
  const auto cell = cell_of(kSynapses, true);
  const int dendrite = cell.placements[*cell.excitatory.placement].compartments.at(0);
  stimulus::SynapticInput input;
  input.excitatory = {{5}, {0}};
  const auto r = run(cell,
                     {{"dendrite", "v", "", {dendrite}},
                      {"dendrite", "AMPANMDA.g_ampa", "", {dendrite}},
                      {"dendrite", "AMPANMDA.g_nmda", "", {dendrite}},
                      {"dendrite", "DoubleExp.g", "", {dendrite}}},
                     60, input);
  const auto conductance_nS = [](double t_ms, double rise, double decay) {
    if (t_ms <= 0) return 0.0;
    const double peak = rise * decay / (decay - rise) * std::log(decay / rise);
    return 0.4 * (std::exp(-t_ms / decay) - std::exp(-t_ms / rise)) /
           (std::exp(-peak / decay) - std::exp(-peak / rise));
  };
  double highest_mV = -100;
  for (size_t ms = 0; ms < 60; ++ms) {
    // Half a step of 0.025 ms; an event at a whole ms is not seen before the next.
    const double t_ms = ms <= 5 ? 0 : static_cast<double>(ms) - 5 + 0.0125, v = r.quantities[0][ms];
    highest_mV = std::max(highest_mV, v);
    const double open = 1 / (1 + std::exp(-0.08 * v) / 3.57);
    EXPECT_NEAR(r.quantities[1][ms], conductance_nS(t_ms, 0.3, 3), 1e-5) << ms;
    EXPECT_NEAR(r.quantities[2][ms], conductance_nS(t_ms, 2, 70) * open, 1e-5) << ms;
    EXPECT_EQ(r.quantities[3][ms], 0) << ms;
  }
  EXPECT_GT(highest_mV, -69.9) << "the block should be seen to change";
}

TEST(Quantities, OfSeveralCompartmentsAreTheirSum) {
  const auto cell = cell_of(kSynapses + "compartment_spacing_um = 40", true);
  const auto& where = cell.placements[*cell.inhibitory.placement].compartments;
  ASSERT_EQ(where.size(), 3u);
  stimulus::SynapticInput input;
  input.inhibitory = {{3, 4, 6}, {0, 1, 2}};
  std::vector<Quantity> all = synaptic_conductances(cell, "basal", where);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[2].name(), "basal.DoubleExp.g");
  EXPECT_EQ(all[2].unit, "nS");
  for (const int c : where) all.push_back({"one", "DoubleExp.g", "", {c}});
  const auto r = run(cell, all, 30, input);
  for (size_t ms = 0; ms < 30; ++ms)
    EXPECT_NEAR(r.quantities[2][ms], r.quantities[3][ms] + r.quantities[4][ms] + r.quantities[5][ms], 1e-6);
  EXPECT_GT(r.quantities[2][8], 0.1f);
}

TEST(Quantities, ThatANeuronHasNotAreRefusedWithThoseItHas) {
  const auto cell = cell_of(kSquid);
  try {
    run(cell, {at_soma("squid.q")}, 5);
    FAIL() << "should have been refused";
  } catch (const InputError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("soma.squid.q"), std::string::npos) << message;
    EXPECT_NE(message.find("squid.m, squid.h, squid.n"), std::string::npos) << message;
  }
}

TEST(Quantities, AreFoundByWhatAPlaceHas) {
  const auto cell = cell_of(kSquid);
  std::vector<std::string> names;
  for (const auto& quantity : quantities_at(cell, "soma", 0)) names.push_back(quantity.name());
  EXPECT_EQ(names,
            (std::vector<std::string>{"soma.v", "soma.IClamp.i", "soma.squid.m", "soma.squid.h",
                                      "soma.squid.n", "soma.squid.i", "soma.squid.ina", "soma.squid.ik"}));
}

}  // namespace
}  // namespace nt::simulate

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cell/neuron.hpp"
#include "simulate/quantity.hpp"
#include "simulate/simulator.hpp"
#include "stimulus/stimulus.hpp"

namespace nt::simulate {
namespace {

constexpr int64_t kDuration_ms = 200;

cell::Neuron neuron(const std::string& synapses) {
  return cell::read_neuron(config::Settings::from_text(
      "kind = \"detailed\"\nmorphology = \"layer-5-tree\"\ncompartment_spacing_um = 200\n"
      "capacitance = [ { regions = [\"all\"], uF_cm2 = 1 } ]\n"
      "insert = [ { mechanism = \"leak\", regions = [\"all\"], g = 1e-4, e = -70 } ]\n"
      "axon_stub = { sections = 2, length_um = 30, diameter_um = 1 }\ninitial_mV = -70\n" +
          synapses,
      "cell.toml"));
}

const std::string kExcitatory = "mechanism = \"AMPANMDA\", regions = [\"basal\", \"apical\"] }";
const std::string kInhibitory = "mechanism = \"DoubleExp\", regions = [\"basal\"], gmax = 0.001, e = -80 }";

cell::Neuron as_kinds() {
  return neuron("excitatory = { " + kExcitatory + "\ninhibitory = { " + kInhibitory + "\n");
}

stimulus::TimedInput some_input(const cell::Neuron& neuron) {
  stimulus::TimedInput input;
  const auto excitatory = static_cast<uint32_t>(cell::excitatory_synapses(neuron));
  for (uint32_t k = 0; k < 300; ++k) {
    input.excitatory.time_ms.push_back(0.37 * k);
    input.excitatory.synapse.push_back(k * 7 % excitatory);
  }
  for (uint32_t k = 0; k < 20; ++k) {
    input.inhibitory.time_ms.push_back(9.1 * k);
    input.inhibitory.synapse.push_back(k % 5);
  }
  return input;
}

std::vector<float> soma_mV(const cell::Neuron& neuron, const stimulus::TimedInput& input,
                           const CableSpec& cable = {}) {
  return simulate(neuron, {.cable = cable, .precision = Precision::in_double}, std::span(&input, 1),
                  kDuration_ms, 1)[0]
      .soma_mV;
}

TEST(SynapseGroups, OfOneEachComputeWhatTheKindsDo) {
  const auto grouped = neuron("synapses = [ { name = \"e\", kind = \"excitatory\", " + kExcitatory +
                              ", { name = \"i\", kind = \"inhibitory\", " + kInhibitory + " ]\n");
  const auto kinds = as_kinds();
  ASSERT_EQ(cell::excitatory_compartments(grouped), cell::excitatory_compartments(kinds));
  EXPECT_EQ(soma_mV(grouped, some_input(grouped)), soma_mV(kinds, some_input(kinds)));
}

TEST(SynapseGroups, TwoHalvesOfTheWeightOnOneCompartmentAreOneWhole) {
  const auto half = kExcitatory.substr(0, kExcitatory.size() - 2) + ", weight = 0.5 }";
  const auto halves = neuron("synapses = [ { name = \"a\", kind = \"excitatory\", " + half +
                             ", { name = \"b\", kind = \"excitatory\", " + half + " ]\n");
  const auto whole = neuron("synapses = [ { name = \"a\", kind = \"excitatory\", " + kExcitatory + " ]\n");
  const auto synapses = static_cast<uint32_t>(cell::excitatory_synapses(whole));
  ASSERT_EQ(cell::excitatory_synapses(halves), 2 * static_cast<int>(synapses));
  auto input = some_input(whole);
  input.inhibitory = {};
  auto both = input;
  for (size_t k = 0; k < input.excitatory.time_ms.size(); ++k) {
    both.excitatory.time_ms.push_back(input.excitatory.time_ms[k]);
    both.excitatory.synapse.push_back(input.excitatory.synapse[k] + synapses);
  }
  const auto expected = soma_mV(whole, input), found = soma_mV(halves, both);
  double most = 0;
  for (size_t i = 0; i < expected.size(); ++i)
    most = std::max(most, std::abs(static_cast<double>(expected[i]) - static_cast<double>(found[i])));
  EXPECT_GT(*std::ranges::max_element(expected), -69);
  EXPECT_LT(most, 1e-4);  // sums in another order, recorded as floats
}

TEST(SynapseGroups, AWeightThatIsNoNumberIsThatOfTheSynapse) {
  const auto kinds = as_kinds();
  auto plain = some_input(kinds), own = plain;
  own.excitatory.weight.assign(own.excitatory.time_ms.size(), std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(soma_mV(kinds, own), soma_mV(kinds, plain));
  own.excitatory.weight.assign(own.excitatory.time_ms.size(), 0.0);
  EXPECT_NE(soma_mV(kinds, own), soma_mV(kinds, plain));
}

TEST(SynapseGroups, ConductancesOfSeveralOnACompartmentAddUp) {
  const auto grouped =
      neuron("synapses = [ { name = \"a\", kind = \"excitatory\", count = 400, " + kExcitatory +
             ", { name = \"b\", kind = \"inhibitory\", " + kInhibitory + " ]\n");
  const auto& cell = *cell::compartmental(grouped);
  const auto all = synaptic_conductances(cell, "all", {cell::excitatory_compartments(grouped)[0]});
  std::vector<std::string> names;
  for (const auto& quantity : all) names.push_back(quantity.what);
  EXPECT_EQ(names, (std::vector<std::string>{"AMPANMDA.g_ampa", "AMPANMDA.g_nmda", "DoubleExp.g"}));
}

TEST(OutputSpikes, AreMaximaAboveTheThresholdThatIsAsked) {
  const std::vector<float> trace{-70, -30, -70, -20, -70};
  EXPECT_EQ(output_spikes(trace).size(), 1u);
  EXPECT_EQ(output_spikes(trace, -40).size(), 2u);
  EXPECT_EQ(output_spikes(trace, 0).size(), 0u);
}

}  // namespace
}  // namespace nt::simulate

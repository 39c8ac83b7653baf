#include "neurontwin/simulate.hpp"

#include <gtest/gtest.h>

#include "config/message_of.hpp"
#include "config/temporary_folder.hpp"
#include "neurontwin/error.hpp"
#include "run/project_folder.hpp"
#include "simulate/simulator.hpp"

namespace neurontwin {
namespace {

using nt::config::message_of;
using nt::config::own_temporary_folder;

Neuron cell(const std::string& name) {
  return read_neuron(nt::run::project_folder() / "cells" / name);
}

TEST(FrontDoor, SimulatesEveryKindOfNeuronByOneCall) {
  for (const auto* name : {"if.toml", "ball-and-stick.toml"}) {
    const auto neuron = cell(name);
    const auto inputs = draw_inputs(random_rates(neuron), 1, 0, 3, 300);
    const auto trials = simulate(neuron, inputs, 300);
    ASSERT_EQ(trials.size(), 3u) << name;
    for (const auto& trial : trials) EXPECT_EQ(trial.soma_mV.size(), 300u) << name;
    EXPECT_NE(trials[0].soma_mV, trials[1].soma_mV) << name;
  }
}

TEST(FrontDoor, SimulationDoesNotDependOnThreads) {
  const auto neuron = cell("ball-and-stick.toml");
  const auto inputs = draw_inputs(random_rates(neuron), 1, 0, 20, 100);
  const auto one = simulate(neuron, inputs, 100, {.threads = 1}),
             three = simulate(neuron, inputs, 100, {.threads = 3});
  for (size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_EQ(one[i].soma_mV, three[i].soma_mV) << i;
    EXPECT_EQ(one[i].spike_times_ms, three[i].spike_times_ms) << i;
  }
}

TEST(FrontDoor, TheOrderOfInputSpikesChangesNothing) {
  const auto neuron = cell("ball-and-stick.toml");
  const Input forward{{5, 10, 20}, {0, 1, 0}, {}}, backward{{20, 10, 5}, {0, 1, 0}, {}};
  const std::vector<Input> both{forward, backward};
  const auto trials = simulate(neuron, both, 50);
  EXPECT_EQ(trials[0].soma_mV, trials[1].soma_mV);
}

TEST(FrontDoor, RecordsCompartmentsAndNamedQuantities) {
  const auto neuron = cell("ball-and-stick.toml");
  const auto inputs = draw_inputs(random_rates(neuron), 1, 0, 1, 60);
  const auto trial = simulate(neuron, inputs, 60, {.compartments = true, .record = {"soma.v"}})[0];
  EXPECT_EQ(trial.compartments_mV.size(), 60 * describe(neuron).compartments.section.size());
  ASSERT_EQ(trial.recorded.size(), 1u);
  EXPECT_EQ(trial.recorded[0].name, "soma.v");
  EXPECT_EQ(trial.recorded[0].unit, "mV");
  for (size_t ms = 0; ms < 60; ++ms) EXPECT_NEAR(trial.recorded[0].values[ms], trial.soma_mV[ms], 1e-3) << ms;
}

TEST(FrontDoor, RefusesInputThatDoesNotSuitTheNeuron) {
  const auto neuron = cell("ball-and-stick.toml");
  const auto refusal = [&](const Input& input) {
    return message_of([&] { simulate(neuron, std::span(&input, 1), 50); });
  };
  const auto past_the_end = static_cast<uint32_t>(neuron.synapses());
  EXPECT_EQ(
      refusal({{1}, {past_the_end}, {}}),
      fmt::format("input 0: spike 0 is of synapse {}, expected 0 to {}", past_the_end, past_the_end - 1));
  EXPECT_EQ(refusal({{1, 2}, {0}, {}}), "input 0: has 2 times but 1 synapses, expected as many");
  EXPECT_EQ(refusal({{-1}, {0}, {}}), "input 0: spike 0 is at -1 ms, expected a number from 0 on");
  EXPECT_EQ(refusal({{1}, {0}, {-1}}), "input 0: spike 0 has the weight -1, expected a number from 0 on");
  EXPECT_EQ(refusal({{NAN}, {0}, {}}), "input 0: spike 0 is at nan ms, expected a number from 0 on");
  EXPECT_NE(message_of([&] { simulate(neuron, {}, 50, {.dt_ms = 0}); }).find("a time step of 0 ms"),
            std::string::npos);
  EXPECT_NE(message_of([&] { simulate(neuron, {}, 0); }).find("duration_ms is 0"), std::string::npos);
  EXPECT_NE(message_of([&] {
              simulate(neuron, {}, 50, {.record = {"soma.nothing"}});
            }).find("there is no 'nothing'"),
            std::string::npos);
  EXPECT_NE(
      message_of([&] { simulate(cell("if.toml"), {}, 50, {.record = {"soma.v"}}); }).find("a point neuron"),
      std::string::npos);
}

TEST(FrontDoor, SimulationStopsWhereTheTokenSaysSo) {
  const auto neuron = cell("ball-and-stick.toml");
  const auto inputs = draw_inputs(random_rates(neuron), 1, 0, 1, 1000);
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(simulate(neuron, inputs, 1000, {.watcher = {.stop = source.get_token()}}), RunError);
}

TEST(FrontDoor, SimulationTellsHowManyTrialsAreDone) {
  const auto neuron = cell("if.toml");
  const auto inputs = draw_inputs(random_rates(neuron), 1, 0, 20, 50);
  double done = 0, total = 0;
  const auto listen = [&](const Progress& p) {
    EXPECT_GT(p.done, done);
    done = p.done;
    total = p.total;
  };
  simulate(neuron, inputs, 50, {.threads = 2, .watcher = {.progress = listen}});
  EXPECT_EQ(done, 20);
  EXPECT_EQ(total, 20);
}

TEST(FrontDoor, AFileHoldsTheTrialThatIsReturned) {
  const auto neuron = cell("ball-and-stick.toml");
  const auto input = draw_inputs(random_rates(neuron), 1, 0, 1, 100)[0];
  const auto out = own_temporary_folder() / "one.h5";
  const auto written = simulate_to_file(neuron, input, 100, {}, out);
  EXPECT_EQ(written.soma_mV, simulate(neuron, std::span(&input, 1), 100)[0].soma_mV);
  EXPECT_TRUE(std::filesystem::exists(out));
}

TEST(FrontDoor, DescribesANeuronByItsCompartmentsAndSynapses) {
  const auto neuron = cell("ball-and-stick.toml");
  const auto d = describe(neuron);
  EXPECT_EQ(static_cast<int64_t>(d.synapse_compartment.size()), neuron.synapses());
  EXPECT_EQ(d.compartments.parent[0], -1);
  EXPECT_NE(d.settings.find("kind"), std::string::npos);
  for (size_t c = 1; c < d.compartments.parent.size(); ++c)
    EXPECT_LT(d.compartments.parent[c], static_cast<int>(c));
}

}  // namespace
}  // namespace neurontwin

// Neurons that go on ms by ms do what they do in whole trials.
#include "simulate/neuron_streams.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "random/random.hpp"
#include "simulate/dendritic_input.hpp"
#include "simulate/simulator.hpp"

namespace nt::simulate {
namespace {

namespace fs = std::filesystem;

const fs::path kProject = fs::path(__FILE__).parent_path().parent_path().parent_path();

cell::Neuron neuron_of(const std::string& file, std::vector<std::string> set = {}) {
  return cell::read_neuron(config::Settings::from_file(kProject / "cells" / file, "", set));
}

void in_turn(int64_t tasks, const std::function<void(int64_t)>& task) {
  for (int64_t i = 0; i < tasks; ++i) task(i);
}

/// Input that makes any of the neurons fire: of each a different one.
std::vector<stimulus::TimedInput> inputs_for(const cell::Neuron& neuron, size_t neurons, int64_t ms,
                                             double per_synapse_and_ms) {
  std::vector<stimulus::TimedInput> inputs(neurons);
  for (size_t n = 0; n < neurons; ++n) {
    random::Random random(1, random::Stage::test_cases, n, {random::StreamName::test_case});
    for (int64_t t = 0; t < ms; ++t) {
      const auto add = [&](stimulus::TimedEvents& events, int synapses, double share) {
        for (int s = 0; s < synapses; ++s)
          if (random.uniform() < share * per_synapse_and_ms) {
            events.time_ms.push_back(static_cast<double>(t) + static_cast<double>(random.integer(0, 7)) / 8);
            events.synapse.push_back(static_cast<uint32_t>(s));
          }
      };
      add(inputs[n].excitatory, cell::excitatory_synapses(neuron), 1);
      add(inputs[n].inhibitory, cell::inhibitory_synapses(neuron), 0.3);
    }
  }
  return inputs;
}

/// What arrives in a ms, by neuron.
std::vector<StreamArrival> arrivals_in(const cell::Neuron& neuron,
                                       const std::vector<stimulus::TimedInput>& inputs, int64_t ms) {
  std::vector<StreamArrival> arrivals;
  const auto first_inhibitory = static_cast<uint32_t>(cell::excitatory_synapses(neuron));
  for (size_t n = 0; n < inputs.size(); ++n) {
    const auto add = [&](const stimulus::TimedEvents& events, uint32_t first) {
      for (size_t k = 0; k < events.time_ms.size(); ++k)
        if (static_cast<int64_t>(events.time_ms[k]) == ms)
          arrivals.push_back({static_cast<uint32_t>(n), first + events.synapse[k], events.time_ms[k],
                              std::numeric_limits<double>::quiet_NaN()});
    };
    add(inputs[n].excitatory, 0);
    add(inputs[n].inhibitory, first_inhibitory);
  }
  return arrivals;
}

struct Course {
  std::vector<std::vector<double>> spikes;  // of each neuron
  std::vector<std::vector<float>> soma_mV;
};

/// The milliseconds from `from` to `to`.
void go_on(NeuronStreams& streams, const cell::Neuron& neuron,
           const std::vector<stimulus::TimedInput>& inputs, int64_t from, int64_t to, Course& course) {
  course.spikes.resize(inputs.size());
  course.soma_mV.resize(inputs.size());
  for (int64_t ms = from; ms < to; ++ms) {
    streams.advance(arrivals_in(neuron, inputs, ms), in_turn);
    for (const auto& spike : streams.spikes()) course.spikes[spike.neuron].push_back(spike.time_ms);
    for (size_t n = 0; n < inputs.size(); ++n) course.soma_mV[n].push_back(streams.soma_mV()[n]);
  }
}

struct Case {
  std::string cell;
  std::vector<std::string> set;
  double per_synapse_and_ms;
  Precision precision;
};

class Streams : public testing::TestWithParam<Case> {};

TEST_P(Streams, DoToTheLastBitWhatTrialsDo) {
  const auto neuron = neuron_of(GetParam().cell, GetParam().set);
  SimulationSpec spec;
  spec.precision = GetParam().precision;
  constexpr int64_t kMs = 150;
  const size_t neurons = 19;  // more than fit side by side
  const auto inputs = inputs_for(neuron, neurons, kMs, GetParam().per_synapse_and_ms);
  const auto trials = simulate(neuron, spec, inputs, kMs, 1);
  NeuronStreams streams(neuron, spec, neurons);
  Course course;
  go_on(streams, neuron, inputs, 0, kMs, course);
  size_t spikes = 0;
  for (size_t n = 0; n < neurons; ++n) {
    EXPECT_EQ(course.soma_mV[n], soma_at_whole_ms(trials[n])) << n;
    // A trial judges neither the maximum at its last sample, nor a point neuron's last ms.
    auto until_last = course.spikes[n];
    if (!until_last.empty() && until_last.back() >= kMs - 1) until_last.pop_back();
    auto expected = trials[n].spike_times_ms;
    if (!expected.empty() && expected.back() >= kMs - 1) expected.pop_back();
    EXPECT_EQ(until_last, expected) << n;
    spikes += expected.size();
  }
  EXPECT_GT(spikes, neurons);
}

TEST_P(Streams, GoOnFromAStateToTheLastBit) {
  const auto neuron = neuron_of(GetParam().cell, GetParam().set);
  SimulationSpec spec;
  spec.precision = GetParam().precision;
  const auto inputs = inputs_for(neuron, 3, 80, GetParam().per_synapse_and_ms);
  NeuronStreams streams(neuron, spec, 3), others(neuron, spec, 3);
  Course course, first, second;
  go_on(streams, neuron, inputs, 0, 37, first);
  const auto state = streams.states();
  go_on(streams, neuron, inputs, 37, 80, first);
  go_on(others, neuron, inputs, 0, 60, course);  // somewhere else
  others.set_states(state);
  go_on(others, neuron, inputs, 37, 80, second);
  for (size_t n = 0; n < 3; ++n) {
    const std::vector<float> rest(first.soma_mV[n].begin() + 37, first.soma_mV[n].end());
    EXPECT_EQ(second.soma_mV[n], rest);
  }
  EXPECT_EQ(streams.states(), others.states());
}

INSTANTIATE_TEST_SUITE_P(
    OfAllKinds, Streams,
    testing::Values(Case{"if.toml", {}, 0.05, Precision::in_double},
                    Case{"two-layer.toml", {}, 0.06, Precision::in_double},
                    Case{"three-groups.toml", {}, 0.1, Precision::in_float},
                    Case{"three-groups.toml",
                         {"netstim=[{ group = \"ampa_nmda\", synapse = 3, start = 1, interval = 7 }]"},
                         0.1,
                         Precision::in_double},
                    Case{"l5pc.toml", {"compartment_spacing_um=150"}, 0.1, Precision::in_float}),
    [](const auto& of) {
      auto name = of.param.cell.substr(0, of.param.cell.find('.')) + std::to_string(of.index);
      std::erase(name, '-');
      return name;
    });

TEST(NeuronStreams, RefuseAStateOfOtherNeurons) {
  const auto neuron = neuron_of("if.toml");
  NeuronStreams streams(neuron, {}, 3), fewer(neuron, {}, 2);
  EXPECT_THROW(fewer.set_states(streams.states()), InputError);
  EXPECT_THROW(streams.set_states(std::vector<std::string>{"short"}), InputError);
}

TEST(NeuronStreams, RefuseStepsThatDoNotEndWithTheMillisecond) {
  const auto neuron = neuron_of("three-groups.toml");
  SimulationSpec spec;
  spec.cable.dt_ms = 0.03;
  try {
    NeuronStreams streams(neuron, spec, 1);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("dt_ms = 0.03"), std::string::npos) << error.what();
  }
}

TEST(NeuronStreams, AShiftedSomaIsShifted) {
  const auto neuron = neuron_of("three-groups.toml");
  NeuronStreams streams(neuron, {}, 2);
  streams.advance({}, in_turn);
  streams.advance({}, in_turn);
  streams.shift_soma(1, 5);
  streams.advance({}, in_turn);
  EXPECT_NEAR(streams.soma_mV()[1] - streams.soma_mV()[0], 5, 1e-4);
}

}  // namespace
}  // namespace nt::simulate

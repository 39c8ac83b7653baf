#pragma once
#include "cell/neuron.hpp"
#include "config/settings.hpp"
#include "neurontwin/dataset.hpp"
#include "neurontwin/run.hpp"
#include "neurontwin/twin.hpp"
#include "ranks/ranks.hpp"
#include "stimulus/timed_input.hpp"
#include "twin/saved_twin.hpp"

/// What the front door's values hold inside.
namespace neurontwin {

struct Ranks::Model {
  std::shared_ptr<const nt::ranks::Ranks> ranks;
};

struct Neuron::Model {
  nt::cell::Neuron neuron;
  nt::config::Settings settings;  // all that was read of the description
};

struct InputModel::Model {
  nt::stimulus::RandomRates rates;
  nt::config::Settings settings;
};

struct Twin::Model {
  nt::twin::TwinDescription description;
  nt::twin::Numbers<float> numbers;
};

/// A network that computes, with a twin's numbers. InputError where the device that predicts is none or has
/// no code for the kind of twin.
nt::twin::Twin working_twin(const Twin& twin, int threads, const std::string& device = "cpu");
/// A twin of what a network has learned.
Twin finished_twin(const nt::twin::Twin& twin, nt::twin::TwinDescription description);

/// One for each core where `threads` is 0.
int threads_or_cores(int threads);

/// The input of one trial as the simulator takes it. InputError where a synapse is none of the neuron's, a
/// time is negative or no number, or a list has another length. `what`: "input 3".
nt::stimulus::TimedInput timed_input(const Input& input, int64_t excitatory, int64_t inhibitory,
                                     const std::string& what);
/// The same at whole milliseconds.
nt::stimulus::SynapticInput synaptic_input(const Input& input, int64_t excitatory, int64_t inhibitory,
                                           const std::string& what);
Input input_of(const nt::stimulus::TimedInput& input, int64_t excitatory);

}  // namespace neurontwin

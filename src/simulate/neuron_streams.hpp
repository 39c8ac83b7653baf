#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cell/neuron.hpp"
#include "random/draw.hpp"
#include "simulate/simulation.hpp"

namespace nt::simulate {

/// Calls f(0) .. f(tasks - 1), each once, in any order and perhaps at the same time.
using RunTasks = std::function<void(int64_t tasks, const std::function<void(int64_t)>&)>;

/// An input spike of one of several neurons. Synapses are numbered as the neuron's, inhibitory ones after
/// excitatory ones.
struct StreamArrival {
  uint32_t neuron = 0, synapse = 0;
  double time_ms = 0;  // since the beginning, in the ms that comes next
  double weight = 0;   // NaN: the synapse's own
};

/// An output spike of one of several neurons.
struct StreamSpike {
  uint32_t neuron = 0;
  double time_ms = 0;  // since the beginning
};

/// Neurons of one kind that go on and on, ms by ms, with spikes that arrive in between: what Simulator does
/// in whole trials. Detailed neurons stand side by side in the lanes of the SIMD unit. Each does to the last
/// bit what it does in a trial of the same input (Simulator), whoever its neighbours are.
class NeuronStreams {
 public:
  /// All at rest, as the description says. The neuron must outlive them. `draws`: what the mechanisms of each
  /// draw from; empty: all from the same. InputError where it cannot be simulated so, or the time step is no
  /// whole fraction of a ms.
  NeuronStreams(const cell::Neuron& neuron, const SimulationSpec& spec, size_t neurons,
                std::span<const random::TrialKey> draws = {});
  ~NeuronStreams();
  NeuronStreams(NeuronStreams&&) noexcept;
  NeuronStreams& operator=(NeuronStreams&&) noexcept;

  size_t neurons() const { return neurons_; }
  /// Neurons that are advanced together, and cost as much as one.
  size_t side_by_side() const { return side_by_side_; }
  /// The next ms of each. Arrivals ascend by neuron. UnphysicalVoltage, with the neuron's number in the place
  /// of the trial's, at a voltage that no membrane has.
  void advance(std::span<const StreamArrival> arrivals, const RunTasks& run);
  /// The output spikes of that ms, by neuron, then time. A detailed neuron's times are multiples of 1/8 ms.
  std::span<const StreamSpike> spikes() const { return spikes_; }
  /// The somatic voltage of each at the beginning of that ms.
  std::span<const float> soma_mV() const { return soma_mV_; }

  /// Moves the voltage of a detailed neuron's soma. Point neurons: what their synapses have given so far.
  void shift_soma(size_t neuron, double mV);

  /// All that they remember, of each side_by_side() of them; set_state() of the same neurons goes on from
  /// there to the last bit.
  std::vector<std::string> states() const;
  void set_states(std::span<const std::string> states);

  /// Neurons that cost as much as one, one kind of neuron's own way.
  class Batch;

 private:
  size_t neurons_, side_by_side_ = 1;
  std::vector<std::unique_ptr<Batch>> batches_;
  std::vector<StreamSpike> spikes_;
  std::vector<float> soma_mV_;
};

}  // namespace nt::simulate

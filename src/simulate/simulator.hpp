#pragma once
#include <memory>
#include <span>
#include <vector>

#include "cell/neuron.hpp"
#include "progress/watcher.hpp"
#include "simulate/recording.hpp"
#include "simulate/simulation.hpp"
#include "stimulus/timed_input.hpp"

namespace nt::simulate {

/// Simulates trials of one neuron of any kind, side by side where its kind can. For one thread. `spec` says
/// how and where detailed neurons are simulated and what is recorded of them; point neurons take steps of
/// 1 ms, and of them every quantity is the soma's voltage.
class Simulator {
 public:
  /// The neuron must outlive it. InputError where a quantity or the time step does not suit the neuron, or
  /// where the device is none, or cannot simulate the neuron or record that.
  Simulator(const cell::Neuron& neuron, const SimulationSpec& spec);
  ~Simulator();
  Simulator(Simulator&&) noexcept;
  Simulator& operator=(Simulator&&) noexcept;

  /// Trials that cost as much as one.
  size_t side_by_side() const;
  /// Up to side_by_side() trials of `duration_ms`. Input after the end is not played. InputError where an
  /// input names a synapse that is not there; UnphysicalVoltage at the first voltage that no membrane has.
  std::vector<Recording> run(std::span<const stimulus::SynapticInput> inputs, int64_t duration_ms,
                             const CompartmentListener& listener = {});
  std::vector<Recording> run(std::span<const stimulus::TimedInput> inputs, int64_t duration_ms,
                             const CompartmentListener& listener = {});

  /// One kind of neuron's own way.
  class Kind;

 private:
  std::unique_ptr<Kind> kind_;
};

/// Any number of trials, in batches of as many as fit side by side, the batches shared by threads. The result
/// does not depend on how many. RunError where the watcher asks to stop.
std::vector<Recording> simulate(const cell::Neuron& neuron, const SimulationSpec& spec,
                                std::span<const stimulus::SynapticInput> inputs, int64_t duration_ms,
                                int threads, const Watcher& watcher = {});
std::vector<Recording> simulate(const cell::Neuron& neuron, const SimulationSpec& spec,
                                std::span<const stimulus::TimedInput> inputs, int64_t duration_ms,
                                int threads, const Watcher& watcher = {});

}  // namespace nt::simulate

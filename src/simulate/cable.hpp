#pragma once
#include <memory>
#include <span>
#include <vector>

#include "cell/detailed.hpp"
#include "simulate/quantity.hpp"
#include "simulate/recording.hpp"
#include "stimulus/timed_input.hpp"

namespace nt::simulate {

enum class Scheme : uint8_t { backward_euler, crank_nicolson };

/// Below this no maximum of the somatic voltage is an output spike.
inline constexpr double kSpikeThreshold_mV = -25;

/// How a detailed neuron is simulated.
struct CableSpec {
  double dt_ms = 0.025;
  Scheme scheme = Scheme::crank_nicolson;
  bool dendrites = false;  // record every compartment at whole milliseconds
  // With Crank-Nicolson only, unlike parts of the neuron get steps of their own:
  int root_steps = 4;      // soma and axon, where spikes start, take so many while the dendrites take one
  int64_t most_steps = 8;  // slow channels are updated once in so many steps at most, a power of two
  double patience = 0.2;   // ... and as often as this fraction of their shortest time constant asks for; with
                           // steps below 0.035 ms after as many of them as at 0.035
  double spike_threshold_mV = kSpikeThreshold_mV;  // of output spikes
  std::vector<Quantity> quantities = {};           // what else is recorded at whole milliseconds
};

/// The step, from 0, at whose start an event is delivered: as in NEURON's fixed step the first that starts at
/// most half a step before the event. Whether an event half-way between two steps belongs to the earlier is a
/// matter of how NEURON's clock rounds, which adds half steps; it is run along here where that matters.
class DeliverySteps {
 public:
  explicit DeliverySteps(double dt_ms) : dt_ms_(dt_ms) {}
  int64_t of(double time_ms);

 private:
  double dt_ms_;
  std::vector<double> clock_ms_{0};  // at the start of each step so far
};

/// An event acts at its own time although steps know only their starts: `later` of its weight is delivered at
/// the start of step + 1, the rest at that of `step`, so that its charge and their mean time are its own.
/// What is left is of second order in dt. With Crank-Nicolson, where events add multiples of their weight to
/// states; else DeliverySteps.
struct SharedDelivery {
  int64_t step;
  double later;  // 0 to 1
};
SharedDelivery shared_delivery(double time_ms, double dt_ms);

/// Output spikes: the times of local maxima above the threshold in a trace of soma(0.5), sampled at 1/8 ms.
std::vector<double> output_spikes(std::span<const float> soma_mV, double threshold_mV = kSpikeThreshold_mV);

/// Simulates trials of one neuron side by side, each in a lane of the SIMD unit. T: float or double.
///
/// Backward Euler: NEURON's fixed step (secondorder = 0), in the same order: events, currents at the present
/// V, the tree for dV, then the states with the new V. Crank-Nicolson: the same half step carried on to a
/// whole one, states half a step ahead of V, and events brought half a step forward with them, each shared
/// between the two steps around it: second order in dt. Soma and axon take smaller steps, driven by what the
/// dendrites' elimination says of their current in the step's middle; slow channels are updated less often,
/// around the middle of the time they stand for.
template <class T>
class CableSimulator {
 public:
  CableSimulator(const cell::DetailedCell& cell, const CableSpec& spec);
  ~CableSimulator();
  CableSimulator(const CableSimulator&) = delete;
  CableSimulator& operator=(const CableSimulator&) = delete;

  size_t lanes() const;
  /// Up to lanes() trials of `duration_ms`. Input after the end is not played. Bigger synapse numbers than
  /// the cell has are an InputError; UnphysicalVoltage at the first voltage that no membrane has.
  std::vector<Recording> run(std::span<const stimulus::SynapticInput> inputs, int64_t duration_ms,
                             const CompartmentListener& listener = {});
  std::vector<Recording> run(std::span<const stimulus::TimedInput> inputs, int64_t duration_ms,
                             const CompartmentListener& listener = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

enum class Precision : uint8_t { in_float, in_double };

}  // namespace nt::simulate

#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "device/device.hpp"
#include "network/spec.hpp"
#include "network/wiring.hpp"
#include "twin/parallel.hpp"

namespace nt::network {

/// Output spikes of a population, in the order of time, within a ms in that of the neurons.
struct SpikeTrain {
  std::vector<double> time_ms;
  std::vector<uint32_t> neuron;
};

/// What a population has left so far.
struct Record {
  SpikeTrain spikes;
  std::vector<float> soma_mV;  // [ms][neuron] of the first `record_soma` neurons
};

/// What a network takes in memory, and how it is wired.
struct WiringSummary {
  size_t connections = 0;  // contacts of all projections
  size_t bytes = 0;
};

/// Populations wired together, ms by ms. Spikes of one ms arrive in later ones: delays are 1 ms at least. The
/// same spikes on any number of threads, and after going on from a state.
class Network {
 public:
  /// Wires it. `device`: where twins are computed. InputError where the parts do not suit each other, and
  /// where the device is none or cannot compute one of the populations.
  Network(Spec spec, twin::Parallel parallel, device::Kind device = device::Kind::cpu);
  ~Network();
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;

  const Spec& spec() const;
  int64_t now_ms() const;
  const Record& record(size_t population) const;
  const Connections& connections(size_t projection) const;
  WiringSummary wiring() const;

  /// The next ms. RunError where a neuron's voltage is none.
  void advance();
  /// Moves the somatic voltage of every neuron that has one by a draw of this standard deviation, once and
  /// for ever a function of the network's seed. Twins have no state of their own meaning, and stay.
  void perturb(double sd_mV);

  /// All that it remembers, what it has left so far included; set_state() of the same network goes on from
  /// there to the last bit. InputError where it is damaged, or another network's.
  std::string state() const;
  void set_state(std::string_view state);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nt::network

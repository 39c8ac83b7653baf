#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "device/device.hpp"
#include "network/spec.hpp"
#include "network/wiring.hpp"
#include "ranks/ranks.hpp"
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

/// Part of what a state() is known by. Raise it when it is written in another way.
inline constexpr int kStateVersion = 2;

/// Populations wired together, ms by ms. Spikes of one ms arrive in later ones: delays are 1 ms at least. The
/// same spikes on any number of threads and ranks, and after going on from a state.
///
/// Each of the ranks has some neurons of every population, and the contacts onto them. All call the same.
/// What neurons did in the last ms the ranks tell each other when a spike can have arrived, so as often as
/// the shortest delay is over; rank 0 keeps the record.
class Network {
 public:
  /// Wires it. `device`: where twins are computed. InputError where the parts do not suit each other, and
  /// where the device is none or cannot compute one of the populations.
  Network(Spec spec, twin::Parallel parallel, device::Kind device = device::Kind::cpu,
          std::shared_ptr<const ranks::Ranks> ranks = ranks::alone());
  ~Network();
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;

  const Spec& spec() const;
  int64_t now_ms() const;
  const ranks::Ranks& ranks() const;
  const Record& record(size_t population) const;
  /// Onto the neurons of this rank.
  const Connections& connections(size_t projection) const;
  /// Of all ranks.
  size_t contacts(size_t projection) const;
  WiringSummary wiring() const;

  /// The next ms. RunError where a neuron's voltage is none.
  void advance();
  /// Whether the ranks know of each other's spikes, and the record holds all.
  bool is_exchanged() const;
  /// Moves the somatic voltage of every neuron that has one by a draw of this standard deviation, once and
  /// for ever a function of the network's seed. Twins have no state of their own meaning, and stay.
  void perturb(double sd_mV);

  /// All that it remembers, what it has left so far included, on rank 0; set_state() of the same network,
  /// with rank 0's state, goes on from there to the last bit with any number of ranks. InputError where it is
  /// damaged, or another network's.
  std::string state() const;
  void set_state(std::string_view state);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nt::network

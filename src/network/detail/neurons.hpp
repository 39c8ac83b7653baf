#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "device/device.hpp"
#include "network/arrivals.hpp"
#include "network/spec.hpp"
#include "twin/parallel.hpp"

namespace nt::network {

/// An output spike.
struct Fired {
  uint32_t neuron = 0;
  double time_ms = 0;
};

/// The neurons of a population at work, ms by ms.
class Neurons {
 public:
  virtual ~Neurons() = default;
  /// The ms that begins at `ms`. Appends output spikes in the order of the neurons.
  virtual void advance(int64_t ms, std::span<const Arrival> arrivals, const twin::Parallel& parallel,
                       std::vector<Fired>& fired) = 0;
  /// At the beginning of that ms, of each; empty of those that have none.
  virtual std::span<const float> soma_mV() const { return {}; }
  /// Moves every neuron's somatic voltage by a draw of this standard deviation, where neurons have one.
  virtual void perturb(double /*sd_mV*/, uint64_t /*seed*/, size_t /*number*/) {}
  virtual std::string state() const { return {}; }
  virtual void set_state(std::string_view) {}
};

/// What neurons are made of: a population, number `number` of its network, and the network's seed.
struct NeuronsOf {
  const Population& population;
  size_t number;
  uint64_t seed;
  uint64_t first_neuron;  // its number among all of the network
};
/// By a device where that is not null.
std::unique_ptr<Neurons> twin_neurons(const NeuronsOf& of, const twin::Parallel& parallel,
                                      std::shared_ptr<device::Device> device);
std::unique_ptr<Neurons> cell_neurons(const NeuronsOf& of, const simulate::SimulationSpec& simulation);
std::unique_ptr<Neurons> poisson_sources(const NeuronsOf& of);
std::unique_ptr<Neurons> recorded_sources(const NeuronsOf& of);

}  // namespace nt::network

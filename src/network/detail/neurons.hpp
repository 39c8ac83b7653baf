#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "device/device.hpp"
#include "network/arrivals.hpp"
#include "network/spec.hpp"
#include "ranks/ranks.hpp"
#include "twin/parallel.hpp"

namespace nt::network {

/// An output spike.
struct Fired {
  uint32_t neuron = 0;
  double time_ms = 0;
};

/// Neurons of a population at work, ms by ms, numbered from the first of them.
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
  /// Of each block_of() of them.
  virtual std::vector<std::string> states() const { return {}; }
  virtual void set_states(std::span<const std::string>) {}
};

/// What neurons are made of: a population, number `number` of its network, and the network's seed.
struct NeuronsOf {
  const Population& population;
  size_t number;
  uint64_t seed;
  uint64_t first_neuron;  // of the population, among all of the network
  ranks::Share own;       // which of the population

  /// Of one of these.
  uint64_t number_in_population(size_t neuron) const { return static_cast<uint64_t>(own.first) + neuron; }
  uint64_t number_in_network(size_t neuron) const { return first_neuron + number_in_population(neuron); }
};
/// Neurons that stay together on one rank.
int64_t block_of(const Population& population, const simulate::SimulationSpec& simulation);
/// Those of a population, number `number` of its network, that a rank has: one of `ranks` shares of whole
/// blocks, of sources all.
ranks::Share own_neurons(const Population& population, size_t number, int64_t block, int rank, int ranks);
/// Who has a share of a population: small populations, of one block, are not all on one rank.
int rank_of_share(size_t population, int share, int ranks);

/// By a device where that is not null.
std::unique_ptr<Neurons> twin_neurons(const NeuronsOf& of, const twin::Parallel& parallel,
                                      std::shared_ptr<device::Device> device);
std::unique_ptr<Neurons> cell_neurons(const NeuronsOf& of, const simulate::SimulationSpec& simulation);
/// Sources are cheap: every rank has all of them.
std::unique_ptr<Neurons> poisson_sources(const NeuronsOf& of);
std::unique_ptr<Neurons> recorded_sources(const NeuronsOf& of);

}  // namespace nt::network

// Detailed neurons, one in each SIMD lane, and point neurons.
#include <algorithm>
#include <cmath>

#include "network/detail/draws.hpp"
#include "network/detail/memory.hpp"
#include "network/detail/neurons.hpp"
#include "random/random.hpp"
#include "simulate/neuron_streams.hpp"
#include "simulate/unphysical_voltage.hpp"

namespace nt::network {
namespace {

/// What each neuron's mechanisms draw from: its own, in a network of this seed.
std::vector<random::TrialKey> keys_of(const NeuronsOf& of) {
  std::vector<random::TrialKey> keys;
  for (size_t n = 0; n < static_cast<size_t>(of.own.count); ++n)
    keys.push_back(random::trial_key(of.seed, random::Stage::given_input, of.number_in_network(n)));
  return keys;
}

class CellNeurons final : public Neurons {
 public:
  CellNeurons(const NeuronsOf& of, const simulate::SimulationSpec& simulation)
      : of_(of), streams_(*of.population.cell, simulation, static_cast<size_t>(of.own.count), keys_of(of)) {}

  void advance(int64_t ms, std::span<const Arrival> arrivals, const twin::Parallel& parallel,
               std::vector<Fired>& fired) override {
    arrivals_.clear();
    for (const auto& a : arrivals)
      arrivals_.push_back({a.neuron, a.synapse, static_cast<double>(ms) + static_cast<double>(a.offset_ms),
                           static_cast<double>(a.weight)});
    try {
      streams_.advance(arrivals_, parallel.run);
    } catch (const simulate::UnphysicalVoltage& error) {
      fail_run("neuron {} of '{}': {}", of_.number_in_population(error.trial), of_.population.name,
               error.description);
    }
    for (const auto& spike : streams_.spikes()) fired.push_back({spike.neuron, spike.time_ms});
  }
  std::span<const float> soma_mV() const override { return streams_.soma_mV(); }
  void perturb(double sd_mV, uint64_t seed, size_t number) override {
    for (size_t n = 0; n < streams_.neurons(); ++n) {
      Draws random(seed, kPerturbation, number, of_.number_in_population(n));
      streams_.shift_soma(n, sd_mV * random.normal());
    }
  }
  std::vector<std::string> states() const override { return streams_.states(); }
  void set_states(std::span<const std::string> states) override { streams_.set_states(states); }

 private:
  const NeuronsOf of_;
  simulate::NeuronStreams streams_;
  std::vector<simulate::StreamArrival> arrivals_;
};

}  // namespace

std::unique_ptr<Neurons> cell_neurons(const NeuronsOf& of, const simulate::SimulationSpec& simulation) {
  constexpr int64_t kSome = 64;  // fills every lane
  const auto some = static_cast<size_t>(std::min(of.own.count, kSome));
  size_t bytes = 0;
  for (const auto& state : simulate::NeuronStreams(*of.population.cell, simulation, some).states())
    bytes += state.size();
  require_neurons_fit(static_cast<double>(of.own.count),
                      static_cast<double>(bytes) / static_cast<double>(some), of.population.where,
                      of.population.name);
  return std::make_unique<CellNeurons>(of, simulation);
}

}  // namespace nt::network

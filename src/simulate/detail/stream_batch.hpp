#pragma once
#include <functional>
#include <memory>

#include "simulate/neuron_streams.hpp"
#include "simulate/state_bytes.hpp"

namespace nt::simulate {

/// Neurons are numbered within the batch.
class NeuronStreams::Batch {
 public:
  virtual ~Batch() = default;
  /// The ms that begins at `ms`. Appends spikes by neuron, then time; soma_mV [neuron].
  virtual void advance(int64_t ms, std::span<const StreamArrival> arrivals, std::vector<StreamSpike>& spikes,
                       std::span<float> soma_mV) = 0;
  virtual void shift_soma(size_t neuron, double mV) = 0;
  virtual void save(StateWriter& to) const = 0;
  virtual void load(StateReader& from) = 0;

  int64_t next_ms = 0;
  std::vector<StreamSpike> spikes;  // of the last ms
};

/// Makes batches of up to `side_by_side` neurons, one for each of the keys that their mechanisms draw from.
struct BatchMaker {
  size_t side_by_side = 1;
  std::function<std::unique_ptr<NeuronStreams::Batch>(std::span<const random::TrialKey> draws)> make;
};
BatchMaker batches_of(const cell::DetailedCell& cell, const SimulationSpec& spec);
BatchMaker batches_of(const cell::IntegrateAndFire& cell, const SimulationSpec& spec);
BatchMaker batches_of(const cell::TwoLayerNeuron& cell, const SimulationSpec& spec);

}  // namespace nt::simulate

#include "simulate/neuron_streams.hpp"

#include <algorithm>
#include <exception>

#include "simulate/detail/stream_batch.hpp"
#include "simulate/unphysical_voltage.hpp"

namespace nt::simulate {

NeuronStreams::NeuronStreams(const cell::Neuron& neuron, const SimulationSpec& spec, size_t neurons,
                             std::span<const random::TrialKey> draws)
    : neurons_(neurons), soma_mV_(neurons) {
  std::vector<random::TrialKey> keys(draws.begin(), draws.end());
  keys.resize(neurons);
  const auto maker = std::visit([&](const auto& cell) { return batches_of(cell, spec); }, neuron);
  side_by_side_ = maker.side_by_side;
  for (size_t first = 0; first < neurons; first += side_by_side_)
    batches_.push_back(maker.make(std::span(keys).subspan(first, std::min(side_by_side_, neurons - first))));
}
NeuronStreams::~NeuronStreams() = default;
NeuronStreams::NeuronStreams(NeuronStreams&&) noexcept = default;
NeuronStreams& NeuronStreams::operator=(NeuronStreams&&) noexcept = default;

void NeuronStreams::advance(std::span<const StreamArrival> arrivals, const RunTasks& run) {
  std::vector<std::exception_ptr> failures(batches_.size());
  const auto first_of = [&](size_t neuron) {
    return std::ranges::lower_bound(arrivals, neuron, {}, &StreamArrival::neuron);
  };
  run(static_cast<int64_t>(batches_.size()), [&](int64_t task) {
    const auto b = static_cast<size_t>(task);
    const size_t first = b * side_by_side_, end = std::min(first + side_by_side_, neurons_);
    try {
      std::vector<StreamArrival> own(first_of(first), first_of(end));
      for (auto& arrival : own) arrival.neuron -= static_cast<uint32_t>(first);
      auto& batch = *batches_[b];
      batch.spikes.clear();
      batch.advance(batch.next_ms, own, batch.spikes, std::span(soma_mV_).subspan(first, end - first));
      ++batch.next_ms;
    } catch (const UnphysicalVoltage& error) {
      failures[b] = std::make_exception_ptr(UnphysicalVoltage(first + error.trial, error.description));
    } catch (...) {
      failures[b] = std::current_exception();
    }
  });
  for (const auto& failure : failures)
    if (failure) std::rethrow_exception(failure);
  spikes_.clear();
  for (size_t b = 0; b < batches_.size(); ++b)
    for (const auto& spike : batches_[b]->spikes)
      spikes_.push_back({spike.neuron + static_cast<uint32_t>(b * side_by_side_), spike.time_ms});
}

void NeuronStreams::shift_soma(size_t neuron, double mV) {
  batches_.at(neuron / side_by_side_)->shift_soma(neuron % side_by_side_, mV);
}

std::vector<std::string> NeuronStreams::states() const {
  std::vector<std::string> states;
  for (const auto& batch : batches_) {
    StateWriter to;
    to.put(batch->next_ms);
    batch->save(to);
    states.push_back(to.take());
  }
  return states;
}

void NeuronStreams::set_states(std::span<const std::string> states) {
  require_states(states.size(), batches_.size());
  for (size_t b = 0; b < batches_.size(); ++b) {
    StateReader from(states[b]);
    from.get_into(batches_[b]->next_ms);
    batches_[b]->load(from);
  }
}

}  // namespace nt::simulate

#include "simulate/by_ranks.hpp"

#include "ranks/deal_out.hpp"
#include "simulate/state_bytes.hpp"
#include "simulate/unphysical_voltage.hpp"

namespace nt::simulate {
namespace {

void put(StateWriter& to, const Recording& recording) {
  to.put(recording.samples_per_ms);
  for (const auto* trace : {&recording.soma_mV, &recording.nexus_mV, &recording.dendrites_mV})
    to.put(std::span<const float>(*trace));
  to.put(std::span<const double>(recording.spike_times_ms));
  to.put(recording.quantities.size());
  for (const auto& quantity : recording.quantities) to.put(std::span<const float>(quantity));
}

Recording next_in(StateReader& from) {
  Recording recording;
  from.get_into(recording.samples_per_ms);
  for (auto* trace : {&recording.soma_mV, &recording.nexus_mV, &recording.dendrites_mV})
    *trace = from.get<float>();
  recording.spike_times_ms = from.get<double>();
  size_t quantities = 0;
  from.get_into(quantities);
  for (size_t q = 0; q < quantities; ++q) recording.quantities.push_back(from.get<float>());
  return recording;
}

}  // namespace

std::vector<Recording> simulate_by(const ranks::Ranks& ranks, const cell::Neuron& neuron,
                                   const SimulationSpec& spec,
                                   std::span<const stimulus::SynapticInput> inputs, int64_t duration_ms,
                                   int threads) {
  if (ranks.size() == 1) return simulate(neuron, spec, inputs, duration_ms, threads);
  std::vector<Recording> recordings;
  const auto part_of = [&](int64_t part) {
    return ranks::share_of(std::ssize(inputs), static_cast<int>(part), ranks.size());
  };
  ranks::deal_out(
      ranks, ranks.size(),
      [&](int64_t part) {
        const auto [first, count] = part_of(part);
        StateWriter made;
        if (count == 0) return made.take();
        try {
          for (const auto& recording :
               simulate(neuron, spec, inputs.subspan(static_cast<size_t>(first), static_cast<size_t>(count)),
                        duration_ms, threads))
            put(made, recording);
        } catch (const UnphysicalVoltage& error) {
          throw UnphysicalVoltage(static_cast<size_t>(first) + error.trial, error.description);
        }
        return made.take();
      },
      [&](int64_t, const std::string& made) {
        StateReader from(made);
        while (!from.at_end()) recordings.push_back(next_in(from));
      });
  return recordings;
}

}  // namespace nt::simulate

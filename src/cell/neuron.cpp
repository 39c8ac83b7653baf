#include "cell/neuron.hpp"

#include <fmt/format.h>

#include <array>

namespace neurontwin {
namespace {

std::vector<int> compartments_of(const DetailedCell& cell, const SynapseGroup& group) {
  return group.placement ? cell.placements[*group.placement].compartments : std::vector<int>{};
}

}  // namespace

Neuron read_neuron(const Settings& settings) {
  static constexpr std::array<std::string_view, 2> kKinds{"integrate-and-fire", "detailed"};
  if (settings.choice("kind", kKinds) == "detailed") return read_detailed_cell(settings, settings.folder());
  return read_cell(settings);
}

std::vector<int> excitatory_compartments(const Neuron& neuron) {
  if (const auto* cell = std::get_if<DetailedCell>(&neuron)) return compartments_of(*cell, cell->excitatory);
  return std::vector<int>(static_cast<size_t>(std::get<IntegrateAndFire>(neuron).excitatory_synapses), 0);
}

std::vector<int> inhibitory_compartments(const Neuron& neuron) {
  if (const auto* cell = std::get_if<DetailedCell>(&neuron)) return compartments_of(*cell, cell->inhibitory);
  return std::vector<int>(static_cast<size_t>(std::get<IntegrateAndFire>(neuron).inhibitory_synapses), 0);
}

int excitatory_synapses(const Neuron& neuron) {
  return static_cast<int>(excitatory_compartments(neuron).size());
}

int inhibitory_synapses(const Neuron& neuron) {
  return static_cast<int>(inhibitory_compartments(neuron).size());
}

std::optional<double> membrane_time_constant_ms(const Neuron& neuron) {
  const auto* point = std::get_if<IntegrateAndFire>(&neuron);
  return point != nullptr ? std::optional(point->membrane_time_constant_ms) : std::nullopt;
}

std::string words_for(const Neuron& neuron) {
  const auto synapses = fmt::format("{} excitatory and {} inhibitory synapses", excitatory_synapses(neuron),
                                    inhibitory_synapses(neuron));
  if (const auto* cell = std::get_if<DetailedCell>(&neuron))
    return fmt::format("detailed neuron of {} compartments, {}", cell->geometry.compartments.size(),
                       synapses);
  return "leaky integrate-and-fire neuron, " + synapses;
}

}  // namespace neurontwin

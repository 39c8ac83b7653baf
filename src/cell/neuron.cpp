#include "cell/neuron.hpp"

#include <fmt/format.h>

#include <array>

namespace neurontwin {
namespace {

std::vector<int> compartments_of(const DetailedCell& cell, const SynapseGroup& group) {
  return group.placement ? cell.placements[*group.placement].compartments : std::vector<int>{};
}

/// The point that a neuron without compartments is.
const IntegrateAndFire& point_of(const Neuron& neuron) {
  if (const auto* two = std::get_if<TwoLayerNeuron>(&neuron)) return two->soma;
  return std::get<IntegrateAndFire>(neuron);
}

}  // namespace

Neuron read_neuron(const Settings& settings) {
  static constexpr std::array<std::string_view, 3> kKinds{"integrate-and-fire", "two-layer", "detailed"};
  const auto kind = settings.choice("kind", kKinds);
  if (kind == "detailed") return read_detailed_cell(settings, settings.folder());
  if (kind == "two-layer") return read_two_layer_neuron(settings);
  return read_cell(settings);
}

std::vector<int> excitatory_compartments(const Neuron& neuron) {
  if (const auto* cell = std::get_if<DetailedCell>(&neuron)) return compartments_of(*cell, cell->excitatory);
  return std::vector<int>(static_cast<size_t>(point_of(neuron).excitatory_synapses), 0);
}

std::vector<int> inhibitory_compartments(const Neuron& neuron) {
  if (const auto* cell = std::get_if<DetailedCell>(&neuron)) return compartments_of(*cell, cell->inhibitory);
  return std::vector<int>(static_cast<size_t>(point_of(neuron).inhibitory_synapses), 0);
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

std::vector<std::string> notes_of(const Neuron& neuron) {
  const auto* cell = std::get_if<DetailedCell>(&neuron);
  return cell != nullptr ? cell->notes : std::vector<std::string>{};
}

std::string words_for(const Neuron& neuron) {
  const auto synapses = fmt::format("{} excitatory and {} inhibitory synapses", excitatory_synapses(neuron),
                                    inhibitory_synapses(neuron));
  if (const auto* cell = std::get_if<DetailedCell>(&neuron))
    return fmt::format("detailed neuron of {} compartments, {}", cell->geometry.compartments.size(),
                       synapses);
  if (const auto* two = std::get_if<TwoLayerNeuron>(&neuron))
    return fmt::format("two-layer neuron of {} branches, {}", two->branches, synapses);
  return "leaky integrate-and-fire neuron, " + synapses;
}

}  // namespace neurontwin

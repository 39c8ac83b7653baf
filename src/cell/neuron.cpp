#include "cell/neuron.hpp"

#include <fmt/ranges.h>

#include <array>

#include "cell/segments_cell.hpp"

namespace nt::cell {
namespace {

/// What the other rooms ask of a neuron, whatever its kind.
struct Description {
  std::vector<int> excitatory, inhibitory;  // the compartment of each synapse
  std::string words;
  std::optional<double> membrane_time_constant_ms = {};
  std::vector<std::string> notes = {};
};

Description described(const DetailedCell& cell) {
  return {.excitatory = synapse_compartments(cell, cell.excitatory),
          .inhibitory = synapse_compartments(cell, cell.inhibitory),
          .words = fmt::format("detailed neuron of {} compartments", cell.geometry.compartments.size()),
          .notes = cell.notes};
}

/// A point neuron's synapses are all on its one compartment.
template <class Point>
Description described(const Point& point) {
  const PointDescription said = description_of(point);
  return {.excitatory = std::vector<int>(said.excitatory_synapses, 0),
          .inhibitory = std::vector<int>(said.inhibitory_synapses, 0),
          .words = said.words,
          .membrane_time_constant_ms = said.membrane_time_constant_ms};
}

Description description(const Neuron& neuron) {
  return std::visit([](const auto& cell) { return described(cell); }, neuron);
}

struct Kind {
  std::string_view name;  // `kind` in a description
  Neuron (*read)(const config::Settings& settings);
};
constexpr std::array kKinds{
    Kind{"integrate-and-fire", [](const config::Settings& s) -> Neuron { return read_cell(s); }},
    Kind{"two-layer", [](const config::Settings& s) -> Neuron { return read_two_layer_neuron(s); }},
    Kind{"detailed", [](const config::Settings& s) -> Neuron { return read_detailed_cell(s, s.folder()); }},
    Kind{"segments", [](const config::Settings& s) -> Neuron { return read_segments_cell(s, s.folder()); }},
};

}  // namespace

Neuron read_neuron(const config::Settings& settings) {
  std::array<std::string_view, kKinds.size()> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = kKinds[i].name;
  const auto name = settings.choice("kind", names);
  for (const auto& kind : kKinds)
    if (kind.name == name) return kind.read(settings);
  fail_input("{}: 'kind' is '{}'", settings.where("kind"), name);
}

const DetailedCell* compartmental(const Neuron& neuron) {
  return std::get_if<DetailedCell>(&neuron);
}

std::filesystem::path cell_file(const std::filesystem::path& path) {
  std::error_code unreadable;
  return std::filesystem::is_directory(path, unreadable) ? path / "cell.toml" : path;
}

std::vector<int> excitatory_compartments(const Neuron& neuron) {
  return description(neuron).excitatory;
}

std::vector<int> inhibitory_compartments(const Neuron& neuron) {
  return description(neuron).inhibitory;
}

int excitatory_synapses(const Neuron& neuron) {
  return static_cast<int>(excitatory_compartments(neuron).size());
}

int inhibitory_synapses(const Neuron& neuron) {
  return static_cast<int>(inhibitory_compartments(neuron).size());
}

std::vector<SynapseBlock> named_groups(const Neuron& neuron) {
  const auto* cell = compartmental(neuron);
  return cell != nullptr ? cell->groups : std::vector<SynapseBlock>{};
}

std::vector<SynapseBlock> synapse_blocks(const Neuron& neuron) {
  auto blocks = named_groups(neuron);
  if (!blocks.empty()) return blocks;
  const int excitatory = excitatory_synapses(neuron), inhibitory = inhibitory_synapses(neuron);
  if (excitatory > 0) blocks.push_back({"excitatory", true, 0, excitatory});
  if (inhibitory > 0) blocks.push_back({"inhibitory", false, 0, inhibitory});
  return blocks;
}

std::optional<double> membrane_time_constant_ms(const Neuron& neuron) {
  return description(neuron).membrane_time_constant_ms;
}

std::vector<std::string> notes_of(const Neuron& neuron) {
  return description(neuron).notes;
}

std::string words_for(const Neuron& neuron) {
  auto words = fmt::format("{}, {} excitatory and {} inhibitory synapses", description(neuron).words,
                           excitatory_synapses(neuron), inhibitory_synapses(neuron));
  std::vector<std::string> names;
  for (const auto& group : named_groups(neuron)) names.push_back(group.name);
  if (!names.empty()) words += fmt::format(" in the groups {}", fmt::join(names, ", "));
  return words;
}

}  // namespace nt::cell

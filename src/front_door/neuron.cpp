#include "neurontwin/neuron.hpp"

#include "dataset/cell_table.hpp"
#include "front_door/models.hpp"

namespace neurontwin {
namespace {

/// As the words that --set takes.
std::vector<std::string> overrides_of(const NeuronChoices& choices) {
  auto set = choices.set;
  if (!choices.morphology.empty())
    set.push_back(fmt::format("morphology={}", std::filesystem::absolute(choices.morphology).string()));
  if (!choices.receptors.empty()) set.push_back(fmt::format("receptors={}", choices.receptors));
  return set;
}

/// A cell folder has one tree and one set of receptors.
void require_choices(const nt::config::Settings& settings, const NeuronChoices& choices) {
  if (!settings.has("kind") || settings.text("kind") != "segments") return;
  if (!choices.morphology.empty())
    nt::fail_input("--morphology means nothing for a cell folder; leave it out");
  if (!choices.receptors.empty()) nt::fail_input("--receptors means nothing for a cell folder; leave it out");
}

}  // namespace

int64_t Neuron::excitatory_synapses() const {
  return nt::cell::excitatory_synapses(model().neuron);
}

int64_t Neuron::inhibitory_synapses() const {
  return nt::cell::inhibitory_synapses(model().neuron);
}

Neuron read_neuron(const std::filesystem::path& description, const NeuronChoices& choices) {
  const auto settings =
      nt::config::Settings::from_file(nt::cell::cell_file(description), "", overrides_of(choices));
  require_choices(settings, choices);
  auto neuron = nt::cell::read_neuron(settings);
  settings.reject_unread();
  return Neuron(std::make_shared<const Neuron::Model>(Neuron::Model{std::move(neuron), settings}));
}

NeuronDescription describe(const Neuron& neuron) {
  const auto& model = neuron.model();
  auto table = nt::dataset::cell_table(model.neuron);
  NeuronDescription d;
  d.words = nt::cell::words_for(model.neuron);
  d.settings = model.settings.resolved();
  d.notes = nt::cell::notes_of(model.neuron);
  if (const auto* cell = nt::cell::compartmental(model.neuron))
    for (const auto& placement : cell->placements) d.draws |= !placement.mechanism().generators.empty();
  d.synapse_compartment = std::move(table.excitatory_compartment);
  d.synapse_compartment.insert(d.synapse_compartment.end(), table.inhibitory_compartment.begin(),
                               table.inhibitory_compartment.end());
  for (const auto& group : nt::cell::synapse_blocks(model.neuron)) {
    const int64_t first = group.first + (group.excitatory ? 0 : neuron.excitatory_synapses());
    d.groups.push_back({group.name, group.excitatory, first, group.count});
  }
  d.compartments = {.section = std::move(table.section),
                    .region = std::move(table.region),
                    .x = std::move(table.x),
                    .length_um = std::move(table.length_um),
                    .diameter_um = std::move(table.diameter_um),
                    .area_um2 = std::move(table.area_um2),
                    .path_um = std::move(table.path_um),
                    .parent = std::move(table.parent)};
  return d;
}

}  // namespace neurontwin

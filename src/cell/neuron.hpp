#pragma once
#include <variant>

#include "cell/cell.hpp"
#include "cell/detailed.hpp"

namespace nt::cell {

/// Part of what a result is known by. Raise it when the same description comes to another neuron.
inline constexpr int kCellVersion = 3;

/// A neuron of any kind, as experiments are made on it.
using Neuron = std::variant<IntegrateAndFire, TwoLayerNeuron, DetailedCell>;

/// Reads a cell description of any kind. Files that it names are beside the description. InputError where it
/// is wrong.
Neuron read_neuron(const config::Settings& settings);

/// Its compartments and what sits on them; null: it is a point neuron.
const DetailedCell* compartmental(const Neuron& neuron);

/// The description that a path names: a file, or cell.toml of a cell folder.
std::filesystem::path cell_file(const std::filesystem::path& path);

int excitatory_synapses(const Neuron& neuron);
int inhibitory_synapses(const Neuron& neuron);
/// The named groups of its synapses, excitatory ones first, each a block of a twin's input channels. A neuron
/// that names none has one of each kind that it has: "excitatory", "inhibitory".
std::vector<SynapseBlock> synapse_blocks(const Neuron& neuron);
/// The named ones alone.
std::vector<SynapseBlock> named_groups(const Neuron& neuron);

/// What a user should know of how the files of its mechanisms were read.
std::vector<std::string> notes_of(const Neuron& neuron);

/// What it is, in a few words.
std::string words_for(const Neuron& neuron);

/// Of a point neuron; a neuron with dendrites has no single one.
std::optional<double> membrane_time_constant_ms(const Neuron& neuron);

/// Where the synapses are: the compartment of each, by its number among its kind. A point neuron's are all on
/// 0.
std::vector<int> excitatory_compartments(const Neuron& neuron);
std::vector<int> inhibitory_compartments(const Neuron& neuron);

}  // namespace nt::cell

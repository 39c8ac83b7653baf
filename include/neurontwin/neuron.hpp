#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "neurontwin/error.hpp"

/// Detailed neurons and point neurons, as they are described in files.
namespace neurontwin {

/// What a value (a neuron, a twin) holds. InputError if it was moved from or made of nothing.
template <class Model>
const Model& held(const std::shared_ptr<const Model>& model, const char* what) {
  if (!model)
    throw InputError(std::string("this ") + what + " is empty: it was moved from, or made of nothing");
  return *model;
}

/// A neuron of any kind. A value: copies share the model, which nobody changes.
///
/// Its synapses are numbered: the excitatory ones first, then the inhibitory ones, each kind in the order of
/// the compartments that they sit on.
class Neuron {
 public:
  int64_t excitatory_synapses() const;
  int64_t inhibitory_synapses() const;
  int64_t synapses() const { return excitatory_synapses() + inhibitory_synapses(); }

  struct Model;  // the library's own
  explicit Neuron(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
  const Model& model() const { return held(model_, "neuron"); }

 private:
  std::shared_ptr<const Model> model_;
};

/// What may be changed in a description.
struct NeuronChoices {
  std::vector<std::string> set = {};      // "key=value" over the file
  std::filesystem::path morphology = {};  // in the place of the file's own; empty: that
  std::string receptors = {};             // "nmda" or "ampa"; empty: as the file says
};

/// Reads a cell description (docs/cells.md): a TOML file, or a cell folder. InputError naming file:line and
/// key where it is wrong.
Neuron read_neuron(const std::filesystem::path& description, const NeuronChoices& choices = {});

/// The compartments of a neuron, column by column; a point neuron is one of them without extent.
struct CompartmentTable {
  std::vector<std::string> section, region;
  std::vector<double> x;  // its middle, from 0 to 1 along its section
  std::vector<double> length_um, diameter_um, area_um2;
  std::vector<double> path_um;  // along the tree from the soma's middle to its own
  std::vector<int> parent;      // the compartment before it on the way to the root; -1: the root
};

/// A named group of synapses, those with the numbers first to first + synapses - 1. A neuron that names no
/// groups has one of each kind that it has, "excitatory" and "inhibitory".
struct GroupDescription {
  std::string name;
  bool excitatory = true;
  int64_t first = 0, synapses = 0;
};

struct NeuronDescription {
  std::string words;               // "detailed neuron of 642 compartments, ..."
  std::string settings;            // the description with every default, as TOML text
  std::vector<std::string> notes;  // what a user should know of how its files were read
  bool draws = false;              // some of its mechanisms draw random numbers: trials differ by their seed
  CompartmentTable compartments;
  std::vector<int> synapse_compartment;  // of each synapse
  std::vector<GroupDescription> groups;  // of all synapses, excitatory ones first
};
NeuronDescription describe(const Neuron& neuron);

}  // namespace neurontwin

#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "mechanism/ion.hpp"
#include "mechanism/library.hpp"
#include "morphology/compartments.hpp"

namespace nt::cell {

/// A mechanism where it sits in the neuron.
struct Placement {
  std::shared_ptr<const mechanism::LoadedMechanism> loaded;
  std::vector<int> compartments;                // of each instance, ascending
  std::vector<std::vector<double>> parameters;  // [instance][parameter of the mechanism]

  const mechanism::Mechanism& mechanism() const { return loaded->mechanism; }
};

/// What an input spike of a synapse does: an event for an instance of a mechanism.
struct Connection {
  int synapse = 0;
  size_t placement = 0, instance = 0;
  double weight = 1;    // in the unit that NET_RECEIVE has it in
  double delay_ms = 0;  // from the spike to the event
};

/// Input of a neuron's own at regular times, as NEURON's NetStim without noise gives it: in every trial,
/// beside its input.
struct RegularInput {
  std::optional<int> synapse;  // none: all of the kind
  double start_ms = 0, interval_ms = 10;
  int64_t number = 10;

  double time_ms(int64_t k) const { return start_ms + static_cast<double>(k) * interval_ms; }
};

/// Synapses of one kind. Excitatory and inhibitory input addresses them by their number. Where a description
/// puts one on each compartment of its regions, they are the instances of one placement; where each has
/// connections of its own, these are in `connections`, by ascending synapse.
struct SynapseGroup {
  std::string name;
  std::optional<size_t> placement;  // none: the neuron has no such synapses, or they have connections
  double weight = 1;                // of each event of the placement
  std::vector<Connection> connections = {};
  std::vector<RegularInput> regular = {};
};

/// A named block of synapses of one kind, and so of a twin's input channels: those with the numbers from
/// `first` on among their kind.
struct SynapseBlock {
  std::string name;
  bool excitatory = true;
  int first = 0, count = 0;
};

/// An ion by compartment. An empty list: as DetailedCell::ions says, everywhere.
struct IonPlaces {
  std::vector<double> inside_mM, outside_mM, reversal_mV;
};

/// A place whose voltage is recorded at 1/8 ms beside the soma's.
struct RecordingSite {
  std::string name;
  int compartment = 0;
};

/// A neuron of compartments with channels, synapses and electrodes.
struct DetailedCell {
  morphology::Compartments geometry;
  std::vector<double> capacitance_uF_cm2;  // of each compartment
  std::vector<Placement> placements;       // in the order in which they are evaluated: those that change
                                           // concentrations first, then by name
  SynapseGroup excitatory, inhibitory;
  std::vector<SynapseBlock> groups;  // excitatory ones first; none: the description names none
  std::map<std::string, mechanism::Ion>
      ions;  // by name, those of all mechanisms among them: what a simulation starts from
  std::map<std::string, IonPlaces> ion_places;  // of ions that start from other values in other places
  double initial_mV = -65;
  double celsius = 6.3;
  std::optional<int> nexus;  // a compartment of interest, recorded beside the soma
  std::vector<RecordingSite> sites;
  std::vector<std::string> notes;  // what a user should know of how the mechanisms' files were read
};

/// What the command line may change in a cell description.
struct CellChoices {
  std::optional<std::filesystem::path> morphology;
  std::string receptors;  // "nmda", "ampa"; empty: as the description says
};

/// Reads a cell description of kind "detailed". `folder`: where the files it names are. InputError where it
/// is wrong.
DetailedCell read_detailed_cell(const config::Settings& settings, const std::filesystem::path& folder,
                                const CellChoices& choices = {});

/// What each synapse of a group does, by ascending synapse.
std::vector<Connection> connections_of(const DetailedCell& cell, const SynapseGroup& group);

/// The compartment of each synapse: where its first connection is.
std::vector<int> synapse_compartments(const DetailedCell& cell, const SynapseGroup& group);

/// Adds a point process of the catalogue to a cell. `parameters`: by name; the others as the mechanism has
/// them. InputError if the catalogue or the mechanism has no such name.
void add_point(DetailedCell& cell, const std::string& mechanism, int compartment,
               const std::map<std::string, double>& parameters);

}  // namespace nt::cell

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

/// Synapses of one kind: one on each compartment of its regions. Excitatory and inhibitory input addresses
/// them by their order.
struct SynapseGroup {
  std::string name;
  std::optional<size_t> placement;  // none: the neuron has no such synapses
  double weight = 1;                // of each event, in the unit that NET_RECEIVE has it in
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
  std::map<std::string, mechanism::Ion>
      ions;  // by name, those of all mechanisms among them: what a simulation starts from
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

/// Adds a point process of the catalogue to a cell. `parameters`: by name; the others as the mechanism has
/// them. InputError if the catalogue or the mechanism has no such name.
void add_point(DetailedCell& cell, const std::string& mechanism, int compartment,
               const std::map<std::string, double>& parameters);

}  // namespace nt::cell

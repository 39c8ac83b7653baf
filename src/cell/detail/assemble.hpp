#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "cell/detailed.hpp"

namespace nt::cell {

/// How .mod files are read for a cell: its folder, and what becomes of their tables, generators and schemes.
struct Files {
  std::filesystem::path folder;
  mechanism::Tables tables = mechanism::Tables::exact;
  mechanism::Generators generators = mechanism::Generators::given;
  mechanism::Kinetics kinetics = mechanism::Kinetics::as_neuron;
  std::optional<config::Settings> function_tables = {};  // by mechanism

  /// A mechanism whose FUNCTION_TABLEs have the numbers that the description gives.
  std::shared_ptr<const mechanism::LoadedMechanism> load(
      const std::string& mechanism, const std::string& where,
      const std::set<std::string>& followed_ions = {}) const;
};

/// The numbers of a FUNCTION_TABLE, as NEURON's table_NAME takes them: one; `{ from, to, values }` at equal
/// distances; or `{ x, values }`. A straight line joins two, the outermost go on. InputError names the key.
mechanism::TableEntries read_function(const config::Settings& settings, const std::string& name);

/// `tables`: "exact" or "as NEURON"; `generators`: "given" or "none"; `kinetics`: "as NEURON" or
/// "exact".
Files read_files(const config::Settings& settings, const std::filesystem::path& folder);

/// InputError if a parameter makes no physical sense. `given`: by the description. Of what a mechanism says
/// of itself only a gbar or the like below 0 is refused.
void check_value(double value, const mechanism::Parameter& parameter, const std::string& mechanism,
                 bool given, const morphology::Compartments& geometry, int compartment,
                 const std::string& where);

/// Whether a group of synapses may have this name: letters, digits, _ and -; not exc and inh, which in files
/// stand for all synapses of a kind.
bool is_group_name(std::string_view name);

/// "ampa, gaba", for messages.
std::string names_of(const std::vector<SynapseBlock>& groups);

/// The last steps of making a cell, when its placements are there: mechanisms that use an ion which others
/// follow are compiled anew, NEURON's order of evaluation, and the notes of the mechanisms' files.
void finish_placements(DetailedCell& cell, const Files& files);

/// `netstim = [ { kind = "excitatory", synapse, start, interval, number } ]` in NEURON's words; `group` in
/// the place of `kind` where synapses have groups. Call when the synapses are there.
void read_netstims(const config::Settings& settings, DetailedCell& cell);

/// The recording sites and the nexus that a description names.
void read_recording(const config::Settings& settings, DetailedCell& cell);

}  // namespace nt::cell

#include "cell/detail/assemble.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "cell/physical.hpp"
#include "cell/place.hpp"

namespace nt::cell {

Files read_files(const config::Settings& settings, const std::filesystem::path& folder) {
  static constexpr std::array<std::string_view, 2> kTables{"exact", "as NEURON"},
      kGenerators{"given", "none"}, kKinetics{"as NEURON", "exact"};
  Files files;
  files.folder = folder;
  if (settings.choice("tables", kTables, "as NEURON") == "as NEURON")
    files.tables = mechanism::Tables::as_neuron;
  // Looked at where they are there alone: what data sets are known by stays as it was before these keys.
  if (settings.has("generators") && settings.choice("generators", kGenerators) == "none")
    files.generators = mechanism::Generators::none;
  if (settings.has("kinetics") && settings.choice("kinetics", kKinetics) == "exact")
    files.kinetics = mechanism::Kinetics::exact;
  if (settings.has("function_tables")) files.function_tables = settings.table("function_tables");
  return files;
}

std::shared_ptr<const mechanism::LoadedMechanism> Files::load(
    const std::string& mechanism, const std::string& where,
    const std::set<std::string>& followed_ions) const {
  auto loaded =
      mechanism::load_mechanism(mechanism, folder, where, {tables, generators, kinetics, followed_ions});
  if (loaded->mechanism.given_functions.empty()) return loaded;
  auto with_numbers = std::make_shared<mechanism::LoadedMechanism>(*loaded);
  auto& m = with_numbers->mechanism;
  for (const auto& function : m.given_functions)
    if (function_tables)
      if (const auto own = function_tables->table(m.name); own.has(function.name))
        m.graph.give(function.table, read_function(own, function.name));
  if (const auto lack = m.lacks_numbers(); !lack.empty()) fail_input("{}", lack);
  return with_numbers;
}

void check_value(double value, const mechanism::Parameter& parameter, const std::string& mechanism,
                 bool given, const morphology::Compartments& geometry, int compartment,
                 const std::string& where) {
  const auto& section = geometry.sections[geometry.compartments[compartment].section];
  if (!std::isfinite(value))
    fail_input("{} of {} is {} in {}, expected a finite number", where, mechanism,
               std::isnan(value) ? "no number" : "infinite", section.name);
  if (is_density(parameter) && value < 0) {
    fail_input(
        "{}: density of '{}' in region '{}' is negative ({} {})\n            densities are conductances "
        "per area; use 0 to "
        "switch a channel off",
        where, mechanism, name_of(section.region), value, parameter.unit);
  }
  const auto range = physical_range(parameter);
  if (value >= range.low && value <= range.high) return;
  // A file's own default may be a limit that nothing reaches, 1e9 uS, or a slope in uS; a gbar below 0 is
  // none.
  if (!given && (value >= range.low || !is_conductance(parameter) || !is_called_conductance(parameter)))
    return;
  const auto unit = parameter.unit.empty() ? "" : " " + parameter.unit;
  if (range.low == 0 && std::isinf(range.high))
    fail_input("{} of {} is {} in {}, expected 0 or more: it is a conductance", where, mechanism, value,
               section.name);
  fail_input("{} of {} is {}{} in {}, expected from {} to {}{}", where, mechanism, value, unit, section.name,
             range.low, range.high, unit);
}

namespace {

/// Mechanisms that use an ion which others follow are compiled anew, ready for variables that vary.
void follow_ions(DetailedCell& cell, const Files& files) {
  std::set<std::string> followed;
  for (const auto& placement : cell.placements) followed.merge(placement.mechanism().followed_ions());
  for (auto& placement : cell.placements) {
    const auto& m = placement.mechanism();
    const auto own = m.followed_ions();
    const bool lacks = std::any_of(m.ions.begin(), m.ions.end(), [&](const mechanism::IonVariable& ion) {
      return followed.contains(ion.ion) && !own.contains(ion.ion) &&
             !mechanism::usual_ion(ion.ion).always_followed;
    });
    if (lacks) placement.loaded = files.load(placement.loaded->name, m.path, followed);
  }
}

bool changes_concentration(const mechanism::Mechanism& m) {
  return std::ranges::any_of(m.written_ion_variables(),
                             [](const auto* ion) { return ion->is_concentration(); });
}

/// NEURON's turn: those that change concentrations in falling order of their names, since nrn_writes_conc
/// (init.cpp) puts each in front of those before; then hh, which is NEURON's own; then the other files by
/// name.
bool is_before(const mechanism::Mechanism& a, const mechanism::Mechanism& b) {
  const bool changes = changes_concentration(a);
  if (changes != changes_concentration(b)) return changes;
  if (changes) return b.name < a.name;
  return std::pair(a.name != "hh", a.name) < std::pair(b.name != "hh", b.name);
}

void put_in_order(DetailedCell& cell) {
  std::vector<size_t> order(cell.placements.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return is_before(cell.placements[a].mechanism(), cell.placements[b].mechanism());
  });
  std::vector<Placement> placements;
  auto excitatory = cell.excitatory, inhibitory = cell.inhibitory;
  std::vector<size_t> moved(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    moved[order[i]] = i;
    placements.push_back(std::move(cell.placements[order[i]]));
  }
  for (auto* group : {&excitatory, &inhibitory}) {
    if (group->placement) group->placement = moved[*group->placement];
    for (auto& connection : group->connections) connection.placement = moved[connection.placement];
  }
  cell.placements = std::move(placements);
  cell.excitatory = excitatory;
  cell.inhibitory = inhibitory;
}

/// The notes of every mechanism's file, once each.
void take_notes(DetailedCell& cell) {
  for (const auto& placement : cell.placements)
    for (const auto& note : placement.mechanism().notes)
      if (std::find(cell.notes.begin(), cell.notes.end(), note) == cell.notes.end())
        cell.notes.push_back(note);
}

/// NEURON keeps for each file the reversal potential that it has set, and writes it again in each step.
void note_reversals_set_twice(DetailedCell& cell) {
  std::map<std::pair<std::string, int>, std::string> set_by;  // of an ion's variable in a compartment
  std::set<std::string> said;
  for (const auto& placement : cell.placements) {
    const auto& m = placement.mechanism();
    for (const auto* ion : m.written_ion_variables()) {
      if (ion->quantity != mechanism::IonQuantity::reversal_mV) continue;
      for (const int c : placement.compartments) {
        const auto& other = set_by.try_emplace({ion->name, c}, m.name).first->second;
        if (other == m.name || !said.insert(ion->name).second) continue;
        cell.notes.push_back(fmt::format(
            "{} and {} both set {}: here the one that sets it last counts, in NEURON the one that "
            "comes last, unless it reads {} too",
            other, m.name, ion->name, ion->name));
      }
    }
  }
}

std::vector<RecordingSite> read_sites(const config::Settings& settings,
                                      const morphology::Compartments& geometry) {
  std::vector<RecordingSite> sites;
  for (const auto& record : settings.tables("record")) {
    const auto name = record.text("name");
    const bool writable = !name.empty() && name != "." && name != ".." && name.find('/') == name.npos;
    const bool second =
        std::any_of(sites.begin(), sites.end(), [&](const RecordingSite& site) { return site.name == name; });
    if (!writable || second)
      fail_input("{}: '{}' is \"{}\", {}", record.where("name"), record.full_key("name"), name,
                 second ? "which another site has already" : "expected a name without '/'");
    sites.push_back({name, read_place(record, geometry)});
  }
  return sites;
}

void read_times(const config::Settings& stim, RegularInput& regular) {
  constexpr config::Range kTimes_ms{0, 1e7};
  regular.start_ms = stim.number("start", 50, kTimes_ms);
  regular.interval_ms = stim.number("interval", 10, {1e-3, 1e7});
  regular.number = stim.integer("number", 10, {1, 1e6});
  if (stim.has("noise") && stim.number("noise") != 0)
    fail_input(
        "{}: '{}' is {}, expected 0: NEURON draws such times from its own generator; for random input use an "
        "experiment's [stimulus], or record the times and use --replay",
        stim.where("noise"), stim.full_key("noise"), stim.number("noise"));
}

/// `group = "AMPA"` in the place of `kind`; `synapse` counts within the group.
void read_netstim_of_group(const config::Settings& stim, DetailedCell& cell) {
  const auto name = stim.text("group");
  const auto found = std::ranges::find(cell.groups, name, &SynapseBlock::name);
  if (found == cell.groups.end())
    fail_input("{}: '{}' is \"{}\", expected one of the neuron's groups: {}", stim.where("group"),
               stim.full_key("group"), name, names_of(cell.groups));
  int first = 0, end = found->count;
  if (stim.has("synapse")) {
    first = static_cast<int>(stim.integer("synapse", {}, {0, static_cast<double>(found->count - 1)}));
    end = first + 1;
  }
  RegularInput regular;
  read_times(stim, regular);
  for (int s = first; s < end; ++s) {
    regular.synapse = found->first + s;
    (found->excitatory ? cell.excitatory : cell.inhibitory).regular.push_back(regular);
  }
}

/// The thickest apical compartment at a distance along the tree from the soma.
int read_nexus(const config::Settings& settings, const morphology::Compartments& geometry) {
  const double distance = settings.number("distance_um", {}, config::kPositive);
  const int found = compartment_at(geometry, morphology::Region::apical, distance);
  if (found < 0)
    fail_input("{}: '{}' is {} um, but no apical dendrite is that far from the soma",
               settings.where("distance_um"), settings.full_key("distance_um"), distance);
  return found;
}

}  // namespace

bool is_group_name(std::string_view name) {
  return !name.empty() && name != "exc" && name != "inh" && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

std::string names_of(const std::vector<SynapseBlock>& groups) {
  std::vector<std::string> names;
  for (const auto& group : groups) names.push_back(group.name);
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

void finish_placements(DetailedCell& cell, const Files& files) {
  follow_ions(cell, files);
  put_in_order(cell);
  take_notes(cell);
  note_reversals_set_twice(cell);
}

void read_netstims(const config::Settings& settings, DetailedCell& cell) {
  static constexpr std::array<std::string_view, 2> kKinds{"excitatory", "inhibitory"};
  for (const auto& stim : settings.tables("netstim")) {
    if (stim.has("group")) {
      read_netstim_of_group(stim, cell);
      continue;
    }
    const auto kind = stim.choice("kind", kKinds);
    auto& group = kind == "excitatory" ? cell.excitatory : cell.inhibitory;
    const auto synapses = synapse_compartments(cell, group).size();
    if (synapses == 0)
      fail_input("{}: '{}' is \"{}\", but the neuron has no such synapses", stim.where("kind"),
                 stim.full_key("kind"), kind);
    RegularInput regular;
    if (stim.has("synapse"))
      regular.synapse = static_cast<int>(stim.integer("synapse", {}, {0, static_cast<double>(synapses) - 1}));
    read_times(stim, regular);
    group.regular.push_back(regular);
  }
}

void read_recording(const config::Settings& settings, DetailedCell& cell) {
  if (settings.has("nexus")) cell.nexus = read_nexus(settings.table("nexus"), cell.geometry);
  cell.sites = read_sites(settings, cell.geometry);
}

}  // namespace nt::cell

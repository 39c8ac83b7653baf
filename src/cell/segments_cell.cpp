#include "cell/segments_cell.hpp"

#include <algorithm>
#include <array>

#include "cell/detail/assemble.hpp"
#include "cell/ions.hpp"
#include "cell/physical.hpp"
#include "cell/segments_file.hpp"

namespace nt::cell {
namespace {

/// Bits of what NEURON's ion_style() returns: the reversal potential follows the concentrations at the start,
/// and at every step.
constexpr int kNernstAtStart = 32, kNernstAtEachStep = 64;

/// Makes the cell of one file. `mechanisms`: the .mod file of each mechanism that has one in the folder.
class Maker {
 public:
  Maker(const SegmentsFile& file, std::string path, const config::Settings& mechanisms, const Files& files)
      : file_(file), path_(std::move(path)), mechanisms_(mechanisms), files_(files) {}

  void add_placements(DetailedCell& cell) {
    for (const auto& m : file_.density) add(m, "/mechanisms/", /*point=*/false, cell);
    for (const auto& m : file_.points) {
      placement_of_[m.name] = cell.placements.size();
      add(m, "/point_processes/", /*point=*/true, cell);
    }
  }

  void add_synapses(const std::vector<SegmentsConnection>& connections, const std::string& kind,
                    DetailedCell& cell, SynapseGroup& group) const {
    group.name = kind;
    for (size_t i = 0; i < connections.size(); ++i) {
      const auto& c = connections[i];
      const auto placement = placement_of_.at(c.mechanism);
      const auto& m = cell.placements[placement].mechanism();
      const auto where = fmt::format("{}: /synapses/{}/", path_, kind);
      if (!m.receiving)
        fail_input("{}mechanism[{}] is {}, which is not a synapse: it has no NET_RECEIVE", where, i, m.name);
      const auto range = uses_weight(m) ? weight_range(m) : config::Range{};
      if (c.weight < range.low || c.weight > range.high)
        fail_input("{}weight[{}] is {}, expected from {} to {}", where, i, c.weight, range.low, range.high);
      group.connections.push_back(
          {c.synapse, placement, static_cast<size_t>(c.instance), c.weight, c.delay_ms});
      add_to_group(c, fmt::format("{}group[{}]", where, i), kind == "exc", cell.groups);
    }
  }

  /// What the file says of ions; then that NEURON's styles are the rules by which we compute.
  void set_ions(DetailedCell& cell) const {
    for (const auto& ion : file_.ions) {
      if (!cell.ions.contains(ion.name)) continue;  // nothing in this cell has to do with it
      spread(ion, cell);
      check_style(ion, cell);
    }
  }

 private:
  /// The groups of a kind follow each other, each in one piece.
  static void add_to_group(const SegmentsConnection& c, const std::string& where, bool excites,
                           std::vector<SynapseBlock>& groups) {
    if (c.group.empty()) return;
    auto* last = groups.empty() ? nullptr : &groups.back();
    if (last != nullptr && last->name == c.group && last->excitatory == excites) {
      last->count = c.synapse - last->first + 1;
      return;
    }
    if (last != nullptr && last->excitatory == excites && last->first + last->count > c.synapse)
      fail_input("{} is \"{}\", but synapse {} is in the group \"{}\" already", where, c.group, c.synapse,
                 last->name);
    if (std::ranges::find(groups, c.group, &SynapseBlock::name) != groups.end() || !is_group_name(c.group))
      fail_input(
          "{} is \"{}\", expected a name of letters, digits, _ and - other than exc and inh, and the "
          "synapses of a group one after the other",
          where, c.group);
    groups.push_back({c.group, excites, c.synapse, 1});
  }

  void add(const SegmentsMechanism& given, const std::string& group, bool point, DetailedCell& cell) const {
    const bool own = mechanisms_.has(given.name);
    const auto name = own ? mechanisms_.file(given.name, files_.folder).string() : given.name;
    const auto where =
        own ? mechanisms_.where(given.name) : fmt::format("{}: {}{}", path_, group, given.name);
    Placement p{files_.load(name, where), given.segments, {}};
    const auto& m = p.mechanism();
    if (m.name != given.name)
      fail_input("{}: {} holds the mechanism {}, expected {}", where, name, m.name, given.name);
    if (m.point_process != point)
      fail_input("{}: {} is {}, expected it in {}", where, m.name,
                 point ? "spread over the membrane (SUFFIX)" : "a POINT_PROCESS",
                 point ? "/mechanisms" : "/point_processes");
    for (const auto& [parameter, values] : given.parameters) {
      if (m.parameter(parameter) == nullptr)
        fail_input("{}: {}{}/{} is not a parameter of {}; it has {}", path_, group, given.name, parameter,
                   m.name, fmt::join(names_of(m), ", "));
    }
    p.parameters.resize(given.segments.size());
    for (const auto& parameter : m.parameters) {
      const auto values = given.parameters.find(parameter.name);
      for (size_t i = 0; i < p.parameters.size(); ++i) {
        const bool said = values != given.parameters.end();
        p.parameters[i].push_back(said ? values->second[i] : parameter.value);
        check_value(p.parameters[i].back(), parameter, m.name, said, cell.geometry, given.segments[i],
                    fmt::format("{}: {}{}/{}[{}]", path_, group, given.name, parameter.name, i));
      }
    }
    cell.placements.push_back(std::move(p));
  }

  static std::vector<std::string> names_of(const mechanism::Mechanism& m) {
    std::vector<std::string> names;
    for (const auto& parameter : m.parameters) names.push_back(parameter.name);
    return names;
  }

  static void spread(const SegmentsIon& ion, DetailedCell& cell) {
    const auto& usual = cell.ions.at(ion.name);
    const auto everywhere = [&](const std::vector<double>& values, double otherwise) {
      std::vector<double> all;
      if (values.empty()) return all;
      all.assign(cell.geometry.compartments.size(), otherwise);
      for (size_t i = 0; i < values.size(); ++i) all[ion.segments[i]] = values[i];
      return all;
    };
    cell.ion_places[ion.name] = {everywhere(ion.inside_mM, usual.inside_mM),
                                 everywhere(ion.outside_mM, usual.outside_mM),
                                 everywhere(ion.reversal_mV, usual.reversal_mV),
                                 {}};
    auto& fixed = cell.ion_places[ion.name].fixed_reversal;
    if (!ion.style.empty()) fixed.assign(cell.geometry.compartments.size(), 0);
    for (size_t i = 0; i < ion.style.size(); ++i)
      fixed[ion.segments[i]] = (ion.style[i] & (kNernstAtStart | kNernstAtEachStep)) == 0;
  }

  void check_style(const SegmentsIon& ion, const DetailedCell& cell) const {
    for (size_t i = 0; i < ion.style.size(); ++i) {
      const int c = ion.segments[i];
      const bool at_start = follows_nernst(cell, ion.name, c), changes = is_changed(cell, ion.name, c);
      const bool theirs = (ion.style[i] & kNernstAtStart) != 0,
                 theirs_later = (ion.style[i] & kNernstAtEachStep) != 0;
      // Where nothing changes a concentration, to follow it at each step is to follow it at the start.
      if (at_start == theirs && (!changes || theirs_later == at_start)) continue;
      const auto& section = cell.geometry.sections[cell.geometry.compartments[c].section];
      fail_input(
          "{}: /ions/{}/style[{}] is {}: in {} NEURON's ion_style lets e{} {} its concentrations, but the "
          "mechanisms there let it {} them, and other styles are not simulated",
          path_, ion.name, i, ion.style[i], section.name, ion.name, theirs ? "follow" : "not follow",
          at_start ? "follow" : "not follow");
    }
  }

  static bool is_changed(const DetailedCell& cell, const std::string& ion, int compartment) {
    return std::any_of(cell.placements.begin(), cell.placements.end(), [&](const Placement& p) {
      const auto written = p.mechanism().written_ion_variables();
      return std::any_of(written.begin(), written.end(),
                         [&](const auto* v) { return v->is_concentration() && v->ion == ion; }) &&
             std::binary_search(p.compartments.begin(), p.compartments.end(), compartment);
    });
  }

  const SegmentsFile& file_;
  std::string path_;
  config::Settings mechanisms_;
  const Files& files_;
  std::map<std::string, size_t> placement_of_;  // of each point process
};

/// Where the file names the groups of one kind alone, the other kind is one group.
void name_the_rest(DetailedCell& cell) {
  if (cell.groups.empty()) return;
  const auto named = [&](bool excites) {
    return std::ranges::any_of(cell.groups,
                               [&](const SynapseBlock& group) { return group.excitatory == excites; });
  };
  const auto add = [&](const SynapseGroup& kind, const char* name, bool excites) {
    if (kind.connections.empty() || named(excites)) return;
    cell.groups.insert(excites ? cell.groups.begin() : cell.groups.end(),
                       {name, excites, 0, kind.connections.back().synapse + 1});
  };
  add(cell.excitatory, "excitatory", true);
  add(cell.inhibitory, "inhibitory", false);
}

}  // namespace

DetailedCell read_segments_cell(const config::Settings& settings, const std::filesystem::path& folder) {
  static constexpr std::array<std::string_view, 1> kKinds{"segments"};
  settings.choice("kind", kKinds);
  const auto path = settings.file("segments", folder);
  auto file = read_segments_file(path);
  DetailedCell cell;
  cell.geometry = file.geometry;
  cell.capacitance_uF_cm2 = file.capacitance_uF_cm2;
  cell.initial_mV = settings.number("initial_mV", -65, {-200, 100});
  cell.celsius = settings.number("celsius", 6.3, {-50, 60});
  const auto files = read_files(settings, folder);
  Maker maker(file, path.string(), settings.table("mechanisms"), files);
  maker.add_placements(cell);
  maker.add_synapses(file.excitatory, "exc", cell, cell.excitatory);
  maker.add_synapses(file.inhibitory, "inh", cell, cell.inhibitory);
  name_the_rest(cell);
  read_netstims(settings, cell);
  cell.ions = read_ions(settings, cell.placements);
  maker.set_ions(cell);
  finish_placements(cell, files);
  read_recording(settings, cell);
  return cell;
}

}  // namespace nt::cell

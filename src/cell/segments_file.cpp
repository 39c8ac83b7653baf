#include "cell/segments_file.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cell/detail/segments_reader.hpp"
#include "cell/physical.hpp"

namespace nt::cell {
namespace {

constexpr config::Range kLengths_um{1e-9, 1e6};
constexpr config::Range kAreas_um2{1e-9, 1e12};
constexpr config::Range kResistivities_ohm_cm{1e-6, 1e9};
constexpr config::Range kResistances_Mohm{1e-12, 1e18};
constexpr config::Range kCapacitances_uF_cm2{0, 1e6};
constexpr config::Range kConcentrations_mM{0, 1e5};
constexpr config::Range kDelays_ms{0, 1e7};
constexpr int kMostSegments = 2'000'000;

/// soma, soma_2[0], axon[3], myelin, dend[0], basal, apic[1], apical_dendrite.
morphology::Region region_by_name(std::string name) {
  // "Cell[0].dend[3]": what follows the last point
  name = name.substr(name.find_last_of('.') + 1);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto starts = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](auto word) { return name.starts_with(word); });
  };
  if (starts({"soma"})) return morphology::Region::soma;
  if (starts({"axon", "myelin", "node", "hill", "iseg", "ais"})) return morphology::Region::axon;
  if (starts({"apic", "tuft"})) return morphology::Region::apical;
  if (starts({"dend", "basal"})) return morphology::Region::basal;
  return morphology::Region::other;
}

morphology::Region region_named(const SegmentsReader& reader, const std::string& path, size_t i,
                                const std::string& name) {
  for (const auto region : {morphology::Region::soma, morphology::Region::axon, morphology::Region::basal,
                            morphology::Region::apical, morphology::Region::other})
    if (name_of(region) == name) return region;
  reader.refuse(path, i,
                fmt::format("is the region \"{}\", expected soma, axon, basal, apical or other", name));
}

/// One root, which is the first, and every section after its parent.
void check_tree(const SegmentsReader& reader, const std::vector<std::string>& names,
                const std::vector<int>& parent) {
  const std::string path = "/sections/parent";
  for (size_t i = 0; i < parent.size(); ++i) {
    if (parent[i] < 0 && i > 0)
      reader.refuse(path, i,
                    fmt::format("is {}: section {} is a root, and so is {}; expected one tree", parent[i],
                                names[i], names[0]));
    if (parent[i] >= static_cast<int>(i))
      reader.refuse(path, i,
                    fmt::format("is {}: section {} comes before its parent, or is its own ancestor; expected "
                                "parents first",
                                parent[i], names[i]));
  }
}

void read_sections(const SegmentsReader& reader, morphology::Compartments& g) {
  const auto names = reader.texts("/sections/name");
  const size_t n = names.size();
  if (n == 0) reader.refuse("/sections/name", "is empty, expected the name of at least one section");
  const auto parent = reader.whole_numbers("/sections/parent", n, {-1, 1e9});
  check_tree(reader, names, parent);
  const auto parent_x = reader.numbers("/sections/parent_x", n, {0, 1});
  const auto nseg = reader.whole_numbers("/sections/nseg", n, {1, kMostSegments});
  const auto length_um = reader.numbers("/sections/length_um", n, kLengths_um);
  g.axial_resistivity_ohm_cm = reader.numbers("/sections/Ra_ohm_cm", n, kResistivities_ohm_cm);
  const auto regions =
      reader.has("/sections/region") ? reader.texts("/sections/region", n) : std::vector<std::string>{};
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    reader.refuse("/sections/name", fmt::format("has two sections \"{}\"", *twice));
  int64_t segments = 0;
  for (size_t i = 0; i < n; ++i) {
    morphology::Section s;
    s.name = names[i];
    s.region =
        regions.empty() ? region_by_name(names[i]) : region_named(reader, "/sections/region", i, regions[i]);
    s.parent = parent[i];
    s.parent_x = parent_x[i];
    s.length_um = length_um[i];
    g.sections.push_back(std::move(s));
    g.first_compartment.push_back(static_cast<int>(segments));
    segments += nseg[i];
    if (segments > kMostSegments)
      reader.refuse("/sections/nseg", fmt::format("makes more than {} segments", kMostSegments));
  }
  g.first_compartment.push_back(static_cast<int>(segments));
}

/// Resistances as NEURON's seg.ri() has them: of a segment from its centre to the centre of the one before,
/// or to the start of the section; and from the last centre to the section's end.
void read_segments(const SegmentsReader& reader, SegmentsFile& file) {
  auto& g = file.geometry;
  const auto n = static_cast<size_t>(g.first_compartment.back());
  const auto diameter_um = reader.numbers("/segments/diameter_um", n, kLengths_um);
  const auto area_um2 = reader.numbers("/segments/area_um2", n, kAreas_um2);
  const auto ri_Mohm = reader.numbers("/segments/ri_Mohm", n, kResistances_Mohm);
  const auto end_Mohm = reader.numbers("/sections/end_ri_Mohm", g.sections.size(), kResistances_Mohm);
  file.capacitance_uF_cm2 = reader.numbers("/segments/cm_uF_cm2", n, kCapacitances_uF_cm2);
  for (size_t s = 0; s < g.sections.size(); ++s) {
    const int first = g.first_compartment[s], count = g.count(static_cast<int>(s));
    const double resistivity = g.axial_resistivity_ohm_cm[s];
    for (int k = 0; k < count; ++k) {
      const auto i = static_cast<size_t>(first + k);
      morphology::Compartment c;
      c.section = static_cast<int>(s);
      c.x = (k + 0.5) / count;
      c.length_um = g.sections[s].length_um / count;
      c.diameter_um = diameter_um[i];
      c.area_um2 = area_um2[i];
      c.resistance_before = ri_Mohm[i] / resistivity;
      c.resistance_after = k + 1 == count ? end_Mohm[s] / resistivity : 0;
      g.compartments.push_back(c);
    }
    g.sections[s].diameter_um = diameter_um[first];
  }
}

/// The traced points, for pictures.
void read_points(const SegmentsReader& reader, morphology::Compartments& g) {
  if (!reader.has("/points/section")) return;
  const auto section =
      reader.whole_numbers("/points/section", {}, {0, 1.0 * static_cast<double>(g.sections.size() - 1)});
  const auto n = section.size();
  constexpr config::Range kPlaces_um{-1e6, 1e6};
  const auto x = reader.numbers("/points/x_um", n, kPlaces_um),
             y = reader.numbers("/points/y_um", n, kPlaces_um),
             z = reader.numbers("/points/z_um", n, kPlaces_um),
             d = reader.numbers("/points/diameter_um", n, {0, 1e6});
  for (size_t i = 0; i < n; ++i)
    g.sections[section[i]].points.push_back({static_cast<float>(x[i]), static_cast<float>(y[i]),
                                             static_cast<float>(z[i]), static_cast<float>(d[i])});
  // A section of one point has no line; then it is drawn as a cylinder.
  for (auto& s : g.sections)
    if (s.points.size() == 1 || !(s.points.empty() || length_um(s) > 0)) s.points.clear();
}

SegmentsMechanism read_mechanism(const SegmentsReader& reader, const std::string& group,
                                 const std::string& name, size_t segments) {
  SegmentsMechanism m;
  m.name = name;
  const auto path = group + "/" + name;
  m.segments = reader.whole_numbers(path + "/segment", {}, {0, static_cast<double>(segments) - 1});
  for (const auto& parameter : reader.sets_in(path)) {
    if (parameter == "segment") continue;
    // One number is the same everywhere, as a GLOBAL is.
    m.parameters[parameter] = reader.one_or_each(path + "/" + parameter, m.segments.size());
  }
  return m;
}

std::vector<SegmentsMechanism> read_mechanisms(const SegmentsReader& reader, const std::string& group,
                                               size_t segments, bool once) {
  std::vector<SegmentsMechanism> all;
  for (const auto& name : reader.groups_in(group)) {
    auto m = read_mechanism(reader, group, name, segments);
    if (m.segments.empty()) continue;
    for (size_t i = 1; i < m.segments.size(); ++i) {
      if (m.segments[i] > m.segments[i - 1] || (!once && m.segments[i] == m.segments[i - 1])) continue;
      reader.refuse(group + "/" + name + "/segment", i,
                    fmt::format("is {} after {}; expected them {}", m.segments[i], m.segments[i - 1],
                                once ? "ascending, each once" : "in ascending order"));
    }
    all.push_back(std::move(m));
  }
  return all;
}

std::vector<SegmentsIon> read_ions(const SegmentsReader& reader, size_t segments) {
  std::vector<SegmentsIon> all;
  for (const auto& name : reader.groups_in("/ions")) {
    const auto path = "/ions/" + name;
    SegmentsIon ion;
    ion.name = name;
    ion.segments = reader.whole_numbers(path + "/segment", {}, {0, static_cast<double>(segments) - 1});
    const size_t n = ion.segments.size();
    const auto optional = [&](const char* what, config::Range range) {
      const auto set = path + "/" + what;
      return reader.has(set) ? reader.numbers(set, n, range) : std::vector<double>{};
    };
    ion.inside_mM = optional("inside_mM", kConcentrations_mM);
    ion.outside_mM = optional("outside_mM", kConcentrations_mM);
    ion.reversal_mV = optional("reversal_mV", kVoltages_mV);
    if (reader.has(path + "/style")) ion.style = reader.whole_numbers(path + "/style", n, {0, 1023});
    reader.refuse_others(path, {"segment", "inside_mM", "outside_mM", "reversal_mV", "style"});
    all.push_back(std::move(ion));
  }
  return all;
}

std::vector<SegmentsConnection> read_connections(const SegmentsReader& reader, const std::string& kind,
                                                 const std::vector<SegmentsMechanism>& points) {
  const auto group = "/synapses/" + kind;
  if (!reader.has(group)) return {};
  const auto mechanism = reader.texts(group + "/mechanism");
  const size_t n = mechanism.size();
  const auto synapse = reader.whole_numbers(group + "/synapse", n, {0, 1e8});
  const auto instance = reader.whole_numbers(group + "/instance", n, {0, 1e8});
  const auto weight = reader.numbers(group + "/weight", n, {-1e9, 1e9});
  const auto delay_ms = reader.numbers(group + "/delay_ms", n, kDelays_ms);
  const auto names =
      reader.has(group + "/group") ? reader.texts(group + "/group", n) : std::vector<std::string>(n);
  reader.refuse_others(group, {"mechanism", "synapse", "instance", "weight", "delay_ms", "group"});
  std::vector<SegmentsConnection> all;
  int next = 0;
  for (size_t i = 0; i < n; ++i) {
    const auto target = std::find_if(points.begin(), points.end(),
                                     [&](const SegmentsMechanism& m) { return m.name == mechanism[i]; });
    if (target == points.end())
      reader.refuse(group + "/mechanism", i,
                    fmt::format("is \"{}\", which is missing in /point_processes", mechanism[i]));
    if (instance[i] >= static_cast<int>(target->segments.size()))
      reader.refuse(group + "/instance", i,
                    fmt::format("is {}, but there are {} of {}, counted from 0", instance[i],
                                target->segments.size(), mechanism[i]));
    if (synapse[i] < next - 1 || synapse[i] > next)
      reader.refuse(group + "/synapse", i,
                    fmt::format("is {}, expected {}: synapses are numbered from 0 in the order of their "
                                "connections",
                                synapse[i], next));
    next = std::max(next, synapse[i] + 1);
    all.push_back({synapse[i], mechanism[i], instance[i], weight[i], delay_ms[i], names[i]});
  }
  return all;
}

}  // namespace

SegmentsFile read_segments_file(const std::filesystem::path& path) {
  const SegmentsReader reader(path);
  reader.require_format("neurontwin segments 1");
  SegmentsFile file;
  read_sections(reader, file.geometry);
  read_segments(reader, file);
  morphology::connect(file.geometry);
  read_points(reader, file.geometry);
  const auto segments = file.geometry.compartments.size();
  file.density = read_mechanisms(reader, "/mechanisms", segments, /*once=*/true);
  file.points = read_mechanisms(reader, "/point_processes", segments, /*once=*/false);
  file.ions = read_ions(reader, segments);
  file.excitatory = read_connections(reader, "exc", file.points);
  file.inhibitory = read_connections(reader, "inh", file.points);
  reader.refuse_others(
      "/sections", {"name", "region", "parent", "parent_x", "nseg", "length_um", "Ra_ohm_cm", "end_ri_Mohm"});
  reader.refuse_others("/segments", {"diameter_um", "area_um2", "ri_Mohm", "cm_uF_cm2"});
  return file;
}

}  // namespace nt::cell

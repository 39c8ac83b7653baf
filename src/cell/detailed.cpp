#include "cell/detailed.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "cell/ions.hpp"
#include "cell/physical.hpp"
#include "cell/place.hpp"
#include "mechanism/pace.hpp"
#include "morphology/layer_five_tree.hpp"

namespace nt::cell {
namespace {

constexpr std::array<std::string_view, 5> kRegions{"soma", "axon", "basal", "apical", "other"};

std::set<morphology::Region> read_regions(const config::Settings& settings,
                                          std::string_view key = "regions") {
  std::set<morphology::Region> regions;
  for (const auto& name : settings.texts(key)) {
    const auto it = std::find(kRegions.begin(), kRegions.end(), name);
    if (it == kRegions.end()) {
      fail_input("{}: '{}' names the region \"{}\", expected some of: {}", settings.where(key),
                 settings.full_key(key), name, fmt::join(kRegions, ", "));
    }
    regions.insert(static_cast<morphology::Region>(it - kRegions.begin()));
  }
  return regions;
}

/// Where a mechanism or a synapse is: the compartments of `regions` whose centre is within `distance_um`
/// [from, to] along the tree from the soma, where that is given.
std::vector<int> read_compartments(const config::Settings& settings,
                                   const morphology::Compartments& geometry) {
  const auto regions = read_regions(settings);
  // Asked for only where it is there, so that descriptions without it stay known as the same.
  config::Range distance_um;
  if (settings.has("distance_um"))
    std::tie(distance_um.low, distance_um.high) = settings.low_high("distance_um", {}, config::kNotNegative);
  std::vector<int> all;
  for (size_t c = 0; c < geometry.compartments.size(); ++c) {
    const double path_um = geometry.compartments[c].path_um;
    if (regions.contains(geometry.region(static_cast<int>(c))) && path_um >= distance_um.low &&
        path_um <= distance_um.high)
      all.push_back(static_cast<int>(c));
  }
  if (all.empty()) {
    fail_input("{}: no compartment lies in these regions{}", settings.where("regions"),
               settings.has("distance_um") ? " at this distance" : "");
  }
  return all;
}

/// Arithmetic of NMODL on distance, longest and diameter.
mechanism::Mechanism compile_formula(const std::string& formula, const std::string& where) {
  const auto refuse = [&](const std::string& what) {
    fail_input("{} is the formula \"{}\": {}; it may hold distance, longest, diameter, numbers and functions",
               where, formula, what);
  };
  if (formula.find_first_of("{}") != formula.npos) refuse("it has braces");
  mechanism::Mechanism m;
  try {
    m = mechanism::compile_mechanism(
        "NEURON { SUFFIX formula NONSPECIFIC_CURRENT value }\nPARAMETER { distance longest diameter "
        "}\nASSIGNED { value }\nBREAKPOINT { value = " +
            formula + "\n}",
        "formula");
  } catch (const InputError& error) {
    // What the compiler says, without the line of a text that the user never saw.
    const std::string what = error.what();
    const auto start = what.find(": ");
    refuse(what.substr(start == what.npos ? 0 : start + 2));
  }
  for (const auto* name : {"v", "t", "dt", "celsius", "diam", "area", mechanism::kAreaScale}) {
    const mechanism::Expr e = m.symbol(name);
    if (e >= 0 && m.graph.depends(m.currents[0].value, e))
      refuse(fmt::format("'{}' is not known here", name));
  }
  return m;
}

/// A parameter as a function of the place: `distance` and `longest` in um along the tree from the soma
/// (`longest`: to the farthest end in these regions), `diameter` in um. `last_at_end`: in the last
/// compartment of a section, distance is that of the section's end. So it comes out in NEURON when a hoc loop
/// for (x) sets a density: it visits x = 1 last, which stands for the last compartment.
std::vector<double> evaluate_formula(const std::string& formula, const std::string& where,
                                     const morphology::Compartments& geometry,
                                     const std::vector<int>& compartments, bool last_at_end) {
  const auto m = compile_formula(formula, where);
  double longest = 0;
  for (const int c : compartments) {
    const auto& compartment = geometry.compartments[static_cast<size_t>(c)];
    longest = std::max(longest, compartment.path_um + compartment.length_um / 2);
  }
  std::vector<double> values;
  for (const int c : compartments) {
    const auto& compartment = geometry.compartments[static_cast<size_t>(c)];
    const bool last = c + 1 == geometry.first_compartment[static_cast<size_t>(compartment.section) + 1];
    const double distance = compartment.path_um + (last && last_at_end ? compartment.length_um / 2 : 0);
    values.push_back(
        m.graph.evaluate(m.currents[0].value, {{m.symbol("distance"), distance},
                                               {m.symbol("longest"), longest},
                                               {m.symbol("diameter"), compartment.diameter_um}}));
  }
  return values;
}

/// `given`: by the description. Of what a mechanism says of itself only conductances are looked at.
void check_value(double value, const mechanism::Parameter& parameter, const std::string& mechanism,
                 bool given, const morphology::Compartments& geometry, int compartment,
                 const std::string& where) {
  const auto& section =
      geometry.sections[static_cast<size_t>(geometry.compartments[static_cast<size_t>(compartment)].section)];
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
  if ((value >= range.low && value <= range.high) || (!given && !is_conductance(parameter))) return;
  const auto unit = parameter.unit.empty() ? "" : " " + parameter.unit;
  if (range.low == 0 && std::isinf(range.high))
    fail_input("{} of {} is {} in {}, expected 0 or more: it is a conductance", where, mechanism, value,
               section.name);
  fail_input("{} of {} is {}{} in {}, expected from {} to {}{}", where, mechanism, value, unit, section.name,
             range.low, range.high, unit);
}

/// How .mod files are read for a cell: its folder, and what becomes of their tables.
struct Files {
  std::filesystem::path folder;
  mechanism::Tables tables = mechanism::Tables::exact;

  std::shared_ptr<const mechanism::LoadedMechanism> load(
      const std::string& mechanism, const std::string& where,
      const std::set<std::string>& followed_ions = {}) const {
    return mechanism::load_mechanism(mechanism, folder, where, {tables, followed_ions});
  }
};

/// A name of the catalogue, or a .mod file.
std::string read_mechanism_name(const config::Settings& settings, const std::filesystem::path& folder) {
  const auto name = settings.text("mechanism");
  return name.ends_with(".mod") ? settings.file("mechanism", folder).string() : name;
}

Placement read_placement(const config::Settings& settings, const morphology::Compartments& geometry,
                         const Files& files) {
  Placement p;
  const auto name = read_mechanism_name(settings, files.folder);
  p.loaded = files.load(name, settings.where("mechanism"));
  p.compartments = read_compartments(settings, geometry);
  const auto& parameters = p.mechanism().parameters;
  const bool last_at_end = settings.flag("last_at_end", false);
  p.parameters.assign(p.compartments.size(), std::vector<double>(parameters.size()));
  for (size_t k = 0; k < parameters.size(); ++k) {
    const auto& parameter = parameters[k];
    const bool given = settings.has(parameter.name);
    const auto where =
        given ? fmt::format("{}: '{}'", settings.where(parameter.name), settings.full_key(parameter.name))
              : fmt::format("{}: '{}'", name, parameter.name);
    const auto values =
        evaluate_formula(settings.formula(parameter.name, fmt::format("{:.17g}", parameter.value)), where,
                         geometry, p.compartments, last_at_end);
    for (size_t i = 0; i < values.size(); ++i) {
      check_value(values[i], parameter, name, given, geometry, p.compartments[i], where);
      p.parameters[i][k] = values[i];
    }
  }
  return p;
}

/// What a description changes in all its channels at once.
struct Variation {
  std::set<morphology::Region> passive;       // regions without channels but leaks
  config::Settings density_factors, vshifts;  // by mechanism
};

/// A leak has no states, and its current is a straight line of voltage.
bool is_leak(const mechanism::Mechanism& m) {
  return m.stored.empty() && m.initial_concentration.empty() && is_ohmic(m);
}

void vary(Placement& p, const Variation& variation, const morphology::Compartments& geometry) {
  const auto& m = p.mechanism();
  for (size_t k = 0; k < m.parameters.size(); ++k) {
    const bool density = is_density(m.parameters[k]), shift = m.parameters[k].name == "vshift";
    const double factor = density ? variation.density_factors.number(m.name, 1, {0, 1e6}) : 1;
    const double more = shift ? variation.vshifts.number(m.name, 0, {-200, 200}) : 0;
    for (auto& values : p.parameters) values[k] = factor * values[k] + more;
  }
  if (is_leak(m)) return;
  std::vector<int> compartments;
  std::vector<std::vector<double>> parameters;
  for (size_t i = 0; i < p.compartments.size(); ++i) {
    if (variation.passive.contains(geometry.region(p.compartments[i]))) continue;
    compartments.push_back(p.compartments[i]);
    parameters.push_back(std::move(p.parameters[i]));
  }
  p.compartments = std::move(compartments);
  p.parameters = std::move(parameters);
}

/// Adds a mechanism that may be in other regions already.
void add_channel(Placement p, const std::string& where, DetailedCell& cell) {
  const auto same = std::find_if(cell.placements.begin(), cell.placements.end(), [&](const Placement& q) {
    return q.mechanism().path == p.mechanism().path;
  });
  if (same == cell.placements.end()) {
    cell.placements.push_back(std::move(p));
    return;
  }
  std::map<int, std::vector<double>> parameters;
  for (auto* part : {&*same, &p}) {
    for (size_t i = 0; i < part->compartments.size(); ++i) {
      if (!parameters.emplace(part->compartments[i], part->parameters[i]).second) {
        const auto& section = cell.geometry.sections[static_cast<size_t>(
            cell.geometry.compartments[static_cast<size_t>(part->compartments[i])].section)];
        fail_input("{}: {} is in section {} already", where, p.mechanism().name, section.name);
      }
    }
  }
  same->compartments.clear();
  same->parameters.clear();
  for (auto& [compartment, values] : parameters) {
    same->compartments.push_back(compartment);
    same->parameters.push_back(std::move(values));
  }
}

/// The weight of each event: what NET_RECEIVE is given. 1 unless said where it is a mere number; where it may
/// be a conductance, as that of NEURON's ExpSyn, 1 would be a thousand times too much.
double read_weight(const config::Settings& settings, const mechanism::Mechanism& m) {
  if (!uses_weight(m)) return 1;
  if (m.parameter("weight") != nullptr)
    fail_input(
        "{}: {} has a parameter 'weight', which cannot be told from the weight of its events; rename it",
        settings.where("mechanism"), m.name);
  if (needs_weight(m) && !settings.has("weight")) {
    const auto& unit = m.receiving->weight_unit;
    fail_input("{}: '{}' is not given, but {} uses the weight of its events{}; expected weight = NUMBER, {}",
               settings.where("mechanism"), settings.full_key("weight"), m.name,
               unit.empty() ? ", whose unit its NET_RECEIVE does not say" : fmt::format(", in {}", unit),
               unit.empty() ? "or NET_RECEIVE(weight (1)) in the file where it is a mere number, and then 1"
                            : fmt::format("what one event adds, in {}", unit));
  }
  return settings.number("weight", 1, weight_range(m));
}

/// Names of the mechanism and its kind must fit: a channel cannot receive events.
SynapseGroup add_synapses(const std::string& group, const config::Settings& settings, DetailedCell& cell,
                          const Files& files, const std::string& receptors) {
  auto p = read_placement(settings, cell.geometry, files);
  if (!p.mechanism().receiving)
    fail_input("{}: {} is no synapse: it has no NET_RECEIVE", settings.where("mechanism"),
               p.mechanism().name);
  if (receptors == "ampa") {
    for (size_t k = 0; k < p.mechanism().parameters.size(); ++k) {
      if (p.mechanism().parameters[k].name != "nmda_gmax") continue;
      for (auto& values : p.parameters) values[k] = 0;
    }
  }
  const double weight = read_weight(settings, p.mechanism());
  cell.placements.push_back(std::move(p));
  return {group, cell.placements.size() - 1, weight};
}

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
  return !m.initial_concentration.empty();
}

/// NEURON evaluates mechanisms that change concentrations first, the others by name.
void put_in_order(DetailedCell& cell) {
  std::vector<size_t> order(cell.placements.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const auto &ma = cell.placements[a].mechanism(), &mb = cell.placements[b].mechanism();
    return std::pair(!changes_concentration(ma), ma.name) < std::pair(!changes_concentration(mb), mb.name);
  });
  std::vector<Placement> placements;
  auto excitatory = cell.excitatory, inhibitory = cell.inhibitory;
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i] == cell.excitatory.placement) excitatory.placement = i;
    if (order[i] == cell.inhibitory.placement) inhibitory.placement = i;
    placements.push_back(std::move(cell.placements[order[i]]));
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

/// Point processes one by one, each at its place; a place may have several. Those of one mechanism are
/// evaluated together.
void add_points(const config::Settings& settings, DetailedCell& cell, const Files& files) {
  struct Instance {
    int compartment;
    std::vector<double> parameters;
  };
  std::map<std::string, std::pair<std::shared_ptr<const mechanism::LoadedMechanism>, std::vector<Instance>>>
      kinds;
  for (const auto& point : settings.tables("point")) {
    const auto name = read_mechanism_name(point, files.folder);
    auto& [loaded, instances] = kinds[name];
    if (!loaded) loaded = files.load(name, point.where("mechanism"));
    const auto& m = loaded->mechanism;
    if (!m.point_process)
      fail_input("{}: {} is spread over the membrane (SUFFIX), expected a POINT_PROCESS; 'insert' takes it",
                 point.where("mechanism"), m.name);
    if (m.receiving)
      fail_input("{}: {} receives events; it goes under 'excitatory' or 'inhibitory', whose input has some",
                 point.where("mechanism"), m.name);
    Instance instance{read_place(point, cell.geometry), {}};
    for (const auto& parameter : m.parameters)
      instance.parameters.push_back(point.number(parameter.name, parameter.value, physical_range(parameter)));
    instances.push_back(std::move(instance));
  }
  for (auto& [name, kind] : kinds) {
    auto& [loaded, instances] = kind;
    std::stable_sort(instances.begin(), instances.end(),
                     [](const Instance& a, const Instance& b) { return a.compartment < b.compartment; });
    Placement p{loaded, {}, {}};
    for (auto& instance : instances) {
      p.compartments.push_back(instance.compartment);
      p.parameters.push_back(std::move(instance.parameters));
    }
    cell.placements.push_back(std::move(p));
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

/// The thickest apical compartment at a distance along the tree from the soma.
int read_nexus(const config::Settings& settings, const morphology::Compartments& geometry) {
  const double distance = settings.number("distance_um", {}, config::kPositive);
  const int found = compartment_at(geometry, morphology::Region::apical, distance);
  if (found < 0)
    fail_input("{}: '{}' is {} um, but no apical dendrite is that far from the soma",
               settings.where("distance_um"), settings.full_key("distance_um"), distance);
  return found;
}

/// Capacitance of each region's membrane in uF/cm2: 1 where nothing is said.
std::map<morphology::Region, double> read_capacitances(const config::Settings& settings) {
  std::map<morphology::Region, double> all;
  for (size_t region = 0; region < kRegions.size(); ++region)
    all[static_cast<morphology::Region>(region)] = 1;
  for (const auto& membrane : settings.tables("capacitance")) {
    const double value = membrane.number("uF_cm2", {}, {1e-6, 1e6});
    for (const auto region : read_regions(membrane)) all[region] = value;
  }
  return all;
}

/// Cuts the tree by `compartment_rule`: pieces of at most `compartment_spacing_um`, or of at most the
/// fraction `d_lambda` of the length constant at 100 Hz, as NEURON's d_lambda rule does.
morphology::Compartments read_compartments(const config::Settings& settings,
                                           const morphology::Morphology& morphology,
                                           const std::map<morphology::Region, double>& capacitance_uF_cm2) {
  static constexpr std::array<std::string_view, 2> kRules{"spacing", "d_lambda"};
  constexpr double kFrequency_hz = 100;
  const auto rule = settings.choice("compartment_rule", kRules, "spacing");
  const double spacing_um = settings.number("compartment_spacing_um", 40, config::kPositive);
  const double fraction = settings.number("d_lambda", 0.1, config::kPositive);
  const double resistivity = settings.number("axial_resistivity_ohm_cm", 100, {1e-6, 1e9});
  return cut(
      morphology,
      [&](const morphology::Section& s) {
        return rule == "spacing" ? morphology::by_spacing(s, spacing_um)
                                 : morphology::by_d_lambda(s, fraction, kFrequency_hz, resistivity,
                                                           capacitance_uF_cm2.at(s.region));
      },
      resistivity);
}

}  // namespace

DetailedCell read_detailed_cell(const config::Settings& settings, const std::filesystem::path& folder,
                                const CellChoices& choices) {
  static constexpr std::array<std::string_view, 1> kKinds{"detailed"};
  settings.choice("kind", kKinds);
  DetailedCell cell;

  const auto named = settings.text("morphology");
  const bool built_in = !choices.morphology && named == "layer-5-tree";
  auto morphology =
      built_in ? morphology::layer_five_tree()
               : morphology::read_morphology(choices.morphology ? *choices.morphology
                                                                : settings.file("morphology", folder));
  const auto stub = settings.table("axon_stub");
  const auto stubs = stub.integer("sections", 0, {0, 1000});
  const double stub_length = stub.number("length_um", 30, config::kPositive),
               stub_diameter = stub.number("diameter_um", 1, config::kPositive);
  if (stubs > 0)
    morphology = morphology::with_axon_stub(morphology, static_cast<int>(stubs), stub_length, stub_diameter);
  const auto capacitances = read_capacitances(settings);
  cell.geometry = read_compartments(settings, morphology, capacitances);
  for (size_t c = 0; c < cell.geometry.compartments.size(); ++c)
    cell.capacitance_uF_cm2.push_back(capacitances.at(cell.geometry.region(static_cast<int>(c))));

  cell.initial_mV = settings.number("initial_mV", -65, {-200, 100});
  cell.celsius = settings.number("celsius", 6.3, {-50, 60});

  static constexpr std::array<std::string_view, 2> kTables{"exact", "as NEURON"};
  const Files files{folder, settings.choice("tables", kTables, "exact") == "exact"
                                ? mechanism::Tables::exact
                                : mechanism::Tables::as_neuron};
  const Variation variation{
      settings.has("passive") ? read_regions(settings, "passive") : std::set<morphology::Region>{},
      settings.table("density_factors"), settings.table("vshift_mV")};
  for (const auto& insert : settings.tables("insert")) {
    auto channel = read_placement(insert, cell.geometry, files);
    vary(channel, variation, cell.geometry);
    if (!channel.compartments.empty()) add_channel(std::move(channel), insert.where("mechanism"), cell);
  }
  static constexpr std::array<std::string_view, 2> kReceptors{"nmda", "ampa"};
  const auto described = settings.choice("receptors", kReceptors, "nmda");
  const auto receptors = choices.receptors.empty() ? described : choices.receptors;
  cell.excitatory.name = "exc";
  cell.inhibitory.name = "inh";
  if (settings.has("excitatory"))
    cell.excitatory = add_synapses("exc", settings.table("excitatory"), cell, files, receptors);
  if (settings.has("inhibitory"))
    cell.inhibitory = add_synapses("inh", settings.table("inhibitory"), cell, files, receptors);
  add_points(settings, cell, files);
  cell.ions = read_ions(settings, cell.placements);
  follow_ions(cell, files);
  put_in_order(cell);
  take_notes(cell);

  if (settings.has("nexus")) cell.nexus = read_nexus(settings.table("nexus"), cell.geometry);
  cell.sites = read_sites(settings, cell.geometry);
  return cell;
}

void add_point(DetailedCell& cell, const std::string& mechanism, int compartment,
               const std::map<std::string, double>& parameters) {
  Placement p{mechanism::load_mechanism(mechanism, {}, "a point process"), {compartment}, {{}}};
  for (const auto& parameter : p.mechanism().parameters) {
    const auto given = parameters.find(parameter.name);
    p.parameters[0].push_back(given == parameters.end() ? parameter.value : given->second);
  }
  for (const auto& [name, value] : parameters)
    if (!p.mechanism().parameter(name)) fail_input("{} has no parameter '{}'", mechanism, name);
  for (const auto& variable : p.mechanism().ions)
    cell.ions.try_emplace(variable.ion, mechanism::usual_ion(variable.ion));
  cell.placements.push_back(std::move(p));
}

}  // namespace nt::cell

#include "cell/detailed.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "cell/detail/assemble.hpp"
#include "cell/detail/balance.hpp"
#include "cell/detail/placement.hpp"
#include "cell/detail/selection.hpp"
#include "cell/detail/shape.hpp"
#include "cell/detail/synapses.hpp"
#include "cell/ions.hpp"
#include "cell/physical.hpp"
#include "cell/place.hpp"

namespace nt::cell {
namespace {

/// What a description changes in all its channels at once.
struct Variation {
  std::set<morphology::Region> passive;       // regions without channels but leaks
  config::Settings density_factors, vshifts;  // by mechanism
};

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
        const auto& section =
            cell.geometry.sections[cell.geometry.compartments[part->compartments[i]].section];
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
      fail_input("{}: {} is a density mechanism (SUFFIX), expected a POINT_PROCESS; list it under 'insert'",
                 point.where("mechanism"), m.name);
    if (m.receiving && m.initial_sends.empty())
      fail_input("{}: {} receives events (NET_RECEIVE); list it under 'excitatory' or 'inhibitory'",
                 point.where("mechanism"), m.name);
    Instance instance{read_place_of_process(point, cell.geometry), {}};
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

}  // namespace

DetailedCell read_detailed_cell(const config::Settings& settings, const std::filesystem::path& folder,
                                const CellChoices& choices) {
  static constexpr std::array<std::string_view, 1> kKinds{"detailed"};
  settings.choice("kind", kKinds);
  DetailedCell cell;

  read_shape(settings, folder, choices, cell);
  cell.initial_mV = settings.number("initial_mV", -65, {-200, 100});
  cell.celsius = settings.number("celsius", 6.3, {-50, 60});

  const auto files = read_files(settings, folder);
  const Variation variation{
      settings.has("passive") ? read_regions(settings, "passive") : std::set<morphology::Region>{},
      settings.table("density_factors"), settings.table("vshift_mV")};
  for (const auto& insert : settings.tables("insert")) {
    auto channel = read_placement(insert, cell.geometry, files, select_compartments(insert, cell.geometry));
    vary(channel, variation, cell.geometry);
    if (!channel.compartments.empty()) add_channel(std::move(channel), insert.where("mechanism"), cell);
  }
  add_spines(settings, cell);
  read_synapses(settings, choices, files, cell);
  read_netstims(settings, cell);
  add_points(settings, cell, files);
  cell.ions = read_ions(settings, cell.placements);
  read_reversals(settings, cell);
  finish_placements(cell, files);
  balance(settings, cell);
  read_recording(settings, cell);
  return cell;
}

std::vector<Connection> connections_of(const DetailedCell& cell, const SynapseGroup& group) {
  if (!group.placement) return group.connections;
  std::vector<Connection> all;
  for (size_t i = 0; i < cell.placements[*group.placement].compartments.size(); ++i)
    all.push_back({static_cast<int>(i), *group.placement, i, group.weight, 0});
  return all;
}

std::vector<int> synapse_compartments(const DetailedCell& cell, const SynapseGroup& group) {
  std::vector<int> all;
  for (const auto& connection : connections_of(cell, group)) {
    if (connection.synapse == static_cast<int>(all.size()))
      all.push_back(cell.placements[connection.placement].compartments[connection.instance]);
  }
  return all;
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

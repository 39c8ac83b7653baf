#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

#include "cell/detail/drawn.hpp"
#include "cell/detail/placement.hpp"
#include "cell/detail/selection.hpp"
#include "cell/detail/synapses.hpp"
#include "cell/formula.hpp"
#include "cell/physical.hpp"

namespace nt::cell {
namespace {

constexpr double kMostSynapses = 100'000;
constexpr config::Range kDelays_ms{0, 10'000};
/// Keys of a group that a parameter of its mechanism cannot have.
constexpr std::array<std::string_view, 8> kOwnKeys{"name",   "kind",   "count", "per_um",
                                                   "placed", "weight", "seed",  "delay_ms"};

/// FNV-1a (Fowler, Noll and Vo): draws of a group depend on its name, not on its place in the list.
uint64_t number_of(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

std::string read_name(const config::Settings& group, const DetailedCell& cell) {
  const auto name = group.text("name");
  const bool taken = std::ranges::find(cell.groups, name, &SynapseBlock::name) != cell.groups.end();
  if (taken || !is_group_name(name))
    fail_input("{}: '{}' is \"{}\", {}", group.where("name"), group.full_key("name"), name,
               taken ? "which another group has already"
                     : "expected letters, digits, _ and -; and not exc or inh, which in files stand for all "
                       "synapses of a kind");
  return name;
}

/// Where a group's synapses are, ascending: one on each compartment, or so many by number or density.
std::vector<int> read_places(const config::Settings& group, const morphology::Compartments& geometry,
                             const random::Random& random) {
  static constexpr std::array<std::string_view, 2> kWays{"evenly", "randomly"};
  const auto compartments = select_compartments(group, geometry);
  const bool counted = group.has("count"), dense = group.has("per_um");
  if (counted && dense)
    fail_input("{}: '{}' and 'per_um' both set the number of synapses; leave one out", group.where("count"),
               group.full_key("count"));
  if (!counted && !dense) {
    if (group.has("placed"))
      fail_input("{}: '{}' needs the number of synapses: add 'count' or 'per_um'", group.where("placed"),
                 group.full_key("placed"));
    return compartments;
  }
  std::vector<double> expected;
  for (const int c : compartments) expected.push_back(geometry.compartments[c].length_um);
  int64_t count = counted ? group.integer("count", {}, {1, kMostSynapses}) : 0;
  if (dense) {
    const auto where = fmt::format("{}: '{}'", group.where("per_um"), group.full_key("per_um"));
    const auto per_um = evaluate_formula(group.formula("per_um"), where, geometry, compartments);
    for (size_t i = 0; i < expected.size(); ++i) {
      if (!(per_um[i] >= 0 && per_um[i] <= 1000))
        fail_input("{} is {}, expected from 0 to 1000 synapses per um", where, per_um[i]);
      expected[i] *= per_um[i];
    }
    const double all = std::round(std::accumulate(expected.begin(), expected.end(), 0.0));
    if (all < 1 || all > kMostSynapses)
      fail_input("{} makes {} synapses, expected from 1 to {}", where, all, kMostSynapses);
    count = static_cast<int64_t>(all);
  }
  return group.choice("placed", kWays, "evenly") == "evenly"
             ? placed_evenly(compartments, expected, count)
             : placed_randomly(compartments, expected, count, random);
}

void require_own_names(const config::Settings& group, const mechanism::Mechanism& m) {
  for (const auto key : kOwnKeys) {
    if (m.parameter(key) == nullptr) continue;
    fail_input("{}: {} has a parameter '{}', but a key of the group has the same name; rename the parameter",
               group.where("mechanism"), m.name, key);
  }
}

void add_group(const config::Settings& group, const Files& files, const std::string& receptors,
               DetailedCell& cell) {
  static constexpr std::array<std::string_view, 2> kKinds{"excitatory", "inhibitory"};
  const auto name = read_name(group, cell);
  const bool excites = group.choice("kind", kKinds) == "excitatory";
  const auto seed = static_cast<uint64_t>(group.integer("seed", 1, {0, 9e15}));
  const auto stream = [&](random::StreamName what) {
    return random::Random(seed, random::Stage::cell_synapses, number_of(name), what);
  };
  auto p =
      read_synapse_placement(group, files, receptors, cell.geometry,
                             read_places(group, cell.geometry, stream(random::StreamName::synapse_places)));
  const auto& m = p.mechanism();
  require_own_names(group, m);
  require_weight(group, m);
  const auto weight = uses_weight(m)
                          ? read_values(group, "weight", 1, weight_range(m), cell.geometry, p.compartments,
                                        stream(random::StreamName::synapse_weights))
                          : std::vector<double>(p.compartments.size(), 1.0);
  const auto delay_ms = read_values(group, "delay_ms", 0, kDelays_ms, cell.geometry, p.compartments,
                                    stream(random::StreamName::synapse_delays));
  auto& kind = excites ? cell.excitatory : cell.inhibitory;
  const int first = kind.connections.empty() ? 0 : kind.connections.back().synapse + 1;
  for (size_t i = 0; i < p.compartments.size(); ++i)
    kind.connections.push_back(
        {first + static_cast<int>(i), cell.placements.size(), i, weight[i], delay_ms[i]});
  cell.groups.push_back({name, excites, first, static_cast<int>(p.compartments.size())});
  cell.placements.push_back(std::move(p));
}

}  // namespace

void read_synapse_groups(const config::Settings& settings, const Files& files, const std::string& receptors,
                         DetailedCell& cell) {
  for (const auto& group : settings.tables("synapses")) add_group(group, files, receptors, cell);
  // Not std::ranges: Debian 12's clang cannot read what that returns.
  std::stable_partition(cell.groups.begin(), cell.groups.end(), std::mem_fn(&SynapseBlock::excitatory));
  const auto all = cell.excitatory.connections.size() + cell.inhibitory.connections.size();
  if (static_cast<double>(all) > kMostSynapses)
    fail_input("{}: the groups have {} synapses together, expected at most {}", settings.where("synapses"),
               all, kMostSynapses);
}

}  // namespace nt::cell

#include "cell/detail/synapses.hpp"

#include <array>

#include "cell/detail/placement.hpp"
#include "cell/detail/selection.hpp"
#include "cell/physical.hpp"

namespace nt::cell {
namespace {

/// One synapse of the kind on each compartment of its regions.
SynapseGroup one_on_each(const std::string& kind, const config::Settings& settings, const Files& files,
                         const std::string& receptors, DetailedCell& cell) {
  auto p = read_synapse_placement(settings, files, receptors, cell.geometry,
                                  select_compartments(settings, cell.geometry));
  require_weight(settings, p.mechanism());
  // 1 unless said where it is a mere number; where it may be a conductance, as that of NEURON's ExpSyn, 1
  // would be a thousand times too much.
  const double weight =
      uses_weight(p.mechanism()) ? settings.number("weight", 1, weight_range(p.mechanism())) : 1;
  cell.placements.push_back(std::move(p));
  return {kind, cell.placements.size() - 1, weight};
}

}  // namespace

void require_weight(const config::Settings& settings, const mechanism::Mechanism& m) {
  if (!uses_weight(m)) return;
  if (m.parameter("weight") != nullptr)
    fail_input(
        "{}: {} has a parameter 'weight', but the weight of its events has the same name; rename the "
        "parameter",
        settings.where("mechanism"), m.name);
  if (!needs_weight(m) || settings.has("weight")) return;
  const auto& unit = m.receiving->weight_unit;
  fail_input("{}: '{}' is not given, but {} uses the weight of its events{}; expected weight = NUMBER, {}",
             settings.where("mechanism"), settings.full_key("weight"), m.name,
             unit.empty() ? ", whose unit its NET_RECEIVE does not say" : fmt::format(", in {}", unit),
             unit.empty() ? "or NET_RECEIVE(weight (1)) in the file where it is a mere number, and then 1"
                          : fmt::format("what one event adds, in {}", unit));
}

Placement read_synapse_placement(const config::Settings& settings, const Files& files,
                                 const std::string& receptors, const morphology::Compartments& geometry,
                                 std::vector<int> compartments) {
  auto p = read_placement(settings, geometry, files, std::move(compartments));
  if (!p.mechanism().receiving)
    fail_input("{}: {} is not a synapse: it has no NET_RECEIVE", settings.where("mechanism"),
               p.mechanism().name);
  if (receptors != "ampa") return p;
  for (size_t k = 0; k < p.mechanism().parameters.size(); ++k) {
    if (p.mechanism().parameters[k].name != "nmda_gmax") continue;
    for (auto& values : p.parameters) values[k] = 0;
  }
  return p;
}

void read_synapses(const config::Settings& settings, const CellChoices& choices, const Files& files,
                   DetailedCell& cell) {
  static constexpr std::array<std::string_view, 2> kReceptors{"nmda", "ampa"};
  const auto described = settings.choice("receptors", kReceptors, "nmda");
  const auto receptors = choices.receptors.empty() ? described : choices.receptors;
  cell.excitatory.name = "exc";
  cell.inhibitory.name = "inh";
  for (const auto* kind : {"excitatory", "inhibitory"}) {
    if (!settings.has(kind)) continue;
    if (settings.has("synapses"))
      fail_input("{}: '{}' stands beside 'synapses'; expected it as one of these groups, with kind = \"{}\"",
                 settings.where(kind), settings.full_key(kind), kind);
    const bool excites = kind == std::string_view("excitatory");
    (excites ? cell.excitatory : cell.inhibitory) =
        one_on_each(excites ? "exc" : "inh", settings.table(kind), files, receptors, cell);
  }
  read_synapse_groups(settings, files, receptors, cell);
}

}  // namespace nt::cell

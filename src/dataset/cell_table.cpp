#include "dataset/cell_table.hpp"

#include "files/hdf5.hpp"

namespace nt::dataset {
namespace {

/// Points without membrane between two compartments are passed over.
int compartment_before(const morphology::Compartments& geometry, size_t compartment) {
  const auto node = [&](int n) -> const morphology::CableNode& { return geometry.nodes[n]; };
  int at = node(geometry.node_of[compartment]).parent;
  while (at >= 0 && node(at).compartment < 0) at = node(at).parent;
  return at < 0 ? -1 : node(at).compartment;
}

/// The weight and delay of each synapse's first connection.
void take_connections(const cell::DetailedCell& cell, const cell::SynapseGroup& kind,
                      std::vector<double>& weight, std::vector<double>& delay_ms) {
  for (const auto& connection : cell::connections_of(cell, kind)) {
    if (connection.synapse != static_cast<int>(weight.size())) continue;
    weight.push_back(connection.weight);
    delay_ms.push_back(connection.delay_ms);
  }
}

}  // namespace

CellTable cell_table(const cell::Neuron& neuron) {
  CellTable table;
  table.excitatory_compartment = cell::excitatory_compartments(neuron);
  table.inhibitory_compartment = cell::inhibitory_compartments(neuron);
  const auto* cell = cell::compartmental(neuron);
  if (cell == nullptr) {
    table.section = table.region = {"soma"};
    for (auto* column : {&table.x, &table.length_um, &table.diameter_um, &table.area_um2, &table.path_um})
      *column = {0};
    table.parent = {-1};
    return table;
  }
  table.groups = cell->groups;
  if (!table.groups.empty()) {
    take_connections(*cell, cell->excitatory, table.excitatory_weight, table.excitatory_delay_ms);
    take_connections(*cell, cell->inhibitory, table.inhibitory_weight, table.inhibitory_delay_ms);
  }
  for (const auto& c : cell->geometry.compartments) {
    const auto& section = cell->geometry.sections[c.section];
    table.section.push_back(section.name);
    table.region.emplace_back(name_of(section.region));
    table.x.push_back(c.x);
    table.length_um.push_back(c.length_um);
    table.diameter_um.push_back(c.diameter_um);
    table.area_um2.push_back(c.area_um2);
    table.path_um.push_back(c.path_um);
    table.parent.push_back(compartment_before(cell->geometry, table.parent.size()));
  }
  return table;
}

CellTable synapses_in_a_row(int64_t excitatory, int64_t inhibitory) {
  CellTable table;
  const int64_t all = excitatory + inhibitory;
  for (int64_t c = 0; c < all; ++c) {
    // Inhibitory ones where their count passes a whole number.
    const bool inhibits = (c + 1) * inhibitory / all > c * inhibitory / all;
    (inhibits ? table.inhibitory_compartment : table.excitatory_compartment).push_back(static_cast<int>(c));
    table.parent.push_back(static_cast<int>(c) - 1);
  }
  const auto count = static_cast<size_t>(all);
  table.section = table.region = std::vector<std::string>(count, "unknown");
  for (auto* column : {&table.x, &table.length_um, &table.diameter_um, &table.area_um2, &table.path_um})
    column->assign(count, 0);
  return table;
}

namespace {

/// InputError unless they are blocks that follow each other and hold all synapses.
std::vector<cell::SynapseBlock> groups_in(const files::Hdf5File& file, const CellTable& table) {
  const auto name = file.read_texts("/cell/groups/name"), kind = file.read_texts("/cell/groups/kind");
  const auto count = file.read<int32_t>("/cell/groups/synapses");
  std::vector<cell::SynapseBlock> groups;
  bool fits = kind.size() == name.size() && count.size() == name.size();
  for (size_t i = 0; fits && i < name.size(); ++i) {
    fits = (kind[i] == "excitatory" || kind[i] == "inhibitory") && count[i] >= 0;
    groups.push_back({name[i], kind[i] == "excitatory", 0, count[i]});
  }
  if (!fits || !set_first(groups, table.excitatory_compartment.size(), table.inhibitory_compartment.size()))
    fail_input("{}: /cell/groups does not fit the synapses in /cell; the file is damaged",
               file.path().string());
  return groups;
}

}  // namespace

bool set_first(std::vector<cell::SynapseBlock>& groups, size_t excitatory, size_t inhibitory) {
  size_t next[2] = {0, 0};  // excitatory, inhibitory
  bool in_order = true;
  for (auto& group : groups) {
    auto& first = next[group.excitatory ? 0 : 1];
    in_order &= !(group.excitatory && next[1] > 0) && group.count >= 0;
    group.first = static_cast<int>(first);
    first += static_cast<size_t>(group.count);
  }
  return in_order && next[0] == excitatory && next[1] == inhibitory;
}

std::optional<CellTable> cell_table_in(const std::filesystem::path& shard) {
  const files::Hdf5File file(shard);
  if (!file.has("/cell/section")) return {};
  CellTable table;
  table.section = file.read_texts("/cell/section");
  table.region = file.read_texts("/cell/region");
  const auto read = [&](const char* name, std::vector<double>& column) {
    column = file.read<double>(std::string("/cell/") + name);
    if (column.size() != table.section.size())
      fail_input("{}: /cell/{} has {} numbers, expected one for each of {} compartments; the file is damaged",
                 shard.string(), name, column.size(), table.section.size());
  };
  read("x", table.x);
  read("length_um", table.length_um);
  read("diameter_um", table.diameter_um);
  read("area_um2", table.area_um2);
  read("path_um", table.path_um);
  const auto read_synapses = [&](const char* name, std::vector<int>& compartments) {
    for (const auto c : file.read<uint32_t>(std::string("/cell/") + name)) {
      if (c >= table.section.size())
        fail_input("{}: /cell/{} names compartment {} of {}; the file is damaged", shard.string(), name, c,
                   table.section.size());
      compartments.push_back(static_cast<int>(c));
    }
  };
  read_synapses("excitatory_compartment", table.excitatory_compartment);
  read_synapses("inhibitory_compartment", table.inhibitory_compartment);
  if (file.has("/cell/groups/name")) table.groups = groups_in(file, table);
  return table;
}

}  // namespace nt::dataset

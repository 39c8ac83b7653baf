#include "simulate/detail/device_cell.hpp"

#include "config/error.hpp"
#include "simulate/detail/recorder.hpp"

namespace nt::simulate {
namespace {

std::vector<int> traced_compartments(const cell::DetailedCell& cell) {
  std::vector<int> all{cell.geometry.at(morphology::soma_of(cell.geometry.sections), 0.5),
                       cell.nexus.value_or(0)};
  for (const auto& site : cell.sites) all.push_back(site.compartment);
  return all;
}

/// Where each of some arrays begins in a tile; -1: there is none.
std::vector<int32_t> rows_of(const TileLayout& layout, const std::vector<std::optional<size_t>>& arrays) {
  std::vector<int32_t> rows;
  for (const auto& array : arrays) rows.push_back(array ? layout.arrays[*array] : -1);
  return rows;
}

}  // namespace

DeviceCell::DeviceCell(const CablePlan<float>& plan, const std::shared_ptr<device::Device>& device)
    : plan_(plan),
      device_(device),
      probes_(traced_compartments(plan.cell)),
      layout_(tile_layout(plan, probes_.size())),
      program_(step_program(plan, layout_)) {
  for (const auto& zone : plan.zones)
    for (const auto& group : zone.groups)
      if (group.program)
        fail_input(
            "{}: its NET_RECEIVE does more than add to states, which a device cannot do yet; use --device "
            "cpu",
            group.mechanism().path);
  for (const auto& diffusion : plan.diffusions)
    for (const auto& at : diffusion.instances)
      fail_input(
          "{}: LONGITUDINAL_DIFFUSION between compartments, which a device cannot do yet; use --device cpu",
          plan.zones[at.zone].groups[at.group].mechanism().path);
  module_ = cable_module(plan.cell, device->architecture());
  for (size_t z = 0; z < plan.zones.size(); ++z)
    for (size_t g = 0; g < plan.zones[z].groups.size(); ++g)
      add_group(plan.zones[z].groups[g], layout_.zones[z].groups[g]);
  auto& a = arguments_;
  a.nodes = plan.tree.nodes();
  a.tile_floats = layout_.floats;
  a.v = layout_.v, a.rhs = layout_.rhs, a.d = layout_.d;
  a.drive_start = layout_.drive_start, a.drive_middle = layout_.drive_middle;
  a.drive_slope = layout_.drive_slope, a.drive_v = layout_.drive_v;
  a.parent = kept(plan.tree.parent);
  a.to_parent = kept(plan.tree.to_parent);
  a.from_parent = kept(plan.tree.from_parent);
  a.gain = plan.spec.scheme == Scheme::crank_nicolson ? 2 : 1;
  a.diagonal = kept(program_.diagonal);
  a.integers = kept(program_.integers);
  a.group = kept(groups_);
  a.op = kept(program_.ops);
  a.list = kept(program_.lists);
  a.section = kept(program_.sections);
  a.program = kept(program_.programs);
  a.cycle = program_.cycle;
  a.dt_ms = plan.spec.dt_ms;
  a.queues = queues();
  add_probes();
}

int32_t DeviceCell::queues() const {
  return program_.first_queue.back() + static_cast<int32_t>(plan_.zones.back().blocks());
}

device_code::CableArguments DeviceCell::arguments() const {
  return arguments_;
}

template <class T>
const T* DeviceCell::kept(const std::vector<T>& values) {
  memory_.emplace_back(device_, std::as_bytes(std::span(values)));
  return reinterpret_cast<const T*>(memory_.back().data());
}

void DeviceCell::add_group(const Group<float>& group, int32_t stored) {
  const auto placement = static_cast<size_t>(group.placement - plan_.cell.placements.data());
  const auto& kernels = module_.kernels[placement];
  device_code::GroupCode code{};
  const std::vector<float>* fixed[] = {&group.fixed_current, &group.fixed_advance[0],
                                       &group.fixed_advance[1]};
  for (int i = 0; i < 3; ++i) {
    code.kernel[i] = kernels[static_cast<size_t>(i)];
    code.fixed[i] = kept(*fixed[i]);
  }
  code.stored = stored;
  code.stored_count = static_cast<int32_t>(group.mechanism().stored.size());
  code.node = kept(group.node);
  code.ion = kept(rows_of(layout_, {group.ions.begin(), group.ions.end()}));
  code.ion_slope = kept(rows_of(layout_, group.ion_slopes));
  std::vector<int32_t> table;
  std::vector<float> tables;
  for (const auto& entries : group.tables) {
    table.push_back(static_cast<int32_t>(tables.size()));
    tables.insert(tables.end(), entries.begin(), entries.end());
  }
  code.table = kept(table);
  code.tables = kept(tables);
  code.stream = kept(group.streams);
  code.event = kept(group.event);
  groups_.push_back(code);
}

void DeviceCell::add_probes() {
  std::vector<int32_t> v, before(layout_.before), zone;
  for (size_t p = 0; p < probes_.size(); ++p) {
    v.push_back(layout_.v + probe_node(p) * device_code::kLanes);
    zone.push_back(probe_node(p) < plan_.root_nodes() ? 0 : static_cast<int32_t>(plan_.zones.size()) - 1);
  }
  arguments_.probes = static_cast<int32_t>(probes_.size());
  arguments_.sample_ms = kSample_ms;
  arguments_.probe_v = kept(v);
  arguments_.probe_before = kept(before);
  arguments_.probe_zone = kept(zone);
}

}  // namespace nt::simulate

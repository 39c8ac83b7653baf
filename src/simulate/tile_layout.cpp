#include "simulate/detail/tile_layout.hpp"

namespace nt::simulate {

TileLayout tile_layout(const CablePlan<float>& plan, size_t probes) {
  TileLayout layout;
  const auto take = [&](size_t rows) {
    const int32_t at = layout.floats;
    layout.floats += static_cast<int32_t>(rows) * device_code::kLanes;
    return at;
  };
  const auto nodes = static_cast<size_t>(plan.tree.nodes()), root = static_cast<size_t>(plan.root_nodes());
  for (int32_t* array : {&layout.v, &layout.rhs, &layout.d}) *array = take(nodes);
  for (int32_t* array : {&layout.drive_start, &layout.drive_middle, &layout.drive_slope, &layout.drive_v})
    *array = take(root);
  for (size_t k = 0; k < plan.arrays.size(); ++k) layout.arrays.push_back(take(nodes));
  for (const auto& zone : plan.zones) {
    auto& own = layout.zones.emplace_back();
    for (const auto& group : zone.groups)
      own.groups.push_back(take(group.instances() * group.mechanism().stored.size()));
    for (const auto& level : zone.levels)
      own.levels.push_back(level.stride > 1 ? TileLayout::Level{take(nodes), take(nodes)}
                                            : TileLayout::Level{layout.rhs, layout.d});
  }
  for (size_t p = 0; p < probes; ++p) layout.before.push_back(take(1));
  return layout;
}

}  // namespace nt::simulate

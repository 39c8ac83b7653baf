#include "simulate/detail/cable_advance.hpp"

#include <algorithm>

#include "simulate/detail/cable_currents.hpp"

namespace nt::simulate {
namespace {

template <class T>
CableArguments<T> equation(const CablePlan<T>& plan, CableLanes<T>& lanes) {
  return {.nodes = plan.tree.nodes(),
          .parent = plan.tree.parent.data(),
          .to_parent = plan.tree.to_parent.data(),
          .from_parent = plan.tree.from_parent.data(),
          .v = lanes.v.data(),
          .rhs = lanes.rhs.data(),
          .d = lanes.d.data(),
          .gain = static_cast<T>(plan.spec.scheme == Scheme::crank_nicolson ? 2 : 1)};
}

/// The small steps of soma and axon, under the drive of the rest, which has been eliminated into them.
template <class T>
void advance_root(const CablePlan<T>& plan, CableLanes<T>& lanes, int64_t step,
                  const StepListener& listener) {
  const auto& kernels = plan.kernels;
  const int64_t root = plan.root_nodes(), small_steps = plan.root_steps();
  const auto tree = equation(plan, lanes);
  const Drive<T> drive{.start = lanes.drive_start.data(),
                       .middle = lanes.drive_middle.data(),
                       .slope = lanes.drive_slope.data(),
                       .v_before = lanes.drive_v.data()};
  kernels.take_drive(tree, drive, plan.coupling.data(), root, plan.on_root.data(), plan.on_root.size());
  for (int64_t small = 0; small < small_steps; ++small) {
    listener.before(0);
    evaluate_mechanisms(plan, lanes, 0, step * small_steps + small);
    kernels.drive(tree, drive, root,
                  static_cast<T>((static_cast<double>(small) + 0.5) / static_cast<double>(small_steps)));
    kernels.eliminate(tree, 0, root);
    kernels.substitute(tree, 0, root);
    follow_ion_currents(plan, lanes, 0);
    listener.after(
        0, (static_cast<double>(step) + static_cast<double>(small + 1) / static_cast<double>(small_steps)) *
               plan.spec.dt_ms);
  }
  kernels.half_way(tree, drive, root);
}

}  // namespace

template <class T>
void advance(const CablePlan<T>& plan, CableLanes<T>& lanes, int64_t step, const StepListener& listener) {
  const auto& kernels = plan.kernels;
  const size_t rest = plan.zones.size() - 1, root_values = lanes.drive_start.size();
  const int64_t root = plan.root_nodes();
  const auto tree = equation(plan, lanes);
  listener.before(rest);
  evaluate_mechanisms(plan, lanes, rest, step);
  std::fill_n(lanes.rhs.data(), root_values, T{});
  std::fill_n(lanes.d.data(), root_values, T{});
  kernels.eliminate(tree, root, tree.nodes);
  if (root > 0) advance_root(plan, lanes, step, listener);
  kernels.substitute(tree, root, tree.nodes);
  follow_ion_currents(plan, lanes, rest);
  listener.after(rest, static_cast<double>(step + 1) * plan.spec.dt_ms);
}

template void advance(const CablePlan<float>&, CableLanes<float>&, int64_t, const StepListener&);
template void advance(const CablePlan<double>&, CableLanes<double>&, int64_t, const StepListener&);

}  // namespace nt::simulate

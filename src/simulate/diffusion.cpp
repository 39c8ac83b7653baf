#include "simulate/detail/diffusion.hpp"

#include <algorithm>

#include "cell/initial_state.hpp"
#include "config/error.hpp"

namespace nt::simulate {
namespace {

/// The compartment that NEURON takes for a section's parent, where there is one with the mechanism.
class Neighbours {
 public:
  Neighbours(const morphology::Compartments& geometry, const std::vector<int>& compartments)
      : all_(geometry), compartments_(compartments) {}

  int32_t of(size_t i) const {
    const int c = compartments_[i];
    const auto section = static_cast<size_t>(all_.compartments[c].section);
    if (c > all_.first_compartment[section]) return find(c - 1);
    return at_start_of(section);
  }

 private:
  int32_t find(int compartment) const {
    const auto it = std::lower_bound(compartments_.begin(), compartments_.end(), compartment);
    return it != compartments_.end() && *it == compartment ? static_cast<int32_t>(it - compartments_.begin())
                                                           : -1;
  }

  int32_t at_start_of(size_t section) const {
    const auto& own = all_.sections[section];
    if (own.parent < 0) return -1;
    const auto parent = static_cast<size_t>(own.parent);
    const int first = all_.first_compartment[parent];
    if (own.parent_x >= 1) return find(all_.first_compartment[parent + 1] - 1);
    if (own.parent_x > 0) return find(all_.at(own.parent, own.parent_x));
    // Where the parent begins: what the parent hangs on, or, at the root, the parent's first.
    const int32_t above = at_start_of(parent);
    return above >= 0 ? above : find(first);
  }

  const morphology::Compartments& all_;
  const std::vector<int>& compartments_;
};

Diffusion make(const cell::DetailedCell& cell, size_t p, const mechanism::Mechanism::Diffusion& of,
               double step_ms) {
  const auto& placement = cell.placements[p];
  const auto& m = placement.mechanism();
  const auto& compartments = placement.compartments;
  const size_t n = compartments.size();
  const bool ascends = std::adjacent_find(compartments.begin(), compartments.end(),
                                          [](int a, int b) { return a >= b; }) == compartments.end();
  if (!ascends)
    fail_input("{}: LONGITUDINAL_DIFFUSION of {}, of which a compartment has two", m.path, of.state);
  Diffusion d{p, of.state, diffusion_parents(cell.geometry, compartments), {}, {}, {}};
  std::vector<double> constant, volume, diagonal(n, 1), to_parent(n), from_parent(n);
  for (size_t i = 0; i < n; ++i) {
    const auto values = cell::known_values(cell, placement, i, step_ms);
    constant.push_back(m.graph.evaluate(of.constant, values));
    volume.push_back(m.graph.evaluate(of.volume, values));
    if (!(volume[i] > 0) || !(constant[i] >= 0))
      fail_input(
          "{}: LONGITUDINAL_DIFFUSION of {}: a volume of {:g} and a constant of {:g} in {}; expected more "
          "than 0, "
          "and 0 or more",
          m.path, of.state, volume[i], constant[i],
          cell.geometry.sections[cell.geometry.compartments[compartments[i]].section].name);
  }
  for (size_t i = 0; i < n; ++i) {
    if (d.parent[i] < 0) continue;
    const auto above = static_cast<size_t>(d.parent[i]);
    const double own_um = cell.geometry.compartments[compartments[i]].length_um,
                 above_um = cell.geometry.compartments[compartments[above]].length_um;
    const double flow = step_ms * (constant[i] + constant[above]) / (own_um + above_um);
    to_parent[i] = flow / above_um / volume[above];
    from_parent[i] = flow / own_um / volume[i];
    diagonal[i] += from_parent[i];
    diagonal[above] += to_parent[i];
  }
  d.share.resize(n);
  for (size_t i = n; i-- > 0;) {
    if (d.parent[i] < 0) continue;
    d.share[i] = to_parent[i] / diagonal[i];
    diagonal[d.parent[i]] -= d.share[i] * from_parent[i];
  }
  d.from_parent = from_parent;
  for (const double x : diagonal) d.inverse.push_back(1 / x);
  return d;
}

}  // namespace

std::vector<int32_t> diffusion_parents(const morphology::Compartments& geometry,
                                       const std::vector<int>& compartments) {
  const Neighbours neighbours(geometry, compartments);
  std::vector<int32_t> parents;
  for (size_t i = 0; i < compartments.size(); ++i) parents.push_back(neighbours.of(i));
  return parents;
}

std::vector<Diffusion> diffusions_of(const cell::DetailedCell& cell, double step_ms) {
  std::vector<Diffusion> all;
  for (size_t p = 0; p < cell.placements.size(); ++p)
    for (const auto& of : cell.placements[p].mechanism().diffusing) all.push_back(make(cell, p, of, step_ms));
  return all;
}

}  // namespace nt::simulate

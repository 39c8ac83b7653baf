#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cell/initial_state.hpp"
#include "simulate/cable_step.hpp"
#include "simulate/detail/diffusion.hpp"
#include "simulate/group.hpp"

namespace nt::simulate {

/// The cable equation's tree, nodes in the order in which the solver works on them.
template <class T>
struct CableTree {
  NodeOrder order;
  std::vector<int32_t> parent;
  std::vector<T> to_parent, from_parent;  // axial conductances per area of the parent and of its own, S/cm2

  int nodes() const { return static_cast<int>(parent.size()); }
};

/// An ion that some mechanism follows, and its arrays [node][lane]. `current`: where somebody reads it.
struct FollowedIon {
  std::string name;
  size_t reversal, inside, outside;
  std::optional<size_t> current;
  double nernst_mV = 0;  // RT/zF, where mechanisms change its concentration
};

/// Where a level's channels sum up what they let in of an ion: arrays of the current and of its slope by v.
struct IonSum {
  size_t ion;  // of CablePlan::ions
  size_t current, slope;
};

/// A part of a group's states.
struct Part {
  size_t group, part;
};

/// What is updated once in `stride` steps. Between updates currents are straight lines of v, held as their
/// values at v = 0 and their slopes.
struct LevelPlan {
  int64_t stride = 1;
  std::vector<Part> advancing;
  std::vector<size_t> conducting;  // groups
  std::vector<IonSum> sums;        // of its currents
};

/// An ion in a zone.
struct ZoneIon {
  std::vector<int32_t> nodes;  // where a mechanism has to do with it
  std::vector<int64_t> blocks;
  std::vector<int32_t> changing_nodes;  // those whose concentrations a mechanism changes
  std::vector<int64_t> changing_blocks;
  size_t level = 0;  // where they are updated
};

/// Nodes that take the same steps.
template <class T>
struct ZonePlan {
  int first_node = 0, last_node = 0;
  double dt_ms = 0;
  std::vector<T> diagonal;  // [node of the whole cell]: capacitance and axial conductances inside the zone
  std::vector<Group<T>> groups;
  std::vector<LevelPlan> levels;  // the fastest first
  std::vector<ZoneIon> ions;      // of each of CablePlan::ions
  bool has_moments = false;       // BEFORE or AFTER of some group has a moment of its own

  size_t blocks() const {
    return static_cast<size_t>((last_node - first_node + kBlockNodes - 1) / kBlockNodes);
  }
};

/// A state that diffuses along the neuron, and where it is in the compartments, in the order of `step`.
struct DiffusionPlan {
  struct Instance {
    size_t zone, group;
    size_t place;  // among the group's instances
  };
  Diffusion step;
  std::vector<Instance> instances;
  size_t stored = 0;            // which of the stored variables
  std::optional<size_t> array;  // in its place, of a concentration: the number in ArrayNames
};

/// How a cell is simulated: made once, the same for all trials.
template <class T>
struct CablePlan {
  const cell::DetailedCell& cell;
  CableSpec spec;
  CableKernels<T> kernels;
  CableTree<T> tree;
  cell::InitialState initial;
  bool draws_at_start = false;  // then `initial` is of no trial: each has one of its own
  ArrayNames arrays;
  std::vector<FollowedIon> ions;
  std::vector<ZonePlan<T>> zones;  // soma and axon, if they take steps of their own; the rest
  std::vector<T> coupling;         // [node]: of the first zone, to its neighbours in the rest
  std::vector<int32_t> on_root;    // nodes of the rest whose parent is in soma or axon
  std::vector<DiffusionPlan> diffusions;

  /// How many nodes take small steps of their own: the first.
  int root_nodes() const { return zones.back().first_node; }
  int64_t root_steps() const { return root_nodes() > 0 ? spec.root_steps : 1; }
};

/// `cell` must outlive the plan. InputError where the spec or a mechanism cannot be simulated.
template <class T>
CablePlan<T> make_cable_plan(const cell::DetailedCell& cell, const CableSpec& spec);

}  // namespace nt::simulate

#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cell/initial_state.hpp"
#include "simulate/aligned.hpp"
#include "simulate/cable.hpp"
#include "simulate/event_program.hpp"
#include "simulate/node_order.hpp"

namespace nt::simulate {

/// Nodes whose mechanisms are evaluated together: their voltages and currents stay in the first-level cache
/// from one mechanism to the next.
inline constexpr int kBlockNodes = 64;

/// The arrays [node][lane] that a simulation needs of ion concentrations, reversal potentials and currents,
/// by name: "cai"; "ica of level 0" and "slope of ica of level 0". A number stands for each.
class ArrayNames {
 public:
  size_t number_of(const std::string& name);  // a new one if there is none
  std::optional<size_t> find(const std::string& name) const;
  size_t size() const { return names_.size(); }

 private:
  std::vector<std::string> names_;
};

/// Some instances of a mechanism, those on the nodes first_node to last_node, ready for its kernels: what
/// stays the same in all trials.
template <class T>
struct Group {
  const cell::Placement* placement = nullptr;
  mechanism::Kernels<T> kernels;
  std::vector<size_t> instance;      // which of the placement's each one is
  std::vector<int32_t> node;         // of each, ascending
  std::vector<int64_t> block_start;  // first instance of each block of nodes, and the end
  std::vector<T> fixed_current, fixed_advance[2], fixed_moment[3];
  std::vector<size_t> ions;                       // the arrays of ion_arrays(mechanism)
  std::vector<std::optional<size_t>> ion_slopes;  // of the currents among them that it writes
  std::vector<std::vector<T>> tables;             // of each table as ln::TableValue reads it
  std::vector<const T*> table;                    // where each is
  std::vector<uint32_t> streams;        // of each instance's first generator, where the mechanism draws
  std::vector<T> event;                 // [instance][stored]: what an event of weight 1 adds
  std::optional<EventProgram> program;  // in place of it, where events do more

  const mechanism::Mechanism& mechanism() const { return placement->mechanism(); }
  size_t instances() const { return node.size(); }
  bool is_in(size_t block) const { return block_start[block] < block_start[block + 1]; }
};

/// What a group has of its own in each trial, and where it finds the ions.
template <class T>
struct GroupLanes {
  Aligned<T> stored;  // [instance][stored variable][lane]
  std::vector<T*> ions, ion_slopes;
  int32_t endless = 0;  // 1 + the number of a loop of its mechanism that goes on and on
};

/// `arrays`: the memory of each number of ArrayNames.
template <class T>
GroupLanes<T> make_group_lanes(const Group<T>& group, size_t lanes, std::vector<Aligned<T>>& arrays);

/// What a group needs to know of the simulation.
struct GroupPlace {
  const NodeOrder& tree;
  int first_node, last_node;
  double dt_ms;                  // of a step
  std::vector<int64_t> strides;  // steps from update to update, for each part of the mechanism
  std::string currents;          // what to add to the names of the ion currents it writes
  Scheme scheme;
  uint32_t first_stream = 0;  // of the placement (cell::draw_streams)
};

/// `arrays` grows by those the mechanism needs. InputError if the cell leaves out what it reads, or if a
/// TABLE differs from place to place.
template <class T>
Group<T> make_group(const cell::DetailedCell& cell, const cell::Placement& placement, const GroupPlace& place,
                    ArrayNames& arrays);

/// Positions in ascending `node` where each block of kBlockNodes from first_node on starts, and the end.
std::vector<int64_t> block_starts(const std::vector<int32_t>& node, int first_node, int last_node);

/// How long each part of a mechanism may be left alone, in ms: its shortest time constant, at most that of
/// the parts before. 0 if it may not at all: it receives events, its current is no straight line of v, or it
/// depends on the time or on random numbers, counts steps, or its states diffuse.
std::vector<double> longest_waits_ms(const cell::DetailedCell& cell, const cell::Placement& placement);

}  // namespace nt::simulate

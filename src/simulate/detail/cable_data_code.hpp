#pragma once
// What device code of the cable solver (cable_code.hpp) works on: plain structs, whose pointers are of the
// device.
#include "device/code.hpp"
#include "mechanism/device_lanes_code.hpp"

namespace nt::simulate::device_code {

namespace ln = mechanism::device_code::ln;
using mechanism::device_code::kLanes;

enum class OpKind : int32_t {
  mechanism,
  deliver,
  reset,
  hold,
  resume,
  copy,
  zero,
  nernst,
  follow,
  gather,
  clear,
  eliminate,
  substitute,
  take_drive,
  drive,
  half_way,
  before_step,
  after_step
};

/// One operation on nodes, instances or entries of a list, `first` to `last` - 1. What a, b, c and d mean is
/// said at each kind; arrays are named by where their first row begins in a tile, lists by where they begin
/// in `integers`.
struct Op {
  OpKind kind;
  int32_t first = 0, last = 0;
  int32_t a = -1, b = -1, c = -1, d = -1, list = -1;
  float x = 0;
};

/// Operations first to last - 1, for one warp; lists of a section are independent of each other.
struct OpList {
  int32_t first, last;
};
/// Lists first to last - 1; all have ended before the next section begins.
struct Section {
  int32_t first, last;
};

/// A group of a mechanism's instances (group.hpp); what it has of its own begins at `stored` in a tile.
struct GroupCode {
  int32_t kernel[3];  // numbers of the current and of the two parts of the advance; -1: none
  int32_t stored = 0, stored_count = 0;
  const int32_t* node;
  const float* fixed[3];  // for each kernel
  const int32_t *ion, *ion_slope, *table;
  const float* tables;
  const uint32_t* stream;
  const float* event;  // [instance][stored]: what an event of weight 1 adds
};

/// A synapse of one trial receives `weight` at the start of a step of its zone.
struct EventCode {
  int32_t step, group, instance;
  float weight;
};

struct CableArguments {
  // The cell.
  int32_t nodes, tile_floats, v, rhs, d;
  int32_t drive_start, drive_middle, drive_slope, drive_v;
  const int32_t* parent;
  const float *to_parent, *from_parent;
  float gain;
  const float* diagonal;  // pool of the zones' diagonals and of the coupling
  const int32_t* integers;
  const GroupCode* group;
  // Steps: the program of step 0 comes first, that of a later one is 1 + step % cycle.
  const Op* op;
  const OpList* list;
  const Section* section;
  const int32_t* program;  // [program + 1]: first section
  int32_t cycle;
  double dt_ms;
  // Recording, at multiples of sample_ms.
  int32_t probes, samples;  // samples of a launch
  double sample_ms;
  int64_t first_sample;
  const int32_t* probe_v;  // of each probe: the row of its v, of where v before the step is kept, its zone
  const int32_t *probe_before, *probe_zone;
  // This launch.
  int64_t first_step, last_step;
  int64_t trials;
  float* tile;                 // [tile][tile_floats]
  float* trace;                // [tile][probe][sample][lane]
  int32_t queues;              // of each trial: one for each block of nodes
  const int64_t* first_event;  // [tile][queue][lane + 1 of all of them]
  int64_t* next_event;         // [tile][queue][lane]
  const EventCode* event;
  const random::TrialKey* trial;  // [tile][lane]
  float least_mV, most_mV;        // of a membrane
  int32_t* doubted;               // [tile][lane]: 1 once a voltage was beyond these at the end of a launch
};

}  // namespace nt::simulate::device_code

#pragma once
// Device code of the cable solver: steps of trials, a tile of 32 side by side to a block, a trial to each
// thread of a warp. A step is a program of operations, made on the host from the same plan as the CPU's
// (step_program.hpp), which all threads go through together. The warps of a block share the blocks of nodes
// of a tile.
#include "simulate/detail/cable_data_code.hpp"

namespace nt::simulate::device_code {

/// One thread's view of its trial.
struct Lane {
  const CableArguments& a;
  float* tile;  // its own lane of it
  int64_t tile_number, step;
  int32_t lane;

  NT_DEVICE float* at(int32_t array, int32_t row = 0) const {
    return tile + array + static_cast<int64_t>(row) * kLanes;
  }
  NT_DEVICE float& v(int32_t node) const { return *at(a.v, node); }
  NT_DEVICE float& rhs(int32_t node) const { return *at(a.rhs, node); }
  NT_DEVICE float& d(int32_t node) const { return *at(a.d, node); }
};

// The functions of cable_step.cpp, of one trial.

NT_DEVICE void eliminate(const Lane& l, const Op& op) {
  for (int32_t i = op.last - 1; i >= (op.first > 1 ? op.first : 1); --i) {
    const int32_t parent = l.a.parent[i];
    const float a = l.a.to_parent[i], b = l.a.from_parent[i];
    const float down = l.v(parent) - l.v(i);
    const float rhs = l.rhs(i) + b * down;
    const float inverse = ln::Reciprocal(l.d(i));
    const float share = a * inverse;
    l.d(parent) -= share * b;
    l.rhs(parent) += share * rhs - a * down;
    l.d(i) = inverse;
    l.rhs(i) = rhs;
  }
}

NT_DEVICE void substitute(const Lane& l, const Op& op) {
  int32_t i = op.first;
  if (i == 0) {
    const float dv = ln::Divide(l.rhs(0), l.d(0));
    l.rhs(0) = dv;
    l.v(0) += l.a.gain * dv;
    ++i;
  }
  for (; i < op.last; ++i) {
    const float dv = (l.rhs(i) + l.a.from_parent[i] * l.rhs(l.a.parent[i])) * l.d(i);
    l.rhs(i) = dv;
    l.v(i) += l.a.gain * dv;
  }
}

/// a, b: rhs, d; list: the diagonal.
NT_DEVICE void reset(const Lane& l, const Op& op) {
  for (int32_t i = op.first; i < op.last; ++i) {
    *l.at(op.a, i) = 0;
    *l.at(op.b, i) = l.a.diagonal[op.list + i];
  }
}

/// a, b: rhs, d; c, d: those of the level below or -1; list: the diagonal.
NT_DEVICE void hold(const Lane& l, const Op& op) {
  for (int32_t i = op.first; i < op.last; ++i) {
    const float below = op.d >= 0 ? *l.at(op.d, i) : l.a.diagonal[op.list + i];
    float held = *l.at(op.a, i) + (*l.at(op.b, i) - below) * l.v(i);
    if (op.c >= 0) held += *l.at(op.c, i);
    *l.at(op.a, i) = held;
  }
}

/// a, b: rhs, d; c, d: what has been held; list: the diagonal.
NT_DEVICE void resume(const Lane& l, const Op& op) {
  for (int32_t i = op.first; i < op.last; ++i) {
    const float now = *l.at(op.d, i);
    *l.at(op.a, i) = *l.at(op.c, i) - (now - l.a.diagonal[op.list + i]) * l.v(i);
    *l.at(op.b, i) = now;
  }
}

/// a: to; b: from.
NT_DEVICE void copy(const Lane& l, const Op& op) {
  for (int32_t i = op.first; i < op.last; ++i) *l.at(op.a, i) = *l.at(op.b, i);
}
/// a: what becomes 0.
NT_DEVICE void zero(const Lane& l, const Op& op) {
  for (int32_t i = op.first; i < op.last; ++i) *l.at(op.a, i) = 0;
}

/// a, b, c: reversal potential, concentration inside and outside; x: RT/zF.
NT_DEVICE void nernst(const Lane& l, const Op& op) {
  for (int32_t k = op.first; k < op.last; ++k) {
    const int32_t i = l.a.integers[op.list + k];
    *l.at(op.a, i) = op.x * ln::Log(ln::Divide(*l.at(op.c, i), *l.at(op.b, i)));
  }
}
/// a += x b c
NT_DEVICE void follow(const Lane& l, const Op& op) {
  for (int32_t k = op.first; k < op.last; ++k) {
    const int32_t i = l.a.integers[op.list + k];
    *l.at(op.a, i) += op.x * *l.at(op.b, i) * *l.at(op.c, i);
  }
}
/// a += b + c v; without c where it is -1.
NT_DEVICE void gather(const Lane& l, const Op& op) {
  for (int32_t k = op.first; k < op.last; ++k) {
    const int32_t i = l.a.integers[op.list + k];
    float sum = *l.at(op.a, i) + *l.at(op.b, i);
    if (op.c >= 0) sum += *l.at(op.c, i) * l.v(i);
    *l.at(op.a, i) = sum;
  }
}
/// a, and b unless it is -1, become 0.
NT_DEVICE void clear(const Lane& l, const Op& op) {
  for (int32_t k = op.first; k < op.last; ++k) {
    const int32_t i = l.a.integers[op.list + k];
    *l.at(op.a, i) = 0;
    if (op.b >= 0) *l.at(op.b, i) = 0;
  }
}

/// Of the nodes 0 to d; list: those whose parent is among them; a: the coupling, in the diagonals' pool.
NT_DEVICE void take_drive(const Lane& l, const Op& op) {
  for (int32_t i = 0; i < op.d; ++i) {
    *l.at(l.a.drive_start, i) = 0;
    *l.at(l.a.drive_middle, i) = l.rhs(i);
    *l.at(l.a.drive_slope, i) = l.d(i) + l.a.diagonal[op.a + i];
    *l.at(l.a.drive_v, i) = l.v(i);
  }
  for (int32_t k = op.first; k < op.last; ++k) {
    const int32_t i = l.a.integers[op.list + k], parent = l.a.parent[i];
    *l.at(l.a.drive_start, parent) += l.a.to_parent[i] * (l.v(i) - l.v(parent));
  }
}
/// x: how many steps after the start of the big one.
NT_DEVICE void drive(const Lane& l, const Op& op) {
  for (int32_t i = op.first; i < op.last; ++i) {
    const float start = *l.at(l.a.drive_start, i), slope = *l.at(l.a.drive_slope, i);
    l.rhs(i) +=
        start + 2 * op.x * (*l.at(l.a.drive_middle, i) - start) - slope * (l.v(i) - *l.at(l.a.drive_v, i));
    l.d(i) += slope;
  }
}
NT_DEVICE void half_way(const Lane& l, const Op& op) {
  for (int32_t i = op.first; i < op.last; ++i) l.rhs(i) = 0.5f * (l.v(i) - *l.at(l.a.drive_v, i));
}

/// a: the queue; b, c: the zone's step is b x step + c.
NT_DEVICE void deliver(const Lane& l, const Op& op) {
  const int64_t queue = (l.tile_number * l.a.queues + op.a) * kLanes + l.lane;
  const int64_t step = op.b * l.step + op.c, last = l.a.first_event[queue + 1];
  int64_t next = l.a.next_event[queue];
  for (; next < last && l.a.event[next].step <= step; ++next) {
    const EventCode& event = l.a.event[next];
    const GroupCode& group = l.a.group[event.group];
    const int32_t first = event.instance * group.stored_count;
    for (int32_t s = 0; s < group.stored_count; ++s)
      *l.at(group.stored, first + s) += event.weight * group.event[first + s];
  }
  l.a.next_event[queue] = next;
}

/// a: zone.
NT_DEVICE void before_step(const Lane& l, const Op& op) {
  for (int32_t p = 0; p < l.a.probes; ++p)
    if (l.a.probe_zone[p] == op.a) *l.at(l.a.probe_before[p]) = *l.at(l.a.probe_v[p]);
}
/// How many samples have been taken when a step ends at t_ms, those at its end included.
NT_DEVICE int64_t samples_until(double t_ms, double sample_ms) {
  constexpr double kTiny_ms = 1e-9;
  return static_cast<int64_t>((t_ms + kTiny_ms) / sample_ms) + 1;
}
/// a: zone; the big step has b steps of it, of which c are done.
NT_DEVICE void after_step(const Lane& l, const Op& op) {
  const double dt_ms = l.a.dt_ms / op.b;
  const double t_ms = (static_cast<double>(l.step) + static_cast<double>(op.c) / op.b) * l.a.dt_ms;
  const int64_t last = samples_until(t_ms, l.a.sample_ms);
  for (int64_t k = samples_until(t_ms - dt_ms, l.a.sample_ms); k < last; ++k) {
    if (k - l.a.first_sample < 0 || k - l.a.first_sample >= l.a.samples) continue;
    const auto behind = static_cast<float>((t_ms - static_cast<double>(k) * l.a.sample_ms) / dt_ms);
    const float weight = behind > 0 ? 1 - behind : 1;
    for (int32_t p = 0; p < l.a.probes; ++p) {
      if (l.a.probe_zone[p] != op.a) continue;
      const float before = *l.at(l.a.probe_before[p]), now = *l.at(l.a.probe_v[p]);
      const int64_t row = (l.tile_number * l.a.probes + p) * l.a.samples + (k - l.a.first_sample);
      l.a.trace[row * kLanes + l.lane] = weight == 1 ? now : before + weight * (now - before);
    }
  }
}

/// a: the group; b: which of its kernels; c, d: rhs and d or -1; x: ms after the start of the big step.
template <class Mechanisms>
NT_DEVICE void run_mechanism(const Lane& l, const Op& op) {
  const GroupCode& group = l.a.group[op.a];
  const mechanism::device_code::KernelArguments<float> k{
      op.first,
      op.last,
      group.node,
      group.fixed[op.b],
      l.at(group.stored),
      l.at(l.a.v),
      l.at(op.c >= 0 ? op.c : l.a.rhs),
      l.at(op.d >= 0 ? op.d : l.a.d),
      {l.tile, group.ion},
      {l.tile, group.ion_slope},
      {group.tables, group.table},
      group.stream,
      l.a.trial + l.tile_number * kLanes + l.lane,
      static_cast<float>(static_cast<double>(l.step) * l.a.dt_ms + op.x)};
  Mechanisms::run(group.kernel[op.b], k);
}

template <class Mechanisms>
NT_DEVICE void run(const Lane& l, const Op& op) {
  switch (op.kind) {
    case OpKind::mechanism:
      return run_mechanism<Mechanisms>(l, op);
    case OpKind::deliver:
      return deliver(l, op);
    case OpKind::reset:
      return reset(l, op);
    case OpKind::hold:
      return hold(l, op);
    case OpKind::resume:
      return resume(l, op);
    case OpKind::copy:
      return copy(l, op);
    case OpKind::zero:
      return zero(l, op);
    case OpKind::nernst:
      return nernst(l, op);
    case OpKind::follow:
      return follow(l, op);
    case OpKind::gather:
      return gather(l, op);
    case OpKind::clear:
      return clear(l, op);
    case OpKind::eliminate:
      return eliminate(l, op);
    case OpKind::substitute:
      return substitute(l, op);
    case OpKind::take_drive:
      return take_drive(l, op);
    case OpKind::drive:
      return drive(l, op);
    case OpKind::half_way:
      return half_way(l, op);
    case OpKind::before_step:
      return before_step(l, op);
    case OpKind::after_step:
      return after_step(l, op);
  }
}

/// Nodes of one warp of `warps`; NaN is beyond everything.
NT_DEVICE void doubt(const Lane& l, int warp, int warps) {
  for (int32_t i = warp; i < l.a.nodes; i += warps)
    if (!(l.v(i) >= l.a.least_mV && l.v(i) <= l.a.most_mV)) l.a.doubted[l.tile_number * kLanes + l.lane] = 1;
}

/// Steps first_step to last_step - 1 of one tile. Mechanisms::run(kernel, arguments) calls the kernel of a
/// number.
template <class Mechanisms>
NT_DEVICE void cable(const device::Block& block, const CableArguments& a) {
  const int warps = block.threads / kLanes;
  for (int64_t step = a.first_step; step < a.last_step; ++step) {
    const int64_t program = step == 0 ? 0 : 1 + step % a.cycle;
    for (int32_t s = a.program[program]; s < a.program[program + 1]; ++s) {
      const Section section = a.section[s];
      block.each([&](int thread) {
        const int32_t lane = thread % kLanes;
        if (block.index * kLanes + lane >= a.trials) return;
        const Lane l{a, a.tile + block.index * a.tile_floats + lane, block.index, step, lane};
        for (int32_t list = section.first + thread / kLanes; list < section.last; list += warps)
          for (int32_t o = a.list[list].first; o < a.list[list].last; ++o) run<Mechanisms>(l, a.op[o]);
      });
    }
  }
  block.each([&](int thread) {
    const int32_t lane = thread % kLanes;
    if (block.index * kLanes + lane >= a.trials) return;
    doubt({a, a.tile + block.index * a.tile_floats + lane, block.index, a.last_step, lane}, thread / kLanes,
          warps);
  });
}

}  // namespace nt::simulate::device_code

#include <algorithm>
#include <cmath>
#include <tuple>

#include "config/error.hpp"
#include "simulate/detail/cable_events.hpp"
#include "simulate/detail/cable_lanes.hpp"

namespace nt::simulate {
namespace {

/// On top of the heap is the event that comes first.
bool comes_later(const SelfEvent& a, const SelfEvent& b) {
  const auto key = [](const SelfEvent& s) {
    return std::tuple(s.event.step, s.event.block, s.event.time_ms, s.number);
  };
  return key(a) > key(b);
}

/// The first step that starts at most half a step before the time, but no earlier than `step`.
int64_t step_of(double time_ms, int64_t step, double dt_ms) {
  constexpr double kRounding = 1e-9;  // in steps
  return std::max(step, static_cast<int64_t>(std::ceil(time_ms / dt_ms - 0.5 - kRounding)));
}

/// What happens in one zone in one step.
template <class T>
class Delivery {
 public:
  Delivery(const CablePlan<T>& plan, CableLanes<T>& lanes, size_t zone, int64_t step)
      : lanes_(lanes),
        zone_(plan.zones[zone]),
        own_(lanes.zones[zone]),
        queue_(own_.events),
        step_(step),
        lane_count_(plan.kernels.lanes) {}

  void of_block(int32_t block) {
    for (size_t g = 0; g < zone_.groups.size(); ++g)
      if (zone_.groups[g].program && zone_.groups[g].program->watch &&
          zone_.groups[g].is_in(static_cast<size_t>(block)))
        watch(g, block);
    for (;;) {
      const auto due = [&](const Event& event) { return event.step == step_ && event.block == block; };
      const bool input = queue_.next < queue_.events.size() && due(queue_.events[queue_.next]),
                 sent = !queue_.own.empty() && due(queue_.own.front().event);
      if (!input && !sent) return;
      if (input && (!sent || queue_.events[queue_.next].time_ms <= queue_.own.front().event.time_ms)) {
        const Event event = queue_.events[queue_.next++];
        receive(event, /*flag=*/0);
      } else {
        std::pop_heap(queue_.own.begin(), queue_.own.end(), comes_later);
        const SelfEvent event = queue_.own.back();
        queue_.own.pop_back();
        receive(event.event, event.flag);
      }
    }
  }

 private:
  T& stored(const Event& event, size_t s) {
    auto& group = own_.groups[event.group];
    const size_t count = zone_.groups[event.group].mechanism().stored.size();
    return group.stored[(static_cast<size_t>(event.instance) * count + s) * lane_count_ +
                        static_cast<size_t>(event.lane)];
  }
  size_t at_node(const Event& event) const {
    const auto& group = zone_.groups[event.group];
    return static_cast<size_t>(group.node[event.instance]) * lane_count_ + static_cast<size_t>(event.lane);
  }

  void receive(const Event& event, double flag) {
    const auto& group = zone_.groups[event.group];
    const size_t count = group.mechanism().stored.size();
    if (group.program) return execute(*group.program, event, flag);
    for (size_t s = 0; s < count; ++s)
      stored(event, s) +=
          static_cast<T>(event.weight) * group.event[static_cast<size_t>(event.instance) * count + s];
  }

  void run(const InstanceTape& tape, const Event& event, double flag, size_t outputs) {
    queue_.symbols.clear();
    for (const auto& source : tape.sources) queue_.symbols.push_back(value(source, event, flag));
    queue_.outputs.resize(outputs);
    tape.tape.run(tape.fixed.data() + static_cast<size_t>(event.instance) * tape.tape.fixed().size(),
                  queue_.symbols.data(), queue_.memory, queue_.outputs.data(), stream_of(event));
  }

  random::DrawStream stream_of(const Event& event) const {
    const auto& streams = zone_.groups[event.group].streams;
    return {lanes_.trials[event.lane], streams.empty() ? 0 : streams[event.instance]};
  }

  double value(const SymbolSource& source, const Event& event, double flag) {
    using Kind = SymbolSource::Kind;
    switch (source.kind) {
      case Kind::time:
        return event.time_ms;
      case Kind::voltage:
        return static_cast<double>(lanes_.v[at_node(event)]);
      case Kind::weight:
        return event.weight;
      case Kind::flag:
        return flag;
      case Kind::stored:
        return static_cast<double>(stored(event, source.number));
      case Kind::ion:
        break;
    }
    return static_cast<double>(own_.groups[event.group].ions[source.number][at_node(event)]);
  }

  void execute(const EventProgram& program, const Event& event, double flag) {
    const size_t count = zone_.groups[event.group].mechanism().stored.size();
    run(program.receive, event, flag,
        count + (program.sets_v ? 1 : 0) + 3 * program.moves.size() + program.outside.size());
    const double* out = queue_.outputs.data();
    const double* outside = out + queue_.outputs.size() - program.outside.size();
    for (size_t k = 0; k < program.outside.size(); ++k)
      if (outside[k] != 0) fail_run("{} ({:g} ms)", program.outside[k], event.time_ms);
    for (size_t s = 0; s < count; ++s) {
      auto& now = stored(event, s);
      const double decayed = program.half_step_decay[static_cast<size_t>(event.instance) * count + s];
      now = static_cast<T>(
          decayed == 1 ? out[s] : static_cast<double>(now) + decayed * (out[s] - static_cast<double>(now)));
    }
    out += count;
    if (program.sets_v) lanes_.v[at_node(event)] = static_cast<T>(*out++);
    for (const bool move : program.moves) {
      if (out[0] != 0 && move) this->move(event, out[1]);
      if (out[0] != 0 && !move) send_self(event, event.time_ms + out[1], out[2]);
      out += 3;
    }
  }

  void send_self(Event event, double time_ms, double flag) {
    event.time_ms = time_ms;
    send(queue_, {event, flag, 0}, step_, zone_.dt_ms);
  }

  /// The last event that the instance has sent to itself gets another time.
  void move(const Event& event, double time_ms) {
    SelfEvent* last = nullptr;
    for (auto& own : queue_.own)
      if (std::tie(own.event.group, own.event.instance, own.event.lane) ==
              std::tie(event.group, event.instance, event.lane) &&
          (!last || own.number > last->number))
        last = &own;
    if (!last)
      fail_input(
          "{}: net_move at {} ms, but no event that it has sent to itself is on its way; NEURON stops there "
          "as well",
          zone_.groups[event.group].mechanism().path, event.time_ms);
    last->event.time_ms = time_ms;
    last->event.step = step_of(time_ms, step_, zone_.dt_ms);
    std::make_heap(queue_.own.begin(), queue_.own.end(), comes_later);
  }

  /// An event now where the value of a WATCH has risen above 0.
  void watch(size_t g, int32_t block) {
    const auto& group = zone_.groups[g];
    const auto& program = *group.program;
    const auto first = group.block_start[block], last = group.block_start[static_cast<size_t>(block) + 1];
    for (int64_t i = first; i < last; ++i) {
      for (size_t lane = 0; lane < lane_count_; ++lane) {
        const Event event{step_,
                          block,
                          static_cast<int32_t>(g),
                          static_cast<int32_t>(i),
                          static_cast<int32_t>(lane),
                          0,
                          static_cast<double>(step_) * zone_.dt_ms};
        bool any = false;
        for (const size_t s : program.watch_states) any |= stored(event, s) != 0;
        if (any) look(program, event);
      }
    }
  }

  void look(const EventProgram& program, const Event& event) {
    const size_t n = program.watch_states.size();
    run(*program.watch, event, 0, 2 * n);
    for (size_t k = 0; k < n; ++k) {
      auto& state = stored(event, program.watch_states[k]);
      if (state == 0) continue;
      const bool above = queue_.outputs[2 * k] > 0;
      if (above && state == 1) send_self(event, event.time_ms, queue_.outputs[2 * k + 1]);
      state = above ? T(2) : T(1);
    }
  }

  CableLanes<T>& lanes_;
  const ZonePlan<T>& zone_;
  ZoneLanes<T>& own_;
  EventQueue& queue_;
  int64_t step_;
  size_t lane_count_;
};

}  // namespace

void send(EventQueue& queue, SelfEvent event, int64_t step, double dt_ms) {
  event.event.step = step_of(event.event.time_ms, step, dt_ms);
  event.number = queue.sent++;
  queue.own.push_back(event);
  std::push_heap(queue.own.begin(), queue.own.end(), comes_later);
}

template <class T>
void deliver(const CablePlan<T>& plan, CableLanes<T>& lanes, size_t zone, int64_t step, size_t block) {
  Delivery<T>(plan, lanes, zone, step).of_block(static_cast<int32_t>(block));
}

template void deliver(const CablePlan<float>&, CableLanes<float>&, size_t, int64_t, size_t);
template void deliver(const CablePlan<double>&, CableLanes<double>&, size_t, int64_t, size_t);

}  // namespace nt::simulate

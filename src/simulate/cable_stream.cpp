// Detailed neurons ms by ms, one in each lane: the same steps as a trial's (cable.cpp).
#include <algorithm>
#include <cmath>
#include <limits>

#include "simulate/detail/cable_advance.hpp"
#include "simulate/detail/event_source.hpp"
#include "simulate/detail/recorder.hpp"
#include "simulate/detail/stream_batch.hpp"
#include "simulate/detail/voltage_check.hpp"
#include "simulate/flush_subnormals.hpp"

namespace nt::simulate {
namespace {

constexpr int64_t kSamples = 8;  // of the soma in a ms

/// Samples of the soma in the present ms, and its output spikes: the maxima that output_spikes() finds in a
/// whole trace. A sample is judged when the next one is there; the last of a ms is the next one's first.
template <class T>
class SomaWatch {
 public:
  SomaWatch(const T* v, size_t lanes, size_t neurons)
      : v_(v), before_(lanes), samples_((kSamples + 2) * neurons), neurons_(neurons) {
    std::fill_n(samples_.begin(), neurons, std::numeric_limits<float>::infinity());  // nothing came before
  }
  /// Takes the first sample of all.
  void start() {
    taken_ = 1;
    take(1);
  }
  void begin_ms(int64_t ms) {
    first_ = ms * kSamples;
    taken_ = 2;
  }
  void before_step() { std::copy_n(v_, before_.size(), before_.data()); }
  void after_step(double t_ms, double dt_ms) {
    constexpr double tiny = 1e-9;
    while (taken_ < kSamples + 2 && sample_ms(taken_) <= t_ms + tiny) {
      const double behind = (t_ms - sample_ms(taken_)) / dt_ms;
      take(static_cast<T>(1 - (behind > tiny ? behind : 0)));
    }
  }
  std::span<const float> at_start() const { return sample(1); }
  void find_spikes(double threshold_mV, std::vector<StreamSpike>& fired) const {
    for (size_t n = 0; n < neurons_; ++n)
      for (int64_t k = 1; k <= kSamples; ++k)
        if (sample(k)[n] > threshold_mV && sample(k)[n] > sample(k - 1)[n] &&
            sample(k)[n] >= sample(k + 1)[n])
          fired.push_back({static_cast<uint32_t>(n), sample_ms(k)});
  }
  /// The last two samples are the next ms's first.
  void end_ms() { std::copy_n(sample(kSamples).data(), 2 * neurons_, samples_.data()); }
  std::span<float> kept() { return std::span(samples_).first(2 * neurons_); }
  std::span<const float> kept() const { return std::span(samples_).first(2 * neurons_); }

 private:
  /// Number 1 is at the beginning of the ms, 0 is the one before.
  std::span<const float> sample(int64_t k) const {
    return std::span(samples_).subspan(static_cast<size_t>(k) * neurons_, neurons_);
  }
  double sample_ms(int64_t k) const { return static_cast<double>(first_ + k - 1) * kSample_ms; }
  void take(T weight) {
    for (size_t n = 0; n < neurons_; ++n) {
      const T a = before_[n], b = v_[n];
      samples_[static_cast<size_t>(taken_) * neurons_ + n] =
          static_cast<float>(weight == 1 ? b : a + weight * (b - a));
    }
    ++taken_;
  }

  const T* v_;
  std::vector<T> before_;
  std::vector<float> samples_;  // [sample][neuron]
  size_t neurons_;
  int64_t first_ = 0, taken_ = 0;
};

template <class T>
class CableBatch final : public NeuronStreams::Batch {
 public:
  CableBatch(std::shared_ptr<const CablePlan<T>> plan, std::span<const random::TrialKey> draws)
      : plan_(std::move(plan)),
        neurons_(draws.size()),
        lanes_(make_cable_lanes(*plan_)),
        source_(*plan_),
        soma_node_(soma_node(*plan_)),
        watch_(lanes_.v.data() + soma_node_ * plan_->kernels.lanes, plan_->kernels.lanes, draws.size()),
        check_(*plan_, lanes_, draws.size(), /*at_every_step=*/true),
        steps_per_ms_(std::llround(1 / plan_->spec.dt_ms)) {
    const FlushSubnormals flush;
    std::ranges::copy(draws, lanes_.trials.begin());
    start(*plan_, lanes_);
    watch_.start();
  }

  void advance(int64_t ms, std::span<const StreamArrival> arrivals, std::vector<StreamSpike>& fired,
               std::span<float> soma_mV) override {
    const FlushSubnormals flush;
    take_events(ms, arrivals);
    watch_.begin_ms(ms);
    std::ranges::copy(watch_.at_start(), soma_mV.begin());
    const size_t zone_of_soma =
        soma_node_ < static_cast<size_t>(plan_->root_nodes()) ? 0 : plan_->zones.size() - 1;
    const double dt_ms = plan_->zones[zone_of_soma].dt_ms;
    const StepListener listener{.before =
                                    [&](size_t zone) {
                                      if (zone == zone_of_soma) watch_.before_step();
                                    },
                                .after =
                                    [&](size_t zone, double t_ms) {
                                      if (zone == zone_of_soma) watch_.after_step(t_ms, dt_ms);
                                    }};
    for (int64_t step = ms * steps_per_ms_; step < (ms + 1) * steps_per_ms_; ++step)
      simulate::advance(*plan_, lanes_, step, listener);
    check_.check(static_cast<double>(ms + 1));
    watch_.find_spikes(plan_->spec.spike_threshold_mV, fired);
    watch_.end_ms();
  }

  void shift_soma(size_t neuron, double mV) override {
    T& v = lanes_.v.data()[soma_node_ * plan_->kernels.lanes + neuron];
    v += static_cast<T>(mV);
    watch_.kept()[neurons_ + neuron] = static_cast<float>(v);
  }

  void save(StateWriter& to) const override {
    to.put(plan_->kernels.lanes);
    for_each_array(lanes_, [&](const auto& array) { to.put(std::span(array.data(), array.size())); });
    for (const auto& zone : lanes_.zones) {
      const auto& queue = zone.events;
      to.put(std::span(queue.events).subspan(queue.next));
      to.put(std::span<const SelfEvent>(queue.own));
      to.put(queue.sent);
    }
    to.put(watch_.kept());
  }
  void load(StateReader& from) override {
    size_t lanes = plan_->kernels.lanes;
    from.get_into(lanes);
    for_each_array(lanes_, [&](auto& array) { from.get_into(std::span(array.data(), array.size())); });
    for (auto& zone : lanes_.zones) {
      zone.events.events = from.get<Event>();
      zone.events.next = 0;
      zone.events.own = from.get<SelfEvent>();
      from.get_into(zone.events.sent);
    }
    from.get_into(watch_.kept());
  }

 private:
  static size_t soma_node(const CablePlan<T>& plan) {
    const auto& geometry = plan.cell.geometry;
    return static_cast<size_t>(
        plan.tree.order.node_of[geometry.at(morphology::soma_of(geometry.sections), 0.5)]);
  }

  /// Every array that steps leave something in.
  template <class Lanes, class F>
  static void for_each_array(Lanes& lanes, F&& f) {
    f(lanes.v);
    for (auto& array : lanes.arrays) f(array);
    for (auto& zone : lanes.zones) {
      for (auto& group : zone.groups) f(group.stored);
      for (auto& level : zone.levels) {
        f(level.held_rhs);
        f(level.held_d);
      }
    }
  }

  /// What has been delivered goes, what arrives comes; the neuron's own regular input among it.
  void take_events(int64_t ms, std::span<const StreamArrival> arrivals) {
    const auto excitatory = excitatory_synapses();
    const double start_ms = static_cast<double>(ms), until_ms = std::numeric_limits<double>::infinity();
    std::vector<EventQueue> queues(lanes_.zones.size());
    for (size_t z = 0; z < queues.size(); ++z) {
      auto& queue = lanes_.zones[z].events;
      queues[z].events.assign(queue.events.begin() + static_cast<int64_t>(queue.next), queue.events.end());
    }
    for (const auto& arrival : arrivals) {
      const bool excites = arrival.synapse < excitatory;
      source_.add(excites, excites ? arrival.synapse : arrival.synapse - excitatory,
                  static_cast<int32_t>(arrival.neuron), arrival.time_ms, arrival.weight, until_ms, queues);
    }
    if (has_regular_input())
      for (size_t n = 0; n < neurons_; ++n)
        source_.add_regular(static_cast<int32_t>(n), ms == 0 ? kBeforeAll_ms : start_ms, start_ms + 1,
                            queues);
    for (size_t z = 0; z < queues.size(); ++z) {
      sort_events(queues[z]);
      lanes_.zones[z].events.events = std::move(queues[z].events);
      lanes_.zones[z].events.next = 0;
    }
  }
  bool has_regular_input() const {
    return !plan_->cell.excitatory.regular.empty() || !plan_->cell.inhibitory.regular.empty();
  }
  uint32_t excitatory_synapses() const { return excitatory_; }

  std::shared_ptr<const CablePlan<T>> plan_;
  size_t neurons_;
  CableLanes<T> lanes_;
  EventSource<T> source_;
  size_t soma_node_;
  SomaWatch<T> watch_;
  VoltageCheck<T> check_;
  int64_t steps_per_ms_;
  uint32_t excitatory_ =
      static_cast<uint32_t>(cell::synapse_compartments(plan_->cell, plan_->cell.excitatory).size());
};

template <class T>
BatchMaker batches_in(const cell::DetailedCell& cell, const SimulationSpec& spec) {
  const auto plan = std::make_shared<const CablePlan<T>>(make_cable_plan<T>(cell, spec.cable));
  return {plan->kernels.lanes, [plan](std::span<const random::TrialKey> draws) {
            return std::make_unique<CableBatch<T>>(plan, draws);
          }};
}

}  // namespace

BatchMaker batches_of(const cell::DetailedCell& cell, const SimulationSpec& spec) {
  const double steps = 1 / spec.cable.dt_ms;
  if (std::fabs(steps - std::round(steps)) > 1e-9)
    fail_input(
        "dt_ms = {:g}: neurons that are advanced ms by ms take steps of a whole fraction of a ms, {:g}",
        spec.cable.dt_ms, 1 / std::ceil(steps));
  return spec.precision == Precision::in_float ? batches_in<float>(cell, spec)
                                               : batches_in<double>(cell, spec);
}

}  // namespace nt::simulate

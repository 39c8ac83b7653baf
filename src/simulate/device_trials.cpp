#include "simulate/detail/device_trials.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include "cell/physical.hpp"
#include "config/error.hpp"
#include "simulate/detail/cable_lanes.hpp"
#include "simulate/detail/recorder.hpp"
#include "simulate/detail/voltage_check.hpp"
#include "simulate/in_parallel.hpp"

namespace nt::simulate {
namespace {

using device_code::kLanes;

/// A launch takes those of a millisecond, and as many more as its last step, of at most kSample_ms, goes on
/// for.
constexpr int64_t kSamples = 10;

}  // namespace

DeviceTrials::DeviceTrials(const CablePlan<float>& plan, const DeviceCell& cell,
                           const std::shared_ptr<device::Device>& device,
                           std::span<const stimulus::TimedInput> inputs, int64_t duration_ms)
    : plan_(plan),
      cell_(cell),
      trials_(std::ssize(inputs)),
      duration_ms_(duration_ms),
      tiles_((std::ssize(inputs) + kLanes - 1) / kLanes),
      tile_(device, static_cast<size_t>(tiles_ * cell.layout().floats)),
      trace_(device, static_cast<size_t>(tiles_ * std::ssize(cell.probes()) * kSamples * kLanes)),
      doubted_(device, static_cast<size_t>(tiles_ * kLanes)),
      recordings_(inputs.size()) {
  doubted_.fill_zero();
  std::vector<random::TrialKey> keys(static_cast<size_t>(tiles_ * kLanes));
  for (size_t i = 0; i < inputs.size(); ++i) keys[i] = inputs[i].draws;
  keys_ = {device, std::span<const random::TrialKey>(keys)};
  start(inputs);
  queue(device, inputs);
  const size_t probes = cell.probes().size();
  traces_.resize(inputs.size() * probes);
  for (auto& trace : traces_) {
    trace.resize(static_cast<size_t>(duration_ms * 8));
    if (!trace.empty()) trace[0] = static_cast<float>(plan.cell.initial_mV);
  }
  for (auto& r : recordings_)
    if (plan.spec.dendrites)
      r.dendrites_mV.resize(plan.cell.geometry.compartments.size() * static_cast<size_t>(duration_ms));
}

/// A tile from the arrays of the host.
std::vector<float> DeviceTrials::packed(const CableLanes<float>& lanes) const {
  const auto& layout = cell_.layout();
  std::vector<float> tile(static_cast<size_t>(layout.floats), 0.0f);
  const auto put = [&](const Aligned<float>& from, int32_t at) {
    std::copy_n(from.data(), from.size(), tile.data() + at);
  };
  put(lanes.v, layout.v);
  for (size_t k = 0; k < lanes.arrays.size(); ++k) put(lanes.arrays[k], layout.arrays[k]);
  for (size_t z = 0; z < lanes.zones.size(); ++z) {
    if (!lanes.zones[z].events.own.empty())
      fail_input(
          "a mechanism sends itself events in INITIAL, which a device cannot do yet; use --device cpu");
    for (size_t g = 0; g < lanes.zones[z].groups.size(); ++g)
      put(lanes.zones[z].groups[g].stored, layout.zones[z].groups[g]);
  }
  return tile;
}

void DeviceTrials::start(std::span<const stimulus::TimedInput> inputs) {
  auto lanes = make_cable_lanes(plan_);
  std::vector<float> tile;
  for (int64_t t = 0; t < tiles_; ++t) {
    if (t == 0 || plan_.draws_at_start) {
      lanes.trials.assign(kLanes, {});
      for (size_t lane = 0; lane < kLanes && static_cast<size_t>(t) * kLanes + lane < inputs.size(); ++lane)
        lanes.trials[lane] = inputs[static_cast<size_t>(t) * kLanes + lane].draws;
      simulate::start(plan_, lanes);
      tile = packed(lanes);
    }
    tile_.upload(tile, static_cast<size_t>(t) * tile.size());
  }
}

DeviceTrials::TileEvents DeviceTrials::events_of(int64_t tile,
                                                 std::span<const stimulus::TimedInput> inputs) const {
  const auto from = static_cast<size_t>(tile * kLanes);
  const auto queues =
      queue_events(plan_, inputs.subspan(from, std::min<size_t>(kLanes, inputs.size() - from)), duration_ms_);
  std::vector<std::vector<device_code::EventCode>> own(static_cast<size_t>(cell_.queues()) * kLanes);
  for (size_t z = 0; z < queues.size(); ++z) {
    for (const auto& event : queues[z].events) {
      const auto queue = static_cast<size_t>(cell_.program().first_queue[z] + event.block);
      own[queue * kLanes + static_cast<size_t>(event.lane)].push_back(
          {static_cast<int32_t>(event.step), cell_.program().first_group[z] + event.group, event.instance,
           static_cast<float>(event.weight)});
    }
  }
  TileEvents all;
  for (const auto& list : own) {
    all.events.insert(all.events.end(), list.begin(), list.end());
    all.counts.push_back(std::ssize(list));
  }
  return all;
}

/// The queues are filled on the host, by several threads where there are many, and go to the device in one
/// piece.
void DeviceTrials::queue(const std::shared_ptr<device::Device>& device,
                         std::span<const stimulus::TimedInput> inputs) {
  constexpr int64_t kTilesOfAThread = 16;  // fewer are done before another thread has begun
  const int64_t processors = std::max(1u, std::thread::hardware_concurrency());
  std::vector<TileEvents> tiles(static_cast<size_t>(tiles_));
  std::atomic<int64_t> next = 0;
  in_parallel(static_cast<int>(std::clamp<int64_t>(tiles_ / kTilesOfAThread, 1, processors)),
              [&](const std::atomic<bool>& failed) {
                for (int64_t t = 0; !failed && (t = next++) < tiles_;)
                  tiles[static_cast<size_t>(t)] = events_of(t, inputs);
              });
  std::vector<int64_t> first{0};
  std::vector<device_code::EventCode> events;
  for (auto& tile : tiles) {
    events.insert(events.end(), tile.events.begin(), tile.events.end());
    for (const int64_t count : tile.counts) first.push_back(first.back() + count);
    tile = {};
  }
  first_event_ = {device, std::span<const int64_t>(first)};
  next_event_ = {device, std::span<const int64_t>(first)};
  event_ = {device, std::span<const device_code::EventCode>(events)};
}

void DeviceTrials::add_to(device_code::CableArguments& a) {
  a.samples = static_cast<int32_t>(kSamples);
  a.first_sample = taken_;
  a.trials = trials_;
  a.tile = tile_.data();
  a.trace = trace_.data();
  a.first_event = first_event_.data();
  a.next_event = next_event_.data();
  a.event = event_.data();
  a.trial = keys_.data();
  a.least_mV = static_cast<float>(cell::kLowest_mV);
  a.most_mV = static_cast<float>(cell::kHighest_mV);
  a.doubted = doubted_.data();
}

void DeviceTrials::require_belief() {
  doubts_.resize(doubted_.size());
  doubted_.download(doubts_);
  if (std::ranges::any_of(doubts_, [](int32_t doubt) { return doubt != 0; })) throw Disbelief{};
}

void DeviceTrials::take_traces(double t_ms) {
  const int64_t last = std::min(device_code::samples_until(t_ms, kSample_ms), duration_ms_ * 8);
  if (last <= taken_) return;
  samples_.resize(trace_.size());
  trace_.download(samples_);
  const auto probes = std::ssize(cell_.probes());
  for (int64_t trial = 0; trial < trials_; ++trial) {
    for (int64_t p = 0; p < probes; ++p) {
      const float* from =
          samples_.data() + (trial / kLanes * probes + p) * kSamples * kLanes + trial % kLanes;
      float* to = traces_[static_cast<size_t>(trial * probes + p)].data();
      for (int64_t k = taken_; k < last; ++k) to[k] = from[(k - taken_) * kLanes];
    }
  }
  taken_ = last;
}

void DeviceTrials::at_millisecond(int64_t ms, const CompartmentListener& listener) {
  require_belief();
  if (!listener && !plan_.spec.dendrites) return;  // copies of v would take longer than the device
  const auto nodes = static_cast<size_t>(plan_.tree.nodes()), row = nodes * kLanes;
  const auto compartments = plan_.cell.geometry.compartments.size();
  v_.resize(row);
  told_mV_.resize(static_cast<size_t>(trials_) * compartments);
  for (int64_t t = 0; t < tiles_; ++t) {
    tile_.download(v_, static_cast<size_t>(t * cell_.layout().floats + cell_.layout().v));
    const auto lanes = static_cast<size_t>(std::min<int64_t>(kLanes, trials_ - t * kLanes));
    for (size_t c = 0; c < compartments; ++c) {
      const float* mV = v_.data() + static_cast<size_t>(plan_.tree.order.node_of[c]) * kLanes;
      for (size_t lane = 0; lane < lanes; ++lane)
        told_mV_[(static_cast<size_t>(t) * kLanes + lane) * compartments + c] = mV[lane];
    }
  }
  if (ms >= duration_ms_) return;
  for (size_t i = 0; plan_.spec.dendrites && i < recordings_.size(); ++i)
    for (size_t c = 0; c < compartments; ++c)
      recordings_[i].dendrites_mV[c * static_cast<size_t>(duration_ms_) + static_cast<size_t>(ms)] =
          told_mV_[i * compartments + c];
  if (listener) listener(ms, told_mV_);
}

std::vector<Recording> DeviceTrials::finish() {
  const size_t probes = cell_.probes().size();
  for (size_t i = 0; i < recordings_.size(); ++i) {
    auto& r = recordings_[i];
    const auto trace = [&](size_t probe) { return std::move(traces_[i * probes + probe]); };
    r.soma_mV = trace(0);
    if (plan_.cell.nexus) r.nexus_mV = trace(1);
    for (size_t k = 0; k < plan_.cell.sites.size(); ++k)
      r.sites.push_back({plan_.cell.sites[k].name, trace(k + 2)});
    r.spike_times_ms = output_spikes(r.soma_mV, plan_.spec.spike_threshold_mV);
  }
  const auto nothing = make_cable_lanes(plan_);
  VoltageCheck<float>(plan_, nothing, recordings_.size(), false).check_traces(recordings_);
  return std::move(recordings_);
}

}  // namespace nt::simulate

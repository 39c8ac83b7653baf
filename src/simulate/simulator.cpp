#include "simulate/simulator.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>

#include "simulate/cable.hpp"
#include "simulate/detail/integrate_and_fire.hpp"
#include "simulate/device_cable.hpp"
#include "simulate/in_parallel.hpp"
#include "simulate/unphysical_voltage.hpp"

namespace nt::simulate {

class Simulator::Kind {
 public:
  virtual ~Kind() = default;
  virtual size_t side_by_side() const = 0;
  virtual std::vector<Recording> run(std::span<const stimulus::TimedInput> inputs, int64_t duration_ms,
                                     const CompartmentListener& listener) = 0;
  virtual std::vector<Recording> run(std::span<const stimulus::SynapticInput> inputs, int64_t duration_ms,
                                     const CompartmentListener& listener) = 0;
};

namespace {

template <class T>
size_t side_by_side_in(const CableSimulator<T>& simulator) {
  return simulator.lanes();
}
size_t side_by_side_in(const DeviceCableSimulator& simulator) {
  return simulator.side_by_side();
}

/// A neuron of compartments, by a CableSimulator of some precision or by a device.
template <class Cable>
class CompartmentalKind final : public Simulator::Kind {
 public:
  template <class... Arguments>
  explicit CompartmentalKind(const Arguments&... arguments) : simulator_(arguments...) {}
  size_t side_by_side() const override { return side_by_side_in(simulator_); }
  std::vector<Recording> run(std::span<const stimulus::TimedInput> inputs, int64_t duration_ms,
                             const CompartmentListener& listener) override {
    return simulator_.run(inputs, duration_ms, listener);
  }
  std::vector<Recording> run(std::span<const stimulus::SynapticInput> inputs, int64_t duration_ms,
                             const CompartmentListener& listener) override {
    return simulator_.run(inputs, duration_ms, listener);
  }

 private:
  Cable simulator_;
};

/// A neuron without extent, of a type that a function Trial simulate(cell, input, duration_ms) takes.
template <class Cell>
class PointKind final : public Simulator::Kind {
 public:
  PointKind(const Cell& cell, size_t quantities) : cell_(cell), quantities_(quantities) {}
  size_t side_by_side() const override { return 1; }
  std::vector<Recording> run(std::span<const stimulus::TimedInput> inputs, int64_t duration_ms,
                             const CompartmentListener& listener) override {
    std::vector<stimulus::SynapticInput> whole;
    for (const auto& input : inputs) whole.push_back(at_whole_ms(input));
    return run(whole, duration_ms, listener);
  }
  std::vector<Recording> run(std::span<const stimulus::SynapticInput> inputs, int64_t duration_ms,
                             const CompartmentListener& listener) override {
    std::vector<Recording> recordings;
    for (const auto& input : inputs) recordings.push_back(record(input, duration_ms));
    if (!listener) return recordings;
    std::vector<float> mV(recordings.size());
    for (int64_t ms = 0; ms < duration_ms; ++ms) {
      for (size_t i = 0; i < mV.size(); ++i) mV[i] = recordings[i].soma_mV[ms];
      listener(ms, mV);
    }
    return recordings;
  }

 private:
  Recording record(const stimulus::SynapticInput& input, int64_t duration_ms) const {
    auto trial = simulate(cell_, input, duration_ms);
    Recording recording;
    recording.samples_per_ms = 1;
    recording.quantities.assign(quantities_, trial.soma_mV);
    recording.soma_mV = std::move(trial.soma_mV);
    recording.spike_times_ms.assign(trial.spike_times_ms.begin(), trial.spike_times_ms.end());
    return recording;
  }

  const Cell& cell_;
  size_t quantities_;
};

std::unique_ptr<Simulator::Kind> kind_of(const cell::DetailedCell& cell, const SimulationSpec& spec) {
  if (spec.precision == Precision::in_float)
    return std::make_unique<CompartmentalKind<CableSimulator<float>>>(cell, spec.cable);
  return std::make_unique<CompartmentalKind<CableSimulator<double>>>(cell, spec.cable);
}

template <class Cell>
std::unique_ptr<Simulator::Kind> kind_of(const Cell& cell, const SimulationSpec& spec) {
  return std::make_unique<PointKind<Cell>>(cell, spec.cable.quantities.size());
}

std::unique_ptr<Simulator::Kind> kind_of(const cell::Neuron& neuron, const SimulationSpec& spec) {
  if (spec.device != device::Kind::cpu)
    return std::make_unique<CompartmentalKind<DeviceCableSimulator>>(
        cell_for_device(neuron, spec), spec.cable, device::open_device(spec.device));
  return std::visit([&](const auto& cell) { return kind_of(cell, spec); }, neuron);
}

template <class Input>
std::vector<Recording> in_batches(const cell::Neuron& neuron, const SimulationSpec& spec,
                                  std::span<const Input> inputs, int64_t duration_ms, int threads,
                                  const Watcher& watcher) {
  std::vector<Recording> recordings(inputs.size());
  std::atomic<size_t> next = 0;
  std::mutex telling;
  Progress progress{"simulate", 0, static_cast<double>(inputs.size()), "trials", ""};
  const auto tell = [&](size_t more) {
    const std::lock_guard lock(telling);
    progress.done += static_cast<double>(more);
    watcher.tell(progress);
  };
  // No more threads than batches, of which a device needs few: each has to make the neuron ready.
  Simulator first_simulator(neuron, spec);
  const size_t at_once = first_simulator.side_by_side(),
               batches = std::max<size_t>(1, (inputs.size() + at_once - 1) / at_once);
  std::atomic<bool> first_is_taken = false;
  const int workers = static_cast<int>(std::min(static_cast<size_t>(threads), batches));
  in_parallel(workers, [&](const std::atomic<bool>& failed) {
    std::optional<Simulator> own;
    if (first_is_taken.exchange(true)) own.emplace(neuron, spec);
    auto& simulator = own ? *own : first_simulator;
    CompartmentListener stopping;
    if (watcher.stop.stop_possible())
      stopping = [&](int64_t, auto) { watcher.stop_here_if_asked("simulating"); };
    for (size_t first; !failed && (first = next.fetch_add(at_once)) < inputs.size();) {
      const auto some = inputs.subspan(first, std::min(at_once, inputs.size() - first));
      try {
        auto batch = simulator.run(some, duration_ms, stopping);
        std::move(batch.begin(), batch.end(), recordings.begin() + static_cast<int64_t>(first));
        tell(some.size());
      } catch (const UnphysicalVoltage& error) {
        throw UnphysicalVoltage(first + error.trial, error.description);
      }
    }
  });
  return recordings;
}

}  // namespace

Simulator::Simulator(const cell::Neuron& neuron, const SimulationSpec& spec) : kind_(kind_of(neuron, spec)) {}
Simulator::~Simulator() = default;
Simulator::Simulator(Simulator&&) noexcept = default;
Simulator& Simulator::operator=(Simulator&&) noexcept = default;

size_t Simulator::side_by_side() const {
  return kind_->side_by_side();
}

std::vector<Recording> Simulator::run(std::span<const stimulus::SynapticInput> inputs, int64_t duration_ms,
                                      const CompartmentListener& listener) {
  return kind_->run(inputs, duration_ms, listener);
}

std::vector<Recording> Simulator::run(std::span<const stimulus::TimedInput> inputs, int64_t duration_ms,
                                      const CompartmentListener& listener) {
  return kind_->run(inputs, duration_ms, listener);
}

std::vector<Recording> simulate(const cell::Neuron& neuron, const SimulationSpec& spec,
                                std::span<const stimulus::SynapticInput> inputs, int64_t duration_ms,
                                int threads, const Watcher& watcher) {
  return in_batches(neuron, spec, inputs, duration_ms, threads, watcher);
}

std::vector<Recording> simulate(const cell::Neuron& neuron, const SimulationSpec& spec,
                                std::span<const stimulus::TimedInput> inputs, int64_t duration_ms,
                                int threads, const Watcher& watcher) {
  return in_batches(neuron, spec, inputs, duration_ms, threads, watcher);
}

}  // namespace nt::simulate

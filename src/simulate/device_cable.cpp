#include "simulate/device_cable.hpp"

#include <algorithm>
#include <cmath>

#include "config/error.hpp"
#include "simulate/detail/cable_module.hpp"
#include "simulate/detail/device_cell.hpp"
#include "simulate/detail/device_trials.hpp"
#include "simulate/detail/voltage_check.hpp"
#include "simulate/unphysical_voltage.hpp"

namespace nt::simulate {
namespace {

constexpr size_t kTrials = 4096;  // at once on a GPU
constexpr size_t kTrialsWhereEmulated = 64;
constexpr int kMostWarps = 8;  // of a tile

CablePlan<float> plan_of_tiles(const cell::DetailedCell& cell, const CableSpec& spec) {
  auto plan = make_cable_plan<float>(cell, spec);
  plan.kernels.lanes = device_code::kLanes;
  return plan;
}

}  // namespace

struct DeviceCableSimulator::State {
  std::shared_ptr<device::Device> device;
  CablePlan<float> plan;
  DeviceCell cell;
  int warps;

  State(const cell::DetailedCell& detailed, const CableSpec& spec, std::shared_ptr<device::Device> device_)
      : device(std::move(device_)), plan(plan_of_tiles(detailed, spec)), cell(plan, device) {
    if (!spec.quantities.empty())
      fail_input("a device does not record what states and currents do ('{}'); use --device cpu",
                 spec.quantities.front().name());
    size_t blocks = 1;
    for (const auto& zone : plan.zones) blocks = std::max(blocks, zone.blocks());
    warps = static_cast<int>(std::min<size_t>(blocks, kMostWarps));
  }

  void launch(DeviceTrials& trials, int64_t first, int64_t last) {
    auto arguments = cell.arguments();
    trials.add_to(arguments);
    arguments.first_step = first;
    arguments.last_step = last;
    device->launch(cell.kernel(), {trials.tiles(), warps * device_code::kLanes, 0}, arguments);
  }

  std::vector<Recording> run(std::span<const stimulus::TimedInput> inputs, int64_t duration_ms,
                             const CompartmentListener& listener) {
    DeviceTrials trials(plan, cell, device, inputs, duration_ms);
    const double dt_ms = plan.spec.dt_ms;
    const auto steps = static_cast<int64_t>(std::ceil(static_cast<double>(duration_ms) / dt_ms - 1e-9));
    int64_t done = 0;
    trials.at_millisecond(0, listener);
    for (int64_t ms = 0; done < steps; ++ms) {
      // The first step that ends at the millisecond's end or later is its last.
      int64_t last = done;
      while (last < steps) {
        ++last;
        if (static_cast<double>(last) * dt_ms > static_cast<double>(ms + 1) - 1e-9) break;
      }
      launch(trials, done, last);
      trials.take_traces(static_cast<double>(last) * dt_ms);
      done = last;
      trials.at_millisecond(ms + 1, listener);
    }
    return trials.finish();
  }
};

DeviceCableSimulator::DeviceCableSimulator(const cell::DetailedCell& cell, const CableSpec& spec,
                                           std::shared_ptr<device::Device> device)
    : state_(std::make_unique<State>(cell, spec, std::move(device))) {}
DeviceCableSimulator::~DeviceCableSimulator() = default;

size_t DeviceCableSimulator::side_by_side() const {
  return state_->device->architecture().empty() ? kTrialsWhereEmulated : kTrials;
}

std::vector<Recording> DeviceCableSimulator::run(std::span<const stimulus::TimedInput> inputs,
                                                 int64_t duration_ms, const CompartmentListener& listener) {
  try {
    return state_->run(inputs, duration_ms, listener);
  } catch (const Disbelief&) {
    // The CPU, which looks at every step, finds the source.
    const auto& plan = state_->plan;
    CableSimulator<float> cpu(plan.cell, plan.spec);
    for (size_t first = 0; first < inputs.size(); first += cpu.lanes()) {
      try {
        cpu.run(inputs.subspan(first, std::min(cpu.lanes(), inputs.size() - first)), duration_ms);
      } catch (const UnphysicalVoltage& error) {
        throw UnphysicalVoltage(first + error.trial, error.description);
      }
    }
    fail_run("a voltage on the device is none that a membrane has, but the CPU's is in the same trials");
  }
}

std::vector<Recording> DeviceCableSimulator::run(std::span<const stimulus::SynapticInput> inputs,
                                                 int64_t duration_ms, const CompartmentListener& listener) {
  std::vector<stimulus::TimedInput> all;
  for (const auto& input : inputs) all.push_back(stimulus::timed(input));
  return run(std::span<const stimulus::TimedInput>(all), duration_ms, listener);
}

const cell::DetailedCell& cell_for_device(const cell::Neuron& neuron, const SimulationSpec& spec) {
  const auto* cell = cell::compartmental(neuron);
  if (cell == nullptr)
    fail_input("a {} is simulated on the CPU alone; use --device cpu", cell::words_for(neuron));
  if (spec.precision == Precision::in_double)
    fail_input("a device simulates in single precision (precision = \"float\"); use --device cpu");
  return *cell;
}

}  // namespace nt::simulate

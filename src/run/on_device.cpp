#include "run/detail/on_device.hpp"

#include "twin/device_stream.hpp"

namespace nt::run {
namespace {

/// Why no device simulates a plan's trials; empty where one may.
std::string_view why_not(const produce::DatasetPlan& plan) {
  if (cell::compartmental(plan.cell) == nullptr) return "is of a neuron without compartments";
  if (plan.simulation.precision == simulate::Precision::in_double)
    return "is in double precision (simulation.precision)";
  if (!plan.data.targets.empty()) return "records states and currents (data.targets)";
  return {};
}

}  // namespace

produce::DatasetPlan on_device(produce::DatasetPlan plan, const RunFolder& run, std::string_view stage) {
  if (run.device() == device::Kind::cpu) return plan;
  if (const auto why = why_not(plan); why.empty())
    plan.simulation.device = run.device();
  else
    run.watcher.note(fmt::format("{}: what it simulates {}: on the CPU", stage, why));
  return plan;
}

twin::Twin twin_on_device(const RunFolder& run, std::string_view stage) {
  auto twin = run.trained_twin();
  if (run.device() == device::Kind::cpu) return twin;
  if (twin::has_device_stream(twin.spec()))
    twin.device = device::open_device(run.device());
  else
    run.watcher.note(fmt::format("{}: {} twins have no code for a GPU yet: on the CPU", stage,
                                 twin.spec().network->kind()));
  return twin;
}

}  // namespace nt::run

// The voltage of a detailed neuron's nexus, where it names one.
#include "produce/plan.hpp"
#include "produce/signal_sources.hpp"

namespace nt::produce {
namespace {

int64_t values_per_ms(const DatasetPlan& plan) {
  const auto* cell = cell::compartmental(plan.cell);
  return cell != nullptr && cell->nexus ? 1 : 0;
}

SignalMaker maker(const DatasetPlan&, const SignalPreparation&) {
  return {.from_recording = [](const simulate::Recording& recording, auto) {
    return simulate::at_whole_ms(recording.nexus_mV, 8);
  }};
}

/// The description of the neuron says it.
std::string configuration(const DatasetPlan&) {
  return "";
}

}  // namespace

SignalSource nexus_voltage() {
  return {"nexus_mV", "mV", values_per_ms, maker, configuration};
}

}  // namespace nt::produce

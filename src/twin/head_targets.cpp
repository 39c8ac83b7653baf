#include "twin/detail/signal_loss.hpp"

namespace nt::twin {
namespace {

constexpr auto kSignal = "targets";

double loss(const HeadBatch& b, std::span<double> gradient) {
  return signal_loss(b, kSignal, "targets", gradient);
}

}  // namespace

/// What else the data set holds of the neuron's inside: voltages, states, currents, concentrations at named
/// places, each in its standard deviations.
HeadKind targets_head() {
  HeadKind kind;
  kind.name = "targets";
  kind.loss_name = "target";
  kind.words = "targets inside the neuron";
  kind.unit = "standard deviations";
  kind.weight_sd = 0.05;
  kind.weight_key = "target_weight";
  kind.weight = 0.1;
  kind.in_schedule = kind.judged = kind.quiet = true;
  kind.signal = kSignal;
  kind.outputs = [](const HeadSettings&, int64_t values_per_ms) { return values_per_ms; };
  kind.loss = loss;
  return kind;
}

}  // namespace nt::twin

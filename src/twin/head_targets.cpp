#include "twin/detail/loss.hpp"
#include "twin/heads.hpp"

namespace nt::twin {
namespace {

constexpr auto kSignal = "targets";

double loss(const HeadBatch& b, std::span<double> gradient) {
  const auto* targets = b.batch.signal(kSignal);
  const int64_t there = targets == nullptr ? 0 : targets->values_per_ms;
  if (there != b.count) fail_run("the twin predicts {} targets, the data hold {}", b.count, there);
  const auto error = [&](int64_t i) {
    return squared_error(b.outputs[i], static_cast<double>(targets->values[i]));
  };
  return mean_loss(std::ssize(b.outputs), gradient, error, [](int64_t) { return 1.0; });
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

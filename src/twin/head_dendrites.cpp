#include "twin/detail/signal_loss.hpp"

namespace nt::twin {
namespace {

constexpr auto kSignal = "dendrites_pc";

double loss(const HeadBatch& b, std::span<double> gradient) {
  return signal_loss(b, kSignal, "dendritic components", gradient);
}

}  // namespace

/// Principal components of the voltages in the dendrites, where the data have them.
HeadKind dendrites_head() {
  HeadKind kind;
  kind.name = "dendrites";
  kind.loss_name = "dendrite";
  kind.words = "dendritic components";
  kind.unit = "standard deviations";
  kind.weight_sd_key = "dendrite_weight_sd";
  kind.weight_sd = 0.05;
  kind.weight_key = "dendrite_weight";
  kind.weight = 5e-6;
  kind.in_schedule = kind.judged = true;
  kind.signal = kSignal;
  kind.outputs = [](const HeadSettings&, int64_t values_per_ms) { return values_per_ms; };
  kind.loss = loss;
  return kind;
}

}  // namespace nt::twin

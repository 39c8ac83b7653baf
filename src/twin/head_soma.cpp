#include "twin/detail/loss.hpp"
#include "twin/heads.hpp"

namespace nt::twin {
namespace {

double loss(const HeadBatch& b, std::span<double> gradient) {
  const auto error = [&](int64_t r) {
    return squared_error(b.outputs[r], static_cast<double>(b.batch.soma_mV[r]));
  };
  return mean_loss(std::ssize(b.outputs), gradient, error,
                   [&](int64_t r) { return static_cast<double>(b.batch.soma_counts[r]); });
}

}  // namespace

/// The somatic voltage, wherever it counts (see Gathering). The offset lets it learn deviations.
HeadKind soma_head() {
  HeadKind kind;
  kind.name = kind.loss_name = "soma";
  kind.words = "somatic voltage";
  kind.unit = "mV";
  kind.single = true;
  kind.weight_sd_key = "soma_weight_sd";
  kind.bias_key = "soma_bias";
  kind.offset_key = "soma_offset_mV";
  kind.offset = -67.7;
  kind.weight_key = "soma_weight";
  kind.weight = 0.02;  // per mV^2
  kind.in_schedule = kind.judged = true;
  kind.outputs = [](const HeadSettings&, int64_t) -> int64_t { return 1; };
  kind.loss = loss;
  return kind;
}

}  // namespace nt::twin

#include "twin/detail/loss.hpp"
#include "twin/heads.hpp"

namespace nt::twin {
namespace {

double loss(const HeadBatch& b, std::span<double> gradient) {
  const auto log_odds = [&](int64_t r) {
    return cross_entropy(b.outputs[r], static_cast<double>(b.batch.spikes[r]));
  };
  return mean_loss(std::ssize(b.outputs), gradient, log_odds, [](int64_t) { return 1.0; });
}

}  // namespace

/// Does the neuron spike in this ms? Answered by the log-odds.
HeadKind spike_head() {
  HeadKind kind;
  kind.name = kind.loss_name = "spike";
  kind.words = "spikes";
  kind.unit = "1";
  kind.activation = HeadActivation::logistic;
  kind.single = true;
  kind.weight_sd_key = "spike_weight_sd";
  kind.bias_key = "spike_bias";
  kind.bias = -2;
  kind.weight_key = "spike_weight";
  kind.in_schedule = kind.judged = true;
  kind.outputs = [](const HeadSettings&, int64_t) -> int64_t { return 1; };
  kind.loss = loss;
  return kind;
}

}  // namespace nt::twin

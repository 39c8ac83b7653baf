#include <cmath>

#include "twin/detail/loss.hpp"
#include "twin/heads.hpp"

namespace nt::twin {
namespace {

double sd_ms(const HeadSettings& settings) {
  return settings.find("rate_sd_ms")->second;
}

int64_t edge_ms(const HeadSettings& settings) {
  return static_cast<int64_t>(std::ceil(4 * sd_ms(settings)));
}

double loss(const HeadBatch& b, std::span<double> gradient) {
  const int64_t edge = edge_ms(b.settings), window_ms = b.batch.window_ms;
  const GaussianCount counting(sd_ms(b.settings), edge);
  const auto count = [&](int64_t r) {
    const auto window = std::span(b.batch.spikes).subspan(r - r % window_ms, window_ms);
    return poisson(b.outputs[r], counting.at(window, r % window_ms));
  };
  return mean_loss(std::ssize(b.outputs), gradient, count, [&](int64_t r) {
    return r % window_ms >= edge && r % window_ms < window_ms - edge ? 1.0 : 0.0;
  });
}

}  // namespace

/// Another easier question: how many spikes, each weighted by a Gaussian of rate_sd_ms? Answered by the
/// logarithm of the expected number.
HeadKind count_head() {
  HeadKind kind;
  kind.name = "count";
  kind.loss_name = "easier";
  kind.words = "spike rate";
  kind.unit = "spikes";
  kind.activation = HeadActivation::exponential;
  kind.weight_sd_key = "spike_weight_sd";
  kind.bias_key = "spike_bias";
  kind.bias = -2;
  kind.weight_key = "rate_weight";
  kind.settings = {{"rate_sd_ms", 0, config::kNotNegative}};  // 0: not asked
  kind.outputs = [](const HeadSettings& s, int64_t) -> int64_t { return sd_ms(s) > 0; };
  kind.edge_ms = edge_ms;
  kind.loss = loss;
  return kind;
}

}  // namespace nt::twin

#include "twin/detail/loss.hpp"
#include "twin/heads.hpp"

namespace nt::twin {
namespace {

int64_t reach_ms(const HeadSettings& settings) {
  return static_cast<int64_t>(settings.find("near_spike_ms")->second);
}

double loss(const HeadBatch& b, std::span<double> gradient) {
  const int64_t reach = reach_ms(b.settings), window_ms = b.batch.window_ms;
  const auto near = [&](int64_t r) {
    const auto window = std::span(b.batch.spikes).subspan(r - r % window_ms, window_ms);
    return cross_entropy(b.outputs[r], greatest_near(window, r % window_ms, reach));
  };
  // Bins whose answer depends on what lies outside the window do not count.
  return mean_loss(std::ssize(b.outputs), gradient, near, [&](int64_t r) {
    return r % window_ms >= reach && r % window_ms < window_ms - reach ? 1.0 : 0.0;
  });
}

}  // namespace

/// An easier question than "a spike in this very ms?", which helps the layers below to learn: is there a
/// spike at most near_spike_ms away?
HeadKind near_spike_head() {
  HeadKind kind;
  kind.name = "near_spike";
  kind.loss_name = "easier";
  kind.words = "question whether a spike is near";
  kind.unit = "1";
  kind.activation = HeadActivation::logistic;
  kind.weight_sd_key = "spike_weight_sd";
  kind.bias_key = "spike_bias";
  kind.bias = -2;
  kind.weight_key = "near_spike_weight";
  kind.settings = {{"near_spike_ms", 0, config::kNotNegative, true}};  // 0: not asked
  kind.outputs = [](const HeadSettings& s, int64_t) -> int64_t { return reach_ms(s) > 0; };
  kind.edge_ms = reach_ms;
  kind.loss = loss;
  return kind;
}

}  // namespace nt::twin

#include "train/loss.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace neurontwin {

Losses losses(const TwinOutput& output, const WindowBatch& batch) {
  const auto target = [&](const std::vector<float>& values) {
    return torch::from_blob(const_cast<float*>(values.data()), {batch.windows, batch.window_ms},
                            torch::kFloat32)
        .to(output.soma_mV.device());
  };
  const auto counts = target(batch.soma_counts);
  return {torch::binary_cross_entropy_with_logits(output.spike_log_odds, target(batch.spikes)),
          ((output.soma_mV - target(batch.soma_mV)).square() * counts).sum() / counts.sum().clamp_min(1)};
}

double area_under_roc(std::span<const float> score, std::span<const uint8_t> spike) {
  std::vector<float> with, without;
  for (size_t i = 0; i < score.size(); ++i) (spike[i] ? with : without).push_back(score[i]);
  if (with.empty() || without.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(without.begin(), without.end());
  double wins = 0;
  for (const float s : with) {
    const auto [below, above] = std::equal_range(without.begin(), without.end(), s);
    wins += static_cast<double>(below - without.begin()) + 0.5 * static_cast<double>(above - below);
  }
  return wins / (static_cast<double>(with.size()) * static_cast<double>(without.size()));
}

}  // namespace neurontwin

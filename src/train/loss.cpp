#include "train/loss.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace neurontwin {

int64_t EasierQuestions::rate_edge_ms() const {
  return static_cast<int64_t>(std::ceil(4 * rate_sd_ms));
}

namespace {

/// The bins of [window][ms] whose answers lie inside the window.
torch::Tensor inner(const torch::Tensor& t, int64_t edge_ms) {
  return t.narrow(1, edge_ms, t.size(1) - 2 * edge_ms);
}

torch::Tensor near_spike_loss(const torch::Tensor& log_odds, const torch::Tensor& spikes, int64_t reach_ms) {
  const auto target = torch::max_pool1d(spikes.unsqueeze(1), 2 * reach_ms + 1, 1).squeeze(1);
  return torch::binary_cross_entropy_with_logits(inner(log_odds, reach_ms), target);
}

torch::Tensor rate_loss(const torch::Tensor& log_count, const torch::Tensor& spikes,
                        const EasierQuestions& questions) {
  const int64_t edge_ms = questions.rate_edge_ms();
  const auto distance = torch::arange(-edge_ms, edge_ms + 1, spikes.options()) / questions.rate_sd_ms;
  const auto window = torch::exp(-0.5 * distance.square()).view({1, 1, -1});
  const auto count = torch::conv1d(spikes.unsqueeze(1), window).squeeze(1);
  const auto z = inner(log_count, edge_ms);
  return (torch::exp(z) - count * z).mean();
}

}  // namespace

Losses losses(const TwinOutput& output, const WindowBatch& batch, const EasierQuestions& questions) {
  const auto target = [&](const std::vector<float>& values) {
    return torch::from_blob(const_cast<float*>(values.data()), {batch.windows, batch.window_ms},
                            torch::kFloat32)
        .to(output.soma_mV.device());
  };
  const auto counts = target(batch.soma_counts);
  const auto spikes = target(batch.spikes);
  Losses l;
  l.spike = torch::binary_cross_entropy_with_logits(output.spike_log_odds, spikes);
  l.soma = ((output.soma_mV - target(batch.soma_mV)).square() * counts).sum() / counts.sum().clamp_min(1);
  if (output.dendrites.defined()) {
    const auto* recorded = batch.signal("dendrites_pc");
    const int64_t held = recorded == nullptr ? 0 : recorded->values_per_ms;
    if (output.dendrites.size(2) != held)
      fail_run("the twin predicts {} dendritic components, the data hold {}", output.dendrites.size(2), held);
    const auto components = torch::from_blob(const_cast<float*>(recorded->values.data()),
                                             {batch.windows, batch.window_ms, held}, torch::kFloat32);
    l.dendrites = (output.dendrites - components.to(output.soma_mV.device())).square().mean();
  }
  if (output.near_spike_log_odds.defined() && questions.near_spike_ms > 0) {
    l.near_spike = near_spike_loss(output.near_spike_log_odds, spikes, questions.near_spike_ms);
  }
  if (output.log_count.defined() && questions.rate_sd_ms > 0) {
    l.rate = rate_loss(output.log_count, spikes, questions);
  }
  return l;
}

torch::Tensor weighted(const Losses& l, const LossWeights& weights, const EasierQuestions& questions) {
  auto total = weights.spike * l.spike + weights.soma * l.soma;
  if (l.dendrites.defined()) total = total + weights.dendrites * l.dendrites;
  if (l.near_spike.defined()) total = total + questions.near_spike_weight * l.near_spike;
  if (l.rate.defined()) total = total + questions.rate_weight * l.rate;
  return total;
}

double easier_loss(const Losses& l, const EasierQuestions& questions) {
  double loss = 0;
  if (l.near_spike.defined()) loss += questions.near_spike_weight * l.near_spike.item<double>();
  if (l.rate.defined()) loss += questions.rate_weight * l.rate.item<double>();
  return loss;
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

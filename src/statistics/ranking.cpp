#include "statistics/ranking.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace nt::statistics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// `above` is the weighted number of negatives over each positive, in order of falling score.
class MetricSums {
 public:
  MetricSums(double positives, double negatives, std::span<const double> false_positive_rates)
      : positives_(positives),
        negatives_(negatives),
        rates_(false_positive_rates),
        hits_(rates_.size(), 0.0) {}

  void add(double weight, double above) {
    seen_ += weight;
    wins_ += weight * (negatives_ - above);
    if (weight > 0) precision_ += weight * seen_ / (seen_ + above);
    for (size_t i = 0; i < rates_.size(); ++i) hits_[i] += above <= rates_[i] * negatives_ ? weight : 0;
  }

  RankMetrics metrics() const {
    if (positives_ <= 0 || negatives_ <= 0) return {kNaN, kNaN, std::vector<double>(rates_.size(), kNaN)};
    RankMetrics m{wins_ / (positives_ * negatives_), precision_ / positives_, hits_};
    for (double& tpr : m.tpr) tpr /= positives_;
    return m;
  }

 private:
  double positives_, negatives_;
  std::span<const double> rates_;
  double seen_ = 0, wins_ = 0, precision_ = 0;
  std::vector<double> hits_;
};

}  // namespace

double area_under_roc(std::span<const float> score, std::span<const uint8_t> spike) {
  std::vector<float> with, without;
  for (size_t i = 0; i < score.size(); ++i) (spike[i] ? with : without).push_back(score[i]);
  if (with.empty() || without.empty()) return kNaN;
  std::sort(without.begin(), without.end());
  double wins = 0;
  for (const float s : with) {
    const auto [below, above] = std::equal_range(without.begin(), without.end(), s);
    wins += static_cast<double>(below - without.begin()) + 0.5 * static_cast<double>(above - below);
  }
  return wins / (static_cast<double>(with.size()) * static_cast<double>(without.size()));
}

RankTable rank(std::span<const TrialBins> trials) {
  RankTable table;
  table.trials = trials.size();
  std::vector<std::pair<float, uint32_t>> positives;
  for (size_t j = 0; j < trials.size(); ++j) {
    for (size_t i = 0; i < trials[j].score.size(); ++i) {
      if (trials[j].spike[i]) positives.emplace_back(trials[j].score[i], static_cast<uint32_t>(j));
    }
  }
  std::stable_sort(positives.begin(), positives.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [score, trial] : positives) {
    table.positive_score.push_back(score);
    table.positive_trial.push_back(trial);
  }
  table.above.assign(positives.size() * trials.size(), 0.0f);
  std::vector<float> negative;
  for (size_t j = 0; j < trials.size(); ++j) {
    negative.clear();
    for (size_t i = 0; i < trials[j].score.size(); ++i) {
      if (!trials[j].spike[i]) negative.push_back(trials[j].score[i]);
    }
    std::sort(negative.begin(), negative.end(), std::greater<>());
    table.negatives.push_back(static_cast<double>(negative.size()));
    size_t higher = 0, not_lower = 0;  // both lists fall, so one pass will do
    for (size_t p = 0; p < positives.size(); ++p) {
      while (higher < negative.size() && negative[higher] > positives[p].first) ++higher;
      while (not_lower < negative.size() && negative[not_lower] >= positives[p].first) ++not_lower;
      table.above[p * trials.size() + j] = 0.5f * static_cast<float>(higher + not_lower);
    }
  }
  return table;
}

RankMetrics rank_metrics(const RankTable& table, std::span<const double> false_positive_rates) {
  const double negatives = std::accumulate(table.negatives.begin(), table.negatives.end(), 0.0);
  MetricSums sums(static_cast<double>(table.positives()), negatives, false_positive_rates);
  for (size_t p = 0; p < table.positives(); ++p) {
    const auto row = table.above.begin() + static_cast<int64_t>(p * table.trials);
    sums.add(1, std::accumulate(row, row + static_cast<int64_t>(table.trials), 0.0));
  }
  return sums.metrics();
}

std::vector<RankMetrics> rank_metrics(const RankTable& table, std::span<const double> false_positive_rates,
                                      std::span<const float> weight, size_t resamples) {
  std::vector<MetricSums> sums;
  for (size_t b = 0; b < resamples; ++b) {
    double positives = 0, negatives = 0;
    for (const auto trial : table.positive_trial) positives += weight[trial * resamples + b];
    for (size_t j = 0; j < table.trials; ++j) negatives += weight[j * resamples + b] * table.negatives[j];
    sums.emplace_back(positives, negatives, false_positive_rates);
  }
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto matrix = [](const float* data, size_t rows, size_t columns) {
    return Eigen::Map<const Matrix>(data, static_cast<Eigen::Index>(rows),
                                    static_cast<Eigen::Index>(columns));
  };
  const auto weights = matrix(weight.data(), table.trials, resamples);
  Matrix above;
  constexpr size_t kBlock = 1024;  // positives at a time, to bound the memory
  for (size_t first = 0; first < table.positives(); first += kBlock) {
    const size_t count = std::min(kBlock, table.positives() - first);
    above.noalias() = matrix(&table.above[first * table.trials], count, table.trials) * weights;
    const float* p = above.data();
    for (size_t i = 0; i < count; ++i) {
      const auto trial = table.positive_trial[first + i];
      for (size_t b = 0; b < resamples; ++b) sums[b].add(weight[trial * resamples + b], p[i * resamples + b]);
    }
  }
  std::vector<RankMetrics> metrics;
  for (const auto& s : sums) metrics.push_back(s.metrics());
  return metrics;
}

Resampled resampled_auc(const RankTable& table, std::span<const float> weight, size_t resamples) {
  Resampled out{rank_metrics(table, {}).auc, {}};
  for (const auto& metrics : rank_metrics(table, {}, weight, resamples)) out.resampled.push_back(metrics.auc);
  return out;
}

std::vector<RocPoint> roc_curve(const RankTable& table, size_t most) {
  std::vector<RocPoint> points{{0, 0, 1}};
  const double negatives = std::accumulate(table.negatives.begin(), table.negatives.end(), 0.0);
  const size_t stride = std::max<size_t>(1, table.positives() / std::max<size_t>(1, most));
  for (size_t p = 0; p < table.positives(); ++p) {
    if (p % stride != 0 && p + 1 != table.positives()) continue;
    const auto row = table.above.begin() + static_cast<int64_t>(p * table.trials);
    const double above = std::accumulate(row, row + static_cast<int64_t>(table.trials), 0.0);
    const auto found = static_cast<double>(p + 1);
    points.push_back(
        {above / negatives, found / static_cast<double>(table.positives()), found / (found + above)});
  }
  points.push_back({1, 1,
                    table.positives() > 0 ? static_cast<double>(table.positives()) /
                                                (static_cast<double>(table.positives()) + negatives)
                                          : 0});
  return points;
}

}  // namespace nt::statistics

#include "search/criterion.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <tuple>

#include "evaluate/bootstrap.hpp"
#include "evaluate/ranking.hpp"

namespace neurontwin {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Measured measure_auc(std::span<const TrialComparison> trials, size_t skip, std::span<const float> weight,
                     size_t resamples) {
  std::vector<TrialBins> bins;
  for (const auto& trial : trials) {
    bins.push_back({{trial.spike_log_odds.begin() + static_cast<int64_t>(skip), trial.spike_log_odds.end()},
                    {trial.spike.begin() + static_cast<int64_t>(skip), trial.spike.end()}});
  }
  const auto table = rank(bins);
  Measured m{rank_metrics(table, {}).auc, {}};
  for (const auto& metrics : rank_metrics(table, {}, weight, resamples)) m.resampled.push_back(metrics.auc);
  return m;
}

/// Sums of truth y, its square and the squared error over a trial's bins.
struct VoltageSums {
  double n = 0, y = 0, y2 = 0, e2 = 0;
  void add(const VoltageSums& o, double w) {
    n += w * o.n;
    y += w * o.y;
    y2 += w * o.y2;
    e2 += w * o.e2;
  }
  double variance_explained() const {
    const double variance = y2 / n - (y / n) * (y / n);
    return variance > 1e-9 ? 1 - e2 / n / variance : kNaN;
  }
};

Measured measure_voltage(std::span<const TrialComparison> trials, size_t skip, std::span<const float> weight,
                         size_t resamples, double& rmse_mV) {
  constexpr double kLevel_mV = -65;  // squares of deviations from it lose no digits
  std::vector<VoltageSums> sums;
  VoltageSums all;
  for (const auto& trial : trials) {
    VoltageSums s;
    for (size_t t = skip; t < trial.soma_mV.size(); ++t) {
      const double y = static_cast<double>(trial.soma_mV[t]) - kLevel_mV;
      const double e = static_cast<double>(trial.predicted_soma_mV[t]) - kLevel_mV - y;
      s.add({1, y, y * y, e * e}, 1);
    }
    sums.push_back(s);
    all.add(s, 1);
  }
  rmse_mV = std::sqrt(all.e2 / all.n);
  Measured m{all.variance_explained(), {}};
  for (size_t b = 0; b < resamples; ++b) {
    VoltageSums drawn;
    for (size_t i = 0; i < sums.size(); ++i) drawn.add(sums[i], weight[i * resamples + b]);
    m.resampled.push_back(drawn.variance_explained());
  }
  return m;
}

Verdict verdict(int64_t yes, int64_t all, double confidence) {
  if (all == 0) return Verdict::undecided;
  const double share = static_cast<double>(yes) / static_cast<double>(all);
  return share >= confidence ? Verdict::yes : share <= 1 - confidence ? Verdict::no : Verdict::undecided;
}

/// The solution of the normal equations A x = b by Gauss's elimination; NaNs if there is no single one.
template <size_t n>
std::array<double, n> solve(std::array<std::array<double, n + 1>, n> a) {
  std::array<double, n> x;
  x.fill(kNaN);
  for (size_t i = 0; i < n; ++i) {
    size_t pivot = i;
    for (size_t r = i + 1; r < n; ++r) {
      if (std::abs(a[r][i]) > std::abs(a[pivot][i])) pivot = r;
    }
    std::swap(a[i], a[pivot]);
    if (std::abs(a[i][i]) < 1e-9) return x;
    for (size_t r = 0; r < n; ++r) {
      if (r == i) continue;
      const double factor = a[r][i] / a[i][i];
      for (size_t c = i; c <= n; ++c) a[r][c] -= factor * a[i][c];
    }
  }
  for (size_t i = 0; i < n; ++i) x[i] = a[i][n] / a[i][i];
  return x;
}

/// In each resample the smallest size of those that are good there; infinite if none is.
template <class IsGood>
std::vector<double> smallest_sizes(std::span<const double> sizes, size_t resamples, const IsGood& is_good) {
  std::vector<double> smallest(resamples, std::numeric_limits<double>::infinity());
  for (size_t b = 0; b < resamples; ++b) {
    for (size_t i = 0; i < sizes.size(); ++i) {
      if (is_good(i, b)) smallest[b] = std::min(smallest[b], sizes[i]);
    }
  }
  return smallest;
}

}  // namespace

Answers measure(std::span<const TrialComparison> trials, int64_t skip_ms, std::span<const float> weight,
                size_t resamples) {
  const auto skip = static_cast<size_t>(skip_ms);
  Answers answers;
  answers.auc = measure_auc(trials, skip, weight, resamples);
  answers.variance_explained = measure_voltage(trials, skip, weight, resamples, answers.rmse_mV);
  return answers;
}

Answers mean_of(std::span<const Answers* const> trainings, uint64_t seed) {
  if (trainings.size() == 1) return *trainings.front();
  const size_t resamples = trainings.front()->auc.resampled.size();
  const auto drawn = resampling_weights(trainings.size(), resamples, seed);
  const auto n = static_cast<double>(trainings.size());
  const auto mean = [&](Measured Answers::*measure) {
    Measured out;
    out.resampled.assign(resamples, 0);
    for (size_t k = 0; k < trainings.size(); ++k) {
      const auto& training = trainings[k]->*measure;
      out.value += training.value / n;
      for (size_t b = 0; b < resamples; ++b)
        out.resampled[b] += static_cast<double>(drawn[k * resamples + b]) / n * training.resampled[b];
    }
    return out;
  };
  Answers answers{mean(&Answers::auc), mean(&Answers::variance_explained), 0};
  for (const auto* training : trainings) answers.rmse_mV += training->rmse_mV / n;
  return answers;
}

Comparison compare_with_best(const Measured& best, const Measured& other, double epsilon, double confidence) {
  std::vector<double> differences;
  int64_t not_worse = 0;
  for (size_t b = 0; b < best.resampled.size(); ++b) {
    const double difference = best.resampled[b] - other.resampled[b];
    if (std::isnan(difference)) continue;  // a resample without a spike
    differences.push_back(difference);
    not_worse += difference <= epsilon;
  }
  const auto all = static_cast<int64_t>(differences.size());
  return {best.value - other.value, percentile_interval(std::move(differences), confidence),
          verdict(not_worse, all, confidence)};
}

Verdict reaches(const Measured& measured, double target, double confidence) {
  int64_t all = 0, above = 0;
  for (const double value : measured.resampled) {
    if (std::isnan(value)) continue;
    ++all;
    above += value >= target;
  }
  return verdict(above, all, confidence);
}

std::vector<double> smallest_not_worse(std::span<const double> sizes,
                                       std::span<const Measured* const> measured, double epsilon) {
  if (measured.empty()) return {};
  const size_t resamples = measured.front()->resampled.size();
  std::vector<double> best(resamples, -std::numeric_limits<double>::infinity());
  for (const auto* m : measured) {
    for (size_t b = 0; b < resamples; ++b) best[b] = std::max(best[b], m->resampled[b]);
  }
  return smallest_sizes(sizes, resamples,
                        [&](size_t i, size_t b) { return measured[i]->resampled[b] >= best[b] - epsilon; });
}

std::vector<double> smallest_on_target(std::span<const double> sizes, std::span<const Answers* const> answers,
                                       double auc, double variance_explained) {
  if (answers.empty()) return {};
  return smallest_sizes(sizes, answers.front()->auc.resampled.size(), [&](size_t i, size_t b) {
    return (auc <= 0 || answers[i]->auc.resampled[b] >= auc) &&
           (variance_explained <= 0 || answers[i]->variance_explained.resampled[b] >= variance_explained);
  });
}

std::pair<double, double> size_interval(std::vector<double> smallest, double confidence) {
  if (smallest.empty()) return {kNaN, kNaN};
  std::sort(smallest.begin(), smallest.end());
  const auto last = static_cast<double>(smallest.size() - 1);
  // Sizes that networks have: no values between them.
  return {smallest[static_cast<size_t>(std::floor((1 - confidence) / 2 * last))],
          smallest[static_cast<size_t>(std::ceil((1 + confidence) / 2 * last))]};
}

double complexity_index(double auc) {
  return std::log10(1000 * (1 - auc)) / std::log10(100);
}

WidthOrDepth width_or_depth(std::span<const TrainedNetwork> networks, double confidence, uint64_t seed) {
  constexpr size_t kTerms = 6, kResamples = 1000;
  WidthOrDepth out;
  std::vector<std::array<double, kTerms + 1>> rows;
  for (const auto& n : networks) {
    if (std::isnan(n.score) || n.score >= 1) continue;
    const double rate = std::log10(n.learning_rate) + 2.5;  // near 0, so that the terms are of one size
    rows.push_back({1, std::log2(n.depth), std::log2(n.parameters) / 16, rate, rate * rate,
                    n.fully_connected ? 1.0 : 0.0, std::log2(1 - n.score)});
  }
  out.networks = static_cast<int64_t>(rows.size());
  // Terms that are the same for all explain nothing; they would only make the equations singular.
  std::array<bool, kTerms> used{};
  used[0] = true;
  for (size_t k = 1; k < kTerms; ++k) {
    for (const auto& row : rows) used[k] = used[k] || std::abs(row[k] - rows.front()[k]) > 1e-9;
  }
  const auto fit = [&](const std::vector<float>& weight, size_t resamples, size_t b) {
    std::array<std::array<double, kTerms + 1>, kTerms> normal{};
    for (size_t r = 0; r < rows.size(); ++r) {
      const double w = weight.empty() ? 1 : weight[r * resamples + b];
      for (size_t i = 0; i < kTerms; ++i) {
        for (size_t j = 0; j <= kTerms; ++j) {
          if (used[i] && (j == kTerms || used[j])) normal[i][j] += w * rows[r][i] * rows[r][j];
        }
      }
    }
    for (size_t i = 0; i < kTerms; ++i) {
      if (!used[i]) normal[i][i] = 1;
    }
    const auto x = solve<kTerms>(normal);
    return std::pair(used[1] ? std::exp2(x[1]) : kNaN, used[2] ? std::exp2(x[2] / 16) : kNaN);
  };
  out.error_factor_of_depth = out.error_factor_of_parameters = kNaN;
  out.depth_interval = out.parameters_interval = {kNaN, kNaN};
  if (rows.size() < 2 * kTerms) return out;
  std::tie(out.error_factor_of_depth, out.error_factor_of_parameters) = fit({}, 0, 0);
  const auto weight = resampling_weights(rows.size(), kResamples, seed);
  std::vector<double> depth, parameters;
  for (size_t b = 0; b < kResamples; ++b) {
    const auto [d, p] = fit(weight, kResamples, b);
    depth.push_back(d);
    parameters.push_back(p);
  }
  out.depth_interval = percentile_interval(std::move(depth), confidence);
  out.parameters_interval = percentile_interval(std::move(parameters), confidence);
  return out;
}

}  // namespace neurontwin

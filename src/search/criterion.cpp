#include "search/detail/criterion.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "evaluate/scores.hpp"
#include "numerics/solve.hpp"
#include "statistics/bootstrap.hpp"
#include "statistics/ranking.hpp"
#include "statistics/variance_explained.hpp"

namespace nt::search {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Measured measure_voltage(std::span<const evaluate::TrialComparison> trials, size_t skip,
                         std::span<const float> weight, size_t resamples, double& rmse_mV) {
  constexpr double kLevel_mV = -65;  // squares of deviations from it lose no digits
  std::vector<statistics::ErrorSums> sums;
  statistics::ErrorSums all;
  for (const auto& trial : trials) {
    statistics::ErrorSums s;
    for (size_t t = skip; t < trial.soma_mV.size(); ++t) {
      const double y = static_cast<double>(trial.soma_mV[t]) - kLevel_mV;
      const double e = static_cast<double>(trial.predicted_soma_mV[t]) - kLevel_mV - y;
      s.add({1, y, y * y, e * e}, 1);
    }
    sums.push_back(s);
    all.add(s, 1);
  }
  rmse_mV = std::sqrt(all.e2 / all.n);
  return resampled_value(std::span<const statistics::ErrorSums>(sums), weight, resamples,
                         [](const statistics::ErrorSums& s) { return statistics::variance_explained(s); });
}

Verdict verdict(int64_t yes, int64_t all, double confidence) {
  if (all == 0) return Verdict::undecided;
  const double share = static_cast<double>(yes) / static_cast<double>(all);
  return share >= confidence ? Verdict::yes : share <= 1 - confidence ? Verdict::no : Verdict::undecided;
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

Answers measure(std::span<const evaluate::TrialComparison> trials, int64_t skip_ms,
                std::span<const float> weight, size_t resamples) {
  Answers answers;
  answers.auc = statistics::resampled_auc(statistics::rank(evaluate::bins_of(trials, {.skip_ms = skip_ms})),
                                          weight, resamples);
  answers.variance_explained =
      measure_voltage(trials, static_cast<size_t>(skip_ms), weight, resamples, answers.rmse_mV);
  return answers;
}

Answers mean_of(std::span<const Answers* const> trainings, uint64_t seed) {
  if (trainings.size() == 1) return *trainings.front();
  const size_t resamples = trainings.front()->auc.resampled.size();
  const auto drawn = statistics::resampling_weights(trainings.size(), resamples, seed);
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
  return {statistics::estimate(best.value - other.value, std::move(differences), confidence),
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
  constexpr statistics::Estimate kNone{kNaN, kNaN, kNaN};
  WidthOrDepth out{0, kNone, kNone};
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
    std::array<double, kTerms * kTerms> normal{};
    std::array<double, kTerms> right{};
    for (size_t r = 0; r < rows.size(); ++r) {
      const double w = weight.empty() ? 1 : weight[r * resamples + b];
      for (size_t i = 0; i < kTerms; ++i) {
        if (!used[i]) continue;
        for (size_t j = 0; j < kTerms; ++j)
          if (used[j]) normal[i * kTerms + j] += w * rows[r][i] * rows[r][j];
        right[i] += w * rows[r][i] * rows[r][kTerms];
      }
    }
    for (size_t i = 0; i < kTerms; ++i) {
      if (!used[i]) normal[i * kTerms + i] = 1;
    }
    constexpr double kLeastPivot = 1e-9;
    const auto x = numerics::solve(normal, right, kLeastPivot);
    return std::pair(x && used[1] ? std::exp2((*x)[1]) : kNaN, x && used[2] ? std::exp2((*x)[2] / 16) : kNaN);
  };
  if (rows.size() < 2 * kTerms) return out;
  const auto weight = statistics::resampling_weights(rows.size(), kResamples, seed);
  std::vector<double> depth, parameters;
  for (size_t b = 0; b < kResamples; ++b) {
    const auto [d, p] = fit(weight, kResamples, b);
    depth.push_back(d);
    parameters.push_back(p);
  }
  const auto [of_depth, of_parameters] = fit({}, 0, 0);
  out.error_factor_of_depth = statistics::estimate(of_depth, std::move(depth), confidence);
  out.error_factor_of_parameters = statistics::estimate(of_parameters, std::move(parameters), confidence);
  return out;
}

}  // namespace nt::search

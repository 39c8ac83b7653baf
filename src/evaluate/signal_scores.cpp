#include "evaluate/detail/signal_scores.hpp"

#include <cmath>
#include <limits>

#include "config/error.hpp"
#include "statistics/bootstrap.hpp"
#include "statistics/variance_explained.hpp"

namespace nt::evaluate {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double mean_of_finite(std::span<const double> values) {
  double sum = 0, count = 0;
  for (const double x : values) {
    if (!std::isfinite(x)) continue;
    sum += x;
    count += 1;
  }
  return count > 0 ? sum / count : kNaN;
}

}  // namespace

void SignalSums::add(const SignalSums& o, double w) {
  const auto onto = [w](std::vector<double>& sum, const std::vector<double>& part) {
    sum.resize(part.size());
    for (size_t k = 0; k < part.size(); ++k) sum[k] += w * part[k];
  };
  bins += w * o.bins;
  onto(e2, o.e2);
  onto(y, o.y);
  onto(y2, o.y2);
}

SignalSums score_signal(std::span<const float> truth, std::span<const float> predicted, int64_t components,
                        int64_t skip_ms) {
  if (truth.size() != predicted.size() || truth.size() % static_cast<size_t>(components) != 0) {
    fail_run("the twin predicts {} values of a signal in a trial, the data hold {}", predicted.size(),
             truth.size());
  }
  const auto n = static_cast<size_t>(components);
  SignalSums s{0, std::vector<double>(n), std::vector<double>(n), std::vector<double>(n)};
  for (size_t at = static_cast<size_t>(skip_ms) * n; at < truth.size(); at += n) {
    s.bins += 1;
    for (size_t k = 0; k < n; ++k) {
      const double y = truth[at + k], e = static_cast<double>(predicted[at + k]) - y;
      s.e2[k] += e * e;
      s.y[k] += y;
      s.y2[k] += y * y;
    }
  }
  return s;
}

void put(simulate::StateWriter& to, const SignalSums& sums) {
  to.put(sums.bins);
  for (const auto* each : {&sums.e2, &sums.y, &sums.y2}) to.put(std::span<const double>(*each));
}

SignalSums next_signal_sums(simulate::StateReader& from) {
  SignalSums sums;
  from.get_into(sums.bins);
  for (auto* each : {&sums.e2, &sums.y, &sums.y2}) *each = from.get<double>();
  return sums;
}

SignalMetrics signal_metrics(const SignalSums& s) {
  SignalMetrics m;
  double squares = 0;
  for (size_t k = 0; k < s.e2.size(); ++k) {
    m.variance_explained_of.push_back(
        statistics::variance_explained({s.bins, s.y[k], s.y2[k], s.e2[k]}, 1e-9 * s.y2[k] / s.bins));
    squares += s.e2[k] / s.bins;
  }
  m.variance_explained = mean_of_finite(m.variance_explained_of);
  m.rmse = std::sqrt(squares / static_cast<double>(s.e2.size()));
  return m;
}

Metrics signal_scores(const std::string& head, std::span<const SignalSums> trials, int64_t resamples,
                      uint64_t seed) {
  Metrics metrics;
  if (trials.empty()) return metrics;
  SignalSums total;
  for (const auto& trial : trials) total.add(trial, 1);
  const auto m = signal_metrics(total);
  const auto draws = static_cast<size_t>(resamples), components = m.variance_explained_of.size();
  const auto weight = statistics::resampling_weights(trials.size(), draws, seed);
  std::vector<double> mean, rmse;
  std::vector<std::vector<double>> each(components);
  statistics::for_each_resample(trials, weight, draws, [&](const SignalSums& drawn) {
    const auto of_draw = signal_metrics(drawn);
    mean.push_back(of_draw.variance_explained);
    rmse.push_back(of_draw.rmse);
    for (size_t k = 0; k < components; ++k) each[k].push_back(of_draw.variance_explained_of[k]);
  });
  metrics[head + ".components"] = components;
  metrics.put(head + ".variance_explained", statistics::estimate(m.variance_explained, std::move(mean)));
  metrics[head + ".variance_explained_of_each"] = m.variance_explained_of;
  std::vector<MetricValue::Interval> intervals;
  for (size_t k = 0; k < components; ++k) {
    const auto drawn = statistics::estimate(m.variance_explained_of[k], std::move(each[k]));
    intervals.push_back({drawn.low, drawn.high});
  }
  metrics[head + ".variance_explained_of_each_ci95"] = std::move(intervals);
  metrics.put(head + ".rmse", statistics::estimate(m.rmse, std::move(rmse)));
  return metrics;
}

}  // namespace nt::evaluate

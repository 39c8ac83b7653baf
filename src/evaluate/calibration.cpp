#include "evaluate/detail/calibration.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "statistics/bootstrap.hpp"

namespace nt::evaluate {
namespace {

struct GroupSums {
  double bins = 0, expected = 0, spikes = 0;
};
struct CalibrationSums {
  std::array<GroupSums, kCalibrationGroups> group{};

  void add(const CalibrationSums& o, double w) {
    for (size_t g = 0; g < kCalibrationGroups; ++g) {
      group[g].bins += w * o.group[g].bins;
      group[g].expected += w * o.group[g].expected;
      group[g].spikes += w * o.group[g].spikes;
    }
  }
};

/// The log-odds above which the second, third ... group begins: [kCalibrationGroups - 1].
using Borders = std::vector<float>;

/// Borders that share out what `worth` says of each bin's log-odds. `sorted`: ascending.
template <class F>
Borders borders_of(std::span<const float> sorted, F&& worth) {
  double all = 0, seen = 0;
  for (const float log_odds : sorted) all += worth(log_odds);
  Borders borders;
  for (const float log_odds : sorted) {
    seen += worth(log_odds);
    while (borders.size() + 1 < kCalibrationGroups &&
           seen >= all * static_cast<double>(borders.size() + 1) / kCalibrationGroups)
      borders.push_back(log_odds);
  }
  borders.resize(kCalibrationGroups - 1, sorted.back());
  return borders;
}

std::vector<CalibrationSums> sums_of(std::span<const TrialComparison> trials, int64_t skip_ms,
                                     const Borders& borders) {
  std::vector<CalibrationSums> sums;
  for (const auto& trial : trials) {
    auto& of_trial = sums.emplace_back();
    for (auto t = static_cast<size_t>(skip_ms); t < trial.spike.size(); ++t) {
      const auto border = std::ranges::lower_bound(borders, trial.spike_log_odds[t]);
      auto& group = of_trial.group[border - borders.begin()];
      group.bins += 1;
      group.expected += probability(trial.spike_log_odds[t]);
      group.spikes += trial.spike[t];
    }
  }
  return sums;
}

/// Sum over groups of |expected - true spikes|, over the sum of bins or spikes.
double error_per(double GroupSums::*of, const CalibrationSums& sums) {
  double error = 0, all = 0;
  for (const auto& group : sums.group) {
    error += std::abs(group.expected - group.spikes);
    all += group.*of;
  }
  return error / all;
}

CalibrationGroups groups_of(const CalibrationSums& total, std::span<const std::vector<double>> observed) {
  CalibrationGroups groups;
  for (size_t g = 0; g < kCalibrationGroups; ++g) {
    const auto& group = total.group[g];
    if (group.bins == 0) continue;
    groups.predicted.push_back(group.expected / group.bins);
    groups.observed.push_back(statistics::estimate(group.spikes / group.bins, observed[g]));
    groups.bins.push_back(group.bins);
  }
  return groups;
}

}  // namespace

CalibrationScores calibration_scores(std::span<const TrialComparison> trials, int64_t skip_ms,
                                     std::span<const float> weight, size_t draws) {
  CalibrationScores scores;
  std::vector<float> sorted;
  int64_t spikes = 0;
  for (const auto& trial : trials) {
    sorted.insert(sorted.end(), trial.spike_log_odds.begin() + skip_ms, trial.spike_log_odds.end());
    spikes += std::ssize(trial.spike_bins(skip_ms));
  }
  if (spikes == 0) return scores;
  std::ranges::sort(sorted);
  const auto add = [&](const std::string& name, const std::vector<CalibrationSums>& sums,
                       double GroupSums::*of) {
    CalibrationSums total;
    for (const auto& trial : sums) total.add(trial, 1);
    scores.values.emplace_back(name, error_per(of, total));
    statistics::for_each_resample(std::span(sums), weight, draws, [&](const CalibrationSums& drawn) {
      scores.resampled[name].push_back(error_per(of, drawn));
    });
    return total;
  };
  add("spike.calibration_error", sums_of(trials, skip_ms, borders_of(sorted, [](float) { return 1.0; })),
      &GroupSums::bins);
  const auto sums = sums_of(trials, skip_ms, borders_of(sorted, [](float x) { return probability(x); }));
  const auto total = add("spike.calibration_error_per_spike", sums, &GroupSums::spikes);
  std::vector<std::vector<double>> observed(kCalibrationGroups);
  statistics::for_each_resample(std::span(sums), weight, draws, [&](const CalibrationSums& drawn) {
    for (size_t g = 0; g < kCalibrationGroups; ++g)
      observed[g].push_back(drawn.group[g].spikes / drawn.group[g].bins);
  });
  scores.groups = groups_of(total, observed);
  return scores;
}

}  // namespace nt::evaluate

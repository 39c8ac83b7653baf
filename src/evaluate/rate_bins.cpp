#include "evaluate/detail/rate_bins.hpp"

#include <fmt/format.h>

#include <cmath>

#include "evaluate/detail/spike_timing.hpp"
#include "statistics/bootstrap.hpp"

namespace nt::evaluate {
namespace {

constexpr size_t kGroups = kRateBins.size();
constexpr int64_t kTolerance_ms = 2;

/// Sums over the stretches of a trial that are in one group.
struct GroupSums {
  double bins = 0, spikes = 0, expected = 0, predicted = 0, hits = 0, away_bins = 0, away_e2 = 0;

  void add(const GroupSums& o, double w) {
    bins += w * o.bins;
    spikes += w * o.spikes;
    expected += w * o.expected;
    predicted += w * o.predicted;
    hits += w * o.hits;
    away_bins += w * o.away_bins;
    away_e2 += w * o.away_e2;
  }
};

/// The group of each bin of a trial; kGroups: none.
std::vector<uint8_t> group_of_bins(const TrialComparison& trial, int64_t skip_ms) {
  std::vector<uint8_t> group(trial.spike.size(), kGroups);
  const int64_t length = std::min(kStretch_ms, trial.duration_ms() - skip_ms);
  for (int64_t from = skip_ms; length > 0 && from + length <= trial.duration_ms(); from += length) {
    const auto first = trial.spike.begin() + from;
    const double hz = 1000.0 * static_cast<double>(std::count(first, first + length, uint8_t{1})) /
                      static_cast<double>(length);
    uint8_t g = 0;
    while (hz > kRateBins[g].most_hz) ++g;
    std::fill_n(group.begin() + from, length, g);
  }
  return group;
}

using TrialSums = std::array<GroupSums, kGroups>;

TrialSums sums_of(const TrialComparison& trial, const Thresholds& thresholds, int64_t skip_ms,
                  std::span<const uint8_t> group) {
  std::array<GroupSums, kGroups + 1> sums{};  // the last one of what does not count
  const auto away = away_from_spikes(trial.spike);
  for (size_t t = 0; t < trial.spike.size(); ++t) {
    auto& s = sums[group[t]];
    s.bins += 1;
    s.spikes += trial.spike[t];
    s.expected += probability(trial.spike_log_odds[t]);
    if (!away[t]) continue;
    const double e = static_cast<double>(trial.predicted_soma_mV[t]) - static_cast<double>(trial.soma_mV[t]);
    s.away_bins += 1;
    s.away_e2 += e * e;
  }
  const auto predicted = spikes_above(trial.spike_log_odds, thresholds.spike, skip_ms);
  const auto actual = trial.spike_bins(skip_ms);
  const auto of = [&](int64_t t) -> GroupSums& { return sums[group[t]]; };
  for (const int64_t t : predicted) of(t).predicted += 1;
  for (const auto& [p, a] : matched_pairs(predicted, actual, kTolerance_ms)) {
    of(actual[a]).hits += 1;
    // Where a pair lies across the end of a stretch, the prediction counts where it was to be.
    of(predicted[p]).predicted -= 1;
    of(actual[a]).predicted += 1;
  }
  TrialSums counted;
  std::copy_n(sums.begin(), kGroups, counted.begin());
  return counted;
}

NamedMetrics metrics_of(const GroupSums& s) {
  const double seconds = s.bins / 1000;
  return {{"spike.f1_2ms", s.spikes > 0 ? f1(s.hits, s.predicted, s.spikes) : std::nan("")},
          {"spike.base_rate_hz", s.spikes / seconds},
          {"spike.expected_rate_hz", s.expected / seconds},
          {"spike.false_alarms_per_s", (s.predicted - s.hits) / seconds},
          {"soma.rmse_away_from_spikes_mV", std::sqrt(s.away_e2 / s.away_bins)}};
}

/// Of each trial the bins of one group that count.
std::vector<statistics::TrialBins> bins_in(std::span<const TrialComparison> trials,
                                           std::span<const std::vector<uint8_t>> group, size_t wanted) {
  std::vector<statistics::TrialBins> bins(trials.size());
  for (size_t j = 0; j < trials.size(); ++j) {
    for (size_t t = 0; t < trials[j].spike.size(); ++t) {
      if (group[j][t] != wanted) continue;
      bins[j].score.push_back(trials[j].spike_log_odds[t]);
      bins[j].spike.push_back(trials[j].spike[t]);
    }
  }
  return bins;
}

}  // namespace

RateBinScores rate_bin_scores(std::span<const TrialComparison> trials, const Thresholds& thresholds,
                              int64_t skip_ms, std::span<const float> weight, size_t draws) {
  std::vector<std::vector<uint8_t>> group;
  std::vector<TrialSums> sums;
  for (const auto& trial : trials) {
    group.push_back(group_of_bins(trial, skip_ms));
    sums.push_back(sums_of(trial, thresholds, skip_ms, group.back()));
  }
  RateBinScores scores;
  for (size_t g = 0; g < kGroups; ++g) {
    const auto prefix = fmt::format("by_rate.{}.", kRateBins[g].name);
    std::vector<GroupSums> of_group;
    GroupSums total;
    for (const auto& trial : sums) {
      of_group.push_back(trial[g]);
      total.add(trial[g], 1);
    }
    if (total.bins == 0) continue;
    scores.values.emplace_back(prefix + "seconds", total.bins / 1000);
    if (total.spikes > 0) {
      auto auc = statistics::resampled_auc(statistics::rank(bins_in(trials, group, g)), weight, draws);
      scores.values.emplace_back(prefix + "spike.auc", auc.value);
      scores.resampled[prefix + "spike.auc"] = std::move(auc.resampled);
    }
    for (const auto& [name, value] : metrics_of(total)) scores.values.emplace_back(prefix + name, value);
    statistics::for_each_resample(std::span<const GroupSums>(of_group), weight, draws,
                                  [&](const GroupSums& drawn) {
                                    for (const auto& [name, value] : metrics_of(drawn))
                                      scores.resampled[prefix + name].push_back(value);
                                  });
  }
  return scores;
}

}  // namespace nt::evaluate

#include "interpret/attribution.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "interpret/detail/drive_gradient.hpp"
#include "statistics/bootstrap.hpp"

namespace nt::interpret {
namespace {

constexpr size_t kMomentsAtOnce = 32;
constexpr double kLargestError = 0.05;  // of a moment's sum: more is said
constexpr size_t kResamples = 500;
/// Where bins of the lag end; the last goes on to the end of the window.
constexpr std::array<int64_t, 9> kLagEnds_ms{1, 2, 4, 8, 16, 32, 64, 128, 256};

size_t lag_bin(int64_t lag_ms) {
  const auto bin = std::upper_bound(kLagEnds_ms.begin(), kLagEnds_ms.end(), lag_ms) - kLagEnds_ms.begin();
  return std::min(static_cast<size_t>(bin), kLagEnds_ms.size() - 1);
}

/// The bins that a twin's window reaches.
size_t lag_bins(int64_t window_ms) {
  return lag_bin(window_ms - 1) + 1;
}

/// Attributions of many moments, summed up. What a moment's set and bin got: [moment][set][bin].
struct Sums {
  size_t sets, bins;
  std::vector<double> of_bin = {};
  std::vector<double> of_channel = {};  // [channel], over all moments
  double largest_error = 0;             // of a moment's sum, by its total
  double total = 0;

  size_t moments() const { return of_bin.size() / (sets * bins); }
};

void add(Sums& sums, const dataset::WindowBatch& batch, std::span<const Attribution> attributions,
         std::span<const size_t> set_of) {
  const size_t first = sums.moments();
  sums.of_bin.resize(sums.of_bin.size() + attributions.size() * sums.sets * sums.bins, 0);
  std::vector<size_t> at(attributions.size(), 0);
  std::vector<double> sum(attributions.size(), 0);
  for (int64_t i = 0; i < batch.event_count(); ++i) {
    const auto* event = &batch.events[3 * i];
    const auto window = static_cast<size_t>(event[0]), channel = static_cast<size_t>(event[1]);
    const double share = attributions[window].of_spike[at[window]++];
    const size_t bin = lag_bin(batch.history_ms - event[2]);
    sums.of_bin[((first + window) * sums.sets + set_of[channel]) * sums.bins + bin] += share;
    sums.of_channel[channel] += share;
    sum[window] += share;
  }
  for (size_t w = 0; w < attributions.size(); ++w) {
    const double total = attributions[w].total;
    sums.total += total;
    sums.largest_error =
        std::max(sums.largest_error, std::abs(sum[w] - total) / std::max(1.0, std::abs(total)));
  }
}

Sums summed(twin::Twin& twin, const dataset::Split& split, std::span<const Moment> moments,
            std::span<const size_t> set_of, size_t sets, int64_t steps) {
  Sums sums{sets, lag_bins(twin.network().window_ms())};
  sums.of_channel.assign(set_of.size(), 0);
  for (size_t at = 0; at < moments.size(); at += kMomentsAtOnce) {
    const auto some = moments.subspan(at, std::min(kMomentsAtOnce, moments.size() - at));
    const auto batch = windows_at(split, some, twin.history_ms());
    add(sums, batch, attribute(twin, batch, steps), set_of);
  }
  return sums;
}

/// Means over moments of one set: in each bin, and altogether with an interval.
SetAttribution of_set(const Sums& sums, size_t set, std::span<const float> weight) {
  const auto n = static_cast<double>(sums.moments());
  std::vector<double> bins(sums.bins, 0), all;
  for (size_t m = 0; m < sums.moments(); ++m) {
    const double* of = &sums.of_bin[(m * sums.sets + set) * sums.bins];
    for (size_t b = 0; b < sums.bins; ++b) bins[b] += of[b] / n;
    all.push_back(std::accumulate(of, of + sums.bins, 0.0));
  }
  std::vector<double> resampled(kResamples, 0);
  for (size_t m = 0; m < all.size(); ++m)
    for (size_t r = 0; r < kResamples; ++r)
      resampled[r] += static_cast<double>(weight[m * kResamples + r]) * all[m] / n;
  return {statistics::estimate(std::accumulate(all.begin(), all.end(), 0.0) / n, std::move(resampled)),
          std::move(bins)};
}

std::vector<double> of_channels(const Sums& sums) {
  auto mean = sums.of_channel;
  for (double& v : mean) v /= static_cast<double>(sums.moments());
  return mean;
}

}  // namespace

template <class T>
std::vector<Attribution> attribute(twin::TwinOf<T>& twin, const dataset::WindowBatch& batch, int64_t steps) {
  const auto input = twin::windows_of(batch);
  const int64_t windows = batch.windows, spike = twin.first_output("spike");
  const auto log_odds = [&](const std::vector<T>& drive) {
    const auto outputs = twin.forward_from_drive(drive, windows, 1);
    std::vector<double> answers;
    for (int64_t w = 0; w < windows; ++w) answers.push_back(static_cast<double>(outputs.at(w, spike)));
    return answers;
  };
  const auto drive = twin.drive(input);
  const auto answer = log_odds(drive), silence = log_odds(std::vector<T>(drive.size(), T(0)));
  std::vector<double> slope(drive.size(), 0.0);  // mean over the way
  std::vector<T> on_the_way(drive.size());
  for (int64_t s = 0; s < steps; ++s) {
    const double share = (static_cast<double>(s) + 0.5) / static_cast<double>(steps);
    for (size_t i = 0; i < drive.size(); ++i) on_the_way[i] = static_cast<T>(share) * drive[i];
    const auto gradient = gradient_by_drive<T>(twin, on_the_way, windows, spike);
    for (size_t i = 0; i < slope.size(); ++i)
      slope[i] += static_cast<double>(gradient[i]) / static_cast<double>(steps);
  }
  const std::vector<T> mean(slope.begin(), slope.end());
  const auto of_spike = twin.spike_gradients(input, mean);
  std::vector<Attribution> attributions(windows);
  for (size_t w = 0; w < attributions.size(); ++w) attributions[w].total = answer[w] - silence[w];
  for (size_t i = 0; i < of_spike.size(); ++i)
    attributions[batch.events[3 * i]].of_spike.push_back(of_spike[i]);
  return attributions;
}

template std::vector<Attribution> attribute(twin::TwinOf<float>&, const dataset::WindowBatch&, int64_t);
template std::vector<Attribution> attribute(twin::TwinOf<double>&, const dataset::WindowBatch&, int64_t);

AttributionSummary attribution_before_spikes(twin::Twin& twin, const dataset::Split& split,
                                             std::span<const SynapsePlace> places,
                                             const AttributionSpec& spec, uint64_t seed) {
  const auto matched = matched_moments(split, spec.spikes, twin.network().window_ms(), spec.away_ms, seed);
  if (matched.spikes.empty()) return {};
  const auto sets = sets_by_part(places);
  std::vector<size_t> set_of(places.size());
  for (size_t s = 0; s < sets.size(); ++s)
    for (const int64_t c : sets[s].channels) set_of[c] = s;
  const auto spikes = summed(twin, split, matched.spikes, set_of, sets.size(), spec.steps);
  const auto silences = summed(twin, split, matched.silences, set_of, sets.size(), spec.steps);
  const auto weight = statistics::resampling_weights(matched.spikes.size(), kResamples, seed);
  const auto n = static_cast<double>(matched.spikes.size());
  AttributionSummary summary{std::ssize(matched.spikes), spec.steps,
                             std::max(spikes.largest_error, silences.largest_error), spikes.total / n,
                             silences.total / n};
  if (summary.largest_error > kLargestError)
    summary.note = fmt::format(
        "The sums are up to {:.0f} % off the answers that they should add up to: more "
        "interpret.attribution_steps "
        "than {} are needed.",
        100 * summary.largest_error, spec.steps);
  summary.lag_ends_ms.assign(kLagEnds_ms.begin(),
                             kLagEnds_ms.begin() + static_cast<std::ptrdiff_t>(spikes.bins));
  summary.lag_ends_ms.back() = std::min(summary.lag_ends_ms.back(), twin.network().window_ms());
  for (size_t s = 0; s < sets.size(); ++s)
    summary.sets.push_back({sets[s], of_set(spikes, s, weight), of_set(silences, s, weight)});
  summary.synapses_before_spikes = of_channels(spikes);
  summary.synapses_before_silences = of_channels(silences);
  return summary;
}

}  // namespace nt::interpret

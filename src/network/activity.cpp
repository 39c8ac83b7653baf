#include "network/activity.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <numeric>
#include <unsupported/Eigen/FFT>

#include "config/error.hpp"
#include "random/random.hpp"

namespace nt::network {
namespace {

constexpr size_t kLeastSpikes = 5;  // of a neuron whose intervals have a CV
constexpr size_t kSegment_ms = 1000;
constexpr double kMsPerSecond = 1000;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct MeanAndSd {
  double mean = kNone, sd = kNone;
};

MeanAndSd mean_and_sd(const std::vector<double>& x) {
  if (x.empty()) return {};
  const double n = static_cast<double>(x.size());
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  double squares = 0;
  for (const double value : x) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / n)};
}

/// The spike times of each neuron within the time that is looked at.
std::vector<std::vector<double>> by_neuron(const SpikeTrain& spikes, int64_t neurons,
                                           const ActivitySpec& spec) {
  std::vector<std::vector<double>> times(static_cast<size_t>(neurons));
  for (size_t k = 0; k < spikes.time_ms.size(); ++k)
    if (spikes.time_ms[k] >= spec.from_ms && spikes.time_ms[k] < spec.until_ms)
      times[spikes.neuron[k]].push_back(spikes.time_ms[k]);
  for (auto& of_neuron : times) std::ranges::sort(of_neuron);
  return times;
}

void measure_intervals(const std::vector<std::vector<double>>& times, Activity& a) {
  for (const auto& of_neuron : times) {
    std::vector<double> intervals;
    for (size_t k = 1; k < of_neuron.size(); ++k) intervals.push_back(of_neuron[k] - of_neuron[k - 1]);
    a.intervals_ms.insert(a.intervals_ms.end(), intervals.begin(), intervals.end());
    if (of_neuron.size() < kLeastSpikes) continue;
    const auto [mean, sd] = mean_and_sd(intervals);
    if (mean > 0) a.cvs.push_back(sd / mean);
  }
  a.cv = mean_and_sd(a.cvs).mean;
  a.cv_neurons = std::ssize(a.cvs);
}

std::vector<float> counts_of(const std::vector<double>& times, const ActivitySpec& spec, size_t bins) {
  std::vector<float> counts(bins);
  for (const double t : times) {
    const auto bin = static_cast<size_t>((t - spec.from_ms) / spec.bin_ms);
    if (bin < bins) ++counts[bin];
  }
  return counts;
}

double correlation_of(const std::vector<float>& x, const std::vector<float>& y) {
  const double n = static_cast<double>(x.size());
  double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double a = x[i], b = y[i];
    sx += a, sy += b, sxx += a * a, syy += b * b, sxy += a * b;
  }
  const double vx = sxx - sx * sx / n, vy = syy - sy * sy / n;
  return vx > 0 && vy > 0 ? (sxy - sx * sy / n) / std::sqrt(vx * vy) : kNone;
}

void measure_correlations(const std::vector<std::vector<double>>& times, const ActivitySpec& spec,
                          size_t bins, Activity& a) {
  std::vector<size_t> firing;
  for (size_t n = 0; n < times.size(); ++n)
    if (!times[n].empty()) firing.push_back(n);
  const auto count = static_cast<int64_t>(firing.size());
  const auto take = [&](int64_t i, int64_t j) {
    const double c = correlation_of(counts_of(times[firing[static_cast<size_t>(i)]], spec, bins),
                                    counts_of(times[firing[static_cast<size_t>(j)]], spec, bins));
    if (!std::isnan(c)) a.correlations.push_back(c);
  };
  if (count * (count - 1) / 2 <= spec.most_pairs) {
    for (int64_t i = 0; i < count; ++i)
      for (int64_t j = 0; j < i; ++j) take(i, j);
  } else {
    random::Random random(spec.seed, random::Stage::bootstrap, 0, {random::StreamName::resample});
    for (int64_t k = 0; k < spec.most_pairs; ++k) {
      const int64_t i = random.integer(0, count - 1), j = random.integer(0, count - 2);
      take(i, j < i ? j : j + 1);
    }
  }
  const auto [mean, sd] = mean_and_sd(a.correlations);
  a.correlation = mean;
  a.correlation_sd = sd;
  a.pairs = std::ssize(a.correlations);
}

/// Of the population's rate per neuron, in Hz at 1 ms.
void measure_spectrum(const std::vector<double>& rate_hz, Activity& a) {
  const size_t length = std::min(kSegment_ms, rate_hz.size());
  if (length < 4) return;
  std::vector<double> window(length), segment(length);
  double squares = 0;
  for (size_t i = 0; i < length; ++i) {
    window[i] = 1 - std::cos(2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(length));
    squares += window[i] * window[i];
  }
  a.power.assign(length / 2, 0);
  size_t segments = 0;
  Eigen::FFT<double> fft;
  std::vector<std::complex<double>> transform;
  for (size_t first = 0; first + length <= rate_hz.size(); first += length / 2, ++segments) {
    double mean = 0;
    for (size_t i = 0; i < length; ++i) mean += rate_hz[first + i] / static_cast<double>(length);
    for (size_t i = 0; i < length; ++i) segment[i] = (rate_hz[first + i] - mean) * window[i];
    fft.fwd(transform, segment);
    for (size_t k = 1; k <= length / 2; ++k)
      a.power[k - 1] += (2 * k == length ? 1 : 2) * std::norm(transform[k]) / (squares * kMsPerSecond);
  }
  for (size_t k = 1; k <= length / 2; ++k) {
    a.frequency_hz.push_back(kMsPerSecond * static_cast<double>(k) / static_cast<double>(length));
    a.power[k - 1] /= static_cast<double>(segments);
  }
}

}  // namespace

Activity activity_of(const std::string& population, int64_t neurons, const SpikeTrain& spikes,
                     const ActivitySpec& spec) {
  const auto bins = static_cast<size_t>(std::max(0.0, (spec.until_ms - spec.from_ms) / spec.bin_ms));
  if (bins < 1)
    fail_input(
        "no bin of {2} ms fits between {0} and {1} ms; simulate for longer, or lower measures.transient_ms",
        spec.from_ms, spec.until_ms, spec.bin_ms);
  const auto times = by_neuron(spikes, neurons, spec);
  const double seconds = (spec.until_ms - spec.from_ms) / kMsPerSecond;
  Activity a{.population = population, .neurons = neurons};
  std::vector<double> rate_hz(static_cast<size_t>(spec.until_ms - spec.from_ms));
  std::vector<double> in_bin(bins);
  for (const auto& of_neuron : times) {
    a.spikes += std::ssize(of_neuron);
    a.rates_hz.push_back(static_cast<double>(of_neuron.size()) / seconds);
    a.silent_share += of_neuron.empty() ? 1.0 / static_cast<double>(neurons) : 0;
    for (const double t : of_neuron) {
      const auto ms = static_cast<size_t>(t - spec.from_ms);
      if (ms < rate_hz.size()) rate_hz[ms] += kMsPerSecond / static_cast<double>(neurons);
      const auto bin = static_cast<size_t>((t - spec.from_ms) / spec.bin_ms);
      if (bin < bins) ++in_bin[bin];
    }
  }
  const auto rates = mean_and_sd(a.rates_hz);
  a.rate_hz = rates.mean;
  a.rate_sd_hz = rates.sd;
  const auto counts = mean_and_sd(in_bin);
  a.fano = counts.mean > 0 ? counts.sd * counts.sd / counts.mean : kNone;
  measure_intervals(times, a);
  measure_correlations(times, spec, bins, a);
  measure_spectrum(rate_hz, a);
  return a;
}

std::vector<Activity> activity_of(const Network& network) {
  std::vector<Activity> all;
  const auto& spec = network.spec();
  for (size_t p = 0; p < spec.populations.size(); ++p)
    all.push_back(activity_of(spec.populations[p].name, spec.populations[p].neurons, network.record(p).spikes,
                              {.from_ms = spec.transient_ms,
                               .until_ms = static_cast<double>(network.now_ms()),
                               .bin_ms = spec.bin_ms,
                               .seed = spec.seed}));
  return all;
}

}  // namespace nt::network

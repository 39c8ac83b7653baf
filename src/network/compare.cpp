#include "network/compare.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace nt::network {
namespace {

constexpr double kTolerance_ms = 2;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

using Trains = std::vector<std::vector<double>>;  // of each neuron

Trains trains_of(const SpikeTrain& spikes, int64_t neurons) {
  Trains trains(static_cast<size_t>(neurons));
  for (size_t k = 0; k < spikes.time_ms.size(); ++k) trains[spikes.neuron[k]].push_back(spikes.time_ms[k]);
  for (auto& train : trains) std::ranges::sort(train);
  return trains;
}

/// Spikes of two trains paired, the earliest that fit; and the first without a partner.
struct Pairing {
  size_t pairs = 0;
  double first_alone_ms = std::numeric_limits<double>::infinity();
};

Pairing pair_up(const std::vector<double>& a, const std::vector<double>& b) {
  Pairing pairing;
  size_t i = 0, k = 0;
  const auto alone = [&](double ms) { pairing.first_alone_ms = std::min(pairing.first_alone_ms, ms); };
  while (i < a.size() || k < b.size()) {
    if (k == b.size() || (i < a.size() && a[i] < b[k] - kTolerance_ms)) {
      alone(a[i++]);
    } else if (i == a.size() || b[k] < a[i] - kTolerance_ms) {
      alone(b[k++]);
    } else {
      ++pairing.pairs, ++i, ++k;
    }
  }
  return pairing;
}

double pearson(const std::vector<double>& x, const std::vector<double>& y) {
  const double n = static_cast<double>(x.size());
  const double mx = std::accumulate(x.begin(), x.end(), 0.0) / n,
               my = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
    xy += (x[i] - mx) * (y[i] - my);
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : kNone;
}

/// The largest difference between two cumulative distributions.
double kolmogorov_smirnov(std::vector<double> a, std::vector<double> b) {
  if (a.empty() || b.empty()) return kNone;
  std::ranges::sort(a);
  std::ranges::sort(b);
  double largest = 0;
  for (size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    const double x = std::min(a[i], b[k]);
    while (i < a.size() && a[i] <= x) ++i;
    while (k < b.size() && b[k] <= x) ++k;
    largest = std::max(largest, std::abs(static_cast<double>(i) / static_cast<double>(a.size()) -
                                         static_cast<double>(k) / static_cast<double>(b.size())));
  }
  return largest;
}

/// In dB, over bands of 5 lines each, which a spectrum of little data does not scatter in so much.
double spectrum_distance_db(const std::vector<double>& a, const std::vector<double>& b) {
  constexpr size_t kLines = 5;
  double squares = 0;
  size_t bands = 0;
  for (size_t first = 0; first + kLines <= std::min(a.size(), b.size()); first += kLines) {
    double of_a = 0, of_b = 0;
    for (size_t k = first; k < first + kLines; ++k) of_a += a[k], of_b += b[k];
    if (!(of_a > 0 && of_b > 0)) continue;
    const double db = 10 * std::log10(of_b / of_a);
    squares += db * db;
    ++bands;
  }
  return bands == 0 ? kNone : std::sqrt(squares / static_cast<double>(bands));
}

std::vector<double> counts_of(const SpikeTrain& spikes, const Spec& spec, double until_ms) {
  std::vector<double> counts(static_cast<size_t>(until_ms / spec.bin_ms));
  for (const double t : spikes.time_ms) {
    const auto bin = static_cast<size_t>(t / spec.bin_ms);
    if (bin < counts.size()) ++counts[bin];
  }
  return counts;
}

void measure_spikes(const Trains& a, const Trains& b, double until_ms, Difference& d) {
  std::vector<double> diverged;
  size_t pairs = 0, all = 0;
  for (size_t n = 0; n < a.size(); ++n) {
    const auto pairing = pair_up(a[n], b[n]);
    diverged.push_back(std::min(pairing.first_alone_ms, until_ms));
    pairs += pairing.pairs;
    all += a[n].size() + b[n].size();
  }
  std::ranges::sort(diverged);
  d.first_divergence_ms = diverged.front();
  d.median_divergence_ms = diverged[diverged.size() / 2];
  d.matched_share = all == 0 ? kNone : 2 * static_cast<double>(pairs) / static_cast<double>(all);
}

}  // namespace

std::vector<Difference> differences_of(const Spec& spec, const Course& reference, const Course& other) {
  std::vector<Difference> all;
  const auto until_ms = static_cast<double>(spec.duration_ms);
  for (size_t p = 0; p < spec.populations.size(); ++p) {
    if (spec.populations[p].fires_by_itself()) continue;
    Difference d{.population = spec.populations[p].name};
    const auto &a = reference.activity[p], &b = other.activity[p];
    const auto &of_a = reference.records[p].spikes, &of_b = other.records[p].spikes;
    measure_spikes(trains_of(of_a, a.neurons), trains_of(of_b, b.neurons), until_ms, d);
    d.rate_correlation = pearson(a.rates_hz, b.rates_hz);
    for (size_t n = 0; n < a.rates_hz.size(); ++n)
      d.rate_error_hz += std::abs(b.rates_hz[n] - a.rates_hz[n]) / static_cast<double>(a.rates_hz.size());
    d.interval_distance = kolmogorov_smirnov(a.intervals_ms, b.intervals_ms);
    d.correlation_difference = b.correlation - a.correlation;
    d.spectrum_distance_db = spectrum_distance_db(a.power, b.power);
    d.course_correlation = pearson(counts_of(of_a, spec, until_ms), counts_of(of_b, spec, until_ms));
    all.push_back(d);
  }
  return all;
}

}  // namespace nt::network

#include "interpret/filters.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "statistics/bootstrap.hpp"

namespace nt::interpret {
namespace {

using Filters = std::vector<std::vector<double>>;  // [synapse][lag]

constexpr size_t kResamples = 500;
constexpr int64_t kMostUnitsInFull =
    8;  // of these every synapse's filter is written down; of the others only the means
constexpr int64_t kMostNumbersInFull = 400'000;  // of all these filters together: reports must stay light

int64_t units_in_full(const twin::FirstFilters& first) {
  const int64_t of_one = first.channels * first.taps;
  return std::clamp<int64_t>(kMostNumbersInFull / of_one, 1, kMostUnitsInFull);
}

/// Mean over synapses, each weighted by weight[synapse * stride].
std::vector<double> mean_filter(const Filters& filters, const float* weight, size_t stride) {
  std::vector<double> mean(filters.front().size(), 0);
  double total = 0;
  for (size_t s = 0; s < filters.size(); ++s) {
    const double w = weight != nullptr ? weight[s * stride] : 1;
    total += w;
    for (size_t k = 0; k < mean.size(); ++k) mean[k] += w * filters[s][k];
  }
  for (double& m : mean) m /= total;
  return mean;
}

std::vector<double> standard_deviation(const Filters& filters, std::span<const double> mean) {
  std::vector<double> sd(mean.size(), 0);
  for (const auto& filter : filters) {
    for (size_t k = 0; k < sd.size(); ++k) sd[k] += (filter[k] - mean[k]) * (filter[k] - mean[k]);
  }
  for (double& v : sd) v = std::sqrt(v / static_cast<double>(filters.size()));
  return sd;
}

/// The filters of synapses [first, last) onto one unit.
Filters filters_of(const twin::FirstFilters& of, int64_t first, int64_t last, int64_t unit, double sign) {
  Filters filters;
  for (int64_t c = first; c < last; ++c) {
    auto& filter = filters.emplace_back();
    for (int64_t k = 0; k < of.taps; ++k)
      filter.push_back(sign * of.weight[(c * of.taps + k) * of.features + unit]);
  }
  return filters;
}

KindOfFilters summarise(const Filters& filters, uint64_t seed) {
  KindOfFilters s;
  s.mean = mean_filter(filters, nullptr, 0);
  s.sd = standard_deviation(filters, s.mean);
  s.fit = fit_exponential(s.mean);
  const auto weight = statistics::resampling_weights(filters.size(), kResamples, seed);
  std::vector<double> taus;
  for (size_t b = 0; b < kResamples; ++b)
    taus.push_back(fit_exponential(mean_filter(filters, &weight[b], kResamples)).tau_ms);
  s.tau_ms = statistics::estimate(s.fit.tau_ms, std::move(taus));
  s.tau_note = why_no_time_constant(s.fit, s.mean.size(), s.tau_ms);
  return s;
}

void put_fit(evaluate::Metrics& metrics, const std::string& prefix, const KindOfFilters& s) {
  metrics[prefix + "_tau_ms"] = nullptr;
  if (s.tau_note.empty()) {
    metrics.put(prefix + "_tau_ms", s.tau_ms);
    metrics[prefix + "_amplitude"] = s.fit.amplitude;
  } else {
    metrics[prefix + "_tau_note"] = s.tau_note;
  }
  if (std::isfinite(s.fit.r2)) metrics[prefix + "_r2"] = s.fit.r2;
}

}  // namespace

ExponentialFit fit_exponential(std::span<const double> filter) {
  double total = 0;
  for (const double f : filter) total += f * f;
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  if (total == 0) return {kNaN, kNaN, kNaN};
  // sum (f - a e)^2 is least at a = (f.e)/(e.e), where it is f.f - (f.e)^2/(e.e).
  const auto at = [&](double log_tau) {
    double fe = 0, ee = 0;
    for (size_t k = 0; k < filter.size(); ++k) {
      const double e = std::exp(-static_cast<double>(k) / std::exp(log_tau));
      fe += filter[k] * e;
      ee += e * e;
    }
    return std::pair(total - fe * fe / ee, fe / ee);
  };
  const double golden = (std::sqrt(5.0) - 1) / 2;
  double low = std::log(0.1), high = std::log(10.0 * static_cast<double>(filter.size()));
  while (high - low > 1e-7) {
    const double a = high - golden * (high - low), b = low + golden * (high - low);
    (at(a).first < at(b).first ? high : low) = at(a).first < at(b).first ? b : a;
  }
  const double best = (low + high) / 2;
  const auto [left, amplitude] = at(best);
  return {amplitude, std::exp(best), 1 - left / total};
}

FirstLayer interpret_filters(const twin::Twin& twin, int64_t excitatory_synapses,
                             std::optional<double> membrane_time_constant_ms, uint64_t seed,
                             std::span<const cell::SynapseBlock> groups) {
  FirstLayer out;
  const auto& network = twin.network();
  out.memory_tau_ms = network.time_constants_ms(twin.layout(), twin.numbers);
  const auto found = network.filters(twin.layout(), twin.numbers, twin.channels());
  if (!found) return out;
  out.taps = found->taps;
  out.membrane_time_constant_ms = membrane_time_constant_ms;
  const auto readout = twin.array("spike_weight");
  const bool single_layer = network.depth() == 1;
  const int64_t in_full = units_in_full(*found);
  for (int64_t u = 0; u < found->features; ++u) {
    const double weight =
        single_layer ? static_cast<double>(readout[u]) : std::numeric_limits<double>::quiet_NaN();
    const double sign = single_layer && weight < 0 ? -1 : 1;
    auto& unit = out.units.emplace_back();
    if (single_layer) unit.readout = std::abs(weight);
    const auto kind = [&](int64_t first, int64_t last) -> std::optional<KindOfFilters> {
      if (first == last) return {};
      auto filters = filters_of(*found, first, last, u, sign);
      auto summary = summarise(filters, seed);
      if (u < in_full) summary.each = std::move(filters);
      return summary;
    };
    unit.excitatory = kind(0, excitatory_synapses);
    unit.inhibitory = kind(excitatory_synapses, twin.channels());
    for (const auto& group : groups) {
      if (group.count == 0) continue;
      const int64_t first = group.first + (group.excitatory ? 0 : excitatory_synapses);
      unit.groups.push_back({group.name, group.excitatory,
                             summarise(filters_of(*found, first, first + group.count, u, sign), seed)});
    }
  }
  return out;
}

evaluate::Metrics filter_metrics(const FirstLayer& layer) {
  evaluate::Metrics metrics;
  if (layer.units.empty()) return metrics;
  const auto& unit = layer.units.front();
  if (unit.excitatory) put_fit(metrics, "filter.excitatory", *unit.excitatory);
  if (unit.inhibitory) put_fit(metrics, "filter.inhibitory", *unit.inhibitory);
  for (const auto& group : unit.groups) put_fit(metrics, "filter." + group.name, group.filters);
  if (layer.membrane_time_constant_ms) metrics["filter.true_tau_ms"] = *layer.membrane_time_constant_ms;
  return metrics;
}

}  // namespace nt::interpret

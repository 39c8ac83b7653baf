#include "stimulus/stimulus.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

namespace nt::stimulus {
namespace {

constexpr double kAlmostNoSpikes = 1e-4;  // per 100 ms, in place of a negative total

/// The rates of a trial before smoothing: constant in each interval.
struct IntervalRates {
  int64_t interval_ms = 0;
  double smoothing_sd_ms = 0;
  int64_t intervals = 0;
  std::vector<double> per_ms;  // [synapse][interval], excitatory first: expected spikes per synapse and ms

  const double* of(int64_t synapse) const { return per_ms.data() + synapse * intervals; }
};

int64_t pick_with_jitter(random::Random& random, const std::vector<int64_t>& options, int64_t jitter) {
  const auto chosen = options[random.integer(0, static_cast<int64_t>(options.size()) - 1)];
  return std::max<int64_t>(1, chosen + random.integer(-jitter, jitter));
}

IntervalRates draw_interval_rates(const RandomRates& rates, random::Random& random, int64_t duration_ms) {
  IntervalRates drawn;
  drawn.interval_ms = pick_with_jitter(random, rates.interval_ms, rates.interval_jitter_ms);
  drawn.smoothing_sd_ms =
      static_cast<double>(pick_with_jitter(random, rates.smoothing_sd_ms, rates.smoothing_jitter_ms));
  drawn.intervals = (duration_ms + drawn.interval_ms - 1) / drawn.interval_ms;
  const int64_t synapses = rates.excitatory_synapses + rates.inhibitory_synapses;
  drawn.per_ms.resize(synapses * drawn.intervals);
  for (int64_t j = 0; j < drawn.intervals; ++j) {
    for (const auto& pool : rates.pools) {
      const double excitation = random.uniform(pool.excitatory_per_100ms_low, pool.excitatory_per_100ms_high);
      const double inhibition = random.uniform(std::max(0.0, excitation - rates.inhibition_below_excitation),
                                               excitation + rates.inhibition_above_excitation);
      const auto spread = [&](double total, const std::vector<int>& numbers,
                              const std::vector<double>& shares, int first) {
        const double per_ms = (total < 0 ? kAlmostNoSpikes : total) / 100.0;
        for (size_t k = 0; k < numbers.size(); ++k)
          drawn.per_ms[(first + numbers[k]) * drawn.intervals + j] =
              per_ms * shares[k] * random.uniform(rates.synapse_factor_low, rates.synapse_factor_high);
      };
      spread(excitation, pool.excitatory, pool.excitatory_share, 0);
      spread(inhibition, pool.inhibitory, pool.inhibitory_share, rates.excitatory_synapses);
    }
  }
  return drawn;
}

/// The Gaussian window of 1 + 7 sd samples that smooths the rates, normalised.
std::vector<double> smoothing_window(double sd_ms) {
  std::vector<double> window(static_cast<size_t>(1 + 7 * sd_ms));
  const double centre = (static_cast<double>(window.size()) - 1) / 2;
  for (size_t i = 0; i < window.size(); ++i) {
    const double z = (static_cast<double>(i) - centre) / sd_ms;
    window[i] = std::exp(-0.5 * z * z);
  }
  const double sum = std::accumulate(window.begin(), window.end(), 0.0);
  for (double& w : window) w /= sum;
  return window;
}

/// The mean of a number uniform between the two, almost none in the place of negative ones.
double mean_without_negatives(double a, double b) {
  const double low = std::min(a, b), high = std::max(a, b);
  if (low >= 0) return (low + high) / 2;
  if (high <= 0) return kAlmostNoSpikes;
  return (high * high / 2 - low * kAlmostNoSpikes) / (high - low);
}

/// How much of the smoothing window lies within the trial, mean over the trial's time and the windows drawn.
double mean_coverage(const RandomRates& rates, int64_t duration_ms) {
  double sum = 0, windows = 0;
  for (const auto sd_ms : rates.smoothing_sd_ms) {
    for (auto jitter = -rates.smoothing_jitter_ms; jitter <= rates.smoothing_jitter_ms; ++jitter) {
      const auto window = smoothing_window(static_cast<double>(std::max<int64_t>(1, sd_ms + jitter)));
      const auto half = static_cast<int64_t>(window.size() - 1) / 2;
      for (size_t i = 0; i < window.size(); ++i) {
        const auto shift = std::abs(half - static_cast<int64_t>(i));
        sum += window[i] * static_cast<double>(std::max<int64_t>(0, duration_ms - shift)) /
               static_cast<double>(duration_ms);
      }
      ++windows;
    }
  }
  return sum / windows;
}

/// Spike probability in a bin whose smoothed rate is m. The published generator draws p from an exponential
/// with mean m and then a spike where a uniform U < p; the chance of that is E[min(p, 1)] = m (1 -
/// exp(-1/m)), so one draw does for two.
double spike_probability(double m) {
  return m <= 0 ? 0.0 : m * -std::expm1(-1 / m);
}

/// Smoothing of rates that are constant in intervals, at single times: a weighted sum over the few intervals
/// that the window touches, the weight being the part of the window over that interval. Equal to the
/// zero-padded 'same' convolution.
class IntervalSmoother {
 public:
  IntervalSmoother(const IntervalRates& rates, int64_t duration_ms)
      : rates_(rates), duration_ms_(duration_ms) {
    const auto window = smoothing_window(rates.smoothing_sd_ms);
    half_ = static_cast<int64_t>(window.size() - 1) / 2;
    cumulative_.resize(window.size() + 1, 0.0);
    for (size_t i = 0; i < window.size(); ++i) cumulative_[i + 1] = cumulative_[i] + window[i];
  }

  double at(const double* rate, int64_t t) const {
    // out[t] = sum_u window[i] rate[u],  u = t + half - i: the window covers u from t + half - (n - 1) to t +
    // half.
    const auto n = static_cast<int64_t>(cumulative_.size()) - 1;
    const int64_t last = std::min(t + half_, duration_ms_ - 1);
    int64_t first = std::max<int64_t>(t + half_ - (n - 1), 0);
    double sum = 0;
    while (first <= last) {
      const int64_t interval = first / rates_.interval_ms;
      const int64_t end =
          std::min((interval + 1) * rates_.interval_ms, last + 1);  // past the last ms in this interval
      const int64_t i_low = t + half_ - (end - 1), i_high = t + half_ - first;
      sum += rate[interval] * (cumulative_[i_high + 1] - cumulative_[i_low]);
      first = end;
    }
    return sum;
  }

 private:
  const IntervalRates& rates_;
  int64_t duration_ms_;
  int64_t half_ = 0;
  std::vector<double> cumulative_;
};

/// What multiplies the rate of one synapse.
struct SynapseFactor {
  double always = 1;
  const std::vector<double>* over_time = nullptr;  // [ms]; none: 1
  double highest_over_time = 1;

  double at(int64_t t) const { return over_time != nullptr ? always * (*over_time)[t] : always; }
  double highest() const { return always * highest_over_time; }
};

/// A trial's factors, synapse by synapse, excitatory first.
std::vector<SynapseFactor> by_synapse(const RateFactors& factors, const RandomRates& rates) {
  std::vector<SynapseFactor> of(rates.excitatory_synapses + rates.inhibitory_synapses);
  for (size_t s = 0; s < factors.of_synapse.size(); ++s) of[s].always = factors.of_synapse[s];
  for (size_t s = 0; s < rates.scale.size(); ++s) of[s].always *= rates.scale[s];
  for (size_t p = 0; p < factors.of_pool.size(); ++p) {
    const auto& over_time = factors.of_pool[p];
    const double highest = *std::max_element(over_time.begin(), over_time.end());
    const auto set = [&](const std::vector<int>& numbers, int first) {
      for (const int number : numbers) {
        auto& factor = of[first + number];
        factor.over_time = &over_time;
        factor.highest_over_time = highest;
      }
    };
    set(rates.pools[p].excitatory, 0);
    set(rates.pools[p].inhibitory, rates.excitatory_synapses);
  }
  return of;
}

/// Spike times of one synapse by thinning (Lewis and Shedler 1979): candidates at the highest rate by
/// geometric skips, each kept with probability p(t)/p_highest. The smoothed rate is needed at candidates
/// only.
template <class Keep>
void draw_spikes(const IntervalSmoother& smoother, const double* rate, int64_t intervals,
                 const SynapseFactor& factor, int64_t duration_ms, random::Random& random, Keep&& keep) {
  const double highest = spike_probability(*std::max_element(rate, rate + intervals) * factor.highest());
  if (highest <= 0) return;
  const double log_failure = std::log1p(-std::min(highest, 1 - 1e-12));
  for (int64_t t = random.failures(log_failure, duration_ms); t < duration_ms;
       t += 1 + random.failures(log_failure, duration_ms)) {
    if (random.uniform() * highest < spike_probability(smoother.at(rate, t) * factor.at(t)))
      keep(static_cast<uint32_t>(t));
  }
}

Events sorted_by_time(std::span<const std::vector<uint32_t>> times_of_synapse, int64_t duration_ms) {
  std::vector<size_t> place(static_cast<size_t>(duration_ms) + 1, 0);
  for (const auto& times : times_of_synapse) {
    for (const uint32_t t : times) ++place[t + 1];
  }
  std::partial_sum(place.begin(), place.end(), place.begin());
  Events events;
  events.time_ms.resize(place.back());
  events.synapse.resize(place.back());
  for (size_t s = 0; s < times_of_synapse.size(); ++s) {
    for (const uint32_t t : times_of_synapse[s]) {
      const size_t i = place[t]++;
      events.time_ms[i] = t;
      events.synapse[i] = static_cast<uint32_t>(s);
    }
  }
  return events;
}

/// A group whose input is of another kind has no part in the pools' totals. Its synapses stay where they
/// were, with no share, so that the others' random numbers are the same.
void take_from_pools(const GroupSynapses& group, std::vector<SynapsePool>& pools) {
  for (auto& pool : pools) {
    const auto& numbers = group.excitatory ? pool.excitatory : pool.inhibitory;
    auto& shares = group.excitatory ? pool.excitatory_share : pool.inhibitory_share;
    for (size_t k = 0; k < numbers.size(); ++k)
      if (numbers[k] >= group.first && numbers[k] < group.first + group.count) shares[k] = 0;
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    if (sum == 0) continue;
    for (double& share : shares) share /= sum;
  }
}

bool has_share(const std::vector<double>& shares) {
  return std::ranges::any_of(shares, [](double share) { return share > 0; });
}

std::vector<int64_t> durations(const config::Settings& settings, std::string_view key) {
  auto values = settings.integers(key, {}, {1, 1e6});
  if (values.empty()) {
    fail_input("{}: '{}' is empty, expected at least one duration in ms", settings.where(key),
               settings.full_key(key));
  }
  return values;
}

}  // namespace

SynapsePool one_pool(int excitatory_synapses, int inhibitory_synapses) {
  SynapsePool pool;
  const auto fill = [](int count, std::vector<int>& numbers, std::vector<double>& shares) {
    numbers.resize(count);
    std::iota(numbers.begin(), numbers.end(), 0);
    shares.assign(count, 1.0 / count);
  };
  fill(excitatory_synapses, pool.excitatory, pool.excitatory_share);
  fill(inhibitory_synapses, pool.inhibitory, pool.inhibitory_share);
  return pool;
}

RandomRates read_stimulus(const config::Settings& settings, std::vector<SynapsePool> pools,
                          std::vector<GroupSynapses> groups) {
  RandomRates rates;
  rates.excitatory_synapses = rates.inhibitory_synapses = 0;
  for (const auto& pool : pools) {
    rates.excitatory_synapses += static_cast<int>(pool.excitatory.size());
    rates.inhibitory_synapses += static_cast<int>(pool.inhibitory.size());
  }
  rates.calibration = read_calibration(settings, groups);
  rates.groups = read_group_inputs(settings, std::move(groups));
  for (const auto& group : rates.groups) take_from_pools(group.synapses, pools);
  if (!rates.groups.empty() && std::ranges::none_of(pools, [](const SynapsePool& pool) {
        return has_share(pool.excitatory_share) || has_share(pool.inhibitory_share);
      })) {
    rates.pools.clear();
    return rates;
  }
  const auto [low, high] = settings.low_high("excitatory_per_100ms", {0, 50}, {0, 1e6});
  for (auto& pool : pools) {
    std::tie(pool.excitatory_per_100ms_low, pool.excitatory_per_100ms_high) = std::pair(low, high);
    if (pool.name.empty() || !settings.has(pool.name)) continue;
    std::tie(pool.excitatory_per_100ms_low, pool.excitatory_per_100ms_high) =
        settings.table(pool.name).low_high("excitatory_per_100ms", {low, high}, {0, 1e6});
  }
  rates.pools = std::move(pools);
  rates.inhibition_below_excitation = settings.number("inhibition_below_excitation", 50.0);
  rates.inhibition_above_excitation = settings.number("inhibition_above_excitation", -15.0);
  std::tie(rates.synapse_factor_low, rates.synapse_factor_high) =
      settings.low_high("synapse_factor", {0.5, 1.5}, config::kNotNegative);
  rates.interval_ms = durations(settings, "interval_ms");
  rates.interval_jitter_ms = settings.integer("interval_jitter_ms", 20, {0, 1e6});
  rates.smoothing_sd_ms = durations(settings, "smoothing_sd_ms");
  rates.smoothing_jitter_ms = settings.integer("smoothing_jitter_ms", 20, {0, 1e6});
  return rates;
}

SynapticInput draw_input(const RandomRates& rates, uint64_t seed, random::Stage stage, uint64_t trial,
                         int64_t duration_ms, const RateFactors& factors) {
  const auto synapses = static_cast<size_t>(rates.excitatory_synapses + rates.inhibitory_synapses);
  std::vector<std::vector<uint32_t>> times(synapses);  // excitatory first
  if (!rates.pools.empty()) {
    random::Random rate_stream(seed, stage, trial, random::StreamName::rates);
    const auto drawn = draw_interval_rates(rates, rate_stream, duration_ms);
    const IntervalSmoother smoother(drawn, duration_ms);
    const auto factor = by_synapse(factors, rates);
    for (size_t s = 0; s < synapses; ++s) {
      random::Random random(seed, stage, trial, {random::StreamName::synapse, s});
      draw_spikes(smoother, drawn.of(static_cast<int64_t>(s)), drawn.intervals, factor[s], duration_ms,
                  random, [&](uint32_t t) { times[s].push_back(t); });
    }
  }
  for (const auto& group : rates.groups) {
    const auto first = static_cast<size_t>(group.synapses.first) +
                       (group.synapses.excitatory ? 0 : static_cast<size_t>(rates.excitatory_synapses));
    const GroupFactors own{factors.of_synapse.empty()
                               ? std::span<const double>{}
                               : std::span(factors.of_synapse).subspan(first, group.synapses.count),
                           factors.of_groups, rates.scale.empty() ? 1 : rates.scale[first]};
    auto drawn = draw_group(group, {seed, stage, trial, duration_ms, first, group.number}, own);
    std::ranges::move(drawn, times.begin() + static_cast<int64_t>(first));
  }
  const std::span all(times);
  const auto excitatory = static_cast<size_t>(rates.excitatory_synapses);
  return {sorted_by_time(all.first(excitatory), duration_ms),
          sorted_by_time(all.subspan(excitatory), duration_ms), random::trial_key(seed, stage, trial)};
}

PoolInput mean_input(const RandomRates& rates, const SynapsePool& pool, int64_t duration_ms) {
  constexpr int kSteps = 10000;  // of the integral over the total excitation
  double excitation = 0, inhibition = 0;
  for (int i = 0; i < kSteps; ++i) {
    const double e = pool.excitatory_per_100ms_low +
                     (i + 0.5) / kSteps * (pool.excitatory_per_100ms_high - pool.excitatory_per_100ms_low);
    excitation += e / kSteps;
    inhibition += mean_without_negatives(std::max(0.0, e - rates.inhibition_below_excitation),
                                         e + rates.inhibition_above_excitation) /
                  kSteps;
  }
  const double factor = (rates.synapse_factor_low + rates.synapse_factor_high) / 2;
  const double per_ms = factor * mean_coverage(rates, duration_ms) / 100;
  return {has_share(pool.excitatory_share) ? per_ms * excitation : 0,
          has_share(pool.inhibitory_share) ? per_ms * inhibition : 0};
}

std::vector<std::vector<double>> spike_probability_reference(const RandomRates& rates, uint64_t seed,
                                                             random::Stage stage, uint64_t trial,
                                                             int64_t duration_ms,
                                                             const RateFactors& factors) {
  random::Random rate_stream(seed, stage, trial, random::StreamName::rates);
  const auto drawn = draw_interval_rates(rates, rate_stream, duration_ms);
  const auto window = smoothing_window(drawn.smoothing_sd_ms);
  const auto half = static_cast<int64_t>(window.size() - 1) / 2;
  const auto factor = by_synapse(factors, rates);
  std::vector<std::vector<double>> probability;
  for (int s = 0; s < rates.excitatory_synapses + rates.inhibitory_synapses; ++s) {
    auto& p = probability.emplace_back(static_cast<size_t>(duration_ms));
    for (int64_t t = 0; t < duration_ms; ++t) {
      double smoothed = 0;
      for (int64_t i = 0; i < static_cast<int64_t>(window.size()); ++i) {
        const int64_t u = t + half - i;
        if (u >= 0 && u < duration_ms) smoothed += window[i] * drawn.of(s)[u / drawn.interval_ms];
      }
      p[t] = spike_probability(smoothed * factor[s].at(t));
    }
  }
  return probability;
}

}  // namespace nt::stimulus

#include "stimulus/shifted.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <tuple>

#include "config/nearest_word.hpp"

namespace nt::stimulus {
namespace {

/// Two shares of one half cross: of four trials one has both.
bool is_among(WhichTrials which, uint64_t trial, unsigned bit) {
  return which == WhichTrials::all || (which == WhichTrials::half && ((trial >> bit) & 1) != 0);
}

/// 1 on average over trials; higher within bursts.
std::vector<double> burst_factors(const StimulusShift& shift, random::Random random, int64_t duration_ms) {
  const double begin_per_ms = shift.bursts_hz / 1000;
  const double expected = begin_per_ms * static_cast<double>(shift.burst_ms);  // bursts at any time
  std::vector<double> factor(duration_ms, 1 - shift.burst_share);
  // From so early on that the first ms may lie in a burst as any other.
  auto start_ms = -static_cast<double>(shift.burst_ms);
  while ((start_ms += -std::log(random.uniform()) / begin_per_ms) < static_cast<double>(duration_ms)) {
    const auto first = static_cast<int64_t>(std::ceil(start_ms));
    for (auto t = std::max<int64_t>(first, 0); t < std::min(first + shift.burst_ms, duration_ms); ++t)
      factor[t] += shift.burst_share / expected;
  }
  return factor;
}

/// 1 where there is input, pause_factor where there is silence; which of them begins is drawn.
std::vector<double> pause_factors(const StimulusShift& shift, random::Random random, int64_t duration_ms) {
  std::vector<double> factor(duration_ms, 1.0);
  bool silent = random.uniform() < 0.5;
  for (int64_t start = 0; start < duration_ms; silent = !silent) {
    const auto end = std::min(duration_ms, start + random.integer(shift.pause_low_ms, shift.pause_high_ms));
    if (silent) std::fill(factor.begin() + start, factor.begin() + end, shift.pause_factor);
    start = end;
  }
  return factor;
}

/// Which of the clusters a trial drives.
std::vector<bool> driven_clusters(const StimulusShift& shift, random::Random random) {
  const auto count = static_cast<size_t>(shift.clusters.count);
  const auto most = static_cast<int64_t>(shift.driven_share * static_cast<double>(count));
  const auto number = static_cast<size_t>(random.integer(1, std::max<int64_t>(1, most)));
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::vector<bool> driven(count, false);
  for (size_t i = 0; i < number; ++i) {  // the beginning of a Fisher-Yates shuffle
    const auto drawn = random.integer(static_cast<int64_t>(i), static_cast<int64_t>(count) - 1);
    std::swap(order[i], order[drawn]);
    driven[order[i]] = true;
  }
  return driven;
}

/// "half" as TOML has it.
std::string_view name_of(WhichTrials which) {
  constexpr std::array<std::string_view, 3> kNames{"none", "half", "all"};
  return kNames[static_cast<size_t>(which)];
}

/// What the keys of [evaluate.generalisation] say of the shifts, whichever sets are asked for.
struct Parameters {
  double rates_low_factor, rates_high_factor;
  double synchrony_share, synchrony_bursts_hz;
  int64_t synchrony_burst_ms;
  double clusters_driven_share, clusters_driven_factor;
  std::pair<double, double> sinusoidal_period_ms;
  double sinusoidal_depth;
};

Parameters read_parameters(const config::Settings& settings) {
  Parameters p;
  p.rates_low_factor = settings.number("rates_low_factor", 0.5, {0, 1});
  p.rates_high_factor = settings.number("rates_high_factor", 1.5, {1, 100});
  p.synchrony_share = settings.number("synchrony_share", 0.2, {0.001, 1});
  p.synchrony_bursts_hz = settings.number("synchrony_bursts_hz", 10.0, {0.01, 1000});
  p.synchrony_burst_ms = settings.integer("synchrony_burst_ms", 5, {1, 1000});
  p.clusters_driven_share = settings.number("clusters_driven_share", 0.3, {0.001, 1});
  p.clusters_driven_factor = settings.number("clusters_driven_factor", 4.0, {0.01, 100});
  p.sinusoidal_period_ms = settings.low_high("sinusoidal_period_ms", {15, 300}, {2, 1e6});
  p.sinusoidal_depth = settings.number("sinusoidal_depth", 1.0, {0.01, 1});
  return p;
}

StimulusShift scaled(double factor) {
  StimulusShift shift;
  shift.rate_factor = factor;
  return shift;
}

StimulusShift synchronous(const Parameters& p) {
  StimulusShift shift;
  shift.burst_share = p.synchrony_share;
  shift.bursts_hz = p.synchrony_bursts_hz;
  shift.burst_ms = p.synchrony_burst_ms;
  return shift;
}

StimulusShift clustered(const Parameters& p) {
  StimulusShift shift;
  shift.driven_share = p.clusters_driven_share;
  shift.driven_factor = p.clusters_driven_factor;
  return shift;
}

StimulusShift with_sinusoid(StimulusShift shift, WhichTrials which, const Parameters& p) {
  shift.sinusoidal = which;
  std::tie(shift.period_low_ms, shift.period_high_ms) = p.sinusoidal_period_ms;
  shift.depth = p.sinusoidal_depth;
  return shift;
}

StimulusShift uninhibited(StimulusShift shift, WhichTrials which) {
  shift.without_inhibition = which;
  return shift;
}

struct KnownSet {
  std::string_view name;
  random::Stage stage;
  StimulusShift (*shift)(const Parameters&);
  std::string (*words)(const Parameters&);
};

std::string cluster_words(const Parameters& p) {
  return fmt::format("up to {:g} % of the clusters of synapses driven, at {:g} times their rates",
                     100 * p.clusters_driven_share, p.clusters_driven_factor);
}

const std::array<KnownSet, 7> kKnownSets{{
    {"rates_low", random::Stage::stimulus_rates_low,
     [](const Parameters& p) { return scaled(p.rates_low_factor); },
     [](const Parameters& p) { return fmt::format("all rates times {:g}", p.rates_low_factor); }},
    {"rates_high", random::Stage::stimulus_rates_high,
     [](const Parameters& p) { return scaled(p.rates_high_factor); },
     [](const Parameters& p) { return fmt::format("all rates times {:g}", p.rates_high_factor); }},
    {"synchrony", random::Stage::stimulus_synchrony, [](const Parameters& p) { return synchronous(p); },
     [](const Parameters& p) {
       return fmt::format(
           "{:g} % of the input in bursts of {} ms that a tree's synapses share, {:g} a second",
           100 * p.synchrony_share, p.synchrony_burst_ms, p.synchrony_bursts_hz);
     }},
    {"clusters", random::Stage::stimulus_clusters, [](const Parameters& p) { return clustered(p); },
     cluster_words},
    {"sinusoidal", random::Stage::stimulus_sinusoidal,
     [](const Parameters& p) { return with_sinusoid({}, WhichTrials::all, p); },
     [](const Parameters& p) {
       return fmt::format("rates times a sinusoid of depth {:g}, period from {:g} to {:g} ms",
                          p.sinusoidal_depth, p.sinusoidal_period_ms.first, p.sinusoidal_period_ms.second);
     }},
    {"no_inhibition", random::Stage::stimulus_no_inhibition,
     [](const Parameters&) { return uninhibited({}, WhichTrials::all); },
     [](const Parameters&) { return std::string("no inhibitory input"); }},
    {"published_mixture", random::Stage::stimulus_published_mixture,
     [](const Parameters& p) {
       return uninhibited(with_sinusoid(clustered(p), WhichTrials::half, p), WhichTrials::half);
     },
     [](const Parameters& p) {
       return cluster_words(p) + "; half of the trials sinusoidal, half without inhibition";
     }},
}};

const KnownSet& known_set(const std::string& name, const config::Settings& settings) {
  const auto known = std::find_if(kKnownSets.begin(), kKnownSets.end(),
                                  [&](const KnownSet& set) { return set.name == name; });
  if (known != kKnownSets.end()) return *known;
  const auto names = shifted_set_names();
  const auto meant = config::nearest_word(name, names);
  fail_input("{}: '{}' names the set \"{}\"; {}", settings.where("sets"), settings.full_key("sets"), name,
             meant ? fmt::format("did you mean \"{}\"?", *meant)
                   : fmt::format("known sets: {}", fmt::join(names, ", ")));
}

}  // namespace

std::vector<std::string> shifted_set_names() {
  std::vector<std::string> names;
  for (const auto& set : kKnownSets) names.emplace_back(set.name);
  return names;
}

std::vector<ShiftedSet> read_shifted_sets(const config::Settings& settings) {
  const auto parameters = read_parameters(settings);
  const auto names = settings.texts("sets", std::vector<std::string>{});
  std::vector<ShiftedSet> sets;
  for (const auto& name : names) {
    if (std::count(names.begin(), names.end(), name) > 1) {
      fail_input("{}: '{}' names the set \"{}\" twice, expected each once", settings.where("sets"),
                 settings.full_key("sets"), name);
    }
    const auto& known = known_set(name, settings);
    sets.push_back({name, known.words(parameters), known.stage, known.shift(parameters)});
  }
  return sets;
}

Sinusoid draw_sinusoid(const StimulusShift& shift, uint64_t seed, random::Stage stage, uint64_t trial) {
  if (!is_among(shift.sinusoidal, trial, 0)) return {};
  random::Random random(seed, stage, trial, random::StreamName::sinusoid);
  const double period_ms = random.uniform(shift.period_low_ms, shift.period_high_ms);
  return {period_ms, random.uniform(0, 2 * std::numbers::pi)};
}

RateFactors draw_factors(const StimulusShift& shift, const RandomRates& rates, uint64_t seed,
                         random::Stage stage, uint64_t trial, int64_t duration_ms) {
  RateFactors factors;
  const auto excitatory = static_cast<size_t>(rates.excitatory_synapses);
  const auto inhibitory = static_cast<size_t>(rates.inhibitory_synapses);
  const bool silent = is_among(shift.without_inhibition, trial, 1);
  if (shift.rate_factor != 1 || shift.needs_clusters() || silent)
    factors.of_synapse.assign(excitatory + inhibitory, shift.rate_factor);
  if (shift.needs_clusters()) {
    const auto driven =
        driven_clusters(shift, random::Random(seed, stage, trial, random::StreamName::driven_clusters));
    const auto drive = [&](const std::vector<int>& cluster, size_t first) {
      for (size_t s = 0; s < cluster.size(); ++s)
        factors.of_synapse[first + s] *= driven[cluster[s]] ? shift.driven_factor : 0;
    };
    drive(shift.clusters.of_excitatory, 0);
    drive(shift.clusters.of_inhibitory, excitatory);
  }
  if (silent) {
    std::fill(factors.of_synapse.begin() + static_cast<int64_t>(excitatory), factors.of_synapse.end(), 0.0);
  }

  const auto sinusoid = draw_sinusoid(shift, seed, stage, trial);
  if (shift.burst_share == 0 && sinusoid.period_ms == 0 && shift.pause_high_ms == 0) return factors;
  std::vector<double> common(duration_ms, 1.0);
  if (shift.pause_high_ms > 0)
    common =
        pause_factors(shift, random::Random(seed, stage, trial, random::StreamName::pauses), duration_ms);
  for (size_t t = 0; sinusoid.period_ms != 0 && t < common.size(); ++t) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(t) / sinusoid.period_ms + sinusoid.phase;
    common[t] *= 1 + shift.depth * std::sin(angle);
  }
  for (size_t pool = 0; pool < rates.pools.size(); ++pool) {
    auto& factor = factors.of_pool.emplace_back(static_cast<size_t>(duration_ms), 1.0);
    if (shift.burst_share > 0) {
      factor = burst_factors(shift, random::Random(seed, stage, trial, {random::StreamName::bursts, pool}),
                             duration_ms);
    }
    for (size_t t = 0; t < factor.size(); ++t) factor[t] *= common[t];
  }
  if (!rates.groups.empty()) factors.of_groups = std::move(common);
  return factors;
}

std::string determining_text(const StimulusShift& shift) {
  std::string text;
  if (shift.rate_factor != 1) text += fmt::format("rate_factor = {}\n", shift.rate_factor);
  if (shift.burst_share > 0) {
    text += fmt::format("burst_share = {}\nbursts_hz = {}\nburst_ms = {}\n", shift.burst_share,
                        shift.bursts_hz, shift.burst_ms);
  }
  if (shift.needs_clusters()) {
    text += fmt::format("clusters = {}\ndriven_share = {}\ndriven_factor = {}\n", shift.clusters.count,
                        shift.driven_share, shift.driven_factor);
  }
  if (shift.sinusoidal != WhichTrials::none) {
    text += fmt::format("sinusoidal_trials = \"{}\"\nperiod_ms = [{}, {}]\ndepth = {}\n",
                        name_of(shift.sinusoidal), shift.period_low_ms, shift.period_high_ms, shift.depth);
  }
  if (shift.without_inhibition != WhichTrials::none)
    text += fmt::format("trials_without_inhibition = \"{}\"\n", name_of(shift.without_inhibition));
  if (shift.pause_high_ms > 0) {
    text += fmt::format("pause_ms = [{}, {}]\npause_factor = {}\n", shift.pause_low_ms, shift.pause_high_ms,
                        shift.pause_factor);
  }
  return text.empty() ? text : "\n[shift]\n" + text;
}

}  // namespace nt::stimulus

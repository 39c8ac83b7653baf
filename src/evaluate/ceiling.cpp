#include "evaluate/ceiling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dataset/labels.hpp"
#include "random/random.hpp"

namespace nt::evaluate {
namespace {

constexpr double kSurest = 1 - 1e-6;  // no probability is higher, so that one miss does not cost everything

/// Adds to density[bin] the share of each spike's Gaussian that lies in the bin.
void add_spikes(std::span<const float> spike_times_ms, double sd_ms, std::vector<double>& density) {
  const auto duration = static_cast<int64_t>(density.size());
  for (const double time : spike_times_ms) {
    const auto own = static_cast<int64_t>(std::floor(time));
    if (sd_ms == 0) {
      if (own >= 0 && own < duration) density[own] += 1;
      continue;
    }
    const auto reach = static_cast<int64_t>(std::ceil(5 * sd_ms)) + 1;
    const auto below = [&](int64_t t) {
      return 0.5 * std::erfc((time - static_cast<double>(t)) / (sd_ms * std::sqrt(2.0)));
    };
    const int64_t first = std::max<int64_t>(0, own - reach), last = std::min(duration - 1, own + reach);
    for (int64_t t = first; t <= last; ++t) density[t] += below(t + 1) - below(t);
  }
}

double probability_of(double density, const SpikeKernel& kernel, double rate_per_bin) {
  return std::min(kSurest, rate_per_bin * (1 - kernel.share) + kernel.share * density);
}

/// -log likelihood of the true spikes, in nats.
double loss_of(std::span<const TrialComparison> trials, std::span<const std::vector<double>> density,
               const SpikeKernel& kernel, double rate_per_bin) {
  const double silent = -std::log1p(-probability_of(0, kernel, rate_per_bin));
  double loss = 0;
  for (size_t j = 0; j < trials.size(); ++j) {
    for (size_t t = 0; t < trials[j].spike.size(); ++t) {
      const double d = density[j][t];
      if (!trials[j].spike[t] && d == 0) {
        loss += silent;
        continue;
      }
      const double p = probability_of(d, kernel, rate_per_bin);
      loss -= trials[j].spike[t] ? std::log(p) : std::log1p(-p);
    }
  }
  return loss;
}

}  // namespace

std::vector<float> kernel_log_odds(std::span<const float> spike_times_ms, int64_t duration_ms,
                                   const SpikeKernel& kernel, double rate_per_bin) {
  std::vector<double> density(duration_ms, 0.0);
  add_spikes(spike_times_ms, kernel.sd_ms, density);
  std::vector<float> log_odds;
  for (const double d : density) {
    const double p = probability_of(d, kernel, rate_per_bin);
    log_odds.push_back(static_cast<float>(std::log(p / (1 - p))));
  }
  return log_odds;
}

SpikeKernel choose_kernel(std::span<const TrialComparison> trials,
                          std::span<const std::vector<float>> spike_times_ms, double rate_per_bin) {
  constexpr std::array<double, 12> kWidths_ms{0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 50};
  constexpr std::array<double, 8> kShares{0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 0.9999};
  SpikeKernel best;
  double best_loss = std::numeric_limits<double>::infinity();
  for (const double sd_ms : kWidths_ms) {
    std::vector<std::vector<double>> density;
    for (size_t j = 0; j < trials.size(); ++j) {
      density.emplace_back(trials[j].spike.size(), 0.0);
      add_spikes(spike_times_ms[j], sd_ms, density.back());
    }
    for (const double share : kShares) {
      const SpikeKernel kernel{sd_ms, share};
      const double loss = loss_of(trials, density, kernel, rate_per_bin);
      if (loss >= best_loss) continue;
      best_loss = loss;
      best = kernel;
    }
  }
  return best;
}

std::vector<std::vector<float>> jittered(const dataset::Split& split, double sd_ms, uint64_t seed) {
  std::vector<std::vector<float>> times;
  const auto latest = std::nextafter(static_cast<float>(split.duration_ms()), 0.0f);
  for (size_t i = 0; i < split.trials(); ++i) {
    random::Random random(seed, random::Stage::timing_jitter, i, random::StreamName::jitter);
    const auto spikes = split.trial(i).spike_times_ms;
    std::vector<float> moved;
    for (const float t : spikes) {
      moved.push_back(std::clamp(t + static_cast<float>(sd_ms * random.normal()), 0.0f, latest));
    }
    std::sort(moved.begin(), moved.end());
    times.push_back(std::move(moved));
  }
  return times;
}

void use_published_labels(std::vector<TrialComparison>& trials, const dataset::Split& split) {
  for (size_t i = 0; i < trials.size(); ++i)
    trials[i].spike = truth_of(dataset::labelled(split.trial(i), {.published = true})).spike;
}

}  // namespace nt::evaluate

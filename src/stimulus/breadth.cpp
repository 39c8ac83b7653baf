#include "stimulus/breadth.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <tuple>

namespace nt::stimulus {
namespace {

using Between = Breadth::Between;

double drawn_from(Between between, random::Random& random) {
  return random.uniform(between.first, between.second);
}

double middle(Between between) {
  return (between.first + between.second) / 2;
}

StimulusShift scaled(Between factor, random::Random& random) {
  StimulusShift shift;
  shift.rate_factor = drawn_from(factor, random);
  return shift;
}

StimulusShift synchronous(const Breadth& b, random::Random& random) {
  StimulusShift shift;
  shift.burst_share = drawn_from(b.synchrony_share, random);
  shift.bursts_hz = drawn_from(b.synchrony_bursts_hz, random);
  shift.burst_ms = std::llround(drawn_from(b.synchrony_burst_ms, random));
  return shift;
}

StimulusShift clustered(const Breadth& b, random::Random& random) {
  StimulusShift shift;
  shift.driven_share = b.clusters_driven_share;
  shift.driven_factor = drawn_from(b.clusters_driven_factor, random);
  shift.clusters = b.clusters;
  return shift;
}

/// Draws as much whether the trial is to swing or not.
StimulusShift with_sinusoid(StimulusShift shift, bool swings, const Breadth& b, random::Random& random) {
  shift.depth = drawn_from(b.sinusoidal_depth, random);
  std::tie(shift.period_low_ms, shift.period_high_ms) = b.sinusoidal_period_ms;
  shift.sinusoidal = swings ? WhichTrials::all : WhichTrials::none;
  return shift;
}

StimulusShift with_pauses(const Breadth& b, random::Random& random) {
  StimulusShift shift;
  shift.pause_low_ms = std::llround(b.silence_ms.first);
  shift.pause_high_ms = std::llround(b.silence_ms.second);
  shift.pause_factor = drawn_from(b.silence_factor, random);
  return shift;
}

/// As the set of this name: clusters; half of the trials swing, half have no inhibition.
StimulusShift mixed(const Breadth& b, random::Random& random) {
  const bool swings = random.uniform() < 0.5, uninhibited = random.uniform() < 0.5;
  auto shift = with_sinusoid(clustered(b, random), swings, b, random);
  shift.without_inhibition = uninhibited ? WhichTrials::all : WhichTrials::none;
  return shift;
}

StimulusShift uninhibited(const Breadth&, random::Random&) {
  StimulusShift shift;
  shift.without_inhibition = WhichTrials::all;
  return shift;
}

/// The mean over trials of the share of clusters driven, from one to the most, times the factor.
double mean_driven(const Breadth& b) {
  const auto count = static_cast<double>(b.cluster_count);
  const double most = std::max(1.0, std::floor(b.clusters_driven_share * count));
  return (1 + most) / 2 / count * middle(b.clusters_driven_factor);
}

struct KnownMember {
  std::string_view name;
  bool needs_clusters, needs_inhibition;
  StimulusShift (*draw)(const Breadth&, random::Random&);
  MeanFactors (*mean)(const Breadth&);
};

MeanFactors alike(double factor) {
  return {factor, factor};
}

const std::array<KnownMember, 9> kKnownMembers{{
    {"unchanged", false, false, [](const Breadth&, random::Random&) { return StimulusShift{}; },
     [](const Breadth&) { return MeanFactors{}; }},
    {"rates_low", false, false,
     [](const Breadth& b, random::Random& r) { return scaled(b.rates_low_factor, r); },
     [](const Breadth& b) { return alike(middle(b.rates_low_factor)); }},
    {"rates_high", false, false,
     [](const Breadth& b, random::Random& r) { return scaled(b.rates_high_factor, r); },
     [](const Breadth& b) { return alike(middle(b.rates_high_factor)); }},
    {"synchrony", false, false, synchronous, [](const Breadth&) { return MeanFactors{}; }},
    {"clusters", true, false, clustered, [](const Breadth& b) { return alike(mean_driven(b)); }},
    {"sinusoidal", false, false,
     [](const Breadth& b, random::Random& r) { return with_sinusoid({}, true, b, r); },
     [](const Breadth&) { return MeanFactors{}; }},
    {"no_inhibition", false, true, uninhibited,
     [](const Breadth&) {
       return MeanFactors{1, 0};
     }},
    {"published_mixture", true, false, mixed,
     [](const Breadth& b) {
       return MeanFactors{mean_driven(b), mean_driven(b) / 2};
     }},
    {"silence", false, false, with_pauses,
     [](const Breadth& b) { return alike((1 + middle(b.silence_factor)) / 2); }},
}};

const KnownMember& known_member(std::string_view name) {
  return *std::ranges::find(kKnownMembers, name, &KnownMember::name);
}

/// InputError if the neuron lacks what the member is about.
void require_possible(const KnownMember& member, const config::Settings& breadth, bool has_dendrites,
                      bool has_inhibition) {
  const auto is_possible = [&](const KnownMember& m) {
    return (has_dendrites || !m.needs_clusters) && (has_inhibition || !m.needs_inhibition);
  };
  if (is_possible(member)) return;
  std::vector<std::string_view> possible;
  for (const auto& m : kKnownMembers)
    if (is_possible(m)) possible.push_back(m.name);
  fail_input("{}: '{}' asks for trials of this kind, but {}; possible for this neuron: {}",
             breadth.where(member.name), breadth.full_key(member.name),
             !has_dendrites && member.needs_clusters
                 ? "a point neuron has no dendrites whose synapses could be grouped"
                 : "the neuron has no inhibitory synapses, so nothing would change",
             fmt::join(possible, ", "));
}

void read_parameters(Breadth& b, const config::Settings& settings) {
  const auto between = [&](std::string_view key, Between& of, config::Range range) {
    of = settings.low_high(key, {of.first, of.second}, range);
  };
  // Of whole numbers of ms.
  const auto durations = [&](std::string_view key, Between& of, config::Range range) {
    const auto low_high =
        settings.integers(key, std::vector<int64_t>{std::llround(of.first), std::llround(of.second)}, range);
    if (low_high.size() != 2 || low_high[0] > low_high[1]) {
      fail_input("{}: '{}' is [{}], expected two whole numbers, the lower first, for example [{}, {}]",
                 settings.where(key), settings.full_key(key), fmt::join(low_high, ", "), of.first, of.second);
    }
    of = {static_cast<double>(low_high[0]), static_cast<double>(low_high[1])};
  };
  between("rates_low_factor", b.rates_low_factor, {0, 1});
  between("rates_high_factor", b.rates_high_factor, {1, 100});
  between("synchrony_share", b.synchrony_share, {0, 1});
  between("synchrony_bursts_hz", b.synchrony_bursts_hz, {0.01, 1000});
  durations("synchrony_burst_ms", b.synchrony_burst_ms, {1, 1000});
  b.clusters_driven_share = settings.number("clusters_driven_share", b.clusters_driven_share, {0.001, 1});
  between("clusters_driven_factor", b.clusters_driven_factor, {0.01, 100});
  between("sinusoidal_period_ms", b.sinusoidal_period_ms, {2, 1e6});
  between("sinusoidal_depth", b.sinusoidal_depth, {0, 1});
  durations("silence_ms", b.silence_ms, {1, 1e6});
  between("silence_factor", b.silence_factor, {0, 1});
  b.cluster_count = settings.integer("cluster_count", b.cluster_count, {2, 1e4});
  b.clusters_fit_trials = settings.integer("clusters_fit_trials", b.clusters_fit_trials, {1, 128});
}

random::Random stream_of(uint64_t seed, random::Stage stage, uint64_t trial) {
  return {seed, stage, trial, random::StreamName::breadth};
}

const Breadth::Member& draw_member(const Breadth& breadth, random::Random& random) {
  double left = random.uniform();
  for (const auto& member : breadth.members)
    if ((left -= member.share) < 0) return member;
  return breadth.members.back();  // what rounding left over
}

}  // namespace

bool Breadth::needs_clusters() const {
  return std::ranges::any_of(members, [](const Member& m) { return known_member(m.name).needs_clusters; });
}

std::vector<std::string> breadth_member_names() {
  std::vector<std::string> names;
  for (const auto& member : kKnownMembers) names.emplace_back(member.name);
  return names;
}

Breadth read_breadth(const config::Settings& stimulus, bool has_dendrites, bool has_inhibition) {
  Breadth breadth;
  if (!stimulus.has("breadth")) return breadth;
  const auto settings = stimulus.table("breadth");
  double sum = 0;
  for (const auto& known : kKnownMembers) {
    const double weight = settings.number(known.name, 0.0, {0, 1e6});
    if (weight == 0) continue;
    require_possible(known, settings, has_dendrites, has_inhibition);
    breadth.members.push_back({std::string(known.name), weight});
    sum += weight;
  }
  read_parameters(breadth, settings);
  if (sum == 0) {
    fail_input(
        "{}: '{}' gives no kind of trial a weight; for example unchanged = 0.5, rates_high = 0.5; "
        "without the table all trials are as [stimulus] says. Known kinds: {}",
        stimulus.where("breadth"), stimulus.full_key("breadth"), fmt::join(breadth_member_names(), ", "));
  }
  for (auto& member : breadth.members) member.share /= sum;
  return breadth;
}

const std::string& member_of(const Breadth& breadth, uint64_t seed, random::Stage stage, uint64_t trial) {
  auto random = stream_of(seed, stage, trial);
  return draw_member(breadth, random).name;
}

StimulusShift draw_shift(const Breadth& breadth, uint64_t seed, random::Stage stage, uint64_t trial) {
  if (breadth.needs_clusters() && breadth.clusters.count == 0)
    throw std::logic_error("a trial of a mixture that needs clusters of synapses is drawn without them");
  auto random = stream_of(seed, stage, trial);
  const auto& member = draw_member(breadth, random);
  return known_member(member.name).draw(breadth, random);
}

MeanFactors mean_factors(const Breadth& breadth) {
  if (breadth.members.empty()) return {};
  MeanFactors mean{0, 0};
  for (const auto& member : breadth.members) {
    const auto of_member = known_member(member.name).mean(breadth);
    mean.excitatory += member.share * of_member.excitatory;
    mean.inhibitory += member.share * of_member.inhibitory;
  }
  return mean;
}

}  // namespace nt::stimulus

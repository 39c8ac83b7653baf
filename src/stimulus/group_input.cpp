#include "stimulus/group_input.hpp"

#include <algorithm>
#include <cmath>

namespace nt::stimulus {
namespace {

std::vector<std::string> names_of(std::span<const GroupSynapses> groups) {
  std::vector<std::string> names;
  for (const auto& group : groups) names.push_back(group.name);
  return names;
}

std::shared_ptr<const GroupInput> read_input(const config::Settings& settings, const GroupSynapses& group) {
  std::vector<std::string_view> names;
  for (const auto& kind : input_kinds()) names.push_back(kind.name);
  const auto name = settings.choice("kind", names);
  return std::ranges::find(input_kinds(), name, &InputKind::name)->read(settings, group);
}

double highest_of(std::span<const double> factors) {
  return factors.empty() ? 1 : *std::ranges::max_element(factors);
}

/// Keeps each spike with the chance that `chance`(ms) is.
template <class Chance>
void thin(std::vector<uint32_t>& times, random::Random random, Chance&& chance) {
  std::erase_if(times, [&](uint32_t t) { return random.uniform() >= chance(t); });
}

}  // namespace

std::vector<AssignedInput> read_group_inputs(const config::Settings& stimulus,
                                             std::vector<GroupSynapses> groups) {
  std::vector<AssignedInput> assigned;
  if (!stimulus.has("groups")) return assigned;
  const auto table = stimulus.table("groups");
  for (size_t g = 0; g < groups.size(); ++g) {
    if (!table.has(groups[g].name)) continue;
    auto input = read_input(table.table(groups[g].name), groups[g]);
    assigned.push_back({std::move(groups[g]), std::move(input), g});
  }
  table.reject_unread();  // what is no group's name; later, the slow rates of the group meant would be missed
  return assigned;
}

SpikeTimes draw_group(const AssignedInput& group, GroupTrial trial, const GroupFactors& factors) {
  const bool has_rates = group.input->has_rates();
  const double drawn_at =
      has_rates ? std::max(1.0, highest_of(factors.of_synapse) * highest_of(factors.over_time)) : 1;
  trial.rate_factor = has_rates ? factors.scale * drawn_at : 1;
  const double kept = has_rates ? 1 / drawn_at : factors.scale;
  auto times = group.input->draw(group.synapses, trial);
  for (size_t s = 0; s < times.size(); ++s) {
    std::ranges::sort(times[s]);
    times[s].erase(std::unique(times[s].begin(), times[s].end()), times[s].end());
    const double of_synapse = kept * (factors.of_synapse.empty() ? 1 : factors.of_synapse[s]);
    if (of_synapse >= 1 && factors.over_time.empty()) continue;
    thin(times[s], trial.thinning(s),
         [&](uint32_t t) { return of_synapse * (factors.over_time.empty() ? 1 : factors.over_time[t]); });
  }
  return times;
}

std::optional<Calibration> read_calibration(const config::Settings& stimulus,
                                            std::span<const GroupSynapses> groups) {
  if (!stimulus.has("calibrate")) return {};
  const auto settings = stimulus.table("calibrate");
  Calibration calibration;
  calibration.rate_hz = settings.number("rate_hz", {}, {0.01, 500});
  calibration.groups = settings.texts("groups", std::vector<std::string>{});
  calibration.trials = settings.integer("trials", calibration.trials, {1, 1024});
  calibration.tolerance = settings.number("tolerance", calibration.tolerance, {0.01, 1});
  for (const auto& name : calibration.groups) {
    if (std::ranges::find(groups, name, &GroupSynapses::name) != groups.end()) continue;
    fail_input("{}: '{}' names the group \"{}\", expected some of the neuron's: {}", settings.where("groups"),
               settings.full_key("groups"), name, fmt::join(names_of(groups), ", "));
  }
  return calibration;
}

NumberOrRange read_number_or_range(const config::Settings& settings, std::string_view key,
                                   std::optional<NumberOrRange> otherwise, config::Range range) {
  if (settings.is_array(key)) {
    const auto [low, high] = settings.low_high(key, {}, range);
    return {low, high};
  }
  if (otherwise && !settings.has(key) && otherwise->low != otherwise->high) {
    const auto [low, high] = settings.low_high(key, {otherwise->low, otherwise->high}, range);
    return {low, high};
  }
  const double number = settings.number(key, otherwise ? std::optional(otherwise->low) : std::nullopt, range);
  return {number, number};
}

void draw_poisson(double hz, int64_t duration_ms, random::Random& random, std::vector<uint32_t>& times) {
  if (hz <= 0) return;
  const double log_failure = std::log1p(-std::min(hz / 1000, 1 - 1e-12));
  for (int64_t t = random.failures(log_failure, duration_ms); t < duration_ms;
       t += 1 + random.failures(log_failure, duration_ms))
    times.push_back(static_cast<uint32_t>(t));
}

}  // namespace nt::stimulus

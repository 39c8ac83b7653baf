#include "cell/detail/drawn.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "cell/formula.hpp"

namespace nt::cell {
namespace {

std::string said_at(const config::Settings& settings, std::string_view key) {
  return fmt::format("{}: '{}'", settings.where(key), settings.full_key(key));
}

void require_in(config::Range range, double value, const std::string& where) {
  if (value >= range.low && value <= range.high) return;
  fail_input("{} is {}, expected {}", where, value,
             std::isinf(range.high) ? fmt::format("{} or more", range.low)
                                    : fmt::format("from {} to {}", range.low, range.high));
}

std::vector<double> formula_values(const config::Settings& settings, std::string_view key,
                                   std::optional<std::string> otherwise,
                                   const morphology::Compartments& geometry,
                                   const std::vector<int>& compartments) {
  return evaluate_formula(settings.formula(key, std::move(otherwise)), said_at(settings, key), geometry,
                          compartments);
}

/// A normal deviate, drawn again while it is out of range.
double normal_within(config::Range range, double mean, double sd, random::Random& random,
                     const std::string& where) {
  constexpr int kMostDraws = 10'000;
  for (int i = 0; i < kMostDraws; ++i) {
    const double value = mean + sd * random.normal();
    if (value >= range.low && value <= range.high) return value;
  }
  fail_input("{}: too few of the drawn values are between {} and {}", where, range.low, range.high);
}

std::vector<double> drawn_values(const config::Settings& table, config::Range range,
                                 const morphology::Compartments& geometry,
                                 const std::vector<int>& compartments, random::Random& random) {
  static constexpr std::array<std::string_view, 3> kDistributions{"lognormal", "normal", "uniform"};
  const auto distribution = table.choice("distribution", kDistributions);
  const auto where = said_at(table, "distribution");
  std::vector<double> values;
  if (distribution == "uniform") {
    const double low = table.number("low", {}, range), high = table.number("high", {}, range);
    for (size_t i = 0; i < compartments.size(); ++i) values.push_back(random.uniform(low, high));
    return values;
  }
  values = formula_values(table, "mean", {}, geometry, compartments);
  const double cv = table.number("cv", {}, {0, 100});
  for (double& value : values) {
    require_in(range, value, said_at(table, "mean"));
    const double mean = value;
    if (distribution == "normal") {
      value = normal_within(range, mean, cv * std::abs(mean), random, where);
    } else {
      // Of a lognormal number with this mean and coefficient of variation, the logarithm's mean and variance.
      const double variance = std::log1p(cv * cv);
      value = mean * std::exp(std::sqrt(variance) * random.normal() - variance / 2);
    }
  }
  return values;
}

}  // namespace

std::vector<double> read_values(const config::Settings& settings, std::string_view key, double otherwise,
                                config::Range range, const morphology::Compartments& geometry,
                                const std::vector<int>& compartments, random::Random random) {
  const auto values =
      settings.is_table(key)
          ? drawn_values(settings.table(key), range, geometry, compartments, random)
          : formula_values(settings, key, fmt::format("{:.17g}", otherwise), geometry, compartments);
  for (const double value : values) require_in(range, value, said_at(settings, key));
  return values;
}

std::vector<int> placed_evenly(const std::vector<int>& compartments, const std::vector<double>& expected,
                               int64_t count) {
  const double all = std::accumulate(expected.begin(), expected.end(), 0.0);
  std::vector<int> placed;
  double before = 0;
  for (size_t i = 0; i < compartments.size(); ++i) {
    before += expected[i];
    // Rounding must not lose the last one.
    const bool last = i + 1 == compartments.size();
    while (std::ssize(placed) < count &&
           (last || (static_cast<double>(placed.size()) + 0.5) / static_cast<double>(count) * all < before))
      placed.push_back(compartments[i]);
  }
  return placed;
}

std::vector<int> placed_randomly(const std::vector<int>& compartments, const std::vector<double>& expected,
                                 int64_t count, random::Random random) {
  std::vector<double> until(expected.size());
  std::partial_sum(expected.begin(), expected.end(), until.begin());
  std::vector<int> placed;
  for (int64_t k = 0; k < count; ++k) {
    const auto at = std::ranges::upper_bound(until, random.uniform() * until.back()) - until.begin();
    placed.push_back(compartments[std::min(static_cast<size_t>(at), compartments.size() - 1)]);
  }
  std::ranges::sort(placed);
  return placed;
}

}  // namespace nt::cell

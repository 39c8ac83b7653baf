#include "interpret/filters.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace nt::interpret {
namespace {

TEST(Filters, AnExponentialIsFittedExactly) {
  for (const double tau : {1.0, 20.0, 150.0}) {
    std::vector<double> filter;
    for (int k = 0; k < 80; ++k) filter.push_back(-3 * std::exp(-k / tau));
    const auto fit = fit_exponential(filter);
    EXPECT_NEAR(fit.tau_ms, tau, 1e-4 * tau);
    EXPECT_NEAR(fit.amplitude, -3, 1e-4);
    EXPECT_NEAR(fit.r2, 1, 1e-9);
  }
}

TEST(Filters, AFilterOfZerosHasNoTimeConstant) {
  const auto fit = fit_exponential(std::vector<double>(10, 0.0));
  EXPECT_TRUE(std::isnan(fit.tau_ms));
  EXPECT_EQ(why_no_time_constant(fit, 10), "zero throughout");
}

std::string why_not(const std::vector<double>& filter) {
  return why_no_time_constant(fit_exponential(filter), filter.size());
}

std::vector<double> exponential(double tau_ms, int lags) {
  std::vector<double> filter;
  for (int k = 0; k < lags; ++k) filter.push_back(std::exp(-k / tau_ms));
  return filter;
}

TEST(TimeConstant, IsBelievedWithinHalfOfWhatItIsReadFrom) {
  for (const double tau_ms : {1.0, 20.0, 70.0}) EXPECT_EQ(why_not(exponential(tau_ms, 150)), "") << tau_ms;
  for (const double tau_ms : {80.0, 419.0, 1e6})
    EXPECT_EQ(why_not(exponential(tau_ms, 150)), "longer than 75 ms, half of the 150 ms it is read from")
        << tau_ms;
  EXPECT_EQ(why_not(exponential(0.2, 150)), "shorter than 0.5 ms");
  EXPECT_EQ(why_not(exponential(2, 4)), "only 4 ms to read it from");
}

TEST(TimeConstant, IsNotBelievedOfWhatIsNoExponential) {
  std::vector<double> wave;
  for (int k = 0; k < 150; ++k) wave.push_back(std::sin(k / 5.0));
  EXPECT_EQ(why_not(wave).find("no exponential: one explains "), 0u) << why_not(wave);
}

TEST(TimeConstant, IsNotBelievedWhereItsIntervalLeavesTheWindow) {
  const auto fit = fit_exponential(exponential(40, 150));
  EXPECT_EQ(why_no_time_constant(fit, 150, statistics::Estimate{fit.tau_ms, 30.0, 60.0}), "");
  EXPECT_EQ(why_no_time_constant(fit, 150, statistics::Estimate{fit.tau_ms, 20.0, 1500.0}),
            "not told from more than the 150 ms it is read from");
}

/// Filters of three excitatory and two inhibitory synapses that decay so.
FirstLayer decaying_with(double excitatory_tau_ms, double inhibitory_tau_ms) {
  twin::Twin twin(twin::TwinSpec(twin::ConvolutionalSpec({{150, 1}})), 5, 1);
  twin.array("spike_weight")[0] = 2;
  const auto weight = twin.array("layer1_weight");
  for (size_t i = 0; i < weight.size(); ++i) {
    const auto lag = static_cast<double>(i % 150);
    weight[i] = static_cast<float>(i / 150 < 3 ? std::exp(-lag / excitatory_tau_ms)
                                               : -std::exp(-lag / inhibitory_tau_ms));
  }
  return interpret_filters(twin, 3, {}, 1);
}

TEST(Filters, ReportATimeConstantInsideTheirWindowAndTheReasonOutside) {
  const auto found = decaying_with(20, 419);
  const auto metrics = filter_metrics(found);
  EXPECT_NEAR(metrics["filter.excitatory_tau_ms"].number(), 20, 1e-2);
  EXPECT_FALSE(metrics.contains("filter.excitatory_tau_note"));
  EXPECT_TRUE(metrics["filter.inhibitory_tau_ms"].is_null());
  EXPECT_FALSE(metrics.contains("filter.inhibitory_tau_ms_ci95"));
  EXPECT_EQ(metrics["filter.inhibitory_tau_note"], "longer than 75 ms, half of the 150 ms it is read from");
  const auto& unit = found.units[0];
  EXPECT_EQ(unit.inhibitory->tau_note, metrics["filter.inhibitory_tau_note"].words());
  EXPECT_EQ(unit.excitatory->tau_note, "");
  EXPECT_NEAR(unit.excitatory->tau_ms.value, 20, 1e-2);
}

TEST(Filters, SignsAreThoseOfTheEffectOnTheSpike) {
  // A unit read out negatively, with negative filters for excitation: excitation still drives spikes.
  twin::Twin twin(twin::TwinSpec(twin::ConvolutionalSpec({{40, 1}})), 5, 1);
  twin.array("spike_weight")[0] = -2;
  const auto weight = twin.array("layer1_weight");
  for (size_t i = 0; i < weight.size(); ++i)
    weight[i] = static_cast<float>((i / 40 < 3 ? -1.0 : 0.5) * std::exp(-static_cast<double>(i % 40) / 10));
  const auto found = interpret_filters(twin, 3, 10, 1);
  const auto metrics = filter_metrics(found);
  EXPECT_NEAR(metrics["filter.excitatory_amplitude"].number(), 1, 1e-4);
  EXPECT_NEAR(metrics["filter.inhibitory_amplitude"].number(), -0.5, 1e-4);
  EXPECT_NEAR(metrics["filter.inhibitory_tau_ms"].number(), 10, 1e-3);
  EXPECT_EQ(metrics["filter.true_tau_ms"], 10);
  EXPECT_EQ(found.units[0].readout, 2);
  EXPECT_EQ(found.units[0].excitatory->each.size(), 3u);
}

TEST(Interpretation, OfARecurrentTwinIsItsTimeConstants) {
  twin::RecurrentSpec r;
  r.memory_units = 3;
  r.longest_memory_ms = 100;
  r.wiring = {1, {0, 1, 2}, {0, 0}};
  r.excitatory_channels = 1;
  const auto of = interpret_filters(twin::Twin(twin::TwinSpec(r), 2, 1), 1, {}, 1);
  ASSERT_EQ(of.memory_tau_ms.size(), 3u);
  // Evenly in the logarithm, in single precision.
  for (size_t u = 0; u < 3; ++u)
    EXPECT_NEAR(of.memory_tau_ms[u], std::pow(10.0, u), 1e-5 * std::pow(10.0, u));
  EXPECT_TRUE(of.units.empty());             // the report has nothing to draw
  EXPECT_EQ(filter_metrics(of).size(), 0u);  // and metrics.json nothing to add
}

}  // namespace
}  // namespace nt::interpret

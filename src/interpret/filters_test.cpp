#include "interpret/filters.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace neurontwin {
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
  EXPECT_TRUE(std::isnan(fit_exponential(std::vector<double>(10, 0.0)).tau_ms));
}

TEST(Filters, SignsAreThoseOfTheEffectOnTheSpike) {
  // A unit read out negatively, with negative filters for excitation: excitation still drives spikes.
  TwinSpec spec;
  spec.layers = {{40, 1}};
  Twin twin(spec, 5, 1);
  {
    torch::NoGradGuard no_gradient;
    twin->spike_weight.fill_(-2);
    const auto decay = torch::exp(-torch::arange(40) / 10.0);
    for (int64_t c = 0; c < 5; ++c) twin->first_weight[c].select(1, 0).copy_((c < 3 ? -1.0 : 0.5) * decay);
  }
  const auto found = interpret_filters(*twin, 3, 10, 1);
  EXPECT_NEAR(found.metrics["filter.excitatory_amplitude"].get<double>(), 1, 1e-4);
  EXPECT_NEAR(found.metrics["filter.inhibitory_amplitude"].get<double>(), -0.5, 1e-4);
  EXPECT_NEAR(found.metrics["filter.inhibitory_tau_ms"].get<double>(), 10, 1e-3);
  EXPECT_EQ(found.document["units"][0]["filters"]["excitatory"].size(), 3u);
}

TEST(Interpretation, OfARecurrentTwinIsItsTimeConstants) {
  TwinSpec spec;
  auto& r = spec.recurrent.emplace();
  r.memory_units = 3;
  r.longest_memory_ms = 100;
  r.wiring = {1, {0, 1, 2}, {0, 0}};
  r.excitatory_channels = 1;
  Twin twin(spec, 2, 1);
  const auto of = interpret_filters(*twin, 1, {}, 1);
  EXPECT_EQ(of.document["memory_tau_ms"].dump(), "[1.0,10.0,100.0]");
  EXPECT_TRUE(of.document["units"].empty());  // the report has nothing to draw
  EXPECT_TRUE(of.metrics.is_object());        // and metrics.json nothing to add
}

}  // namespace
}  // namespace neurontwin

#include "interpret/detail/response.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "interpret/detail/exact_twin.hpp"

namespace nt::interpret {
namespace {

TEST(ResponseShape, OfAnAlphaFunctionIsItsTextbooks) {
  // t exp(1 - t/tau)/tau peaks at tau with 1 and is half as high from 0.2320 to 2.6783 tau.
  constexpr double tau = 10;
  std::vector<double> response;
  for (int t = 0; t < 150; ++t) response.push_back(-3 * t / tau * std::exp(1 - t / tau));
  const auto shape = shape_of(response);
  EXPECT_NEAR(shape.peak, -3, 1e-12);
  EXPECT_EQ(shape.peak_lag_ms, tau);
  EXPECT_NEAR(shape.width_ms, (2.6783 - 0.2320) * tau, 0.05);  // straight lines between samples
}

TEST(ResponseShape, ExponentialsDecayWithTheirTimeConstant) {
  std::vector<double> response{0, 0, 0};
  for (int t = 0; t < 100; ++t) response.push_back(std::exp(-t / 12.0));
  const auto shape = shape_of(response);
  EXPECT_EQ(shape.peak_lag_ms, 3);
  EXPECT_NEAR(shape.decay_tau_ms, 12, 1e-3);
  EXPECT_TRUE(std::isnan(shape_of(std::vector<double>(5, 0.0)).width_ms));
}

TEST(ResponseShape, SaysWhatItsWindowIsTooShortFor) {
  const auto notes_of = [](double tau_ms, int lags) {
    std::vector<double> response;
    for (int t = 0; t < lags; ++t) response.push_back(std::exp(-t / tau_ms));
    return notes_on(shape_of(response));
  };
  const auto inside = notes_of(12, 100);
  EXPECT_EQ(inside.peak_lag + inside.width + inside.decay, "");
  // Half is reached after 0.69 tau: 69 ms, and 277 ms, of which 100 are looked at.
  const auto slow = notes_of(100, 100), slower = notes_of(400, 100);
  EXPECT_EQ(slow.width, "");
  EXPECT_EQ(slow.decay, "longer than 50 ms, half of the 100 ms it is read from");
  EXPECT_EQ(slower.width, "longer than 99 ms: beyond half of its peak to the end");
  const auto rising = notes_on(shape_of(std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(rising.peak_lag, "greatest at the end of what is looked at");
  EXPECT_EQ(rising.decay, "only 1 ms to read it from");
  const auto flat = notes_on(shape_of(std::vector<double>{0, 1e-5, 0, 0, 0, 0}), 1e-3);
  EXPECT_EQ(flat.width, "no change above 0.001");
}

TEST(MeanResponse, OfALinearTwinIsItsFilter) {
  ExactTwin exact("linear", 1000);
  const auto places = synapse_places(exact.plan.cell);
  const auto moments = drawn_moments(exact.test, 50, 0, 1);
  const auto response = mean_response(exact.twin, exact.test, moments);
  ASSERT_EQ(response.soma_mV.cols(), ExactTwin::taps);
  EXPECT_NEAR(response.soma_mV(3, 10), 2 * std::exp(-0.5), 1e-5);
  EXPECT_NEAR(response.soma_mV(90, 0), -2, 1e-5);
  EXPECT_NEAR(response.spike_log_odds(3, 0), 1, 1e-5);

  const auto summary = summarise(response, places, 1);
  ASSERT_EQ(summary.sets.size(), 2u);
  const auto& excitatory = summary.sets[0].soma_mV;
  EXPECT_EQ(excitatory.noted.notes.decay, "");
  EXPECT_NEAR(excitatory.noted.shape.decay_tau_ms, ExactTwin::tau_ms, 0.01);
  EXPECT_EQ(excitatory.noted.shape.peak_lag_ms, 0);
  EXPECT_LT(summary.sets[1].soma_mV.peak.high, 0);  // inhibition
  // exp(-k/20): half is within 13 ms (0.69 tau), 95 % within 59 (3.0 tau).
  EXPECT_NEAR(summary.soma_mV.reach.lag_ms_50, 13, 1);
  EXPECT_NEAR(summary.soma_mV.reach.lag_ms_95, 59, 1);
  EXPECT_NEAR(summary.soma_mV.peak[90], -2, 1e-5);
}

TEST(MeanResponse, ThatSynapsesDoNotAgreeOnHasNoShape) {
  // Half of the synapses excite by as much as the other half inhibits: their mean is noise.
  MeanResponse response{Eigen::MatrixXd(40, 100), Eigen::MatrixXd(40, 100)};
  std::vector<SynapsePlace> places(40);
  random::Random random(1, random::Stage::test_cases, 0, random::StreamName::test_case);
  for (int64_t c = 0; c < 40; ++c)
    for (int64_t lag = 0; lag < 100; ++lag)
      response.soma_mV(c, lag) =
          random.normal() * (response.spike_log_odds(c, lag) = std::exp(-static_cast<double>(lag) / 10));
  const auto set = summarise(response, places, 1).sets[0];
  EXPECT_EQ(set.soma_mV.noted.notes.decay, "the peak is not told from zero");
  EXPECT_EQ(set.soma_mV.noted.notes.width, "the peak is not told from zero");
  EXPECT_EQ(set.spike_log_odds.noted.notes.decay, "");
  EXPECT_NEAR(set.spike_log_odds.decay_tau_ms.value, 10, 1e-3);
}

TEST(MeanResponse, OfADeepTwinIsTheChangeThatOneMoreSpikeMakes) {
  // Against the twin itself: answers with a spike more, less answers without, for a spike so small that the
  // answer is linear.
  twin::ConvolutionalSpec layers({{12, 6}, {5, 4}});
  layers.weight_sd = 0.3;
  layers.batch_norm = true;
  twin::TwinSpec spec(layers);
  for (auto& head : spec.heads) head.weight_sd = 0.3;
  ExactTwin data("deep", -55);
  auto twin = twin::in_double(twin::Twin(spec, 100, 3));
  const auto moments = drawn_moments(data.test, 40, 100, 1);
  const auto response = mean_response(twin, data.test, moments);
  ASSERT_EQ(response.soma_mV.cols(), twin.network().window_ms());
  // Scaling up one channel's filters scales what its spikes do: compare the derivative by that scale with the
  // sum of responses at the lags at which it spiked.
  constexpr int64_t channel = 7;
  const auto batch = windows_at(data.test, moments, twin.history_ms());
  double expected = 0;
  for (size_t m = 0; m < moments.size(); ++m) {
    const std::vector<Moment> one{moments[m]};
    const auto of_one = mean_response(twin, data.test, one);
    for (int64_t i = 0; i < batch.event_count(); ++i) {
      const auto* event = &batch.events[3 * i];
      if (event[0] == static_cast<int32_t>(m) && event[1] == channel)
        expected += of_one.soma_mV(channel, batch.history_ms - event[2]);
    }
  }
  const auto answer = [&](double scale) {
    const auto filters = twin.array("layer1_weight").subspan(channel * 12 * 6, 12 * 6);
    const std::vector<double> kept(filters.begin(), filters.end());
    for (double& w : filters) w *= scale;
    const auto outputs = twin.forward(batch);
    double sum = 0;
    for (int64_t r = 0; r < outputs.rows; ++r) sum += outputs.at(r, twin.first_output("soma"));
    std::ranges::copy(kept, filters.begin());
    return sum;
  };
  ASSERT_GT(std::abs(expected), 1e-6);
  EXPECT_NEAR((answer(1 + 1e-6) - answer(1 - 1e-6)) / 2e-6, expected, 1e-5 * std::abs(expected) + 1e-8);
}

}  // namespace
}  // namespace nt::interpret

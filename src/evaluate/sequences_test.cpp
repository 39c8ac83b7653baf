// Ordered sequences on the branch of cells/branch.toml (Branco, Clark and Hausser 2010), and a twin's answers
// to them.
#include "evaluate/sequences.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "simulate/simulator.hpp"

namespace nt::evaluate {
namespace {

namespace fs = std::filesystem;

const fs::path kProject = fs::path(__FILE__).parent_path().parent_path().parent_path();

/// The branch, with `changes` to its description.
cell::DetailedCell branch(std::vector<std::string> changes = {}) {
  const auto folder = kProject / "cells";
  return cell::read_detailed_cell(config::Settings::from_file(folder / "branch.toml", "", changes), folder);
}

SequenceSpec spec_of(const cell::Neuron& neuron, const std::string& text = "orders = 20") {
  return read_sequences(config::Settings::from_text(text, "sequences.toml"), neuron);
}

SequenceAnswers answers_of(const cell::DetailedCell& cell, const std::string& text = "orders = 20") {
  return simulate_sequences(spec_of(cell, text), cell, {}, 1, 1);
}

/// How much higher the inward sequence rises than the outward one, as a share of the latter.
double inward_gain(const SequenceAnswers& a) {
  return (a.peak_mV[0] - a.rest_mV) / (a.peak_mV[1] - a.rest_mV) - 1;
}

TEST(TheBranch, HasNineSynapsesInARowOnePerCompartment) {
  const auto spec = spec_of(branch());
  ASSERT_EQ(spec.synapses.size(), 9u);
  EXPECT_TRUE(std::is_sorted(spec.distance_um.begin(), spec.distance_um.end()));
  const auto a = answers_of(branch());
  EXPECT_EQ(a.directionality[0], 1);
  EXPECT_EQ(a.directionality[1], -1);
  for (size_t i = 2; i < a.directionality.size(); ++i) EXPECT_LT(std::abs(a.directionality[i]), 1);
}

TEST(TheBranch, AnswersInwardSequencesByTensOfPercentMoreAndNmdaAddsToThat) {
  const auto a = answers_of(branch());
  EXPECT_NEAR(a.rest_mV, -75, 1e-3);
  EXPECT_GT(a.peak_mV[1] - a.rest_mV, 5);
  EXPECT_LT(a.peak_mV[0] - a.rest_mV, 12);
  EXPECT_GT(inward_gain(a), 0.35);
  // AMPA alone leaves what a passive cable does (Rall 1964).
  const auto ampa = answers_of(branch({"receptors=\"ampa\""}));
  EXPECT_GT(inward_gain(ampa), 0);
  EXPECT_LT(inward_gain(ampa), inward_gain(a) - 0.1);
  EXPECT_LT(ampa.peak_mV[0] - ampa.peak_mV[1], 0.6 * (a.peak_mV[0] - a.peak_mV[1]));
}

TEST(TheBranch, TurnsWithDirectionLessTheSlowerTheSequence) {
  // At 40 ms a synapse's AMPA current is over before the next one's begins.
  const auto branch_ = branch();
  EXPECT_LT(std::abs(inward_gain(answers_of(branch_, "orders = 3\ninterval_ms = 40"))),
            inward_gain(answers_of(branch_)) / 2);
}

TEST(APassiveBranch, AnswersSmallConductancesWithTheSumOfItsAnswersToEach) {
  // 3e-6 uS of AMPA moves the branch by a tenth of a millivolt, where conductances are currents: the answer
  // to a sequence is the sum of those to its spikes.
  const auto cell = branch({"receptors=\"ampa\"", "excitatory.ampa_gmax=3e-6"});
  const std::vector<uint32_t> order{3, 0, 8, 5, 1};
  std::vector<stimulus::SynapticInput> inputs{stimulus::sequence_input(order, 10, 5)};
  for (size_t i = 0; i < order.size(); ++i)
    inputs.push_back(
        stimulus::sequence_input(std::span(order).subspan(i, 1), 10 + 5 * static_cast<int64_t>(i), 5));
  const auto r = simulate::simulate(cell, {{}, simulate::Precision::in_double}, inputs, 100, 1);
  double highest_mV = 0;
  for (size_t t = 0; t < r[0].soma_mV.size(); ++t) {
    double sum_mV = 0;
    for (size_t i = 1; i < r.size(); ++i) sum_mV += r[i].soma_mV[t] + 75.0;
    highest_mV = std::max(highest_mV, r[0].soma_mV[t] + 75.0);
    // 0.2 % of driving force lost, and samples that are floats: at 75 mV they are apart by 7.6e-6 mV.
    EXPECT_NEAR(r[0].soma_mV[t] + 75.0, sum_mV, 5e-5);
  }
  EXPECT_GT(highest_mV, 0.01);
}

TEST(ATwin, IsToldTheSameSpikesAtTheSameTimes) {
  // One linear unit whose filters are known: a ramp down from synapse s's height s + 1 over 20 ms.
  const auto cell = branch();
  const auto spec = spec_of(cell, "orders = 5");
  twin::ConvolutionalSpec unit({{20, 1}});
  unit.activation = twin::Activation::linear;
  twin::TwinSpec shape(unit);
  for (auto& head : shape.heads) head.offset = head.name == "soma" ? -70 : 0;
  twin::Twin twin(shape, 9, 1);
  twin.array("layer1_bias")[0] = twin.array("soma_bias")[0] = 0;
  twin.array("soma_weight")[0] = 1;
  for (int s = 0; s < 9; ++s) {
    for (int k = 0; k < 20; ++k)
      twin.array("layer1_weight")[20 * s + k] = static_cast<float>((s + 1) * (20 - k) / 20.0);
  }
  const auto peaks = twin_peaks(twin, spec, 1);
  auto orders = stimulus::random_orders(spec.synapses, 5, 1);
  const auto inward = stimulus::inward_order(spec.synapses, spec.distance_um);
  orders.insert(orders.begin(), {inward, stimulus::SynapseOrder(inward.rbegin(), inward.rend())});
  ASSERT_EQ(peaks.size(), orders.size());
  for (size_t i = 0; i < orders.size(); ++i) {
    double highest = 0;
    for (int t = 0; t < 100; ++t) {
      double sum = 0;
      for (int n = 0; n < 9; ++n) {
        const int lag = t - 5 * n;
        if (lag >= 0 && lag < 20) sum += (orders[i][n] + 1) * (20 - lag) / 20.0;
      }
      highest = std::max(highest, sum);
    }
    EXPECT_NEAR(peaks[i], -70 + highest, 1e-4);
  }
}

TEST(SequenceMetrics, OfAPerfectTwinAndOfPeaksThatFollowTheDirection) {
  SequenceAnswers a;
  a.rest_mV = -75;
  random::Random random(1, random::Stage::test_cases, 0, random::StreamName::test_case);
  for (int i = 0; i < 100; ++i) a.directionality.push_back(random.uniform(-1, 1));
  for (const double d : a.directionality) a.peak_mV.push_back(-70 + 0.3 * d);
  a.twin_peak_mV = a.peak_mV;
  const auto m = sequence_metrics(a, 200, 1);
  EXPECT_EQ(m["sequences.count"], 98);
  EXPECT_NEAR(m["sequences.inward_peak_mV"].number(), 5 + 0.3 * a.directionality[0], 1e-12);
  EXPECT_NEAR(m["sequences.twin_correlation"].number(), 1, 1e-12);
  EXPECT_NEAR(m["sequences.directionality_correlation"].number(), 1, 1e-12);
  EXPECT_NEAR(m["sequences.twin_peak_rmse_mV"].number(), 0, 1e-12);

  // A twin that is 2 mV too high everywhere correlates, but errs; one whose answers have nothing to do with
  // the truth does not, and its interval holds zero.
  for (double& peak : a.twin_peak_mV) peak += 2;
  EXPECT_NEAR(sequence_metrics(a, 200, 1)["sequences.twin_correlation"].number(), 1, 1e-12);
  EXPECT_NEAR(sequence_metrics(a, 200, 1)["sequences.twin_peak_rmse_mV"].number(), 2, 1e-12);
  for (double& peak : a.twin_peak_mV) peak = random.uniform();
  const auto lost = sequence_metrics(a, 200, 1);
  EXPECT_LT(lost["sequences.twin_correlation_ci95"].numbers()[0], 0);
  EXPECT_GT(lost["sequences.twin_correlation_ci95"].numbers()[1], 0);

  // A constant answer has no correlation.
  for (double& peak : a.twin_peak_mV) peak = -70;
  EXPECT_FALSE(sequence_metrics(a, 200, 1).contains("sequences.twin_correlation"));
}

TEST(SequenceSettings, ThatMakeNoOrderAreRefusedWithTheirPlace) {
  const auto message = [](const cell::Neuron& neuron, const std::string& text) -> std::string {
    try {
      spec_of(neuron, text);
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  const cell::Neuron cell = branch();
  EXPECT_EQ(message(cell, "orders = 10\nsynapses = [8, 3, 1]"), "accepted");
  EXPECT_EQ(message(cell, ""), "accepted");  // no test
  EXPECT_EQ(message(cell, "orders = 2").find("sequences.toml:1: 'orders' is 2, expected at least 3"), 0u);
  EXPECT_EQ(message(cell, "orders = 10\nsynapses = [3]").find("sequences.toml:2: a sequence over 1 synapse"),
            0u);
  EXPECT_EQ(message(cell, "orders = 10\nsynapses = [3, 1, 3]")
                .find("sequences.toml:2: 'synapses' names synapse 3 twice"),
            0u);
  EXPECT_NE(message(cell, "orders = 10\nsynapses = [3, 9]"), "accepted");  // there are 0 to 8
  EXPECT_NE(message(cell::IntegrateAndFire{}, "orders = 10").find("point neuron"), std::string::npos);
  const cell::Neuron large =
      cell::read_detailed_cell(config::Settings::from_file(kProject / "cells/l5pc.toml"), kProject / "cells");
  EXPECT_NE(message(large, "orders = 10").find("name at most 64"), std::string::npos);
  EXPECT_EQ(message(large, "orders = 10\nsynapses = [0, 1, 2]"), "accepted");
}

TEST(SequenceSettings, AreReadWhereTheTestIsSwitchedOff) {
  const auto settings =
      config::Settings::from_text("orders = 0\ninterval_ms = 5\nsynapses = [1, 2]", "off.toml");
  EXPECT_EQ(read_sequences(settings, branch()).orders, 0);
  settings.reject_unread();
}

TEST(SequenceTest, StopsWhereThePeakIsNotReached) {
  EXPECT_THROW(answers_of(branch(), "orders = 3\nafter_ms = 2"), RunError);
}

}  // namespace
}  // namespace nt::evaluate

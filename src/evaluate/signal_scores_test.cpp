#include "evaluate/detail/signal_scores.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "config/temporary_folder.hpp"
#include "evaluate/evaluate.hpp"
#include "files/files.hpp"

namespace nt::evaluate {
namespace {

TEST(Dendrites, ScoresOfAHandMadeCase) {
  // Two components, the first bin skipped. Of the first (1, -1, 1, -1) the prediction has half the size: its
  // errors are of 0.5. Of the second (1, 3, 1, 3) it only knows the mean.
  const std::vector<float> truth{9, 9, 1, 1, -1, 3, 1, 1, -1, 3};
  const std::vector<float> predicted{0, 0, 0.5, 2, -0.5, 2, 0.5, 2, -0.5, 2};
  const auto m = signal_metrics(score_signal(truth, predicted, 2, 1));
  EXPECT_DOUBLE_EQ(m.variance_explained_of[0], 1 - 0.25);
  EXPECT_DOUBLE_EQ(m.variance_explained_of[1], 0);
  EXPECT_DOUBLE_EQ(m.variance_explained, 0.375);
  EXPECT_DOUBLE_EQ(m.rmse, std::sqrt((0.25 + 1) / 2));
}

TEST(Dendrites, AComponentThatDoesNotVaryIsLeftOutOfTheMean) {
  const std::vector<float> truth{1, 2, -1, 2}, predicted{1, 2, -1, 2};
  const auto m = signal_metrics(score_signal(truth, predicted, 2, 0));
  EXPECT_TRUE(std::isnan(m.variance_explained_of[1]));
  EXPECT_EQ(m.variance_explained, 1);
}

TEST(Dendrites, AnotherNumberOfComponentsIsRefused) {
  EXPECT_THROW(score_signal(std::vector<float>(6), std::vector<float>(4), 2, 0), RunError);
}

TEST(Dendrites, IntervalsAreOverTrials) {
  // Two trials, both of the same truth: one predicted without error, one as 0. A draw of two holds the bad
  // one never, once or twice: variance explained 1, 0.5 or 0.
  const std::vector<float> truth{1, -1, 1, -1}, nothing(4, 0.0f);
  const std::vector<SignalSums> trials{score_signal(truth, truth, 1, 0), score_signal(truth, nothing, 1, 0)};
  const auto scores = signal_scores("dendrites", trials, 200, 1);
  EXPECT_EQ(scores["dendrites.variance_explained"], 0.5);
  for (const auto* name : {"dendrites.variance_explained_ci95", "dendrites.rmse_ci95"})
    for (size_t end = 0; end < 2; ++end)
      EXPECT_NEAR(scores[name].numbers()[end], static_cast<double>(end), 1e-12) << name;
  const auto each = std::get<std::vector<MetricValue::Interval>>(
      scores["dendrites.variance_explained_of_each_ci95"].kinds());
  ASSERT_EQ(each.size(), 1u);
  EXPECT_NEAR(each[0][0], 0, 1e-12);
  EXPECT_NEAR(each[0][1], 1, 1e-12);
  EXPECT_EQ(signal_scores("dendrites", {}, 200, 1).size(), 0u);
}

/// Trials of 200 ms of a neuron with two dendritic components: the first 1 and -1 in turn, the second 2 and
/// 0.
dataset::Split split_of(const std::filesystem::path& folder, const std::string& name, size_t count) {
  std::vector<simulate::Trial> trials(count);
  for (auto& trial : trials) {
    trial.spike_times_ms = {50, 120};
    trial.signals.resize(1);
    for (int t = 0; t < 200; ++t) {
      const float sign = t % 2 == 0 ? 1.0f : -1.0f;
      trial.soma_mV.push_back(-65 + sign);
      trial.signals[0].insert(trial.signals[0].end(), {sign, 1 + sign});
    }
  }
  const cell::IntegrateAndFire neuron{.excitatory_synapses = 1, .inhibitory_synapses = 1};
  files::write_file_atomically(
      dataset::shard_path(folder, name, 0),
      dataset::shard_bytes({1, 1, 200, 1, "", {{"dendrites_pc", "standard deviations", 2, true}}},
                           dataset::cell_table(neuron), name, 0, trials));
  return dataset::Split::open(folder, name);
}

TEST(Evaluation, ScoresTheDendriticHeadOnTheTestTrials) {
  // No input, so the head says its bias: the first component's mean, and 0.5 below the second's.
  const auto folder = config::own_temporary_folder() / "evaluated-dendrites";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto train = split_of(folder, "train", 2), valid = split_of(folder, "valid", 2),
             test = split_of(folder, "test", 3);
  twin::TwinSpec spec(twin::ConvolutionalSpec({{3, 2}}));
  spec.heads.push_back(twin::further_head("dendrites", 2));
  twin::Twin twin(spec, 2, 1);
  twin.array("dendrites_bias")[0] = 0;
  twin.array("dendrites_bias")[1] = 0.5f;
  EvaluateSpec how;
  how.bootstrap_resamples = 10;
  how.examples = 0;
  how.baselines = false;
  const auto scores = evaluate(twin, how, 1, train, valid, test, {}).metrics;
  const double error = 0.5 * 0.5;
  EXPECT_NEAR(scores["dendrites.variance_explained_of_each"].numbers()[0], 0, 1e-6);
  EXPECT_NEAR(scores["dendrites.variance_explained_of_each"].numbers()[1], -error, 1e-6);
  EXPECT_NEAR(scores["dendrites.variance_explained"].number(), -error / 2, 1e-6);
  EXPECT_NEAR(scores["dendrites.rmse"].number(), std::sqrt((1 + 1 + error) / 2), 1e-6);
  EXPECT_EQ(scores["data.test_spikes"], 6);
  EXPECT_EQ(scores["data.test_trials_with_spikes"], 3);
}

}  // namespace
}  // namespace nt::evaluate

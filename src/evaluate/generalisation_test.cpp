#include "evaluate/generalisation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "config/temporary_folder.hpp"
#include "evaluate/glm.hpp"
#include "produce/make_dataset.hpp"

namespace nt::evaluate {
namespace {

namespace fs = std::filesystem;

/// The integrate-and-fire neuron, a little of its data, and a linear sum that has learnt these.
struct LinearSumOfAPointNeuron {
  produce::DatasetPlan plan;
  fs::path folder;
  TestScores test;
  double rate_per_bin = 0;

  explicit LinearSumOfAPointNeuron(const std::string& name) {
    plan.stimulus.interval_ms = {50};
    plan.stimulus.smoothing_sd_ms = {60};
    plan.data = {
        .trial_ms = 3000, .train_trials = 40, .valid_trials = 20, .test_trials = 60, .trials_per_shard = 32};
    plan.seed = 5;
    plan.identity = {80, 20, plan.data.trial_ms, plan.seed, "[cell]\na test's\n"};
    folder = config::own_temporary_folder() / ("generalisation-" + name);
    fs::remove_all(folder);
    produce::make_dataset(plan, folder, 2, {});
    const auto [train_plan, valid_plan, test_plan] = produce::splits_of(plan.data);
    const auto train = produce::open_split(plan, folder, train_plan),
               valid = produce::open_split(plan, folder, valid_plan);
    rate_per_bin = spikes_per_bin(train);
    spike_ = fit_glm(GlmTarget::spike, false, train, valid, {40, 30});
    soma_ = fit_glm(GlmTarget::soma, false, train, valid, {40, 30});
    test.scored = score(answer(valid), answer(produce::open_split(plan, folder, test_plan)), 0, rate_per_bin);
    test.resampled = resampled_metrics(test.scored, 200, 1);
  }

  std::vector<TrialComparison> answer(const dataset::Split& split) const {
    std::vector<TrialComparison> trials;
    for (size_t i = 0; i < split.trials(); ++i) {
      auto trial = truth_of(split.trial(i));
      trial.spike_log_odds = spike_.predict(split.trial(i), 80);
      trial.predicted_soma_mV = soma_.predict(split.trial(i), 80);
      trials.push_back(std::move(trial));
    }
    return trials;
  }

  Metrics metrics_of_sets(std::vector<stimulus::ShiftedSet> sets, int64_t trials) const {
    const auto shifted = shifted_trials({std::move(sets), trials, {}}, plan, folder, 2, {});
    Metrics metrics;
    put_generalisation(metrics, "", shifted, test,
                       [&](const ShiftedTrials& set) { return answer(set.trials); },
                       {0, 200, rate_per_bin, 1});
    return metrics;
  }

 private:
  Glm spike_, soma_;
};

TEST(Generalisation, ASetEqualToTheTestDistributionScoresAsTheTestSetWithinTheInterval) {
  const LinearSumOfAPointNeuron neuron("same");
  const auto m = neuron.metrics_of_sets({{"same", "nothing is other", random::Stage::test_cases, {}}}, 60);
  for (const std::string name : {"spike.auc", "spike.tpr_at_fpr_0.0025", "soma.variance_explained"}) {
    const auto interval = m["generalisation.same.drop." + name + "_ci95"].numbers();
    EXPECT_LT(interval[0], 0) << name;
    EXPECT_GT(interval[1], 0) << name;
    EXPECT_LT(interval[1] - interval[0], 0.3) << name;  // and the interval says something
  }
  EXPECT_EQ(m["generalisation.same.trials"], 60);
  EXPECT_EQ(m["generalisation.same.data_s"], 180);
  EXPECT_FALSE(m.contains("generalisation.same.note"));
  // Spike-free bins above the threshold of 0.25 %: 2.5 a second where the threshold was chosen.
  EXPECT_NEAR(m["generalisation.same.spike.false_positives_per_s_at_fpr_0.0025"].number(), 2.5, 1);
}

TEST(Generalisation, OfAnotherDistributionTheDropIsSaidWithItsSign) {
  const LinearSumOfAPointNeuron neuron("other");
  const auto sets =
      stimulus::read_shifted_sets(config::Settings::from_text("sets = ['rates_high', 'no_inhibition']\n"));
  const auto m = neuron.metrics_of_sets(sets, 40);
  // More input makes this neuron fire more often, and a reset after every spike is what no linear sum knows.
  EXPECT_GT(m["generalisation.rates_high.spike.base_rate_hz"].number(),
            2 * neuron.test.scored.total.spikes / 180);
  const auto drop = m["generalisation.rates_high.drop.soma.variance_explained_ci95"].numbers();
  EXPECT_GT(drop[0], 0);
  double of_test = 0;
  for (const auto& [name, value] : metrics_of(neuron.test.scored)) {
    if (name == "soma.variance_explained") of_test = value;
  }
  EXPECT_NEAR(m["generalisation.rates_high.drop.soma.variance_explained"].number(),
              of_test - m["generalisation.rates_high.soma.variance_explained"].number(), 1e-12);
}

TEST(Generalisation, ASetWithoutASpikeSaysSoAndHasNoScoreThatNeedsOne) {
  const LinearSumOfAPointNeuron neuron("silent");
  stimulus::StimulusShift silence;
  silence.rate_factor = 0.1;
  const auto m =
      neuron.metrics_of_sets({{"quiet", "hardly any input", random::Stage::test_cases, silence}}, 8);
  EXPECT_EQ(m["generalisation.quiet.note"], "no output spike in 8 trials (24 s): no scores of spikes");
  EXPECT_FALSE(m.contains("generalisation.quiet.spike.auc"));
  EXPECT_FALSE(m.contains("generalisation.quiet.drop.spike.auc"));
  EXPECT_EQ(m["generalisation.quiet.spike.base_rate_hz"], 0);
  EXPECT_TRUE(m.contains("generalisation.quiet.spike.expected_rate_hz"));  // false alarms there may be
  EXPECT_TRUE(m.contains("generalisation.quiet.soma.rmse_mV"));
  for (const auto& [key, value] : m) {
    if (value.is_number()) {
      EXPECT_TRUE(std::isfinite(value.number())) << key;
    }
  }
}

std::string refusal_of(const std::string& text, const cell::Neuron& neuron) {
  try {
    const auto settings = config::Settings::from_text(text, "a.toml");
    read_generalisation(settings, neuron);
    settings.reject_unread();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Generalisation, SetsThatMakeNoSenseForTheNeuronAreRefusedWithThoseThatDo) {
  EXPECT_EQ(refusal_of("sets = ['synchrony', 'clusters']\n", cell::IntegrateAndFire{}),
            "a.toml:1: 'sets' names the set \"clusters\", but a point neuron has no dendrites whose synapses "
            "could be grouped; possible for this neuron: rates_low, rates_high, synchrony, sinusoidal, "
            "no_inhibition");
  cell::IntegrateAndFire excited;
  excited.inhibitory_synapses = 0;
  EXPECT_EQ(refusal_of("sets = ['no_inhibition']\n", excited),
            "a.toml:1: 'sets' names the set \"no_inhibition\", but the neuron has no inhibitory synapses, so "
            "nothing would change; possible for this neuron: rates_low, rates_high, synchrony, sinusoidal");
  EXPECT_EQ(refusal_of("sets = ['synchrony']\ntrials = 0\n", cell::IntegrateAndFire{}),
            "a.toml:2: 'trials' is 0, expected from 1 to 1000000");
  EXPECT_EQ(refusal_of("trials = 3\nclusters_drive_share = 0.2\n", cell::IntegrateAndFire{}),
            "a.toml:2: unknown key 'clusters_drive_share'; did you mean 'clusters_driven_share'?");
  EXPECT_EQ(refusal_of("sets = ['synchrony', 'sinusoidal']\n", cell::IntegrateAndFire{}), "no error");
}

}  // namespace
}  // namespace nt::evaluate

#include "evaluate/compare_runs.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "config/temporary_folder.hpp"
#include "evaluate/detail/finer_scores.hpp"
#include "files/files.hpp"

namespace nt::evaluate {
namespace {

/// What a twin with an error of its own says of the voltage of trials that are hard to different degrees.
ResampledScores scores_of_twin(double own_error_mV, uint64_t twin) {
  std::vector<TrialComparison> trials;
  for (size_t j = 0; j < 40; ++j) {
    random::Random truth(1, random::Stage::test_cases, j, random::StreamName::test_case);
    random::Random own(1 + twin, random::Stage::test_cases, 1000 + j, random::StreamName::test_case);
    const double hard_mV = truth.uniform(0, 6);
    TrialComparison t;
    for (int i = 0; i < 400; ++i) {
      t.spike.push_back(truth.uniform() < 0.02);
      t.spike_log_odds.push_back(static_cast<float>(truth.normal() + 3 * t.spike.back()));
      t.soma_mV.push_back(static_cast<float>(-65 + 4 * truth.normal()));
      const double error_mV = hard_mV * truth.normal() + own_error_mV * own.normal();
      t.predicted_soma_mV.push_back(t.soma_mV.back() + static_cast<float>(error_mV));
    }
    trials.push_back(std::move(t));
  }
  const auto scored = score(trials, trials, 0, 0.02);
  return {metrics_of(scored), resampled_metrics(scored, 200, 4)};
}

ScoreDifference of(std::span<const ScoreDifference> differences, std::string_view name) {
  for (const auto& d : differences)
    if (d.name == name) return d;
  ADD_FAILURE() << name;
  return {};
}

TEST(PairedDifferences, OfARunWithItselfAreNothing) {
  const auto a = scores_of_twin(1, 0);
  const auto differences = paired_differences(a, a);
  EXPECT_GT(differences.size(), 20u);
  for (const auto& d : differences) {
    EXPECT_EQ(d.difference(), 0) << d.name;
    EXPECT_EQ(d.low, 0) << d.name;
    EXPECT_EQ(d.high, 0) << d.name;
    EXPECT_EQ(d.other_sign_share, 1) << d.name;
  }
}

TEST(PairedDifferences, ShowASmallGainThatTheTrialsOwnScatterHides) {
  // Both err by 0 to 6 mV, as hard as the trial is, and by 1 or 1.25 mV of their own.
  const auto a = scores_of_twin(1, 0), b = scores_of_twin(1.25, 1);
  const auto rmse = of(paired_differences(a, b), "soma.rmse_mV");
  EXPECT_GT(rmse.difference(), 0);
  EXPECT_GT(rmse.low, 0);
  EXPECT_EQ(rmse.other_sign_share, 0);
  const auto width = [](std::vector<double> values) {
    const auto [least, most] = std::ranges::minmax(values);
    return most - least;
  };
  EXPECT_LT(10 * (rmse.high - rmse.low), width(a.resampled.at("soma.rmse_mV")));
  EXPECT_NEAR(of(paired_differences(b, a), "soma.rmse_mV").high, -rmse.low, 1e-12);  // rounding
}

TEST(PairedDifferences, OfTwoDrawsOfTheSameTwinHoldZero) {
  const auto d = of(paired_differences(scores_of_twin(1, 2), scores_of_twin(1, 3)), "soma.rmse_mV");
  EXPECT_LT(d.low, 0);
  EXPECT_GT(d.high, 0);
  EXPECT_GT(d.other_sign_share, 0.02);
}

TEST(PairedDifferences, OfOtherNumbersOfResamplesAreRefused) {
  const auto a = scores_of_twin(1, 0);
  auto b = a;
  for (auto& [name, values] : b.resampled) values.pop_back();
  EXPECT_THROW(paired_differences(a, b), RunError);
}

/// Two trials of 50 ms, in as many files.
dataset::Split two_trials(const std::string& name, size_t files,
                          const std::function<void(simulate::Trial&)>& change = {}) {
  const auto folder = config::own_temporary_folder() / ("two-trials-" + name);
  std::filesystem::create_directories(folder);
  std::vector<simulate::Trial> trials(2);
  for (auto& trial : trials) {
    trial.input.excitatory = {{3, 8}, {1, 0}};
    trial.spike_times_ms = {20.5};
    trial.soma_mV.assign(50, -70.0f);
  }
  if (change) change(trials[1]);
  const dataset::DatasetIdentity identity{2, 1, 50, 1, "a test's\n"};
  for (size_t f = 0; f < files; ++f) {
    const auto some = std::span<const simulate::Trial>(trials).subspan(f * 2 / files, 2 / files);
    files::write_file_atomically(dataset::shard_path(folder, "test", f),
                                 dataset::shard_bytes(identity, {}, "test", f * 2 / files, some));
  }
  return dataset::Split::open(folder, "test");
}

TEST(OtherTrials, AreToldFromTheSameByTheirContent) {
  const auto one = two_trials("one", 1);
  EXPECT_EQ(why_other_trials(one, two_trials("two-files", 2)), "");
  EXPECT_EQ(why_other_trials(
                one, two_trials("input", 1, [](simulate::Trial& t) { t.input.excitatory.synapse[1] = 1; })),
            "trial 1 has other input spikes");
  EXPECT_EQ(
      why_other_trials(one, two_trials("spikes", 1, [](simulate::Trial& t) { t.spike_times_ms[0] += 1; })),
      "trial 1 has the same input, but other output spikes");
  EXPECT_EQ(why_other_trials(one, two_trials("soma", 1, [](simulate::Trial& t) { t.soma_mV[7] += 0.01f; })),
            "trial 1 has the same input, but another somatic voltage");
}

}  // namespace
}  // namespace nt::evaluate

#include "search/halving.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "random/random.hpp"

namespace nt::search {
namespace {

const Halving kThirds{.eta = 3, .rungs = 3, .first_rung_epochs = 4, .steps_per_epoch = 10};

/// A trial that stands after its finished rungs.
TrialState resting(int64_t size_class, std::vector<double> scores) {
  const auto begun = static_cast<int64_t>(scores.size());
  return {size_class, std::move(scores), begun};
}

TEST(Halving, RungsGrowByEta) {
  EXPECT_EQ(kThirds.epochs_at(0), 4);
  EXPECT_EQ(kThirds.epochs_at(2), 36);
  EXPECT_EQ(kThirds.epochs_of(0) + kThirds.epochs_of(1) + kThirds.epochs_of(2), 36);
}

TEST(Halving, WithinARungTheRateFallsBelowATenthAndStartsAgainInTheNext) {
  Configuration c;
  c.learning_rate = 0.01;
  const auto spec = training_of(c, kThirds, 1, {});
  EXPECT_EQ(spec.epochs, 12);
  for (const int64_t first : {0, 4, 12}) EXPECT_DOUBLE_EQ(spec.phase(first).learning_rate, 0.01);
  for (const int64_t last : {3, 11, 35}) EXPECT_LE(spec.phase(last).learning_rate, 0.001);
  for (int64_t epoch = 5; epoch < 12; ++epoch)
    EXPECT_LT(spec.phase(epoch).learning_rate, spec.phase(epoch - 1).learning_rate);
  for (const int64_t live : {0, 1, 4, 7}) EXPECT_FALSE(spec.phase(live).freeze_norm);
  for (const int64_t frozen : {2, 3, 8, 11}) EXPECT_TRUE(spec.phase(frozen).freeze_norm);
}

TEST(Halving, TheScheduleOfARungIsTheOneItsTrainingBeganWith) {
  // Otherwise training could not go on from its checkpoint as if it had never stopped.
  const auto early = training_of({}, kThirds, 0, {}), late = training_of({}, kThirds, 2, {});
  for (int64_t epoch = 0; epoch < 36; ++epoch)
    EXPECT_EQ(early.phase(epoch).learning_rate, late.phase(epoch).learning_rate);
}

TEST(Halving, NothingIsDueBeforeARungHasEtaTrials) {
  const std::vector<TrialState> trials{resting(0, {0.9}), resting(0, {0.8})};
  EXPECT_FALSE(due_trial(trials, kThirds));
}

TEST(Halving, TheBestThirdOfARungIsDueOnce) {
  std::vector<TrialState> trials{resting(0, {0.7}), resting(0, {0.9}), resting(0, {0.8})};
  EXPECT_EQ(due_trial(trials, kThirds), 1);
  trials[1].begun = 2;  // somebody works on it
  EXPECT_FALSE(due_trial(trials, kThirds));
  trials[1] = resting(0, {0.9, 0.95});
  EXPECT_FALSE(due_trial(trials, kThirds));
}

TEST(Halving, HigherRungsComeFirst) {
  std::vector<TrialState> trials;
  for (int i = 0; i < 3; ++i) trials.push_back(resting(0, {0.8 + 0.01 * i, 0.9 + 0.01 * i}));
  for (int i = 0; i < 9; ++i) trials.push_back(resting(0, {0.5}));
  trials.push_back(resting(0, {0.99}));
  EXPECT_EQ(due_trial(trials, kThirds), 2);
  trials[2].begun = 3;
  EXPECT_EQ(due_trial(trials, kThirds), 12);
}

TEST(Halving, TheBestOfEverySizeGoesOnBeforeTheSecondBestOfAny) {
  // Three large networks are better than any small one, yet the best small one is among the best third.
  std::vector<TrialState> trials{resting(1, {0.90}), resting(1, {0.91}), resting(1, {0.92}),
                                 resting(0, {0.60}), resting(0, {0.61}), resting(0, {0.62})};
  EXPECT_EQ(due_trial(trials, kThirds), 2);
  trials[2].begun = 2;
  EXPECT_EQ(due_trial(trials, kThirds), 5);
  trials[5].begun = 2;
  EXPECT_FALSE(due_trial(trials, kThirds));
}

TEST(Halving, AFailedTrialCountsAmongItsRungButNeverGoesOn) {
  const double failed = std::nan("");
  EXPECT_EQ(due_trial(std::vector{resting(0, {failed}), resting(0, {0.6}), resting(1, {failed})}, kThirds),
            1);
  EXPECT_FALSE(
      due_trial(std::vector{resting(0, {failed}), resting(0, {failed}), resting(1, {failed})}, kThirds));
}

TEST(Halving, SpendsAboutAsMuchOnEveryRungAndFindsTheBest) {
  // One worker; scores that more training only makes surer. Successive halving spends equally on all rungs.
  std::vector<TrialState> trials;
  std::vector<double> epochs(3, 0.0);
  random::Random random(1, random::Stage::test_cases, 0, random::StreamName::test_case);
  std::vector<double> truth;
  for (int job = 0; job < 400; ++job) {
    const auto due = due_trial(trials, kThirds);
    if (!due) {
      truth.push_back(random.uniform());
      trials.push_back({0, {}, 0});
    }
    const auto at = due ? static_cast<size_t>(*due) : trials.size() - 1;
    auto& trial = trials[at];
    const auto rung = trial.scores.size();
    epochs[rung] += static_cast<double>(kThirds.epochs_of(static_cast<int64_t>(rung)));
    trial.scores.push_back(truth[at] + 0.1 * std::pow(0.3, static_cast<double>(rung)) * random.normal());
    ++trial.begun;
  }
  // A third of the trials for twice the epochs, then a third of these for three times as many; and some more,
  // which were among the best third when there were fewer (about the root of their number, Li et al. 2020).
  EXPECT_NEAR(epochs[1] / epochs[0], 2.0 / 3, 0.15);
  EXPECT_NEAR(epochs[2] / epochs[1], 1.0, 0.25);
  const auto best = static_cast<size_t>(std::max_element(truth.begin(), truth.end()) - truth.begin());
  EXPECT_EQ(trials[best].scores.size(), 3);
}

TEST(Front, HoldsTheBestAtEverySize) {
  const std::vector<Outcome> outcomes{{3, 0.9}, {1, 0.7},  {2, 0.6},         {1, 0.8},
                                      {5, 0.9}, {4, 0.95}, {6, std::nan("")}};
  EXPECT_EQ(front_of(outcomes), (std::vector<size_t>{3, 0, 5}));
}

TEST(Front, TheBestOfEverySizeNeedNotBeOnIt) {
  const std::vector<Outcome> outcomes{{3, 0.6}, {1, 0.7}, {2, std::nan("")}, {1, 0.8}, {3, 0.65}};
  EXPECT_EQ(best_of_every_size(outcomes), (std::vector<size_t>{3, 4}));
}

TEST(Front, RestsSinceItLastMovedByMoreThanEpsilon) {
  std::vector<Outcome> outcomes{{2, 0.9}};
  EXPECT_EQ(quiet_outcomes(outcomes, 0.01), 0);
  outcomes.push_back({3, 0.905});  // larger and hardly better
  outcomes.push_back({1, 0.5});    // smaller: the front has a new end
  EXPECT_EQ(quiet_outcomes(outcomes, 0.01), 0);
  outcomes.push_back({2, 0.905});
  outcomes.push_back({1, std::nan("")});
  EXPECT_EQ(quiet_outcomes(outcomes, 0.01), 2);
}

TEST(Front, ManySmallStepsAreOneLargeOne) {
  std::vector<Outcome> outcomes;
  for (int i = 0; i < 10; ++i) outcomes.push_back({1, 0.9 + 0.004 * i});
  EXPECT_EQ(quiet_outcomes(outcomes, 0.01), 0);  // moved at 0.9, 0.912, 0.924, 0.936
}

}  // namespace
}  // namespace nt::search

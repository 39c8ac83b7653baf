#include "search/search.hpp"

#include <gtest/gtest.h>

#include <set>

#include "search/detail/small_task.hpp"

namespace nt::search {
namespace {

SearchTask task_with(const std::string& toml) {
  return small_task("rungs = 2\n" + toml);
}

RungResult scored(double auc) {
  RungResult r;
  r.auc = auc;
  r.variance_explained = 1 - auc;
  return r;
}

/// Does jobs one after the other, as one worker would, until there are none; at most `most`.
Knowledge searched(const SearchTask& task, int most) {
  Knowledge k;
  for (int i = 0; i < most; ++i) {
    const auto choice = next_job(task, k, 0);
    if (!choice) break;
    if (choice->fresh) k.trials.push_back({*choice->fresh});
    ++k.trials[choice->job.trial].begun;
    k.finished.push_back({choice->job, scored(0.9 + 0.001 * static_cast<double>(choice->job.trial % 7))});
  }
  return k;
}

TEST(Search, EndsWithItsBudgetOfSamplesAndDoesNotOverspend) {
  const auto task = task_with("budget_samples_h = 1.02");
  const auto known = searched(task, 1000);
  EXPECT_LE(samples_h(task, known), 1.02);
  EXPECT_GT(samples_h(task, known), 1.02 - 0.15);  // a rung 1 costs 0.1 h
  EXPECT_EQ(stop_reason(task, known, 0), "budget_samples_h");
}

TEST(Search, GoesOnToTheNextRungBeforeItTriesSomethingNew) {
  const auto known = searched(task_with("trials = 9"), 1000);
  EXPECT_EQ(known.trials.size(), 9u);
  EXPECT_EQ(known.finished[3].job.rung, 1);
  EXPECT_EQ(known.finished[3].job.trial, 2);
}

TEST(Search, SaysWhyItStopped) {
  auto task = task_with("trials = 9\nbudget_minutes = 2");
  EXPECT_EQ(stop_reason(task, searched(task, 4), 60), "");
  EXPECT_EQ(stop_reason(task, searched(task, 4), 120), "budget_minutes");
  EXPECT_EQ(stop_reason(task, searched(task, 1000), 60), "trials");
  // Scores repeat after seven trials: then nothing moves the front by more than 0.02.
  task = task_with("trials = 1000\nquiet_rungs = 30\nepsilon = 0.02\ndepth = [1, 2]");
  const auto known = searched(task, 1000);
  EXPECT_EQ(stop_reason(task, known, 0), "front");
  EXPECT_LT(known.finished.size(), 60u);
}

TEST(Search, ARecurrentNetworkDoesNotMoveTheFront) {
  auto task = task_with(
      "trials = 1000\nquiet_rungs = 1\ndepth = [1, 1]\nfamilies = ['fully_connected', 'recurrent']");
  task.recurrent[45].wiring = {1, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, std::vector<int64_t>(10, 0)};
  Configuration plain, control;
  plain.layers = {{20, 2}};
  control.family = Family::recurrent;
  control.memory_units = 10;
  control.branches = 45;
  Knowledge k{{{plain, 1}, {plain, 1}, {control, 1}}, {}};
  k.finished = {{{0, 0}, scored(0.9)}};
  EXPECT_EQ(stop_reason(task, k, 0), "");
  k.finished.push_back({{1, 0}, scored(0.9)});
  EXPECT_EQ(stop_reason(task, k, 0), "front");
  k.finished.push_back({{2, 0}, scored(0.99)});
  EXPECT_EQ(stop_reason(task, k, 0), "front");
}

/// The trials that are trainings of one before, by what they repeat.
std::map<int64_t, std::vector<int64_t>> again_in(const Knowledge& known) {
  std::map<int64_t, std::vector<int64_t>> again;
  for (size_t i = 0; i < known.trials.size(); ++i) {
    const auto& configuration = known.trials[i].configuration;
    if (configuration.is_again()) again[configuration.again_of].push_back(static_cast<int64_t>(i));
  }
  return again;
}

TEST(Search, TrainsTheBestOfEveryDepthAgainToTheRungThatItReached) {
  const auto task = task_with("trials = 9\ntrainings = 3\ndepth = [1, 3]");
  const auto known = searched(task, 1000);
  EXPECT_EQ(known.trials.size(), 9u + 3 * 2);
  EXPECT_EQ(stop_reason(task, known, 0), "trials");
  std::map<int64_t, int64_t> rungs;
  for (const auto& [job, result] : known.finished) ++rungs[job.trial];
  std::set<int64_t> depths;
  for (const auto& [network, trainings] : again_in(known)) {
    const auto& configuration = known.trials[network].configuration;
    EXPECT_EQ(rungs[network], 2);
    depths.insert(configuration.depth());
    EXPECT_EQ(trainings.size(), 2u);
    for (const auto trial : trainings) {
      EXPECT_EQ(rungs[trial], 2);
      auto same = known.trials[trial].configuration;
      same.again_of = -1;
      EXPECT_EQ(text_of(same), text_of(configuration));
    }
  }
  EXPECT_EQ(depths, (std::set<int64_t>{1, 2, 3}));
}

TEST(Search, KeepsHalfOfItsBudgetForTrainingAgain) {
  const auto task = task_with("budget_samples_h = 2\ntrainings = 3\ndepth = [1, 2]");
  auto known = searched(task, 1000);
  EXPECT_EQ(stop_reason(task, known, 0), "trainings");
  EXPECT_LE(samples_h(task, known), 2);
  for (const auto& [network, trainings] : again_in(known)) EXPECT_EQ(trainings.size(), 2u);
  EXPECT_EQ(again_in(known).size(), 2u);
  // What is tried does not depend on how often it is trained.
  const auto once = searched(task_with("budget_samples_h = 1\ndepth = [1, 2]"), 1000);
  for (size_t i = 0; i < once.trials.size(); ++i) {
    EXPECT_FALSE(known.trials[i].configuration.is_again());
    EXPECT_EQ(text_of(once.trials[i].configuration), text_of(known.trials[i].configuration));
  }
  // Of minutes, too; as long as others work on what is tried there is nothing to do.
  const auto minutes = task_with("budget_minutes = 10\ntrainings = 2\ndepth = [1, 2]");
  auto some = searched(minutes, 9);
  EXPECT_FALSE(next_job(minutes, some, 299)->fresh.value_or(Configuration{}).is_again());
  EXPECT_TRUE(next_job(minutes, some, 301)->fresh.value().is_again());
  some.trials.push_back(some.trials.front());
  EXPECT_FALSE(next_job(minutes, some, 301));
  EXPECT_EQ(stop_reason(minutes, some, 301), "");
  EXPECT_EQ(stop_reason(minutes, some, 600), "budget_minutes");
}

TEST(Search, JudgesANeuronThatIsNotAskedForSpikesByItsVoltage) {
  const auto task = task_with("trials = 9\nspike_weight = 0");
  EXPECT_EQ(score_of(task, scored(0.75)), 0.25);
}

TEST(Search, NeedsAnEndAndATarget) {
  EXPECT_THROW(task_with(""), InputError);
  EXPECT_THROW(task_with("trials = 3\ncriterion = \"target\""), InputError);
  EXPECT_THROW(task_with("trials = 3\ncriterion = \"complexity_index\"\nspike_weight = 0"), InputError);
  EXPECT_EQ(task_with("trials = 3\ncriterion = \"complexity_index\"").spec.space.least_depth, 3);
}

}  // namespace
}  // namespace nt::search

#include <gtest/gtest.h>

#include <cmath>

#include "search/search.hpp"

namespace nt::search {
namespace {

TriedNetwork network_of(int64_t trial, int64_t layers, double auc) {
  TriedNetwork p;
  p.job = {trial, 1};
  p.configuration.layers.resize(layers, {30, 4});
  p.size = {static_cast<double>(layers), 4.0 * static_cast<double>(layers), 1000, 2000};
  p.result.auc = auc;
  p.result.variance_explained = 0.75;
  p.trainings = {{p.job, p.result}};
  return p;
}

SearchAnswers some_answers() {
  SearchAnswers answers;
  answers.stopped_by = "trials";
  answers.best = network_of(5, 2, 0.98);
  SizeAnswer by_depth;
  by_depth.smallest = answers.best;
  by_depth.interval = {1, INFINITY};
  by_depth.undecided_below = {1};
  by_depth.networks = {{network_of(3, 1, 0.9), {0.08, 0.07, 0.09}, Verdict::undecided, true},
                       {*answers.best, {0, 0, 0}, Verdict::yes, false}};
  answers.answers = {by_depth};
  answers.answer = 0;
  return answers;
}

bool has(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

TEST(TheTable, OfASearchThatTrainedNothingSaysSo) {
  SearchAnswers answers;
  answers.stopped_by = "budget_minutes";
  answers.spec.budget_minutes = 2;
  const auto text = table_of(answers);
  EXPECT_TRUE(has(text, "stopped: the budget of 2 min ended (0 trials, 0 rungs, ")) << text;
  EXPECT_TRUE(has(text, "no network was trained to the end of a rung")) << text;
}

TEST(TheTable, SaysWhatIsNotDecidedAndWhereAnIntervalHasNoEnd) {
  const auto text = table_of(some_answers());
  EXPECT_TRUE(
      has(text, "not worse than best  layers                        2  [1, none]   not decided for 1\n"))
      << text;
  EXPECT_TRUE(has(text, "[0.07000, 0.09000]    undecided (trained less than the best)\n")) << text;
}

TEST(TheTable, GivesTheRangeOfSeveralTrainings) {
  auto answers = some_answers();
  auto& trainings = answers.answers[0].networks[1].network.trainings;
  trainings.push_back(trainings[0]);
  trainings[1].result.auc = 0.97;
  const auto text = table_of(answers);
  EXPECT_TRUE(has(text, "yes; mean of 2 trainings, 0.97000 to 0.98000\n")) << text;
}

TEST(TheTable, CallsTheControlOneThatWasTrainedLess) {
  auto answers = some_answers();
  auto control = network_of(7, 0, 0.95);
  control.job.rung = 0;
  answers.control = {control, "3 leaky memory units", {0.03, 0.02, 0.04}};
  const auto text = table_of(answers);
  EXPECT_TRUE(has(text,
                  "control: 3 leaky memory units, 1000 parameters (trial 7 after rung 0, trained less than "
                  "the best): AUC 0.95000"))
      << text;
  EXPECT_TRUE(has(text, "looked at for the chosen networks and the control only")) << text;
}

}  // namespace
}  // namespace nt::search

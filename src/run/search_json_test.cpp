#include "run/detail/search_json.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace nt::run {
namespace {

search::TriedNetwork one_layer(int64_t trial) {
  search::TriedNetwork p;
  p.job = {trial, 1};
  p.configuration.layers = {{30, 4}};
  p.size = {1, 4, 1000, 2000};
  p.window_ms = 30;
  p.result.auc = std::nan("");
  p.result.variance_explained = 0.5;
  p.result.curve = {{1, 60, 1e-3, 0.25, 0.5, std::nan("")}};
  p.trainings = {{p.job, p.result}};
  return p;
}

TEST(SearchJson, OfASearchThatTrainedNothingHasNoAnswer) {
  const auto json = search_json({});
  for (const auto* key : {"best", "control", "answer"}) EXPECT_TRUE(json[key].is_null()) << key;
  for (const auto* key : {"trials", "answers", "test", "generalisation", "width_or_depth", "curves"})
    EXPECT_EQ(json[key].dump(), "[]") << key;
  EXPECT_EQ(json["front"].dump(), R"({"depth":[],"units":[],"parameters":[],"multiply_adds":[]})");
}

TEST(SearchJson, HasNullForWhatIsNoNumberAndForTheDepthOfAControl) {
  search::SearchAnswers answers;
  answers.trials = {one_layer(3)};
  auto control = one_layer(4);
  control.configuration = {
      .family = search::Family::recurrent, .layers = {}, .memory_units = 2, .branches = 1};
  answers.control = {control, "2 leaky memory units", {0.1, 0, INFINITY}};
  const auto json = search_json(answers);
  const auto& trial = json["trials"][0];
  EXPECT_EQ(trial["depth"], 1);
  EXPECT_TRUE(trial["auc"].is_null());
  EXPECT_EQ(trial["configuration"]["taps"].dump(), "[30]");
  EXPECT_FALSE(trial.contains("trainings"));
  EXPECT_EQ(json["curves"][0].dump(),
            R"({"trial":3,"depth":1,"epochs":[{"epoch":1,"seen_s":60.0,"learning_rate":0.001,)"
            R"("train_loss":0.25,"valid_loss":0.5,"valid_auc":null}]})");
  EXPECT_TRUE(json["control"]["depth"].is_null());
  EXPECT_EQ(json["control"]["network"], "2 leaky memory units");
  EXPECT_EQ(json["control"]["below_best_interval"].dump(), "[0.0,null]");
}

TEST(SearchJson, GivesTheAnswerAskedForAmongTheOthers) {
  search::SearchAnswers answers;
  answers.best = one_layer(3);
  search::SizeAnswer none, units;
  none.interval = {1, INFINITY};
  units.size = search::Size::units;
  units.smallest = answers.best;
  units.interval = {4, 8};
  units.networks = {{one_layer(3), {0, 0, 0}, search::Verdict::yes, false}};
  answers.answers = {none, units};
  answers.answer = 1;
  const auto json = search_json(answers);
  EXPECT_EQ(json["answer"], json["answers"][1]);
  EXPECT_EQ(json["answer"]["smallest"], 4);
  EXPECT_EQ(json["answer"]["trial"], 3);
  EXPECT_EQ(json["answer"]["networks"][0]["good"], "yes");
  EXPECT_TRUE(json["answers"][0]["smallest"].is_null());
  EXPECT_EQ(json["answers"][0]["interval"].dump(), "[1.0,null]");
  answers.answer = {};
  answers.complexity_index = {{0.5, 0.25, 0.75}, 3};
  EXPECT_EQ(search_json(answers)["answer"].dump(),
            R"({"criterion":"complexity_index","complexity_index":0.5,"interval":[0.25,0.75],"trial":3})");
}

}  // namespace
}  // namespace nt::run

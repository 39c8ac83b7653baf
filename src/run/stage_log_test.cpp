#include "run/stage_log.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "config/error.hpp"
#include "config/temporary_folder.hpp"

namespace nt::run {
namespace {

namespace fs = std::filesystem;

fs::path fresh_folder(const std::string& name) {
  auto folder = config::own_temporary_folder() / ("stage-log-" + name);
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

const StageRecord kTrained{
    {{{"train.epochs", "3"}, {"seed", "1"}}, {{"dataset/train", "aa"}}}, {{"twin.safetensors", "bb"}}, 12.5};

TEST(StageLog, RemembersWhatResultsWereMadeFromAndTheirDigests) {
  const auto folder = fresh_folder("remembers");
  {
    StageLog log(folder);
    EXPECT_EQ(log.find("train"), nullptr);
    log.finish("train", kTrained);
    log.set_words({{"title", "a \"neuron\""}});
  }
  const StageLog log(folder);
  ASSERT_NE(log.find("train"), nullptr);
  EXPECT_EQ(log.find("train")->inputs.settings, kTrained.inputs.settings);
  EXPECT_EQ(log.find("train")->outputs, kTrained.outputs);
  EXPECT_EQ(log.seconds("train"), 12.5);
  EXPECT_EQ(log.word("title"), "a \"neuron\"");
  EXPECT_FALSE(log.was_older());
}

TEST(StageLog, OfAnOlderProgramCountsAsEmpty) {
  const auto folder = fresh_folder("older");
  std::ofstream(folder / "stages.json") << R"({"train": {"inputs": "0123456789abcdef", "seconds": 3.0}})";
  const StageLog log(folder);
  EXPECT_TRUE(log.was_older());
  EXPECT_EQ(log.find("train"), nullptr);
}

TEST(StageLog, ThatIsDamagedIsRefusedByName) {
  for (const auto* text : {"{", R"({"format": 2})", R"({"format": 2, "words": {}, "stages": {"train": []}})",
                           R"({"format": 2, "words": 7, "stages": {}})", R"({"format": "two"})"}) {
    const auto folder = fresh_folder("damaged");
    std::ofstream(folder / "stages.json") << text;
    try {
      const StageLog log(folder);
      ADD_FAILURE() << text << " was accepted";
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("stages.json: is damaged"), std::string::npos) << error.what();
    }
  }
}

TEST(StageRecord, StandsOnlyForTheSameSettingsFilesAndUntouchedResults) {
  auto now = kTrained.inputs;
  EXPECT_EQ(why_again(kTrained, now, {{"twin.safetensors", "bb"}}), "");
  EXPECT_EQ(why_again(kTrained, now, {{"twin.safetensors", "cc"}}),
            "twin.safetensors was changed after it was made");
  EXPECT_EQ(why_again(kTrained, now, {{"twin.safetensors", ""}}), "twin.safetensors is missing");
  now.files["dataset/train"] = "dd";
  EXPECT_EQ(why_again(kTrained, now, {{"twin.safetensors", "bb"}}), "dataset/train has another content now");
  now = kTrained.inputs;
  now.settings["train.epochs"] = "5";
  EXPECT_EQ(why_again(kTrained, now, {{"twin.safetensors", "bb"}}), "train.epochs: 3 then, 5 now");
  now = kTrained.inputs;
  now.settings["train.l2"] = "0.1";
  EXPECT_EQ(why_again(kTrained, now, {{"twin.safetensors", "bb"}}), "train.l2: not set then, 0.1 now");
}

}  // namespace
}  // namespace nt::run

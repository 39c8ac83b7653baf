#include "config/difference.hpp"

#include <gtest/gtest.h>

#include "config/settings.hpp"

namespace nt::config {
namespace {

TEST(Difference, NamesEachKeyWithItsTablesAndBothValues) {
  const auto there = values_by_key("seed = 1\n[train]\nepochs = 3\nschedule = [ { rate = 0.1 } ]\n");
  const auto here = values_by_key("seed = 1\n[train]\nepochs = 5\nschedule = [ { rate = 0.2 } ]\nl2 = 1.0\n");
  EXPECT_EQ(words_for(differences(there, here)),
            "train.epochs: 3 there, 5 here; train.schedule[0].rate: 0.1 there, 0.2 here; "
            "train.l2: not set there, 1.0 here");
}

TEST(Difference, OfTheSameValuesInAnotherOrderIsNone) {
  EXPECT_TRUE(differences(values_by_key("a = 1\nb = [1, 2]\n"), values_by_key("b = [1,2]\na = 1")).empty());
}

TEST(Difference, OfManyKeysSaysHowManyMore) {
  const auto all =
      differences(values_by_key("a = 1\nb = 1\nc = 1\n"), values_by_key("a = 2\nb = 2\nc = 2\n"));
  EXPECT_EQ(words_for(all, "in the folder", "in the command", 1),
            "a: 1 in the folder, 2 in the command; and 2 more");
}

TEST(Difference, OfAFileOrAnAlgorithmIsNoSettingAndSaidInWords) {
  const auto all =
      differences(values_by_key("algorithms.train = 1\ncell.mechanism = 'content 12'\nseed = 1\n"),
                  values_by_key("algorithms.train = 2\ncell.mechanism = 'content 34'\nseed = 2\n"));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_FALSE(is_setting(all[0]));
  EXPECT_FALSE(is_setting(all[1]));
  EXPECT_TRUE(is_setting(all[2]));
  EXPECT_EQ(words_for(all),
            "the algorithm 'train': version 1 there, version 2 here; cell.mechanism: the file that "
            "it names has another content now; seed: 1 there, 2 here");
}

TEST(Difference, OfTextThatIsNoTomlIsTheWholeText) {
  const auto all = differences(values_by_key("no toml"), values_by_key("no toml at all"));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].key, "configuration");
}

TEST(DeterminingSettings, HoldAFileByItsContentAndLeaveOutOnlyThisTablesKeys) {
  const auto s = Settings::from_text(
      "epochs = 3\nmorphology = \"a.swc\"\n[below]\nepochs = 4\n[[insert]]\nf = \"b.mod\"\n");
  s.integer("epochs");
  s.file("morphology", "");
  s.table("below").integer("epochs");
  s.tables("insert")[0].file("f", "");
  const auto content = [](const std::filesystem::path& file) {
    return "content of " + file.filename().string();
  };
  constexpr std::string_view left_out[] = {"epochs"};
  const auto values = values_by_key(s.determining("cell", left_out, content));
  const ValuesByKey expected{{"cell.below.epochs", "4"},
                             {"cell.insert[0].f", "'content of b.mod'"},
                             {"cell.morphology", "'content of a.swc'"}};
  EXPECT_EQ(values, expected);
}

TEST(DeterminingSettings, HoldTextThatWasReadAsAFileBeforeAsText) {
  const auto s = Settings::from_text("morphology = \"layer-5-tree\"\n");
  s.file("morphology", "");
  s.text("morphology");
  EXPECT_EQ(s.determining("", {}, [](const auto&) { return "content"; }), "morphology = 'layer-5-tree'\n");
}

}  // namespace
}  // namespace nt::config

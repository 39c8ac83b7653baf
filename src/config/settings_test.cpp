#include "config/settings.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "config/message_of.hpp"
#include "config/temporary_folder.hpp"

namespace nt::config {
namespace {

std::filesystem::path write(const std::string& name, const std::string& text) {
  auto path = own_temporary_folder() / name;
  std::ofstream(path) << text;
  return path;
}

TEST(Settings, AKeyNobodyReadsIsAnErrorThatGuessesWhatWasMeant) {
  const auto s = Settings::from_text("[train]\nepochs = 3\nlerning_rate = 0.1\n", "a.toml");
  s.table("train").integer("epochs");
  s.table("train").number("learning_rate", 1e-3);
  EXPECT_EQ(message_of([&] { s.reject_unread(); }),
            "a.toml:3: unknown key 'train.lerning_rate'; did you mean 'learning_rate'?");
}

TEST(Settings, AWholeTableNobodyReadsIsAnError) {
  const auto s = Settings::from_text("x = 1\n[extra]\ny = 2\n", "a.toml");
  s.integer("x");
  EXPECT_EQ(message_of([&] { s.reject_unread(); }), "a.toml:2: unknown key 'extra'; known: x");
}

TEST(Settings, AKeyThatIsOnlyAskedForIsAmongTheKnown) {
  const auto s = Settings::from_text("balanse = 1\nionen = 2\n", "a.toml");
  s.integer("ionen");
  EXPECT_FALSE(s.has("balance"));
  EXPECT_EQ(message_of([&] { s.reject_unread(); }),
            "a.toml:1: unknown key 'balanse'; did you mean 'balance'?");
}

TEST(Settings, AKeyThatIsAskedForAndNotReadIsStillUnread) {
  const auto s = Settings::from_text("a = 1\n", "a.toml");
  EXPECT_TRUE(s.has("a"));
  EXPECT_EQ(message_of([&] { s.reject_unread(); }), "a.toml:1: unknown key 'a'; known: none");
}

TEST(Settings, WrongTypesNameLineKeyAndWhatIsExpected) {
  const auto s = Settings::from_text("a = 'x'\nb = 1.5\nc = [1, 'y']\nd = 3\n", "a.toml");
  EXPECT_EQ(message_of([&] { s.number("a"); }), "a.toml:1: 'a' is the text \"x\", expected a number");
  EXPECT_EQ(message_of([&] { s.integer("b"); }), "a.toml:2: 'b' is 1.5, expected a whole number");
  EXPECT_EQ(message_of([&] { s.numbers("c"); }), "a.toml:3: 'c' is the text \"y\", expected a number");
  EXPECT_EQ(message_of([&] { s.flag("d"); }), "a.toml:4: 'd' is 3, expected true or false");
  EXPECT_EQ(message_of([&] { s.table("d"); }), "a.toml:4: 'd' is 3, expected a table");
  EXPECT_EQ(message_of([&] { s.number("z"); }), "a.toml: 'z' is missing");
}

TEST(Settings, NumbersOutOfRangeSayTheRange) {
  const auto s = Settings::from_text("a = -1\nb = 7\nc = nan\n", "a.toml");
  EXPECT_EQ(message_of([&] { s.number("a", {}, kPositive); }),
            "a.toml:1: 'a' is -1, expected greater than 0");
  EXPECT_EQ(message_of([&] { s.integer("b", {}, {1, 4}); }), "a.toml:2: 'b' is 7, expected from 1 to 4");
  EXPECT_EQ(message_of([&] { s.number("c"); }), "a.toml:3: 'c' is nan, expected a finite number");
}

TEST(Settings, AnOverrideStandsOverTheProfileAndTheProfileOverTheFile) {
  const auto file = write("layers.toml", "[t]\na = 1\nb = 1\nc = 1\n[profile.quick.t]\nb = 2\nc = 2\n");
  const std::vector<std::string> overrides{"t.c=3", "t.d=word"};
  const auto s = Settings::from_file(file, "quick", overrides);
  const auto t = s.table("t");
  EXPECT_EQ(t.integer("a"), 1);
  EXPECT_EQ(t.integer("b"), 2);
  EXPECT_EQ(t.integer("c"), 3);
  EXPECT_EQ(t.text("d"), "word");
  EXPECT_NO_THROW(s.reject_unread());
}

TEST(Settings, AFileThatExtendsAnotherSaysOnlyWhatIsOther) {
  write("first.toml",
        "x = 1\n[t]\na = 1\nb = 1\nc = 1\nd = 1\n[profile.quick.t]\nb = 2\nc = 2\n[profile.day]\n");
  const auto file =
      write("second.toml", "extends = 'first.toml'\n[t]\nc = 3\nd = 3\n[profile.quick.t]\nd = 4\n");
  const auto s = Settings::from_file(file, "quick", {});
  const auto t = s.table("t");
  EXPECT_EQ(t.integer("a"), 1);
  EXPECT_EQ(t.integer("b"), 2);  // the profile of what it extends
  EXPECT_EQ(t.integer("c"), 3);  // the file stands over it
  EXPECT_EQ(t.integer("d"), 4);
  EXPECT_EQ(s.integer("x"), 1);
  s.reject_unread();
  EXPECT_EQ(profiles_of(file), (std::vector<std::string>{"day", "quick"}));
  EXPECT_EQ(Settings::from_file(file, "day", {}).table("t").integer("c"), 3);
  const auto wrong =
      Settings::from_file(write("third.toml", "extends = 'second.toml'\n[t]\na = 'one'\n"), "", {});
  EXPECT_NE(message_of([&] { wrong.table("t").integer("a"); }).find("third.toml:3: 't.a' is the text"),
            std::string::npos);
}

TEST(Settings, AFileExtendsOneThatIsThereAndNotItself) {
  const auto dangling = write("dangling.toml", "extends = 'nowhere.toml'\n");
  EXPECT_NE(message_of([&] {
              Settings::from_file(dangling, "", {});
            }).find("dangling.toml:1: 'extends' names the file"),
            std::string::npos);
  const auto ring = write("ring.toml", "extends = 'ring.toml'\n");
  EXPECT_NE(
      message_of([&] { Settings::from_file(ring, "", {}); }).find("ring.toml:1: 'extends' leads back to"),
      std::string::npos);
  write("part.toml", "extends = 'first-part.toml'\nb = 2\n");
  write("first-part.toml", "a = 1\nb = 1\n");
  const auto part = Settings::from_file(write("whole.toml", "part = 'part.toml'\n")).table_or_file("part");
  EXPECT_EQ(part.integer("a"), 1);
  EXPECT_EQ(part.integer("b"), 2);
  const auto number = write("number.toml", "extends = 1\n");
  EXPECT_NE(message_of([&] {
              Settings::from_file(number, "", {});
            }).find("number.toml:1: 'extends' is 1, expected the name of a TOML file"),
            std::string::npos);
}

TEST(Settings, AnErrorInAnOverrideNamesTheOverride) {
  const auto file = write("one.toml", "a = 1\n");
  const std::vector<std::string> overrides{"a=-5"};
  const auto s = Settings::from_file(file, "", overrides);
  EXPECT_EQ(message_of([&] { s.number("a", {}, kNotNegative); }),
            "--set a=-5: 'a' is -5, expected 0 or more");
  const std::vector<std::string> bad{"a"};
  EXPECT_NE(message_of([&] { Settings::from_file(file, "", bad); }).find("expected key=value"),
            std::string::npos);
}

TEST(Settings, ATableOfAListIsChangedByItsNameOrNumber) {
  const auto file = write("many.toml",
                          "[[part]]\nname = 'a'\nsize = 1\n[[part]]\nname = 'b'\nsize = 2\n"
                          "[[nameless]]\nsize = 3\n");
  const auto sizes = [&](const std::vector<std::string>& set) {
    const auto s = Settings::from_file(file, "", set);
    std::vector<int64_t> all;
    for (const auto* list : {"part", "nameless"})
      for (const auto& part : s.tables(list)) {
        part.text("name", "");
        all.push_back(part.integer("size"));
      }
    s.reject_unread();
    return all;
  };
  EXPECT_EQ(sizes({"part.b.size=20"}), (std::vector<int64_t>{1, 20, 3}));
  EXPECT_EQ(sizes({"part.b.size=20", "part.0.size=10", "nameless.0.size=30"}),
            (std::vector<int64_t>{10, 20, 30}));
  EXPECT_EQ(sizes({"part.b.size=20", "part.b.size=21"}), (std::vector<int64_t>{1, 21, 3}));  // the last one
  EXPECT_EQ(sizes({"part=[{name = 'c', size = 7}]", "part.c.size=8"}), (std::vector<int64_t>{8, 3}));
  EXPECT_EQ(message_of([&] { sizes({"part.c.size=1"}); }),
            "--set part.c.size=1: 'part' has no element 'c'; its elements are a, b");
  EXPECT_EQ(message_of([&] { sizes({"part.2.size=1"}); }),
            "--set part.2.size=1: 'part' has no element '2'; its elements are a, b");
  EXPECT_EQ(message_of([&] { sizes({"part.a=1"}); }),
            "--set part.a=1: 'part.a' is 1, expected a key of it, for example part.a.KEY=VALUE");
  EXPECT_EQ(message_of([&] { sizes({"part.a.siz=1"}); }),
            "--set part.a.siz=1: unknown key 'part[0].siz'; did you mean 'size'?");
  EXPECT_EQ(message_of([&] { sizes({"gone.a.size=1"}); }).find("--set gone.a.size=1: unknown key 'gone'"),
            0u);
}

TEST(Settings, WhatReadsAsANumberIsNeverTakenForText) {
  const auto file = write("number.toml", "a = 1\n");
  for (const std::string value : {"1e400", "-1e400", "99999999999999999999", ".5", "007"}) {
    const std::vector<std::string> set{"a=" + value};
    EXPECT_EQ(
        message_of([&] { Settings::from_file(file, "", set).number("a"); }).find("--set a=" + value + ": "),
        0u);
    EXPECT_EQ(message_of([&] { Settings::from_file(file, "", set).number("a"); }).find("text"),
              std::string::npos);
  }
  const std::vector<std::string> words{"a=1.2.3"};
  EXPECT_EQ(Settings::from_file(file, "", words).text("a"), "1.2.3");
}

TEST(Settings, TwoNumbersAreAskedForWithAnExample) {
  const auto s = Settings::from_text("a = 1\nb = [3, 2]\nc = [1, 2, 3]\n", "a.toml");
  EXPECT_EQ(message_of([&] {
              s.low_high("a", {0.5, 1.5});
            }),
            "a.toml:1: 'a' is [1], expected two numbers, the lower first, for example [0.5, 1.5]");
  EXPECT_EQ(message_of([&] {
              s.low_high("b", {}, {0, 1e6});
            }),
            "a.toml:2: 'b' is [3, 2], expected two numbers, the lower first, for example [0, 100]");
  EXPECT_EQ(message_of([&] {
              s.low_high("c", {}, {1, 9});
            }),
            "a.toml:3: 'c' is [1, 2, 3], expected two numbers, the lower first, for example [1, 9]");
}

TEST(Settings, AnUnknownProfileNamesThoseThereAre) {
  const auto file = write("profiles.toml", "[profile.day]\n[profile.quick]\n");
  EXPECT_EQ(message_of([&] { Settings::from_file(file, "quik"); }),
            file.string() + ": has no profile 'quik'; its profiles are day, quick; did you mean 'quick'?");
}

TEST(Settings, MissingAndBrokenFilesAreNamed) {
  EXPECT_EQ(message_of([&] { Settings::from_file("nowhere.toml"); }),
            "nowhere.toml: cannot be read: No such file or directory");
  const auto file = write("broken.toml", "a = 1\nb = = 2\n");
  EXPECT_EQ(message_of([&] { Settings::from_file(file); }).find(file.string() + ":2: not valid TOML"), 0u);
}

TEST(Settings, ResolvedTextHoldsDefaultsAndReadsBackTheSame) {
  write("part.toml", "size = 0.1\n");
  const auto file = write("whole.toml", "part = 'part.toml'\n[[step]]\nrate = 3e-4\n");
  const auto read = [](const Settings& s) {
    s.table_or_file("part").number("size");
    for (const auto& step : s.tables("step")) step.number("rate");
    s.numbers("list", std::vector<double>{1, 2.5});
    s.reject_unread();
    return s.resolved();
  };
  const auto once = read(Settings::from_file(file));
  EXPECT_EQ(read(Settings::from_text(once)), once);
  EXPECT_NE(once.find("0.0003"), std::string::npos);
}

TEST(Settings, ATableMayBeginFromAFileAndSayWhatIsOtherThanThere) {
  write("kind.toml", "size = 1\n[shape]\nlength = 2\nwidth = 3\n");
  const auto file = write("one.toml", "[part]\nfile = 'kind.toml'\nshape = { width = 5 }\n");
  const std::vector<std::string> set{"part.size=7"};
  const auto settings = Settings::from_file(file, "", set);
  const auto part = settings.table_or_file("part");
  EXPECT_EQ(part.integer("size"), 7);
  EXPECT_EQ(part.table("shape").integer("length"), 2);
  EXPECT_EQ(part.table("shape").integer("width"), 5);
  EXPECT_EQ(part.folder(), file.parent_path());
  settings.reject_unread();
  EXPECT_EQ(settings.resolved().find("file"), std::string::npos);  // what it held stands in its place
  EXPECT_EQ(part.resolved("kind"), "[kind]\nsize = 7\n\n[kind.shape]\nlength = 2\nwidth = 5\n");

  const auto gone = write("two.toml", "[part]\nfile = 'gone.toml'\n");
  EXPECT_EQ(message_of([&] { Settings::from_file(gone).table_or_file("part"); }),
            gone.string() + ":2: 'part.file' names the file " + (gone.parent_path() / "gone.toml").string() +
                ", which does not exist");
}

TEST(Settings, AnOverrideThatIsNoTomlIsText) {
  const auto file = write("bare.toml", "a = 1\n");
  const auto read = [&](const std::string& value) {
    const std::vector<std::string> set{"b=" + value};
    return Settings::from_file(file, "", set).text("b");
  };
  for (const auto* value : {"word", "two words", "/data/cell 1.asc", "../cell.swc", "./a.swc", "~/a.swc",
                            "a#1.swc", "1st.swc", "C:\\cells\\a.swc", "the \"thick\" one", "-", "Zoë.asc"}) {
    EXPECT_EQ(read(value), value);
  }
  EXPECT_EQ(read("'quoted'"), "quoted");
  const std::vector<std::string> numbers{"b=3e-3", "c=true", "d=[1, 2]"};
  const auto s = Settings::from_file(file, "", numbers);
  EXPECT_EQ(s.number("b"), 3e-3);
  EXPECT_TRUE(s.flag("c"));
  EXPECT_EQ(s.integers("d"), (std::vector<int64_t>{1, 2}));
}

TEST(Settings, AnOverrideThatBeginsAsAnArrayATableOrAStringMustBeOne) {
  const auto file = write("begun.toml", "a = 1\n");
  for (const auto* value : {"[1, 2", " [1, 2", "{x = 1", "\"open", "'open", ""}) {
    const std::vector<std::string> set{std::string("b=") + value};
    const auto message = message_of([&] { Settings::from_file(file, "", set); });
    EXPECT_TRUE(message.starts_with(fmt::format("--set b={}: not a TOML value: ", value))) << message;
  }
  const std::vector<std::string> mistyped{"a=1O"};
  EXPECT_EQ(message_of([&] { Settings::from_file(file, "", mistyped).integer("a"); }),
            "--set a=1O: 'a' is the text \"1O\", expected a whole number");
}

TEST(Settings, AFileNamedOverATableThatBeginsFromAnotherIsBesideTheOneThatNamesIt) {
  const auto folder = own_temporary_folder() / "settings-cells";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "kind.toml") << "tree = 'tree.swc'\naxon = 'axon.swc'\n";
  const auto file = write("over.toml",
                          "cell = { file = 'settings-cells/kind.toml', axon = 'own.swc' }\n"
                          "[profile.other]\ncell = { axon = 'other.swc' }\n");
  const auto axon = [&](std::string_view profile, const std::vector<std::string>& set) {
    const auto cell = Settings::from_file(file, profile, set).table_or_file("cell");
    EXPECT_EQ(cell.file("tree", cell.folder()), folder / "tree.swc");  // as the cell's own file says
    return cell.file("axon", cell.folder());
  };
  EXPECT_EQ(axon("", {}), file.parent_path() / "own.swc");
  EXPECT_EQ(axon("other", {}), file.parent_path() / "other.swc");
  EXPECT_EQ(axon("", {"cell.axon=here.swc"}), std::filesystem::current_path() / "here.swc");
  EXPECT_EQ(axon("", {"cell.axon=/there/a.swc"}), "/there/a.swc");
}

TEST(Settings, AFileIsBesideTheOneThatNamesItAndAbsoluteInTheResolvedText) {
  const auto file = write("names.toml", "tree = 'tree.swc'\n");
  const auto settings = Settings::from_file(file);
  EXPECT_EQ(settings.file("tree", settings.folder()), file.parent_path() / "tree.swc");
  EXPECT_EQ(settings.resolved(), fmt::format("tree = '{}'\n", (file.parent_path() / "tree.swc").string()));
  const std::vector<std::string> set{"tree=here.swc"};
  EXPECT_EQ(Settings::from_file(file, "", set).file("tree", file.parent_path()),
            std::filesystem::current_path() / "here.swc");
}

TEST(Settings, AFolderStandsForItsFileOfTheKeysName) {
  std::filesystem::create_directories(own_temporary_folder() / "neuron");
  write("neuron/cell.toml", "size = 7\n");
  const auto whole = Settings::from_file(write("folder.toml", "cell = 'neuron'\n"));
  EXPECT_EQ(whole.table_or_file("cell").integer("size"), 7);
  const auto changed = Settings::from_file(write("changed.toml", "[cell]\nfile = 'neuron'\nsize = 8\n"));
  EXPECT_EQ(changed.table_or_file("cell").integer("size"), 8);
  const auto other = Settings::from_file(write("other.toml", "part = 'neuron'\n"));
  EXPECT_NE(message_of([&] { other.table_or_file("part"); }).find("neuron/part.toml, which does not exist"),
            std::string::npos);
}

}  // namespace
}  // namespace nt::config

#include "config/detail/toml_depth.hpp"

#include <gtest/gtest.h>

#include <string>

#include "config/settings.hpp"

namespace nt::config {
namespace {

std::string key_of(size_t parts) {
  std::string key = "a";
  for (size_t i = 1; i < parts; ++i) key += i % 2 == 1 ? ".\"a b\"" : " . a";
  return key;
}

TEST(TomlDepth, CountsThePartsOfHeadersKeysAndInlineKeys) {
  for (const auto& [before, after] :
       {std::pair{"[", "]"}, {"[[", "]]"}, {"", " = 1"}, {"b = { c = 1, ", " = 2 }"}}) {
    EXPECT_EQ(line_of_long_toml_key("\n" + (before + key_of(kMostTomlKeyParts)) + after), 0);
    EXPECT_EQ(line_of_long_toml_key("\n" + (before + key_of(kMostTomlKeyParts + 1)) + after), 2);
  }
}

TEST(TomlDepth, DoesNotCountWhatIsInTextCommentsAndNumbers) {
  const std::string dots(100, '.');
  std::string numbers = "x = [0.1";
  for (int i = 0; i < 100; ++i) numbers += ", 1.5";
  for (const auto& text :
       {"x = \"" + dots + "\"", "x = '" + dots + "'", "x = 1 # " + dots, "x = \"\"\"\n\"" + dots + "\n\"\"\"",
        "x = '''\n" + dots + "'''''", "x = \"\\\"" + dots + "\"", numbers + "]"}) {
    EXPECT_EQ(line_of_long_toml_key(text), 0) << text;
    EXPECT_NO_THROW(Settings::from_text(text)) << text;
  }
  // What follows the text is counted again.
  EXPECT_EQ(line_of_long_toml_key("x = { y = \"\"\"a\"\"\"\"\", " + key_of(100) + " = 1 }"), 1);
  EXPECT_EQ(line_of_long_toml_key("x = '''\na'''\n" + key_of(100) + " = 1"), 3);
}

TEST(TomlDepth, SettingsOfAnyLengthAndDepthAreRefusedNotCrashedOn) {
  const size_t many = 100000;
  for (const auto& [text, words] :
       {std::pair{"\n[" + key_of(many) + "]", "cell.toml:2: a key has more than 16 parts"},
        {"x = " + std::string(many, '['), "cell.toml:1: not valid TOML"},
        {"x = " + std::string(many, '{'), "cell.toml:1: not valid TOML"}}) {
    try {
      Settings::from_text(text, "cell.toml");
      FAIL() << "accepted";
    } catch (const InputError& error) {
      EXPECT_EQ(std::string(error.what()).substr(0, std::string(words).size()), words);
    }
  }
}

}  // namespace
}  // namespace nt::config

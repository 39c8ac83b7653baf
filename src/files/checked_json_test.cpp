#include "files/checked_json.hpp"

#include <gtest/gtest.h>

#include "config/message_of.hpp"

namespace nt::files {
namespace {

TEST(CheckedJson, IsRefusedByNameIfItIsNoneTooDeepOrAmbiguous) {
  const auto message = [](const std::string& text) {
    return config::message_of([&] { parse_checked_json(text, "a.json"); });
  };
  EXPECT_EQ(message("{\"a\": [1, 2.5, null]}"), "no error");
  EXPECT_EQ(message("{\"a\": "), "a.json: is not JSON, or was cut short (character 7)");
  EXPECT_EQ(message("[1e999]"), "a.json: holds a number that is too large");
  EXPECT_EQ(message("{\"a\": 1, \"b\": {\"a\": 2}}"), "no error");
  EXPECT_EQ(message("{\"b\": {\"a\": 1, \"a\": 2}}"), "a.json: has the key 'a' twice");
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(message(nested(32)), "no error");
  EXPECT_EQ(message(nested(1000000)), "a.json: has values inside each other more than 32 deep");
  EXPECT_EQ(message(std::string(1000000, '[')), "a.json: has values inside each other more than 32 deep");
}

TEST(CheckedJson, MembersAreAskedForByTypeAndRange) {
  const auto json = parse_checked_json(
      R"({"n": 3, "x": 2.5, "huge": 18446744073709551615, "on": true, "s": "text", "list": [1, 2, 30],
          "inside": {"n": 4}, "all": [{"n": 5}, 6]})",
      "a.json");
  const JsonObject o(json, "a.json");
  EXPECT_EQ(o.integer("n", 3, 3), 3);
  EXPECT_EQ(o.number("n"), 3);
  EXPECT_EQ(o.number("x"), 2.5);
  EXPECT_TRUE(o.flag("on"));
  EXPECT_EQ(o.text("s"), "text");
  EXPECT_EQ(o.integers("list", 1, 30), (std::vector<int64_t>{1, 2, 30}));
  EXPECT_EQ(o.object("inside").integer("n", 0, 9), 4);
  EXPECT_EQ(config::message_of([&] { o.integer("n", 4, 9); }), "a.json: 'n': is 3, expected 4 to 9");
  EXPECT_EQ(config::message_of([&] { o.integer("x", 0, 9); }),
            "a.json: 'x': is 2.5, expected a whole number");
  EXPECT_EQ(config::message_of([&] { o.integer("huge", -9, INT64_MAX); }),
            "a.json: 'huge': is 18446744073709551615, expected -9 to 9223372036854775807");
  EXPECT_EQ(config::message_of([&] {
              o.number("x", {0, 1});
            }),
            "a.json: 'x': is 2.5, expected a finite number from 0 to 1");
  EXPECT_EQ(config::message_of([&] { o.flag("n"); }), "a.json: 'n': is 3, expected true or false");
  EXPECT_EQ(config::message_of([&] { o.text("gone"); }), "a.json: 'gone': is missing");
  EXPECT_EQ(config::message_of([&] { o.integers("list", 0, 9); }),
            "a.json: 'list[2]': is 30, expected 0 to 9");
  EXPECT_EQ(config::message_of([&] { o.numbers("s"); }),
            "a.json: 's': is the text \"text\", expected a list");
  EXPECT_EQ(config::message_of([&] { o.object("inside").integer("n", 5, 9); }),
            "a.json.inside: 'n': is 4, expected 5 to 9");
  EXPECT_EQ(config::message_of([&] { o.objects("all"); }),
            "a.json.all[1]: is 6, expected an object in braces");
}

}  // namespace
}  // namespace nt::files

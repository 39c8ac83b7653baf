#include "files/json.hpp"

#include <gtest/gtest.h>

namespace nt::files {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_json(text, "run/search.json");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Json, ThatIsWholeIsRead) {
  EXPECT_EQ(parse_json(R"({"depth": [1, 8]})", "x.json")["depth"][1], 8);
}

TEST(Json, ThatIsNestedTooDeepIsRefusedWhateverItsLength) {
  const std::string deepest(kDeepestJson, '[');
  EXPECT_NO_THROW(parse_json(deepest + std::string(kDeepestJson, ']'), "x.json"));
  for (const size_t depth : {size_t{kDeepestJson} + 1, size_t{1000000}}) {
    EXPECT_EQ(refusal(std::string(depth, '[') + std::string(depth, ']')),
              "run/search.json: is damaged: JSON nested more than 64 deep; make it again with the "
              "command that wrote it, or copy it again");
    EXPECT_FALSE(is_json_object(std::string(depth, '[')));
    std::string objects;
    for (size_t i = 0; i < depth; ++i) objects += R"({"a":)";
    EXPECT_NE(refusal(objects).find("nested more than 64 deep"), std::string::npos);
  }
}

TEST(Json, ThatIsCutShortOrNoneIsRefusedByTheNameOfItsFile) {
  EXPECT_EQ(refusal(R"({"depth": [1,)"),
            "run/search.json: is damaged: not JSON from byte 14 on; make it again with the command "
            "that wrote it, or copy it again");
  for (const auto* text : {"", "nothing", "{\"a\": 1e999}", "\"\xff\"", "[1] [2]"})
    EXPECT_NE(refusal(text).find("run/search.json: is damaged"), std::string::npos) << text;
}

TEST(Json, OfAnotherShapeThanExpectedIsRefusedByTheNameOfItsFile) {
  const auto json = parse_json(R"({"depth": []})", "x.json");
  const std::string words = "x.json: is damaged: it does not hold what neurontwin wrote";
  const auto refusal_of = [&](auto use) -> std::string {
    try {
      using_json("x.json", use);
    } catch (const InputError& error) {
      return std::string(error.what()).substr(0, words.size());
    }
    return "accepted";
  };
  EXPECT_EQ(refusal_of([&] { json.at("width"); }), words);
  EXPECT_EQ(refusal_of([&] { json.at("depth").at(0); }), words);
  EXPECT_EQ(refusal_of([&] { json.at("depth").get<int>(); }), words);
  EXPECT_EQ(refusal_of([&] { json.at("depth").size(); }), "accepted");
}

}  // namespace
}  // namespace nt::files

#include "run/detail/estimate_json.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace nt::run {
namespace {

TEST(EstimateJson, IsTheValueAndBesideItItsInterval) {
  nlohmann::ordered_json json{{"before", 1}};
  put_estimate(json, "spike.auc", {0.99, 0.98, 1});
  EXPECT_EQ(json.dump(), R"({"before":1,"spike.auc":0.99,"spike.auc_ci95":[0.98,1.0]})");
  EXPECT_EQ(estimate_json({0.99, 0.98, 1}).dump(), "[0.99,0.98,1.0]");
}

TEST(EstimateJson, OfNumbersThatAreDrawnHasFiveDigits) {
  EXPECT_EQ(rounded(std::vector<double>{1.0 / 3, -2e7 / 3, 5, NAN}).dump(), "[0.33333,-6666700.0,5.0,null]");
}

TEST(EstimateJson, IsNullWhereThereIsNoNumber) {
  nlohmann::ordered_json json;
  put_estimate(json, "tau_ms", {NAN, 3, INFINITY});
  EXPECT_TRUE(json["tau_ms"].is_null());
  EXPECT_EQ(json["tau_ms_ci95"][0], 3);
  EXPECT_TRUE(json["tau_ms_ci95"][1].is_null());
}

}  // namespace
}  // namespace nt::run

#include "report/packed.hpp"

#include <gtest/gtest.h>

#include <random>

#include "files/base64.hpp"

namespace nt::report {
namespace {

using Json = nlohmann::ordered_json;

/// A layer-5 trial of one second: input spikes in the order of their times, and voltages of 600 places.
Json trial_of_a_second() {
  std::mt19937 random(1);
  std::vector<double> time_ms;
  std::vector<int> synapse;
  for (int i = 0; i < 18000; ++i) {
    time_ms.push_back(i / 18);
    synapse.push_back(static_cast<int>(random() % 639));
  }
  std::vector<uint8_t> levels;
  for (int t = 0; t < 500; ++t)
    for (int place = 0; place < 600; ++place)
      levels.push_back(static_cast<uint8_t>(60 + t % 40 + place % 7 + random() % 2));
  const Json events{{"time_ms", time_ms}, {"synapse", synapse}};
  return {{"excitatory", events},
          {"inhibitory", events},
          {"voltages", {{"samples", 500}, {"base64", files::base64(levels)}}}};
}

TEST(Packed, ATrialTakesAThirdOfItsSize) {
  Json neuron{{"trial", trial_of_a_second()}}, curves{{"examples", Json::array({trial_of_a_second()})}};
  const auto before = neuron.dump().size(),
             examples_before = curves["examples"][0]["excitatory"].dump().size();
  pack_trial(neuron);
  pack_examples(curves);
  EXPECT_LT(neuron.dump().size(), before / 3);
  EXPECT_LT(curves["examples"][0]["excitatory"].dump().size(), examples_before / 3);
  EXPECT_EQ(neuron["trial"]["excitatory"]["spikes"], 18000);
  EXPECT_FALSE(neuron["trial"]["voltages"].contains("base64"));
}

TEST(Packed, WhatIsNotThereStaysAway) {
  Json nothing, without{{"trial", nullptr}}, empty = Json::object();
  for (auto* json : {&nothing, &without, &empty}) {
    const auto before = *json;
    pack_trial(*json);
    pack_examples(*json);
    pack_filters(*json);
    EXPECT_EQ(*json, before);
  }
}

TEST(Packed, SpikesInNoOrderStayAsTheyAre) {
  Json curves{{"examples", {{{"excitatory", {{"time_ms", {3, 1}}, {"synapse", {0, 1}}}}}}}};
  const auto before = curves;
  pack_examples(curves);
  EXPECT_EQ(curves, before);
}

}  // namespace
}  // namespace nt::report

#include "search/space.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace neurontwin {
namespace {

SearchSpace space_of(const std::string& toml) {
  return read_space(Settings::from_text(toml));
}

TEST(SearchSpace, EveryFamilyAndDepthComesOnceBeforeAnyComesAgain) {
  const auto space = space_of("depth = [1, 5]");
  const int64_t cells = 2 * 5 - 1;  // of one layer both families are one
  for (int64_t turn = 0; turn < 4; ++turn) {
    std::set<std::pair<int, int64_t>> seen;
    for (int64_t i = 0; i < cells; ++i) {
      const auto c = draw(space, 7, turn * cells + i);
      seen.emplace(static_cast<int>(c.family), c.depth());
    }
    EXPECT_EQ(static_cast<int64_t>(seen.size()), cells);
  }
}

TEST(SearchSpace, AConfigurationDependsOnSeedAndNumberAlone) {
  const auto space = space_of("");
  EXPECT_EQ(to_json(draw(space, 3, 41)), to_json(draw(space, 3, 41)));
  EXPECT_NE(to_json(draw(space, 3, 41)), to_json(draw(space, 4, 41)));
  EXPECT_NE(to_json(draw(space, 3, 41)), to_json(draw(space, 3, 42)));
}

TEST(SearchSpace, AConfigurationSurvivesBeingWrittenDown) {
  const auto space = space_of("temporal_shapes = [0, 8]");
  for (int64_t i = 0; i < 30; ++i) {
    const auto json = to_json(draw(space, 1, i));
    EXPECT_EQ(to_json(configuration_from(nlohmann::ordered_json::parse(json.dump()))), json);
  }
}

TEST(SearchSpace, NetworksSeeTheWindowThatWasAskedFor) {
  const auto space = space_of("window_ms = [9, 40, 150]\ndeeper_taps = [2, 19]");
  std::set<int64_t> windows;
  for (int64_t i = 0; i < 200; ++i) {
    const auto c = draw(space, 1, i);
    const auto twin = twin_of(c, {});
    windows.insert(twin.window_ms());
    for (const auto& layer : c.layers) {
      EXPECT_GE(layer.taps, 1);
      EXPECT_GE(c.layers.front().taps, layer.taps);
      if (c.family == Family::fully_connected && &layer != &c.layers.front()) {
        EXPECT_EQ(layer.taps, 1);
      }
    }
  }
  EXPECT_EQ(windows, (std::set<int64_t>{9, 40, 150}));
}

TEST(SearchSpace, TaperingNetworksFallToAQuarterAndWideningOnesRiseFromIt) {
  const auto space = space_of("widths = [64]\ndepth = [3, 3]");
  std::map<WidthShape, std::set<std::vector<int64_t>>> widths;
  for (int64_t i = 0; i < 60; ++i) {
    const auto c = draw(space, 1, i);
    std::vector<int64_t> width;
    for (const auto& layer : c.layers) width.push_back(layer.features);
    widths[c.shape].insert(width);
  }
  EXPECT_EQ(widths[WidthShape::rectangular], (std::set<std::vector<int64_t>>{{64, 64, 64}}));
  EXPECT_EQ(widths[WidthShape::tapering], (std::set<std::vector<int64_t>>{{64, 32, 16}}));
  EXPECT_EQ(widths[WidthShape::widening], (std::set<std::vector<int64_t>>{{16, 32, 64}}));
}

TEST(SearchSpace, RatesAreDrawnEvenlyInTheirLogarithm) {
  const auto space = space_of("learning_rate = [1e-4, 1e-2]");
  int below = 0;
  constexpr int kDraws = 2000;
  for (int64_t i = 0; i < kDraws; ++i) {
    const double rate = draw(space, 1, i).learning_rate;
    EXPECT_GE(rate, 1e-4);
    EXPECT_LE(rate, 1e-2);
    below += rate < 1e-3;
  }
  EXPECT_NEAR(below, kDraws / 2, 4 * std::sqrt(kDraws / 4));  // four standard deviations
}

TEST(SearchSpace, ItsNetworksAreConvolutionalWhateverTheExperimentsTwinIs) {
  TwinSpec rest;
  rest.recurrent.emplace();
  const auto configuration = draw(space_of("depth = [3]\nwindow_ms = [80]"), 1, 0);
  const auto twin = twin_of(configuration, rest);
  EXPECT_EQ(twin.depth(), 3);
  EXPECT_EQ(twin.window_ms(), 80);
}

TEST(SearchSpace, CountsTheParametersThatTheNetworkHas) {
  const auto space =
      space_of("widths = [3, 8]\nwindow_ms = [12]\ndeeper_taps = [3]\ntemporal_shapes = [0, 3]");
  for (int64_t i = 0; i < 20; ++i) {
    TwinSpec rest;
    rest.dendritic_components = i % 3;
    rest.near_spike = i % 2 == 0;
    const auto spec = twin_of(draw(space, 1, i), rest);
    EXPECT_EQ(size_of(spec, 5, Size::parameters), Twin(spec, 5, 1)->parameter_count());
  }
}

TEST(SearchSpace, CountsMultiplyAddsAsWeightsTimesWhatTheyMeet) {
  // 5 synapses, 4 taps, 3 units; then 3 to 2 over 2 taps; two heads.
  TwinSpec spec;
  spec.layers = {{4, 3}, {2, 2}};
  EXPECT_EQ(size_of(spec, 5, Size::multiply_adds), 5 * 4 * 3 + 3 * 2 * 2 + 2 * 2);
  EXPECT_EQ(size_of(spec, 5, Size::units), 5);
  EXPECT_EQ(size_of(spec, 5, Size::depth), 2);
  spec.temporal_shapes = 2;  // synapses into 2 shapes of 3 units; these over 4 taps
  EXPECT_EQ(size_of(spec, 5, Size::multiply_adds), 5 * 2 * 3 + 4 * 2 * 3 + 3 * 2 * 2 + 2 * 2);
}

TEST(SearchSpace, TheProbeIsTheComplexityIndexesNetwork) {
  const auto probe = draw(probe_space(space_of("")), 1, 5);
  ASSERT_EQ(probe.depth(), 3);
  EXPECT_EQ(probe.layers[0].taps, 54);
  EXPECT_EQ(probe.layers[1].taps, 12);
  EXPECT_EQ(probe.layers[2].taps, 12);
  for (const auto& layer : probe.layers) EXPECT_EQ(layer.features, 128);
}

TEST(SearchSpace, RefusesWhatItCannotDraw) {
  EXPECT_THROW(space_of("families = [\"recursive\"]"), InputError);
  EXPECT_THROW(space_of("depth = [3, 2]"), InputError);
  EXPECT_THROW(space_of("learning_rate = [1e-2, 1e-3]"), InputError);
  EXPECT_THROW(space_of("soma_weight = [0, 1]"), InputError);
  EXPECT_THROW(space_of("soma_weight = [0]\nspike_weight = 0"), InputError);
}

}  // namespace
}  // namespace neurontwin

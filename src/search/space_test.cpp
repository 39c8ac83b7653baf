#include "search/space.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "twin/twin.hpp"

namespace nt::search {
namespace {

SearchSpace space_of(const std::string& toml) {
  return read_space(config::Settings::from_text(toml));
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

TEST(SearchSpace, ARecurrentNetworkHasNoDepthAndComesOnceInATurn) {
  const auto space = space_of("families = ['convolutional', 'fully_connected', 'recurrent']\ndepth = [1, 5]");
  const int64_t cells = 2 * 5 - 1 + 1;
  for (int64_t turn = 0; turn < 4; ++turn) {
    int controls = 0;
    for (int64_t i = 0; i < cells; ++i) {
      const auto c = draw(space, 7, turn * cells + i);
      controls += c.is_control();
      EXPECT_EQ(c.depth() == 0, c.is_control());
      EXPECT_EQ(c.memory_units > 0, c.is_control());
    }
    EXPECT_EQ(controls, 1);
  }
}

TEST(SearchSpace, AConfigurationDependsOnSeedAndNumberAlone) {
  const auto space = space_of("");
  EXPECT_EQ(text_of(draw(space, 3, 41)), text_of(draw(space, 3, 41)));
  EXPECT_NE(text_of(draw(space, 3, 41)), text_of(draw(space, 4, 41)));
  EXPECT_NE(text_of(draw(space, 3, 41)), text_of(draw(space, 3, 42)));
}

TEST(SearchSpace, AConfigurationSurvivesBeingWrittenDown) {
  const auto space = space_of(
      "families = ['convolutional', 'fully_connected', 'recurrent']\nlearn_time_constants = [true]\n"
      "temporal_shapes = [0, 8]\nresidual = [false, true]\ndilation = ['none', 'doubling']");
  int residual = 0, dilated = 0, recurrent = 0;
  for (int64_t i = 0; i < 40; ++i) {
    const auto text = text_of(draw(space, 1, i));
    const auto again = configuration_from(text, "search.sqlite");
    EXPECT_EQ(text_of(again), text);
    residual += again.residual;
    dilated += !again.is_control() && again.layers.back().dilation > 1;
    recurrent += again.learn_time_constants;
  }
  EXPECT_GT(recurrent, 0);
  EXPECT_GT(residual, 0);
  EXPECT_GT(dilated, 0);
}

TEST(SearchSpace, WithoutNewerChoicesDrawsWhatItAlwaysDrew) {
  // What a search of seed 1 tried before there were residual connections and dilation: searches go on.
  const auto space = space_of("temporal_shapes = [0, 8]\nbatch_norm = false");
  const std::array<const char*, 5> known{
      R"({"family":"convolutional","shape":"rectangular","taps":[114,19,19],"width":[32,32,32],"temporal_shapes":8,"batch_norm":false,"learning_rate":0.008528103046425135,"spike_weight":1.0,"soma_weight":0.01839067380150924,"dendrite_weight":0.0})",
      R"({"family":"convolutional","shape":"widening","taps":[15,14,14,14,14,14],"width":[16,21,28,37,49,64],"temporal_shapes":0,"batch_norm":false,"learning_rate":0.001480088478612906,"spike_weight":1.0,"soma_weight":0.006665653549867594,"dendrite_weight":0.0})",
      R"({"family":"fully_connected","shape":"tapering","taps":[80,1,1,1,1,1],"width":[32,24,18,14,11,8],"temporal_shapes":0,"batch_norm":false,"learning_rate":0.005357981867425789,"spike_weight":1.0,"soma_weight":0.023548985146725928,"dendrite_weight":0.0})",
      R"({"family":"fully_connected","shape":"tapering","taps":[80,1],"width":[32,8],"temporal_shapes":0,"batch_norm":false,"learning_rate":0.013620839296449925,"spike_weight":1.0,"soma_weight":0.015634497519147483,"dendrite_weight":0.0})",
      R"({"family":"convolutional","shape":"tapering","taps":[132,19],"width":[64,16],"temporal_shapes":0,"batch_norm":false,"learning_rate":0.01701530727889407,"spike_weight":1.0,"soma_weight":0.006783175952051524,"dendrite_weight":0.0})"};
  for (size_t i = 0; i < known.size(); ++i) {
    auto drawn = draw(space, 1, static_cast<int64_t>(i));
    const auto then = configuration_from(known[i], "search.sqlite");
    for (const auto value : {&Configuration::learning_rate, &Configuration::soma_weight}) {
      EXPECT_NEAR(drawn.*value, then.*value, 1e-12 * then.*value);  // powers may differ in their last digit
      drawn.*value = then.*value;
    }
    EXPECT_EQ(text_of(drawn), known[i]);
  }
}

TEST(SearchSpace, NewerChoicesLeaveTheOthersAlone) {
  const auto plain = space_of(""), more = space_of("residual = [true, false]\ndilation = ['doubling']");
  for (int64_t i = 0; i < 40; ++i) {
    const auto a = draw(plain, 1, i), b = draw(more, 1, i);
    EXPECT_EQ(a.learning_rate, b.learning_rate);
    EXPECT_EQ(a.depth(), b.depth());
    for (size_t l = 0; l < a.layers.size(); ++l) EXPECT_EQ(a.layers[l].features, b.layers[l].features);
    EXPECT_EQ(twin_of(a, {}).network->window_ms(), twin_of(b, {}).network->window_ms());
  }
}

TEST(SearchSpace, DoublingTheDilationKeepsTheWindow) {
  const auto space = space_of("window_ms = [9, 40, 150]\ndeeper_taps = [2, 19]\ndilation = ['doubling']");
  std::set<int64_t> depths;
  for (int64_t i = 0; i < 300; ++i) {
    const auto c = draw(space, 1, i);
    const auto twin = twin_of(c, {});
    EXPECT_TRUE(std::set<int64_t>({9, 40, 150}).contains(twin.network->window_ms())) << text_of(c);
    for (const auto& layer : c.layers) EXPECT_GE(c.layers.front().taps, layer.taps) << text_of(c);
    if (!twin.as<twin::ConvolutionalSpec>()->is_dilated()) continue;
    depths.insert(c.depth());
    EXPECT_EQ(c.family, Family::convolutional);
    for (size_t l = 1; l < c.layers.size(); ++l) {
      EXPECT_EQ(c.layers[l].dilation, 1 << (l - 1));
      EXPECT_GE(c.layers[l].taps, 2);  // else it would mean nothing
    }
  }
  EXPECT_EQ(depths, (std::set<int64_t>{3, 4, 5, 6, 7, 8}));
}

TEST(SearchSpace, DilationIsCutToTheWindowOrLeftOut) {
  const auto layers = [](const std::string& toml) {
    const auto c = draw(space_of("families = ['convolutional']\ndilation = ['doubling']\n" + toml), 1, 0);
    std::vector<std::pair<int64_t, int64_t>> all;
    for (const auto& layer : c.layers) all.emplace_back(layer.taps, layer.dilation);
    return all;
  };
  using Layers = std::vector<std::pair<int64_t, int64_t>>;
  EXPECT_EQ(layers("depth = [4]\nwindow_ms = [80]\ndeeper_taps = [5]"),
            (Layers{{52, 1}, {5, 1}, {5, 2}, {5, 4}}));
  EXPECT_EQ(layers("depth = [4]\nwindow_ms = [80]\ndeeper_taps = [19]"),
            (Layers{{17, 1}, {10, 1}, {10, 2}, {10, 4}}));
  EXPECT_EQ(layers("depth = [4]\nwindow_ms = [8]\ndeeper_taps = [19]"),
            (Layers{{5, 1}, {2, 1}, {2, 1}, {2, 1}}));
  EXPECT_EQ(layers("depth = [2]\nwindow_ms = [80]\ndeeper_taps = [19]"), (Layers{{62, 1}, {19, 1}}));
}

TEST(SearchSpace, NetworksThatHaveNothingToAddAreNotResidual) {
  const auto space = space_of("residual = [true]\ndepth = [1, 3]\nwidths = [64]");
  for (int64_t i = 0; i < 60; ++i) {
    const auto c = draw(space, 1, i);
    EXPECT_EQ(c.residual, c.shape == WidthShape::rectangular && c.depth() > 1) << text_of(c);
    EXPECT_EQ(twin_of(c, {}).as<twin::ConvolutionalSpec>()->residual, c.residual);
  }
}

TEST(SearchSpace, NetworksSeeTheWindowThatWasAskedFor) {
  const auto space = space_of("window_ms = [9, 40, 150]\ndeeper_taps = [2, 19]");
  std::set<int64_t> windows;
  for (int64_t i = 0; i < 200; ++i) {
    const auto c = draw(space, 1, i);
    const auto twin = twin_of(c, {});
    windows.insert(twin.network->window_ms());
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

TEST(SearchSpace, CountsTheParametersThatTheNetworkHas) {
  const auto space = space_of(
      "families = ['convolutional', 'fully_connected', 'recurrent']\ndepth = [1, 4]\n"
      "memory_units = [3, 7]\nlearn_time_constants = [false, true]\n"
      "widths = [3, 8]\nwindow_ms = [12]\ndeeper_taps = [3]\ntemporal_shapes = [0, 3]\n"
      "residual = [false, true]\ndilation = ['none', 'doubling']");
  std::map<Family, int> seen;
  for (int64_t i = 0; i < 60; ++i) {
    const auto c = draw(space, 1, i);
    RestOfTwin rest;
    if (i % 3 > 0) rest.heads.push_back(twin::further_head("dendrites", i % 3));
    if (i % 2 == 0) rest.heads.push_back(twin::further_head("near_spike"));
    rest.recurrent.wiring = {2, {0, 1, 2, 4, 5, 6}, {0, 0, 0, 1, 1, 1}};  // 5 synapses
    rest.recurrent.excitatory_channels = 3;
    const auto spec = twin_of(c, rest);
    EXPECT_EQ(size_of(spec, 5, Size::parameters), twin::Twin(spec, 5, 1).parameter_count()) << text_of(c);
    ++seen[c.family];
  }
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_GE(seen[Family::recurrent], 4);
}

TEST(SearchSpace, CountsMultiplyAddsAsWeightsTimesWhatTheyMeet) {
  // 5 synapses, 4 taps, 3 units; then 3 to 2 over 2 taps; two heads.
  twin::ConvolutionalSpec spec({{4, 3}, {2, 2}});
  const auto size = [&](Size measure) { return size_of(twin::TwinSpec(spec), 5, measure); };
  EXPECT_EQ(size(Size::multiply_adds), 5 * 4 * 3 + 3 * 2 * 2 + 2 * 2);
  EXPECT_EQ(size(Size::units), 5);
  EXPECT_EQ(size(Size::depth), 2);
  spec.layers[1].dilation = 7;  // as many taps, wherever they lie
  EXPECT_EQ(size(Size::multiply_adds), 5 * 4 * 3 + 3 * 2 * 2 + 2 * 2);
  spec.temporal_shapes = 2;  // synapses into 2 shapes of 3 units; these over 4 taps
  EXPECT_EQ(size(Size::multiply_adds), 5 * 2 * 3 + 4 * 2 * 3 + 3 * 2 * 2 + 2 * 2);
}

TEST(SearchSpace, CountsARecurrentNetworksMultiplyAddsMatrixByMatrix) {
  // 6 contacts to 2 branches; these and 3 units of memory to 6 hidden ones, which write to the 3; two heads.
  twin::RecurrentSpec r;
  r.memory_units = 3;
  r.wiring = {2, {0, 1, 2, 4, 5, 6}, {0, 0, 0, 1, 1, 1}};
  const twin::TwinSpec spec(r);
  const int64_t decay_of_sums = 2, decay_and_gate_of_memory = 2 * 3;
  EXPECT_EQ(size_of(spec, 5, Size::multiply_adds),
            6 + decay_of_sums + (2 + 3) * 6 + 6 * 3 + decay_and_gate_of_memory + 2 * 3);
  EXPECT_EQ(size_of(spec, 5, Size::units), 3 + 6);
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
  EXPECT_THROW(space_of("families = [\"recurrent\"]"), InputError);
  EXPECT_THROW(space_of("families = [\"recurrent\", \"convolutional\"]\nmemory_units = []"), InputError);
  EXPECT_NO_THROW(space_of("memory_units = [3]"));  // means nothing, and may stay where families changed
  EXPECT_THROW(space_of("depth = [3, 2]"), InputError);
  EXPECT_THROW(space_of("residual = []"), InputError);
  EXPECT_THROW(space_of("residual = [1]"), InputError);
  EXPECT_THROW(space_of("dilation = [2]"), InputError);
  EXPECT_THROW(space_of("dilation = [\"halving\"]"), InputError);
  EXPECT_THROW(space_of("learning_rate = [1e-2, 1e-3]"), InputError);
  EXPECT_THROW(space_of("soma_weight = [0, 1]"), InputError);
  EXPECT_THROW(space_of("soma_weight = [0]\nspike_weight = 0"), InputError);
}

}  // namespace
}  // namespace nt::search

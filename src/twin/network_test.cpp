#include "twin/network.hpp"

#include <gtest/gtest.h>
#include <torch/script.h>

namespace neurontwin {
namespace {

/// Random events with repeats allowed, and the same as a dense array [window][channel][time].
struct RandomEvents {
  torch::Tensor events, dense;
  RandomEvents(int64_t windows, int64_t channels, int64_t duration, double density, uint64_t seed) {
    Random random(seed, Stage::test_cases, 0, 0);
    std::vector<int32_t> list;
    dense = torch::zeros({windows, channels, duration}, torch::kFloat64);
    for (int64_t w = 0; w < windows; ++w) {
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t t = 0; t < duration; ++t) {
          if (random.uniform() >= density) continue;
          for (const int64_t x : {w, c, t}) list.push_back(static_cast<int32_t>(x));
          dense[w][c][t] = 1;
        }
      }
    }
    events = torch::tensor(list, torch::kInt32).view({-1, 3});
  }
};

TEST(EventConvolution, EqualsTheDenseConvolutionForwardAndBackward) {
  uint64_t seed = 0;
  for (const double density : {0.0, 0.02, 0.3, 1.0}) {
    for (const int64_t taps : {1, 3, 8}) {
      const int64_t windows = 2, channels = 5, features = 3, duration = 20;
      const RandomEvents input(windows, channels, duration + taps - 1, density, seed++);
      auto weight = torch::randn({channels, taps, features}, torch::kFloat64).requires_grad_();
      const auto ours = event_convolution(input.events, weight, windows, duration);
      const auto seen_by_torch =
          torch::conv1d(input.dense, weight.permute({2, 0, 1}).flip(2)).transpose(1, 2);
      EXPECT_TRUE(torch::allclose(ours, seen_by_torch, 1e-12, 1e-12));
      EXPECT_TRUE(torch::allclose(dense_convolution(input.events, weight, windows, duration), seen_by_torch,
                                  1e-12, 1e-12));
      const auto direction = torch::randn_like(ours);
      const auto gradient = torch::autograd::grad({(ours * direction).sum()}, {weight})[0];
      const auto expected = torch::autograd::grad({(seen_by_torch * direction).sum()}, {weight})[0];
      EXPECT_TRUE(torch::allclose(gradient, expected, 1e-12, 1e-12));
    }
  }
}

TwinSpec deep_spec() {
  TwinSpec spec;
  spec.layers = {{7, 6}, {4, 5}, {3, 4}};
  spec.batch_norm = true;
  spec.weight_sd = 0.3;
  return spec;
}

TEST(Twin, TorchScriptGivesTheSameAnswerAsTheEventDrivenNetwork) {
  Twin twin(deep_spec(), 9, 3);
  // Move the running averages away from their start, so that they matter.
  const RandomEvents some(4, 9, twin->history_ms() + 100, 0.1, 17);
  twin->forward(some.events, 4, 100);
  twin->eval();
  auto script = twin->to_torchscript("{}");
  const int64_t duration = 60;
  const RandomEvents input(2, 9, duration, 0.05, 99);
  auto shifted = input.events.clone();
  shifted.select(1, 2).add_(twin->history_ms());
  torch::NoGradGuard no_gradient;
  const auto ours = twin->forward(shifted, 2, duration);
  const auto theirs = script.forward({input.dense.to(torch::kFloat32)}).toTuple();
  EXPECT_TRUE(
      torch::allclose(torch::sigmoid(ours.spike_log_odds), theirs->elements()[0].toTensor(), 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(ours.soma_mV, theirs->elements()[1].toTensor(), 1e-5, 1e-5));
  EXPECT_EQ(script.attr("description").toStringRef(), "{}");

  Twin copy(deep_spec(), 9, 4);
  copy->load_torchscript(script, "twin.pt");
  copy->eval();
  // The soma's offset is folded into its bias in the script: single precision at 68 mV.
  EXPECT_TRUE(torch::equal(copy->forward(shifted, 2, duration).spike_log_odds, ours.spike_log_odds));
  EXPECT_TRUE(torch::allclose(copy->forward(shifted, 2, duration).soma_mV, ours.soma_mV, 0, 2e-5));
  auto other = deep_spec();
  other.layers[1].features = 2;
  EXPECT_THROW(Twin(other, 9, 4)->load_torchscript(script, "twin.pt"), InputError);
}

TEST(Twin, LooksAsFarBackAsItsTapsReachAndNoFurther) {
  auto spec = deep_spec();
  spec.activation = Activation::linear;  // so that no unit is silent by chance
  EXPECT_EQ(spec.window_ms(), 1 + 6 + 3 + 2);
  Twin twin(spec, 9, 3);
  twin->eval();
  torch::NoGradGuard no_gradient;
  const int64_t duration = 40, arrival = 10;
  const auto at = [&](std::vector<int32_t> list) {
    return twin->forward(torch::tensor(list, torch::kInt32).view({-1, 3}), 1, duration).spike_log_odds[0];
  };
  const auto change = (at({0, 2, static_cast<int32_t>(arrival + twin->history_ms())}) - at({})).abs();
  for (int64_t t = 0; t < duration; ++t) {
    const bool reached = t >= arrival && t < arrival + spec.window_ms();
    EXPECT_EQ(change[t].item<float>() > 0, reached) << t;
  }
}

TEST(Twin, WeightsDependOnTheSeedAlone) {
  Twin a(deep_spec(), 9, 3), b(deep_spec(), 9, 3), c(deep_spec(), 9, 4);
  EXPECT_TRUE(torch::equal(a->first_weight, b->first_weight));
  EXPECT_FALSE(torch::equal(a->first_weight, c->first_weight));
}

TEST(Twin, CountsItsParameters) {
  TwinSpec spec;
  spec.layers = {{80, 1}};
  EXPECT_EQ(Twin(spec, 100, 1)->parameter_count(), 80 * 100 + 1 + 2 + 2);
}

TEST(Twin, SettingsThatDoNotFitTogetherAreRefused) {
  const auto message = [](const char* text) {
    try {
      read_twin(Settings::from_text(text, "a.toml"));
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(message("taps = [5, 3]\nwidth = [2, 2, 2]\n"),
            "a.toml:2: 'width' has 3 numbers, expected one for all layers or 2, one for each of 'taps'");
  EXPECT_EQ(message("taps = [5]\nwidth = [2]\nactivation = 'tanh'\n"),
            "a.toml:3: 'activation' is \"tanh\", expected one of: relu, linear");
}

}  // namespace
}  // namespace neurontwin

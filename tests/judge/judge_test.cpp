// Claims about our layers, networks, losses and optimiser that libtorch judges.
#include <gtest/gtest.h>

#include <numeric>

#include "judge/torch_twin.hpp"
#include "random/random.hpp"
#include "train/loss.hpp"
#include "train/nadam.hpp"
#include "twin/after_convolution.hpp"
#include "twin/temporal_basis.hpp"

namespace nt {
namespace {

/// Its many small operations gain nothing from threads, which would wait for each other at full speed.
const bool torch_on_one_thread = (at::set_num_threads(1), true);

random::Random random_of(uint64_t seed) {
  return random::Random(seed, random::Stage::test_cases, 0, random::StreamName::test_case);
}

/// Spikes in random bins, at most one in each, sorted by window. Some lie just outside.
std::vector<int32_t> random_events(int64_t windows, int64_t channels, int64_t duration, double density,
                                   uint64_t seed) {
  auto random = random_of(seed);
  std::vector<int32_t> events;
  for (int64_t w = 0; w < windows; ++w) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t t = 0; t < duration; ++t) {
        if (random.uniform() >= density) continue;
        for (const int64_t x : {w, c, t}) events.push_back(static_cast<int32_t>(x));
      }
    }
  }
  return events;
}

template <class T>
torch::Tensor shaped(std::span<const T> values, std::vector<int64_t> shape) {
  const auto type = sizeof(T) == 4 ? torch::kFloat32 : torch::kFloat64;
  return torch::from_blob(const_cast<T*>(values.data()), shape, type).clone();
}

double largest(const torch::Tensor& t) {
  return t.numel() == 0 ? 0 : t.detach().abs().max().item<double>();
}

/// Numbers that are not 0 and 1 in biases, scales, shifts and running averages, so that no unit sits on its
/// activation's corner.
template <class T>
void shake(twin::TwinOf<T>& twin, double size_of_weights, uint64_t seed) {
  auto random = random_of(seed);
  for (const auto& array : twin.layout().arrays()) {
    const bool weights = array.array.shape.size() > 1;
    for (T& x : twin.array(array.array.name)) {
      if (!array.trained) {
        x += static_cast<T>(0.1 + 0.8 * random.uniform());
      } else {
        x += static_cast<T>(weights ? size_of_weights * random.normal() : random.uniform());
      }
    }
  }
}

struct Case {
  twin::TwinSpec spec;
  int64_t channels, windows, duration;
  double density;
  twin::NormBy norm = twin::NormBy::batch;
  double tolerance = 1;  // times 1e-12 in double and 1e-5 in float
  double shaken = 0;     // of weights
};

/// A twin's outputs, gradients of a random sum of them, and new running averages are those of torch's own
/// operations: to 1e-12 in double, so that nothing but a wrong formula can be far off; in float to 1e-5 of
/// the largest, from sums of hundreds of terms.
template <class T>
void expect_torchs_in(const Case& c, uint64_t seed) {
  twin::TwinOf<T> ours(c.spec, c.channels, 3);
  shake(ours, c.shaken, seed);
  TorchTwin theirs(ours);
  const auto events = random_events(c.windows, c.channels, ours.history_ms() + c.duration, c.density, seed);
  const auto outputs = ours.forward({events, c.windows, c.duration}, c.norm, true);
  const auto a = shaped<T>(std::span(outputs.values, static_cast<size_t>(outputs.rows * outputs.row)),
                           {c.windows, c.duration, outputs.row});
  const auto b = theirs.forward(tensor_of(events), c.windows, c.duration, c.norm);
  const double tolerance = c.tolerance * (sizeof(T) == 8 ? 1e-12 : 1e-5);
  EXPECT_LE(largest(a - b), tolerance * std::max(1.0, largest(b)));

  torch::manual_seed(static_cast<int64_t>(seed));
  const auto direction = torch::randn_like(b).detach();
  (b * direction).sum().backward();
  std::vector<T> gradients(static_cast<size_t>(ours.layout().trained()));
  const auto flat = direction.contiguous();
  ours.backward({flat.template data_ptr<T>(), static_cast<size_t>(flat.numel())}, gradients);
  // A gradient that cancels to nothing (a bias before normalisation) is as exact as the largest one.
  double scale = 1e-300;
  for (const auto& [name, tensor] : theirs.arrays)
    if (tensor.requires_grad()) scale = std::max(scale, largest(tensor.grad()));
  for (size_t i = 0; i < ours.layout().arrays().size(); ++i) {
    const auto& array = ours.layout().arrays()[i];
    const auto& expected = theirs.arrays.at(array.array.name);
    if (!array.trained) {
      const auto now = shaped<T>(std::span<const T>(ours.array(array.array.name)), array.array.shape);
      EXPECT_LE(largest(now - expected), tolerance * std::max(1.0, largest(expected))) << array.array.name;
      continue;
    }
    const auto gradient =
        shaped<T>(std::span<const T>(gradients).subspan(static_cast<size_t>(ours.layout().offset(i)),
                                                        static_cast<size_t>(array.count())),
                  array.array.shape);
    EXPECT_LE(largest(gradient - expected.grad()), tolerance * scale) << array.array.name;
  }
}

void expect_torchs(const Case& c, uint64_t seed) {
  {
    SCOPED_TRACE("double");
    expect_torchs_in<double>(c, seed);
  }
  SCOPED_TRACE("float");
  expect_torchs_in<float>(c, seed);
}

TEST(Judge, ConvolutionalTwinsAreTorchsWhateverTheirShapesAndInput) {
  auto random = random_of(1);
  for (int n = 0; n < 32; ++n) {
    SCOPED_TRACE(n);
    twin::ConvolutionalSpec network;
    for (int64_t depth = random.integer(1, 4); depth > 0; --depth) {
      const int64_t features = random.integer(0, 4) == 0 ? 64 : random.integer(1, 20);
      network.layers.push_back({random.integer(1, 25), features});
    }
    // Not of few spikes or where every bin holds one: a signal that does not vary has no variance to be
    // divided by, and normalisation would make its roundings 30 times larger in every layer.
    network.batch_norm = n % 3 != 0 && (n % 4 == 1 || n % 4 == 2);
    network.activation = n % 4 == 1 ? twin::Activation::linear : twin::Activation::relu;
    if (n >= 16) network.temporal_shapes = random.integer(1, twin::most_shapes(network.layers[0].taps));
    network.weight_sd = 0.05;  // signals stay of size 1 from layer to layer
    // The mixture of a basis makes roundings up to 100 times larger; typically some ten times.
    const double tolerance = network.temporal_shapes > 0 ? 20 : 1;
    Case c{twin::TwinSpec(network),
           random.integer(network.batch_norm ? 10 : 1, 30),
           random.integer(1, 4),
           random.integer(network.batch_norm ? 20 : 1, 60),
           std::array{0.0, 0.01, 0.2, 1.0}[static_cast<size_t>(n % 4)],
           twin::NormBy::batch,
           tolerance};
    if (n % 5 == 0) c.spec.heads.push_back(twin::further_head("dendrites", 3));
    expect_torchs(c, 100 + static_cast<uint64_t>(n));
  }
}

TEST(Judge, NormalisedByRunningAveragesATwinIsTorchs) {
  for (const int64_t shapes : {0, 5}) {
    for (const int64_t width : {6, 48}) {  // the second wide enough for the fast algorithm
      for (const auto activation : {twin::Activation::relu, twin::Activation::linear}) {
        SCOPED_TRACE(testing::Message() << shapes << " shapes, width " << width);
        twin::ConvolutionalSpec network({{12, width}, {7, width}, {2, 4}});
        network.temporal_shapes = shapes;
        network.activation = activation;
        network.batch_norm = true;
        network.weight_sd = 0.05;
        expect_torchs(
            {twin::TwinSpec(network), 8, 3, 20, 0.2, twin::NormBy::running, shapes > 0 ? 20.0 : 1.0}, 7);
      }
    }
  }
}

TEST(Judge, DilatedAndResidualTwinsAreTorchs) {
  for (const int64_t dilation : {1, 2, 3, 5}) {
    for (const int64_t width : {6, 48}) {  // the second wide enough for the fast algorithm
      for (const bool residual : {false, true}) {
        for (const bool batch_norm : {false, true}) {
          for (const int64_t duration : {1, 7, 30}) {
            if (batch_norm && duration == 1) continue;  // hardly a variance to be divided by
            SCOPED_TRACE(testing::Message()
                         << "dilation " << dilation << ", width " << width << ", residual " << residual
                         << ", norm " << batch_norm << ", " << duration << " ms");
            const int64_t taps = width == 48 ? 7 : 3;
            twin::ConvolutionalSpec network(
                {{5, width}, {taps, width, dilation}, {2, width, dilation}, {taps, 4, 2}});
            network.residual = residual;
            network.batch_norm = batch_norm;
            network.weight_sd = 1 / std::sqrt(static_cast<double>(width * taps));  // signals stay of size 1
            expect_torchs({twin::TwinSpec(network), 8, duration == 30 ? 1 : 3, duration, 0.2}, 7);
          }
        }
      }
    }
  }
}

/// Channels that feed one to three of the branches.
twin::Wiring random_wiring(int64_t channels, int64_t branches, random::Random& random) {
  twin::Wiring wiring;
  wiring.branches = branches;
  for (int64_t b = 0; b < branches; ++b) wiring.tau_ms.push_back(1 + 60 * random.uniform());
  for (int64_t c = 0; c < channels; ++c) {
    const int64_t first = random.integer(0, branches - 1);
    for (int64_t b = first; b <= std::min(branches - 1, first + random.integer(0, 2)); ++b)
      wiring.branch.push_back(b);
    wiring.first.push_back(wiring.contacts());
  }
  return wiring;
}

TEST(Judge, RecurrentTwinsAreTorchsWhateverTheirShapesAndInput) {
  // Units that fill SIMD vectors and that do not, groups of windows of every size, silence and every bin.
  auto random = random_of(2);
  for (int n = 0; n < 24; ++n) {
    SCOPED_TRACE(n);
    twin::RecurrentSpec network;
    network.memory_units = std::array<int64_t, 6>{1, 3, 8, 20, 33, 50}[static_cast<size_t>(n % 6)];
    network.activation = n % 2 == 0 ? twin::HiddenActivation::silu : twin::HiddenActivation::relu;
    network.learn_time_constants = n % 3 != 0;
    network.history_ms = random.integer(0, 12);
    const int64_t channels = random.integer(1, 30);
    network.wiring = random_wiring(channels, random.integer(1, 9), random);
    network.excitatory_channels = channels / 2;
    // Weights are shaken so little that memories do not drive each other into chaos, which no precision
    // follows.
    expect_torchs({twin::TwinSpec(network), channels, 1 + n % 7, random.integer(1, 50),
                   std::array{0.0, 0.01, 0.2, 1.0}[static_cast<size_t>(n % 4)], twin::NormBy::batch, 1, 0.1},
                  200 + static_cast<uint64_t>(n));
  }
}

/// A batch with labels for every head.
dataset::WindowBatch random_batch(int64_t windows, int64_t channels, int64_t history_ms, int64_t window_ms,
                                  uint64_t seed) {
  auto random = random_of(seed);
  dataset::WindowBatch batch;
  batch.windows = windows;
  batch.channels = channels;
  batch.history_ms = history_ms;
  batch.window_ms = window_ms;
  batch.events = random_events(windows, channels, history_ms + window_ms, 0.05, seed + 1);
  batch.signals.push_back({"dendrites_pc", 2, {}});
  for (int64_t i = 0; i < windows * window_ms; ++i) {
    batch.spikes.push_back(random.uniform() < 0.05 ? 1.0f : 0.0f);
    batch.soma_mV.push_back(static_cast<float>(-68 + 3 * random.normal()));
    batch.soma_counts.push_back(random.uniform() < 0.9 ? 1.0f : 0.0f);
    for (int k = 0; k < 2; ++k) batch.signals[0].values.push_back(static_cast<float>(random.normal()));
  }
  return batch;
}

twin::TwinSpec with_every_head(twin::TwinSpec spec) {
  spec.heads.push_back(twin::further_head("dendrites", 2));
  spec.heads.push_back(twin::further_head("near_spike"));
  spec.heads.push_back(twin::further_head("count"));
  return spec;
}

twin::HeadSettings every_question() {
  auto settings = twin::usual_head_settings();
  settings["near_spike_ms"] = 4;
  settings["rate_sd_ms"] = 3;
  return settings;
}

TEST(Judge, LossesAndTheirDerivativesAreTorchs) {
  const auto spec = with_every_head(twin::TwinSpec(twin::ConvolutionalSpec({{3, 4}})));
  const auto batch = random_batch(3, 5, 2, 60, 5);
  const int64_t row = twin::outputs_of(spec.heads), rows = batch.windows * batch.window_ms;
  torch::manual_seed(3);
  auto outputs = (4 * torch::randn({batch.windows, batch.window_ms, row}, torch::kFloat64)).requires_grad_();
  const std::vector<double> weights{1.5, 0.02, 0.3, 2, 0.7};
  const auto theirs = torch_losses(spec, outputs, batch, every_question());
  auto total = torch::zeros({}, torch::kFloat64);
  for (size_t i = 0; i < weights.size(); ++i) total = total + weights[i] * theirs[i];
  total.backward();
  std::vector<double> gradient(static_cast<size_t>(rows * row));
  const auto ours = train::losses<double>(spec, {outputs.data_ptr<double>(), rows, row}, batch,
                                          every_question(), weights, gradient);
  for (size_t i = 0; i < weights.size(); ++i)
    EXPECT_NEAR(ours[i], theirs[i].item<double>(), 1e-13 * std::abs(ours[i])) << spec.heads[i].name;
  EXPECT_LE(
      largest(shaped<double>(std::span<const double>(gradient), outputs.sizes().vec()) - outputs.grad()),
      1e-13 * largest(outputs.grad()));
}

/// 200 steps of training on changing batches, in both. The sum of losses before every step.
template <class T>
std::pair<std::vector<double>, std::vector<double>> two_hundred_steps(const twin::TwinSpec& spec) {
  constexpr int64_t kChannels = 12, kWindows = 3, kWindow_ms = 40;
  const std::vector<double> weights{1, 0.02, 0.1, 1, 1};
  twin::TwinOf<T> ours(spec, kChannels, 5);
  TorchTwin theirs(ours);
  train::NadamOf<T> optimiser(ours.layout());
  std::vector<torch::Tensor> parameters;
  for (const auto& [name, tensor] : theirs.arrays)
    if (tensor.requires_grad()) parameters.push_back(tensor);
  TorchNadam torchs(parameters);
  std::vector<T> gradients(static_cast<size_t>(ours.layout().trained())), of_outputs;
  std::pair<std::vector<double>, std::vector<double>> curves;
  for (uint64_t step = 0; step < 200; ++step) {
    const auto batch = random_batch(kWindows, kChannels, ours.history_ms(), kWindow_ms, 1000 + 2 * step);
    const auto outputs = ours.forward(batch, twin::NormBy::batch, true);
    of_outputs.resize(static_cast<size_t>(outputs.rows * outputs.row));
    const auto a = train::losses<T>(spec, outputs, batch, every_question(), weights, of_outputs);
    ours.backward(of_outputs, gradients);
    optimiser.step(0.003, gradients, ours.numbers, ours.parallel);
    const auto b =
        torch_losses(spec, theirs.forward(tensor_of(batch.events), kWindows, kWindow_ms, twin::NormBy::batch),
                     batch, every_question());
    auto total = weights[0] * b[0];
    for (size_t i = 1; i < b.size(); ++i) total = total + weights[i] * b[i];
    torchs.zero_gradients();
    total.backward();
    torchs.step(0.003);
    curves.first.push_back(std::inner_product(a.begin(), a.end(), weights.begin(), 0.0));
    curves.second.push_back(total.template item<double>());
  }
  return curves;
}

class TwoHundredSteps : public testing::TestWithParam<const char*> {
 protected:
  static twin::TwinSpec spec(std::string_view kind) {
    if (kind == "convolutional") {
      twin::ConvolutionalSpec network({{9, 6}, {4, 6, 2}, {3, 5}});
      network.batch_norm = network.residual = true;
      network.weight_sd = 0.3;
      return with_every_head(twin::TwinSpec(network));
    }
    twin::RecurrentSpec network;
    auto random = random_of(4);
    network.memory_units = 7;
    network.history_ms = 20;
    network.learn_time_constants = true;
    network.wiring = random_wiring(12, 4, random);
    network.excitatory_channels = 8;
    return with_every_head(twin::TwinSpec(network));
  }
};
INSTANTIATE_TEST_SUITE_P(Judge, TwoHundredSteps, testing::Values("convolutional", "recurrent"));

TEST_P(TwoHundredSteps, FollowTorchsLossesToRounding) {
  const auto [ours, theirs] = two_hundred_steps<double>(spec(GetParam()));
  // 200 steps at most double a rounding every few steps.
  for (size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], theirs[i], 1e-9 * theirs[i]) << i;
  EXPECT_LT(ours.back(), ours.front());
  const auto [single, torchs] = two_hundred_steps<float>(spec(GetParam()));
  double most = 0;
  for (size_t i = 0; i < single.size(); ++i) most = std::max(most, std::abs(single[i] / torchs[i] - 1));
  EXPECT_LT(most, 1e-3);  // float's 6e-8, as much larger as double's 1e-16 was above
}

}  // namespace
}  // namespace nt

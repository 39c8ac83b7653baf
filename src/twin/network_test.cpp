#include "twin/network.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "twin/layers.hpp"

namespace neurontwin {
namespace {

/// Random events with repeats allowed, and the same as a dense array [window][channel][time].
struct RandomEvents {
  torch::Tensor events, dense;
  RandomEvents(int64_t windows, int64_t channels, int64_t duration, double density, uint64_t seed) {
    Random random(seed, Stage::test_cases, 0, StreamName::test_case);
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

TwinSpec deep_spec() {
  TwinSpec spec;
  spec.layers = {{7, 6}, {4, 5}, {3, 4}};
  spec.batch_norm = true;
  spec.weight_sd = 0.3;
  return spec;
}

/// With random biases, scales, shifts and input, and running averages that are not 0 and 1, a twin's answers,
/// gradients and new running averages are those of torch's own operations. In double precision, so that
/// nothing but a wrong formula can be far off; in float to 1e-5 of the largest, from sums of hundreds of
/// terms. `roundings`: how many times larger these are.
void expect_the_dense_networks(const TwinSpec& spec, int64_t channels, int64_t windows, int64_t duration,
                               double density, uint64_t seed, double roundings, bool norm_frozen = false) {
  for (const auto precision : {torch::kFloat64, torch::kFloat32}) {
    SCOPED_TRACE(precision);
    Twin twin(spec, channels, 3), dense(spec, channels, 3);
    twin->norm_frozen = dense->norm_frozen = norm_frozen;
    {
      // Biases, scales and shifts that are not 0 or 1, so that no unit sits on the activation's corner.
      torch::NoGradGuard no_gradient;
      for (const auto& p : twin->named_parameters()) {
        if (p.value().dim() == 1) p.value().add_(torch::rand_like(p.value()));
        dense->named_parameters()[p.key()].copy_(p.value());
      }
      for (const auto& b : twin->named_buffers()) {
        b.value().add_(torch::linspace(0.1, 0.9, b.value().numel()));
        dense->named_buffers()[b.key()].copy_(b.value());
      }
    }
    twin->to(precision);
    dense->to(precision);
    const RandomEvents input(windows, channels, duration + twin->history_ms(), density, seed);
    const auto ours = twin->forward(input.events, windows, duration);
    const auto theirs = dense->forward_reference(input.events, windows, duration);
    const double tolerance = roundings * (precision == torch::kFloat64 ? 1e-12 : 1e-5);
    const auto close = [&](const torch::Tensor& a, const torch::Tensor& b, double scale) {
      return (a - b).abs().max().item<double>() <= tolerance * scale;
    };
    const auto largest = [](const torch::Tensor& t) { return t.abs().max().item<double>(); };
    EXPECT_TRUE(close(ours.spike_log_odds, theirs.spike_log_odds, largest(theirs.spike_log_odds)));
    EXPECT_TRUE(close(ours.soma_mV, theirs.soma_mV, largest(theirs.soma_mV)));
    const auto direction = torch::randn({2, windows, duration}, theirs.soma_mV.options());
    const auto project = [&](const TwinOutput& o) {
      return (o.spike_log_odds * direction[0] + o.soma_mV * direction[1]).sum();
    };
    project(ours).backward();
    project(theirs).backward();
    // A gradient that cancels to nothing (a bias before normalisation) is as exact as the largest one.
    double scale = 0;
    for (const auto& p : dense->parameters()) scale = std::max(scale, largest(p.grad()));
    for (const auto& p : twin->named_parameters()) {
      const auto expected = dense->named_parameters()[p.key()].grad();
      EXPECT_TRUE(close(p.value().grad(), expected, scale)) << p.key();
    }
    for (const auto& b : twin->named_buffers()) {
      const auto expected = dense->named_buffers()[b.key()];
      EXPECT_TRUE(close(b.value(), expected, std::max(1.0, largest(expected)))) << b.key();
    }
  }
}

TEST(Twin, AnswersToItsDriveAsToTheSpikes) {
  for (const int64_t shapes : {0, 3}) {
    for (const bool residual : {false, true}) {
      auto spec = deep_spec();
      spec.temporal_shapes = shapes;
      if (residual) {
        for (auto& layer : spec.layers) layer.features = 5;
        spec.residual = true;
      }
      Twin twin(spec, 9, 3);
      twin->eval();
      {
        torch::NoGradGuard no_gradient;
        for (const auto& b : twin->named_buffers())
          b.value().add_(torch::linspace(0.1, 0.9, b.value().numel()));
      }
      twin->to(torch::kFloat64);
      constexpr int64_t windows = 2, duration = 11;
      const RandomEvents input(windows, 9, duration + twin->history_ms(), 0.05, 5);
      const auto at_once = twin->forward(input.events, windows, duration);
      const auto drive = twin->drive(input.events, windows, duration);
      EXPECT_EQ(drive.size(1), duration + 3 + 2);  // four and three taps look back so far
      const auto in_steps = twin->answers_to_drive(drive);
      EXPECT_TRUE(torch::allclose(in_steps.spike_log_odds, at_once.spike_log_odds, 1e-12, 1e-12));
      EXPECT_TRUE(torch::allclose(in_steps.soma_mV, at_once.soma_mV, 1e-12, 1e-12));
    }
  }
}

TEST(Twin, OutputsAndGradientsAreThoseOfTheDenseNetwork) {
  // Random shapes, silent and full inputs, with and without normalisation.
  torch::manual_seed(1);
  Random random(1, Stage::test_cases, 0, StreamName::test_case);
  for (int n = 0; n < 32; ++n) {
    TwinSpec spec;
    for (int64_t depth = random.integer(1, 4); depth > 0; --depth)
      spec.layers.push_back({random.integer(1, 25), random.integer(0, 4) == 0 ? 64 : random.integer(1, 20)});
    // Not where no bin or every bin holds a spike: a signal that does not vary has no variance to be divided
    // by, and normalisation would make its roundings 30 times larger in every layer.
    spec.batch_norm = n % 3 != 0 && (n % 4 == 1 || n % 4 == 2);
    spec.activation = n % 4 == 1 ? Activation::linear : Activation::relu;
    if (n >= 16) spec.temporal_shapes = random.integer(1, most_shapes(spec.layers[0].taps));
    // The mixture of a basis makes roundings up to 100 times larger; typically some ten times.
    const double shaped = spec.temporal_shapes > 0 ? 20 : 1;
    spec.weight_sd = 0.05;  // signals stay of size 1 from layer to layer
    const int64_t channels = random.integer(1, 30), windows = random.integer(1, 4);
    const int64_t duration = random.integer(1, 60);
    const double density = std::array{0.0, 0.01, 0.2, 1.0}[static_cast<size_t>(n % 4)];
    SCOPED_TRACE(n);
    expect_the_dense_networks(spec, channels, windows, duration, density, 100 + static_cast<uint64_t>(n),
                              shaped);
  }
}

TEST(Twin, WithFrozenNormalisationIsStillTheDenseNetwork) {
  torch::manual_seed(1);
  for (const int64_t shapes : {0, 5}) {
    for (const int64_t width : {6, 48}) {  // the second wide enough for the fast algorithm
      for (const auto activation : {Activation::relu, Activation::linear}) {
        SCOPED_TRACE(testing::Message() << shapes << " shapes, width " << width);
        TwinSpec spec;
        spec.layers = {{12, width}, {7, width}, {2, 4}};
        spec.temporal_shapes = shapes;
        spec.activation = activation;
        spec.batch_norm = true;
        spec.weight_sd = 0.05;
        expect_the_dense_networks(spec, 8, 3, 20, 0.2, 7, shapes > 0 ? 20 : 1, true);
      }
    }
  }
}

TEST(Twin, WithDilationAndResidualConnectionsIsStillTheDenseNetwork) {
  torch::manual_seed(1);
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
            TwinSpec spec;
            spec.layers = {{5, width}, {taps, width, dilation}, {2, width, dilation}, {taps, 4, 2}};
            spec.residual = residual;
            spec.batch_norm = batch_norm;
            spec.weight_sd = 1 / std::sqrt(static_cast<double>(width * taps));  // signals stay of size 1
            expect_the_dense_networks(spec, 8, duration == 30 ? 1 : 3, duration, 0.2, 7, 1);
          }
        }
      }
    }
  }
}

TEST(Layers, ADilatedOneIsAPlainOneWithZerosBetweenItsTaps) {
  torch::manual_seed(9);
  const auto signal = torch::randn({2, 41, 5}, torch::kFloat64);
  const auto weight = torch::randn({3, 5, 4}, torch::kFloat64);
  auto spread = torch::zeros({9, 5, 4}, torch::kFloat64);
  spread.slice(0, 0, 9, 4).copy_(weight);
  const AfterConvolution after{.bias = torch::randn({4}, torch::kFloat64)};
  const auto a = convolution_layer(signal, weight, 4, after), b = convolution_layer(signal, spread, 1, after);
  ASSERT_EQ(a.sizes(), b.sizes());
  EXPECT_LE((a - b).abs().max().item<double>(), 1e-13);  // sums of 15 terms of size 1
}

TEST(Twin, AResidualLayerThatMakesNothingOfItsInputHandsItOn) {
  TwinSpec one, two;
  one.layers = {{3, 4}};
  two.layers = {{3, 4}, {2, 4, 5}};
  two.residual = true;
  Twin shallow(one, 9, 3), deep(two, 9, 3);
  torch::NoGradGuard no_gradient;
  for (const auto& p : deep->named_parameters()) {
    if (const auto* same = shallow->named_parameters().find(p.key())) {
      p.value().copy_(*same);
    } else {
      p.value().zero_();
    }
  }
  const int64_t duration = 30;
  const RandomEvents input(2, 9, duration + deep->history_ms(), 0.1, 5);
  auto later = input.events.clone();
  later.select(1, 2).sub_(deep->history_ms() - shallow->history_ms());
  later = later.index({later.select(1, 2) >= 0});
  const auto expected = shallow->forward(later, 2, duration).soma_mV;
  EXPECT_GT(expected.std().item<double>(), 1e-3);  // not the same all the time
  EXPECT_TRUE(torch::equal(deep->forward(input.events, 2, duration).soma_mV, expected));
}

class OfAnyFilters : public testing::TestWithParam<int64_t> {};
INSTANTIATE_TEST_SUITE_P(Twin, OfAnyFilters, testing::Values(0, 4));  // temporal shapes

TEST_P(OfAnyFilters, AnswersTheSameOnAnyNumberOfThreads) {
  auto spec = deep_spec();
  spec.temporal_shapes = GetParam();
  spec.layers = {{9, 33}, {12, 64}, {5, 20}};
  const RandomEvents input(3, 9, 400 + spec.window_ms() - 1, 0.1, 5);
  std::vector<torch::Tensor> first;
  const int before = at::get_num_threads();
  for (const int threads : {1, 2, 3, 8}) {
    at::set_num_threads(threads);
    Twin twin(spec, 9, 3);
    const auto output = twin->forward(input.events, 3, 400);
    (output.spike_log_odds.square().sum() + output.soma_mV.sum()).backward();
    std::vector<torch::Tensor> all{output.spike_log_odds, output.soma_mV};
    for (const auto& p : twin->parameters()) all.push_back(p.grad());
    for (const auto& b : twin->buffers()) all.push_back(b);
    if (first.empty()) first = all;
    for (size_t i = 0; i < all.size(); ++i) {
      EXPECT_TRUE(torch::equal(all[i], first[i])) << threads << " threads, result " << i;
    }
  }
  at::set_num_threads(before);
}

TEST(Layers, TakeSignalsWhateverTheirStrides) {
  torch::manual_seed(7);
  const int64_t windows = 2, duration = 31, inputs = 50, taps = 7, features = 9;
  const auto bias = torch::randn({features});
  // Time innermost, every other ms of a longer signal; weights as torch's conv1d has them.
  const auto signal = torch::randn({windows, inputs, 2 * (duration + taps - 1)}, torch::kFloat64);
  const auto strided = signal.slice(2, 0, signal.size(2), 2).transpose(1, 2);
  const auto weight = torch::randn({features, inputs, taps}, torch::kFloat64).permute({2, 1, 0});
  const auto run = [&](torch::Tensor x, torch::Tensor w) {
    x = x.detach().requires_grad_();
    w = w.detach().requires_grad_();
    const auto y = convolution_layer(x, w, 1, {.bias = bias.to(torch::kFloat64)});
    // The gradient comes with strides of its own.
    (y.transpose(1, 2) * torch::arange(duration)).sum().backward();
    return std::vector<torch::Tensor>{y.detach(), x.grad(), w.grad()};
  };
  ASSERT_FALSE(strided.is_contiguous());
  ASSERT_FALSE(weight.is_contiguous());
  const auto a = run(strided, weight), b = run(strided.contiguous(), weight.contiguous());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(torch::equal(a[i], b[i])) << i;

  const RandomEvents input(windows, inputs, duration + taps - 1, 0.1, 3);
  const auto table = torch::cat({input.events, input.events}, 1);  // each row twice as long
  const auto filters = torch::randn({features, inputs, taps}).permute({1, 2, 0});
  const auto of = [&](const torch::Tensor& events, torch::Tensor w) {
    w = w.detach().requires_grad_();
    const auto y = event_layer(events, w, windows, duration, {.bias = bias});
    (y.transpose(1, 2) * torch::arange(duration)).sum().backward();
    return std::vector<torch::Tensor>{y.detach(), w.grad()};
  };
  const auto c = of(table.slice(1, 0, 3), filters), e = of(input.events, filters.contiguous());
  for (size_t i = 0; i < c.size(); ++i) EXPECT_TRUE(torch::equal(c[i], e[i])) << i;
}

TEST(Layers, ProductsInBfloat16AreNearThoseInFloat) {
  torch::manual_seed(8);
  const auto signal = torch::randn({2, 40, 30}), weight = torch::randn({5, 30, 8});
  const AfterConvolution after{.bias = torch::zeros({8}), .relu = false};
  const auto exact = convolution_layer_reference(signal, weight, 1, after);
  const auto rounded = convolution_layer_reference(signal, weight, 1, after, Products::bfloat16);
  EXPECT_EQ(rounded.scalar_type(), torch::kFloat32);
  // Factors are rounded to 8 bits, and on a CPU without such products the sums of 1200 terms too.
  const double off = ((rounded - exact).norm() / exact.norm()).item<double>();
  EXPECT_LT(off, 0.03);
  EXPECT_GT(off, 0.0006);
}

TEST(Twin, FurtherHeadsAnswerBesideSpikeAndVoltageAndLeaveThemAlone) {
  auto spec = deep_spec();
  const auto plain_spec = spec;
  spec.dendritic_components = 3;
  spec.near_spike = spec.count = true;
  Twin twin(spec, 9, 3), plain(plain_spec, 9, 3);
  twin->eval();
  plain->eval();
  EXPECT_EQ(twin->parameter_count() - plain->parameter_count(), (3 + 1 + 1) * (4 + 1));
  const int64_t duration = 30;
  const RandomEvents input(2, 9, duration, 0.05, 99);
  auto shifted = input.events.clone();
  shifted.select(1, 2).add_(twin->history_ms());
  const auto output = twin->forward(shifted, 2, duration), without = plain->forward(shifted, 2, duration);
  EXPECT_TRUE(torch::allclose(output.spike_log_odds, without.spike_log_odds, 1e-5, 1e-5));
  EXPECT_TRUE(torch::allclose(output.soma_mV, without.soma_mV, 1e-5, 1e-5));
  EXPECT_FALSE(without.dendrites.defined() || without.near_spike_log_odds.defined());
  EXPECT_EQ(output.dendrites.sizes(), (std::vector<int64_t>{2, duration, 3}));
  EXPECT_EQ(output.near_spike_log_odds.sizes(), (std::vector<int64_t>{2, duration}));
  EXPECT_EQ(output.log_count.sizes(), (std::vector<int64_t>{2, duration}));
  // The gradient of each head's bias is the number of bins it is added in.
  (output.dendrites.sum() + output.near_spike_log_odds.sum() + output.log_count.sum()).backward();
  for (const auto* name : {"dendrites_bias", "near_spike_bias", "count_bias"}) {
    EXPECT_TRUE((twin->named_parameters()[name].grad() == 2 * duration).all().item<bool>()) << name;
  }
  EXPECT_GT(twin->first_weight.grad().abs().max().item<float>(), 0);
}

TEST_P(OfAnyFilters, LooksAsFarBackAsItsTapsReachAndNoFurther) {
  auto plain = deep_spec(), dilated = deep_spec();
  dilated.layers[1].dilation = 3;
  dilated.layers[2].dilation = 5;
  EXPECT_EQ(plain.window_ms(), 1 + 6 + 3 + 2);
  EXPECT_EQ(dilated.window_ms(), 1 + 6 + 3 * 3 + 2 * 5);
  for (auto spec : {plain, dilated}) {
    spec.temporal_shapes = GetParam();
    spec.activation = Activation::linear;  // so that no unit is silent by chance
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
      // What an exponential's end leaves behind is of the size of float's roundings.
      const float nothing = GetParam() == 0 ? 0 : 1e-6f * change.max().item<float>();
      EXPECT_EQ(change[t].item<float>() > nothing, reached) << t;
    }
  }
}

TwinSpec recurrent_spec() {
  TwinSpec spec;
  auto& r = spec.recurrent.emplace();
  r.memory_units = 6;
  r.history_ms = 20;
  r.excitatory_channels = 5;
  r.wiring = {3, {0, 1, 3, 4, 6, 7, 9, 10, 11, 12}, {0, 0, 1, 1, 1, 2, 2, 1, 2, 0, 2, 1}};
  return spec;
}

TEST(ARecurrentTwin, AnswersAndLearnsAsInTorchsOwnOperations) {
  auto spec = recurrent_spec();
  spec.dendritic_components = 2;
  Twin twin(spec, 9, 3);
  EXPECT_EQ(twin->history_ms(), 20);
  EXPECT_EQ(twin->parameter_count(), 12 + (3 + 6) * 12 + 12 + 12 * 6 + 6 + (2 + 2) * (6 + 1));
  const RandomEvents input(2, 9, 20 + 30, 0.1, 99);
  std::vector<std::vector<torch::Tensor>> of;
  for (const bool dense : {false, true}) {
    twin->dense = dense;
    twin->zero_grad();
    const auto output = twin->forward(input.events, 2, 30);
    EXPECT_EQ(output.dendrites.sizes(), (std::vector<int64_t>{2, 30, 2}));
    (output.spike_log_odds.sum() + output.soma_mV.square().mean() + output.dendrites.sum()).backward();
    auto& all = of.emplace_back(std::vector{output.spike_log_odds, output.soma_mV, output.dendrites});
    for (const auto& p : twin->parameters()) all.push_back(p.grad().clone());
  }
  for (size_t i = 0; i < of[0].size(); ++i) {
    const double scale = of[1][i].abs().max().item<double>();
    EXPECT_LE((of[0][i] - of[1][i]).abs().max().item<double>(), 1e-5 * scale) << i;
  }
}

TEST(ARecurrentTwin, IsAskedForInSettingsThatMayAlsoDescribeConvolutions) {
  const auto settings = Settings::from_text(
      "kind = 'recurrent'\nmemory_units = 7\ntaps = [5, 3]\nwidth = [2]\nlongest_memory_ms = 70.0\n");
  const auto spec = read_twin(settings);
  settings.reject_unread();
  EXPECT_EQ(spec.recurrent->memory_units, 7);
  EXPECT_EQ(spec.width(), 7);
  EXPECT_EQ(spec.window_ms(), 151);
  EXPECT_EQ(settings.resolved().find("taps"), std::string::npos);
  EXPECT_FALSE(read_twin(Settings::from_text("taps = [5]\nwidth = [2]\n")).recurrent);
  EXPECT_THROW(read_twin(Settings::from_text("kind = 'recurrent'\nlongest_memory_ms = 0.5\n")), InputError);
}

/// The heads for spike and voltage on a hidden layer, beside forward()'s answers.
void expect_answers_from_last_layer(Twin& twin, const torch::Tensor& events, int64_t windows,
                                    int64_t window_ms) {
  torch::NoGradGuard no_gradient;
  const auto output = twin->forward(events, windows, window_ms);
  const auto last = twin->hidden(events, windows, window_ms).back();
  const auto spike = torch::matmul(last, twin->spike_weight) + twin->spike_bias;
  const auto soma = torch::matmul(last, twin->soma_weight) + twin->soma_bias + twin->spec().soma_offset_mV;
  EXPECT_TRUE(torch::allclose(spike, output.spike_log_odds, 1e-5, 1e-5));  // sums in another order
  EXPECT_TRUE(torch::allclose(soma, output.soma_mV, 1e-5, 1e-5));
}

TEST(Twin, ShowsItsHiddenLayersOfWhichTheHeadsSeeTheLast) {
  for (const bool dense : {false, true}) {
    auto spec = deep_spec();
    Twin twin(spec, 9, 5);
    twin->eval();
    twin->dense = dense;
    const int64_t windows = 2, window_ms = 30;
    const auto events = RandomEvents(windows, 9, window_ms + twin->history_ms(), 0.05, 3).events;
    const auto layers = twin->hidden(events, windows, window_ms);
    ASSERT_EQ(layers.size(), 3u);
    for (size_t i = 0; i < layers.size(); ++i)
      EXPECT_EQ(layers[i].sizes(), (std::vector<int64_t>{windows, window_ms, spec.layers[i].features})) << i;
    expect_answers_from_last_layer(twin, events, windows, window_ms);
    // The first alone is a twin of one layer, over the same last ms.
    spec.layers.resize(1);
    Twin first(spec, 9, 5);
    first->eval();
    first->dense = dense;
    torch::NoGradGuard no_gradient;
    const auto alone = first->hidden(events, windows, window_ms + twin->history_ms() - first->history_ms());
    EXPECT_TRUE(torch::equal(alone[0].narrow(1, alone[0].size(1) - window_ms, window_ms), layers[0]));
  }
}

TEST(ARecurrentTwin, ShowsItsMemoryWhichTheHeadsSee) {
  TwinSpec spec;
  auto& r = spec.recurrent.emplace();
  r.memory_units = 3;
  r.history_ms = 20;
  r.wiring = {1, {0, 1, 2}, {0, 0}};
  r.excitatory_channels = 1;
  Twin twin(spec, 2, 1);
  const auto events = RandomEvents(2, 2, 30 + twin->history_ms(), 0.1, 3).events;
  EXPECT_EQ(twin->hidden(events, 2, 30).front().sizes(), (std::vector<int64_t>{2, 30, 3}));
  expect_answers_from_last_layer(twin, events, 2, 30);
}

TEST(Twin, WeightsDependOnTheSeedAlone) {
  Twin a(deep_spec(), 9, 3), b(deep_spec(), 9, 3), c(deep_spec(), 9, 4);
  EXPECT_TRUE(torch::equal(a->first_weight, b->first_weight));
  EXPECT_FALSE(torch::equal(a->first_weight, c->first_weight));
}

TEST(Twin, FewTemporalShapesMakeSmoothFiltersOfFewParameters) {
  TwinSpec spec;
  spec.layers = {{80, 2}};
  const int64_t free = Twin(spec, 100, 1)->parameter_count();
  spec.temporal_shapes = 5;
  Twin twin(spec, 100, 1);
  EXPECT_EQ(free - twin->parameter_count(), (80 - 5) * 100 * 2);
  EXPECT_EQ(twin->filters().sizes(), (std::vector<int64_t>{100, 80, 2}));
}

TEST(TemporalBasis, IsOrthonormalAndHoldsADoubleExponentialConductance) {
  const auto basis = temporal_basis(150, 8);
  const auto product = [&](const double* a, const double* b) {
    return std::inner_product(a, a + 150, b, 0.0);
  };
  std::vector<double> conductance, rest;  // of an NMDA synapse: 2 ms up, 70 ms down
  for (int k = 0; k < 150; ++k) conductance.push_back(std::exp(-k / 70.0) - std::exp(-k / 2.0));
  rest = conductance;
  for (int64_t i = 0; i < 8; ++i) {
    const double* f = &basis.function[static_cast<size_t>(i * 150)];
    for (int64_t j = 0; j < 8; ++j)
      EXPECT_NEAR(product(f, &basis.function[static_cast<size_t>(j * 150)]), i == j, 1e-10);
    for (int64_t k = 0; k < 150; k += 37) {
      double sum = 0;
      for (int64_t e = 0; e < 8; ++e) {
        const auto at = static_cast<size_t>(i * 8 + e);
        sum += basis.mixture[at] * std::pow(basis.decay[static_cast<size_t>(e)], k);
      }
      EXPECT_NEAR(sum, f[k], 1e-10);  // both forms of the function say the same
    }
    const double share = product(f, conductance.data());
    for (int k = 0; k < 150; ++k) rest[static_cast<size_t>(k)] -= share * f[k];
  }
  // Its own time constants are not among the basis', yet what is left is less than a thousandth.
  EXPECT_LT(product(rest.data(), rest.data()), 1e-6 * product(conductance.data(), conductance.data()));
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
  EXPECT_EQ(
      message("taps = [5, 1000]\nwidth = [2]\ndilation = [1, 10000]\n"),
      "a.toml:1: 'taps' makes 2 layers that look back 9990005 ms, expected at most 1000 and 1000000 ms");
  EXPECT_EQ(message("taps = [5, 3]\nwidth = [2]\ndilation = [2, 2]\n"),
            "a.toml:3: 'dilation' begins with 2, expected 1: the first layer sees every ms");
  EXPECT_EQ(
      message("taps = [5, 3]\nwidth = [2]\ndilation = [1, 2, 4]\n"),
      "a.toml:3: 'dilation' has 3 numbers, expected 2, one for each of 'taps', or one without brackets");
  EXPECT_EQ(message("taps = [5, 3]\nwidth = [2]\ndilation = 'wide'\n"),
            "a.toml:3: 'dilation' is text, expected an integer");
  EXPECT_EQ(
      message("taps = [5, 3, 3]\nwidth = [4, 2, 4]\nresidual = true\n"),
      "a.toml:3: 'residual' is true, but no layer is as wide as the one before it; expected two layers of "
      "one width in a row");
}

TEST(Twin, IsDilatedAfterItsFirstLayerByOneNumberOrLayerByLayer) {
  const auto read = [](const char* dilation) {
    return read_twin(Settings::from_text(fmt::format("taps = [5, 3, 3]\nwidth = [4]\n{}", dilation)));
  };
  EXPECT_EQ(words_for(read("")), "3 layers x 4 units, 9 ms of input");
  EXPECT_EQ(words_for(read("dilation = 2")), "3 layers x 4 units, 13 ms of input, taps 1, 2, 2 ms apart");
  EXPECT_EQ(words_for(read("dilation = [1, 1, 4]\nresidual = true")),
            "3 layers x 4 units, 15 ms of input, taps 1, 1, 4 ms apart, residual");
}

}  // namespace
}  // namespace neurontwin

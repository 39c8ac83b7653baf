#include "twin/twin.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "twin/branches.hpp"
#include "twin/detail/convolution_layer.hpp"
#include "twin/detail/kernel_cases.hpp"
#include "twin/temporal_basis.hpp"
#include "twin/tree.hpp"

// What twins say of themselves. That their layers, losses and gradients are torch's is judged in tests/judge.
namespace nt::twin {
namespace {

constexpr int64_t kChannels = 9;

random::Random random_of(uint64_t seed) {
  return random::Random(seed, random::Stage::test_cases, 0, random::StreamName::test_case);
}

/// Spikes in random bins from `from_ms` on, sorted by window and then in time.
std::vector<int32_t> random_events(int64_t windows, int64_t from_ms, int64_t duration, double density,
                                   uint64_t seed) {
  auto random = random_of(seed);
  std::vector<int32_t> events;
  for (int64_t w = 0; w < windows; ++w) {
    for (int64_t t = from_ms; t < from_ms + duration; ++t) {
      for (int64_t c = 0; c < kChannels; ++c) {
        if (random.uniform() >= density) continue;
        for (const int64_t x : {w, c, t}) events.push_back(static_cast<int32_t>(x));
      }
    }
  }
  return events;
}

/// Those of some ms, counted from its first.
std::vector<int32_t> between(const std::vector<int32_t>& events, int64_t from, int64_t to) {
  std::vector<int32_t> some;
  for (size_t e = 0; e < events.size(); e += 3) {
    if (events[e + 2] >= from && events[e + 2] < to)
      some.insert(some.end(), {events[e], events[e + 1], static_cast<int32_t>(events[e + 2] - from)});
  }
  return some;
}

std::vector<int32_t> later(std::vector<int32_t> events, int64_t ms) {
  for (size_t e = 0; e < events.size(); e += 3) events[e + 2] += static_cast<int32_t>(ms);
  return events;
}

/// Numbers that are not 0 and 1 in biases, scales, shifts and running averages.
template <class T>
TwinOf<T> shaken(const TwinSpec& spec, uint64_t seed = 3) {
  TwinOf<T> twin(spec, kChannels, seed);
  auto random = random_of(seed);
  for (const auto& array : twin.layout().arrays()) {
    for (T& x : twin.array(array.array.name)) {
      x += static_cast<T>(array.trained ? 0.2 * random.normal() : 0.1 + 0.8 * random.uniform());
    }
  }
  return twin;
}

ConvolutionalSpec deep() {
  ConvolutionalSpec spec({{7, 6}, {4, 5}, {3, 4}});
  spec.batch_norm = true;
  spec.weight_sd = 0.3;
  return spec;
}

RecurrentSpec recurrent() {
  RecurrentSpec r;
  r.memory_units = 6;
  r.history_ms = 20;
  r.excitatory_channels = 5;
  r.wiring = {3, {0, 1, 3, 4, 6, 7, 9, 10, 11, 12}, {0, 0, 1, 1, 1, 2, 2, 1, 2, 0, 2, 1}, {5, 40, 8}};
  return r;
}

/// Nine synapses on four branches, one of which feeds two, which merge to two nodes and then to one.
TreeSpec tree() {
  TreeSpec t({{7, 3}, {4, 2}, {3, 5}},
             {{4, {0, 1, 3, 4, 5, 6, 7, 8, 9, 10}, {0, 0, 1, 1, 2, 2, 2, 3, 3, 0}}, {{0, 3, 4}, {0, 2}}});
  t.weight_sd = 0.3;
  return t;
}

/// A dendrite of a soma and three sections that meet at it, each of three compartments, with nine synapses.
dataset::CellTable star() {
  dataset::CellTable cell;
  cell.section = {"soma"};
  cell.parent = {-1};
  for (int section = 0; section < 3; ++section) {
    for (int i = 0; i < 3; ++i) {
      cell.section.push_back(fmt::format("dend[{}]", section));
      cell.parent.push_back(i == 0 ? 0 : static_cast<int>(cell.parent.size()) - 1);
      (section < 2 ? cell.excitatory_compartment : cell.inhibitory_compartment)
          .push_back(static_cast<int>(cell.parent.size()) - 1);
    }
  }
  return cell;
}

TwinSpec with_all_heads(TwinSpec spec) {
  spec.heads.push_back(further_head("dendrites", 3));
  spec.heads.push_back(further_head("near_spike"));
  spec.heads.push_back(further_head("count"));
  return spec;
}

/// All kinds, with all that they may have: layers wide enough for the fast convolution and narrow ones, free
/// taps and shapes, dilation, residual connections, units that fill SIMD vectors and that do not.
std::vector<TwinSpec> all_kinds() {
  std::vector<TwinSpec> all;
  for (const int64_t shapes : {0, 3}) {
    auto plain = deep();
    plain.temporal_shapes = shapes;
    all.emplace_back(plain);
    ConvolutionalSpec wide({{9, 50}, {12, 50, 3}, {5, 50}, {2, 20, 7}});
    wide.temporal_shapes = shapes;
    wide.batch_norm = wide.residual = true;
    wide.weight_sd = 0.05;
    all.push_back(with_all_heads(TwinSpec(wide)));
    wide.batch_norm = false;
    all.emplace_back(wide);
  }
  ConvolutionalSpec one({{1, 2}});
  one.activation = Activation::linear;
  all.emplace_back(one);
  for (const int64_t units : {1, 6, 20, 40}) {
    auto r = recurrent();
    r.memory_units = units;
    r.activation = units == 6 ? HiddenActivation::relu : HiddenActivation::silu;
    r.learn_time_constants = units == 20;
    all.push_back(with_all_heads(TwinSpec(r)));
  }
  for (const int64_t shapes : {0, 3}) {
    auto t = tree();
    t.temporal_shapes = shapes;
    t.leak = shapes > 0 ? 0.1 : 0;
    t.batch_norm = shapes > 0;
    all.push_back(with_all_heads(TwinSpec(t)));
  }
  auto binary = k_tree(star(), 2, 5);
  binary.batch_norm = true;
  all.emplace_back(binary);
  auto without_history = recurrent();
  without_history.history_ms = 0;
  all.emplace_back(without_history);
  return all;
}

template <class T>
std::vector<T> values(const Outputs<T>& outputs) {
  return {outputs.values, outputs.values + outputs.rows * outputs.row};
}

/// Outputs [stream][ms][output] of streams that go on in these pieces, over and over.
template <class T>
std::vector<T> streamed(TwinOf<T>& twin, int64_t streams, int64_t duration,
                        const std::vector<int32_t>& events, const std::vector<int64_t>& pieces) {
  typename TwinOf<T>::Stream stream(twin, streams);
  const int64_t row = outputs_of(twin.spec().heads);
  std::vector<T> all(streams * duration * row);
  size_t piece = 0;
  for (int64_t from = 0; from < duration; ++piece) {
    const int64_t ms = std::min(pieces[piece % pieces.size()], duration - from);
    const auto now = stream.advance(between(events, from, from + ms), ms);
    for (int64_t s = 0; s < streams; ++s)
      std::copy_n(now.values + s * ms * row, ms * row, all.begin() + (s * duration + from) * row);
    from += ms;
  }
  return all;
}

template <class T>
class Streams : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(Streams, Reals);

TYPED_TEST(Streams, AnswerAsToWholeTrialsInWhateverPieces) {
  using T = TypeParam;
  constexpr int64_t kStreams = 19, kDuration = 230;  // a SIMD vector of streams and some more
  const auto events = random_events(kStreams, 0, kDuration, 0.05, 5);
  for (const auto& spec : all_kinds()) {
    SCOPED_TRACE(spec.network->words());
    auto twin = shaken<T>(spec);
    const auto whole = values(twin.forward({later(events, twin.history_ms()), kStreams, kDuration}));
    for (const std::vector<int64_t>& pieces : {std::vector<int64_t>{1}, {7}, {100}, {3, 40, 1, 16, 90}}) {
      SCOPED_TRACE(testing::Message() << "first piece " << pieces.front() << " ms");
      const auto now = streamed(twin, kStreams, kDuration, events, pieces);
      if (spec.as<RecurrentSpec>() != nullptr) {
        EXPECT_EQ(now, whole);  // the same sums in the same order
      } else {
        // Sums in another order, and of whole trials by the fast convolution, which loses a bit or two; of up
        // to 600 terms a layer.
        EXPECT_LE(difference(now, whole), sizeof(T) == 4 ? 1e-5 : 1e-13);
      }
    }
  }
}

TYPED_TEST(Streams, DoNotSeeEachOther) {
  using T = TypeParam;
  constexpr int64_t kStreams = 19, kDuration = 60;
  const auto events = random_events(kStreams, 0, kDuration, 0.05, 6);
  for (const auto& spec : all_kinds()) {
    SCOPED_TRACE(spec.network->words());
    auto twin = shaken<T>(spec);
    for (const std::vector<int64_t>& pieces : {std::vector<int64_t>{1}, {30}}) {
      const auto together = streamed(twin, kStreams, kDuration, events, pieces);
      const auto row = static_cast<size_t>(kDuration * outputs_of(spec.heads));
      for (const size_t s : {0, 7, 18}) {
        std::vector<int32_t> own;
        for (size_t e = 0; e < events.size(); e += 3) {
          if (events[e] == static_cast<int32_t>(s)) own.insert(own.end(), {0, events[e + 1], events[e + 2]});
        }
        const auto alone = streamed(twin, 1, kDuration, own, pieces);
        EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + static_cast<int64_t>(s * row)));
      }
    }
  }
}

TYPED_TEST(Streams, StartAfterSilence) {
  using T = TypeParam;
  for (const auto& spec : all_kinds()) {
    SCOPED_TRACE(spec.network->words());
    auto twin = shaken<T>(spec);
    const auto whole = values(twin.forward(SpikeWindows{{}, 1, 40}));
    const auto now = streamed(twin, 1, 40, {}, {1});
    EXPECT_LE(difference(now, whole), sizeof(T) == 4 ? 1e-5 : 1e-13);
    if (spec.as<RecurrentSpec>() != nullptr) continue;
    // Nothing happens, so that nothing changes.
    const size_t row = now.size() / 40;
    for (size_t i = row; i < now.size(); ++i) EXPECT_EQ(now[i], now[i - row]);
  }
}

TYPED_TEST(Streams, TakeSpikesInAnyOrderWithinAPiece) {
  using T = TypeParam;
  constexpr int64_t kDuration = 40;
  const auto in_order = random_events(1, 0, kDuration, 0.05, 7);
  std::vector<int32_t> backwards;
  for (size_t e = in_order.size(); e > 0; e -= 3)
    backwards.insert(backwards.end(), in_order.begin() + static_cast<int64_t>(e) - 3,
                     in_order.begin() + static_cast<int64_t>(e));
  for (const auto& spec : all_kinds()) {
    auto twin = shaken<T>(spec);
    for (const int64_t piece : {10, 40}) {
      const auto expected = streamed(twin, 1, kDuration, in_order, {piece});
      EXPECT_LE(difference(streamed(twin, 1, kDuration, backwards, {piece}), expected),
                sizeof(T) == 4 ? 1e-5 : 1e-13);
    }
  }
}

TYPED_TEST(Streams, AndPassesGiveTheSameBitsOnAnyNumberOfThreads) {
  using T = TypeParam;
  constexpr int64_t kWindows = 19, kDuration = 120;
  for (const auto& spec : all_kinds()) {
    SCOPED_TRACE(spec.network->words());
    std::vector<std::vector<T>> first;
    for (const int count : {1, 2, 3, 8}) {
      auto twin = shaken<T>(spec);
      twin.parallel = threads(count);
      const auto events = random_events(kWindows, 0, kDuration + twin.history_ms(), 0.05, 5);
      std::vector<std::vector<T>> all;
      all.push_back(values(twin.forward({events, kWindows, kDuration}, NormBy::batch, true)));
      const auto& given = all.back();  // any gradient will do
      std::vector<T> gradients(twin.layout().trained());
      twin.backward(given, gradients);
      all.push_back(gradients);
      all.emplace_back(twin.numbers.begin(), twin.numbers.end());
      const auto input = between(events, 0, kDuration);
      all.push_back(streamed(twin, kWindows, kDuration, input, {1, 1, 7, 1, 50}));
      if (first.empty()) first = all;
      EXPECT_EQ(all, first) << count << " threads";
    }
  }
}

TEST(Gradients, AreWhatASmallStepOfEachWeightChanges) {
  constexpr int64_t kWindows = 3, kDuration = 40;
  for (const auto& spec : all_kinds()) {
    auto smooth = spec;  // a rectifier's corner is no place for finite differences
    if (const auto* c = spec.as<ConvolutionalSpec>()) {
      auto linear = *c;
      linear.activation = Activation::linear;
      smooth.network = std::make_shared<const ConvolutionalSpec>(linear);
    } else if (const auto* t = spec.as<TreeSpec>()) {
      auto linear = *t;
      linear.leak = 1;
      smooth.network = std::make_shared<const TreeSpec>(linear);
    } else {
      auto silu = *spec.as<RecurrentSpec>();
      silu.activation = HiddenActivation::silu;
      smooth.network = std::make_shared<const RecurrentSpec>(silu);
    }
    SCOPED_TRACE(smooth.network->words());
    for (const auto norm : {NormBy::batch, NormBy::running}) {
      auto twin = shaken<double>(smooth);
      const auto events = random_events(kWindows, 0, kDuration + twin.history_ms(), 0.1, 5);
      const SpikeWindows input{events, kWindows, kDuration};
      auto random = random_of(9);
      const auto direction = random_values<double>(kWindows * kDuration * outputs_of(spec.heads), random);
      const auto start = twin.numbers;
      const auto value = [&](Numbers<double> numbers) {
        twin.numbers = std::move(numbers);
        const auto all = values(twin.forward(input, norm));
        return std::inner_product(all.begin(), all.end(), direction.begin(), 0.0);
      };
      twin.forward(input, norm, true);
      std::vector<double> gradients(twin.layout().trained());
      twin.backward(direction, gradients);
      double scale = 0;
      for (const double g : gradients) scale = std::max(scale, std::abs(g));
      for (const auto& array : twin.layout().arrays()) {
        if (!array.trained) continue;
        const auto at = static_cast<size_t>(twin.layout().offset(array.array.name));
        constexpr double kStep = 1e-5;  // rounding 1e-10, curvature 1e-9
        auto up = start, down = start;
        double expected = 0;
        for (size_t i = 0; i < static_cast<size_t>(array.count()); ++i) {
          const double step = kStep * random.normal();
          up[at + i] += step;
          down[at + i] -= step;
          expected += step / kStep * gradients[at + i];
        }
        EXPECT_NEAR((value(up) - value(down)) / (2 * kStep), expected,
                    1e-6 * std::max({1.0, scale, std::abs(expected)}))
            << array.array.name;
      }
    }
  }
}

TEST(Gradients, PassThroughALeakyRectifier) {
  // Units far from the corner: half of them well above zero, half well below, in every layer.
  constexpr int64_t kDuration = 12;
  for (const bool norm : {false, true}) {
    auto spec = tree();
    spec.leak = 0.25;
    spec.batch_norm = norm;
    auto twin = shaken<double>(TwinSpec(spec));
    for (const auto* name : {"tree.layer1_bias", "tree.layer2_bias", "tree.layer3_bias"}) {
      const auto bias = twin.array(name);
      for (size_t i = 0; i < bias.size(); ++i) bias[i] = i % 2 == 0 ? 50 : -50;
    }
    const auto events = random_events(2, 0, kDuration + twin.history_ms(), 0.1, 5);
    const SpikeWindows input{events, 2, kDuration};
    auto random = random_of(9);
    const auto direction = random_values<double>(2 * kDuration * 2, random);
    const auto by = norm ? NormBy::batch : NormBy::running;
    const auto value = [&] {
      const auto all = values(twin.forward(input, by));
      return std::inner_product(all.begin(), all.end(), direction.begin(), 0.0);
    };
    twin.forward(input, by, true);
    std::vector<double> gradients(twin.layout().trained());
    twin.backward(direction, gradients);
    for (const auto* name : {"tree.layer1_weight", "tree.layer1_bias", "tree.layer2_weight",
                             "tree.layer2_bias", "tree.layer3_weight", "tree.layer3_bias"}) {
      const auto array = twin.array(name);
      const auto at = static_cast<size_t>(twin.layout().offset(name));
      for (size_t i = 0; i < array.size(); i += 3) {
        constexpr double kStep = 1e-4;
        const double start = array[i];
        array[i] = start + kStep;
        const double up = value();
        array[i] = start - kStep;
        const double down = value();
        array[i] = start;
        EXPECT_NEAR((up - down) / (2 * kStep), gradients[at + i], 1e-6 * (1 + std::abs(gradients[at + i])))
            << name << " " << i;
      }
    }
  }
}

TEST(Gradients, OfSpikesAreWhatTheirAbsenceChangesInALinearTwin) {
  constexpr int64_t kWindows = 2, kDuration = 15;
  std::vector<TwinSpec> specs;
  for (const int64_t shapes : {0, 3}) {
    auto spec = deep();
    spec.activation = Activation::linear;
    spec.temporal_shapes = shapes;
    specs.emplace_back(spec);
    auto t = tree();
    t.leak = 1;
    t.temporal_shapes = shapes;
    specs.emplace_back(t);
  }
  for (const auto& spec : specs) {
    SCOPED_TRACE(spec.network->words());
    auto twin = shaken<double>(spec);
    const auto events = random_events(kWindows, 0, kDuration + twin.history_ms(), 0.05, 5);
    auto random = random_of(9);
    const auto direction = random_values<double>(kWindows * kDuration * 2, random);
    const auto value = [&](const std::vector<int32_t>& some) {
      const auto all = values(twin.forward({some, kWindows, kDuration}));
      return std::inner_product(all.begin(), all.end(), direction.begin(), 0.0);
    };
    const SpikeWindows input{events, kWindows, kDuration};
    const auto drive = twin.drive(input);
    twin.forward_from_drive(drive, kWindows, kDuration, true);
    const auto of_spikes = twin.spike_gradients(input, twin.backward_to_drive(direction));
    ASSERT_EQ(of_spikes.size(), events.size() / 3);
    const double all = value(events);
    for (size_t e = 0; e < events.size(); e += 3) {
      auto without = events;
      without.erase(without.begin() + static_cast<int64_t>(e), without.begin() + static_cast<int64_t>(e) + 3);
      EXPECT_NEAR(all - value(without), of_spikes[e / 3], 1e-11);  // sums of some thousand terms of size 1
    }
  }
}

TEST(Gradients, OfSpikesAreWhatASmallPartOfOneChangesInARecurrentTwin) {
  constexpr int64_t kDuration = 15;
  auto twin = shaken<double>(TwinSpec(recurrent()));
  const auto events = random_events(1, 0, kDuration + twin.history_ms(), 0.05, 5);
  auto random = random_of(9);
  const auto direction = random_values<double>(kDuration * 2, random);
  const SpikeWindows input{events, 1, kDuration};
  const auto drive = twin.drive(input);
  twin.forward_from_drive(drive, 1, kDuration, true);
  const auto of_spikes = twin.spike_gradients(input, twin.backward_to_drive(direction));
  for (size_t e = 0; e < events.size(); e += 3) {
    auto without = events;
    without.erase(without.begin() + static_cast<int64_t>(e), without.begin() + static_cast<int64_t>(e) + 3);
    const auto rest = twin.drive({without, 1, kDuration});
    const auto value = [&](double part) {
      auto some = drive;
      for (size_t i = 0; i < some.size(); ++i) some[i] += part * (drive[i] - rest[i]);
      const auto all = values(twin.forward_from_drive(some, 1, kDuration));
      return std::inner_product(all.begin(), all.end(), direction.begin(), 0.0);
    };
    constexpr double kPart = 1e-5;
    EXPECT_NEAR((value(kPart) - value(-kPart)) / (2 * kPart), of_spikes[e / 3], 1e-8);
  }
}

TEST(Twin, AnswersToItsDriveAsToTheSpikes) {
  for (const auto& spec : all_kinds()) {
    auto twin = shaken<float>(spec);
    const auto events = random_events(2, 0, 11 + twin.history_ms(), 0.05, 5);
    const SpikeWindows input{events, 2, 11};
    const auto at_once = values(twin.forward(input));
    const auto drive = twin.drive(input);
    EXPECT_EQ(std::ssize(drive), 2 * twin.drive_ms(11) * twin.drive_width());
    EXPECT_EQ(values(twin.forward_from_drive(drive, 2, 11)), at_once);
  }
}

TEST(Twin, FurtherHeadsAnswerBesideSpikeAndVoltageAndLeaveThemAlone) {
  for (const auto& plain_spec : {TwinSpec(deep()), TwinSpec(recurrent()), TwinSpec(tree())}) {
    const auto spec = with_all_heads(plain_spec);
    Twin twin(spec, kChannels, 3), plain(plain_spec, kChannels, 3);
    EXPECT_EQ(twin.parameter_count() - plain.parameter_count(), (3 + 1 + 1) * (spec.network->features() + 1));
    const auto events = random_events(2, 0, 30 + twin.history_ms(), 0.05, 99);
    const auto with = twin.forward({events, 2, 30}, NormBy::running, true);
    const auto without = plain.forward({events, 2, 30});
    ASSERT_EQ(with.row, 7);
    for (int64_t r = 0; r < with.rows; ++r) {
      EXPECT_EQ(with.at(r, 0), without.at(r, 0));
      EXPECT_EQ(with.at(r, 1), without.at(r, 1));
    }
    const auto prediction = prediction_of(twin, with);
    EXPECT_EQ(prediction.of("dendrites").size(), 2u * 30 * 3);
    EXPECT_EQ(prediction.of("dendrites")[3], with.at(1, twin.first_output("dendrites")));
    EXPECT_EQ(prediction.of("count")[5], with.at(5, twin.first_output("count")));
    EXPECT_TRUE(prediction_of(plain, without).of("count").empty());
    // The gradient of each head's bias is the number of bins it is added in.
    std::vector<float> gradients(twin.layout().trained());
    twin.backward(std::vector<float>(with.rows * with.row, 1.0f), gradients);
    for (const auto* name : {"spike_bias", "dendrites_bias", "near_spike_bias", "count_bias"})
      EXPECT_EQ(gradients[twin.layout().offset(name)], 60) << name;
  }
}

TEST(Twin, LooksAsFarBackAsItsTapsReachAndNoFurther) {
  for (const int64_t shapes : {0, 4}) {
    for (const int64_t dilation : {1, 3}) {
      ConvolutionalSpec spec({{7, 6}, {4, 5, dilation}, {3, 4, 2 * dilation - 1}});
      spec.temporal_shapes = shapes;
      spec.weight_sd = 0.3;
      spec.activation = Activation::linear;  // so that no unit is silent by chance
      EXPECT_EQ(spec.window_ms(), 1 + 6 + 3 * dilation + 2 * (2 * dilation - 1));
      Twin twin(TwinSpec(spec), kChannels, 3);
      constexpr int64_t kDuration = 40, kArrival = 10;
      const auto at = [&](std::vector<int32_t> events) {
        return values(twin.forward({events, 1, kDuration}));
      };
      const auto with = at({0, 2, static_cast<int32_t>(kArrival + twin.history_ms())}), without = at({});
      float largest = 0;
      for (size_t i = 0; i < with.size(); i += 2) largest = std::max(largest, std::abs(with[i] - without[i]));
      for (int64_t t = 0; t < kDuration; ++t) {
        const bool reached = t >= kArrival && t < kArrival + spec.window_ms();
        // What an exponential's end leaves behind is of the size of float's roundings.
        const auto i = static_cast<size_t>(2 * t);
        EXPECT_EQ(std::abs(with[i] - without[i]) > (shapes == 0 ? 0 : 1e-6f * largest), reached) << t;
      }
    }
  }
}

TEST(Twin, ADilatedLayerIsAPlainOneWithZerosBetweenItsTaps) {
  auto random = random_of(9);
  const ConvolutionShape dilated{2, 33, 3, 5, 4, 4}, plain{2, 33, 9, 5, 4, 1};
  const auto signal = random_values<double>(2 * 41 * 5, random),
             weight = random_values<double>(3 * 20, random);
  std::vector<double> spread(9 * 20, 0.0), a(2 * 33 * 4), b(a.size());
  for (int tap = 0; tap < 3; ++tap) std::copy_n(weight.begin() + tap * 20, 20, spread.begin() + tap * 80);
  Arena arena;
  ConvolutionBuffers<double> buffers;
  arena.plan([&](Arena& room) { buffers.plan(room, dilated); });
  convolution_forward(dilated, signal.data(), weight.data(), a.data(), buffers, {});
  convolution_forward(plain, signal.data(), spread.data(), b.data(), {}, {});
  EXPECT_LE(difference(a, b), 1e-14);  // sums of 15 terms
}

TEST(Twin, AResidualLayerThatMakesNothingOfItsInputHandsItOn) {
  ConvolutionalSpec one({{3, 4}}), two({{3, 4}, {2, 4, 5}});
  two.residual = true;
  Twin shallow(TwinSpec(one), kChannels, 3), deep_one(TwinSpec(two), kChannels, 3);
  for (const auto* name : {"layer2_weight", "layer2_bias"}) std::ranges::fill(deep_one.array(name), 0.0f);
  for (const auto& array : shallow.layout().arrays())
    std::ranges::copy(shallow.array(array.array.name), deep_one.array(array.array.name).begin());
  const auto events = random_events(2, shallow.history_ms(), 30, 0.1, 5);
  const auto expected = values(shallow.forward({events, 2, 30}));
  EXPECT_NE(expected[20], expected[40]);  // not the same all the time
  EXPECT_EQ(values(deep_one.forward({later(events, deep_one.history_ms() - shallow.history_ms()), 2, 30})),
            expected);
}

TEST(Twin, ShowsItsHiddenLayersOfWhichTheHeadsSeeTheLast) {
  for (const auto& spec : {TwinSpec(deep()), TwinSpec(recurrent()), TwinSpec(tree())}) {
    auto twin = shaken<double>(spec);
    const auto events = random_events(2, 0, 30 + twin.history_ms(), 0.05, 3);
    const auto output = twin.forward({events, 2, 30});
    const auto layers = twin.hidden();
    ASSERT_EQ(std::ssize(layers), spec.network->depth());
    for (const auto& layer : layers) EXPECT_EQ(std::ssize(layer.values), 2 * 30 * layer.features);
    const auto weight = twin.array("spike_weight");
    for (size_t r = 0; r < 60; ++r) {
      double sum = twin.array("spike_bias")[0];
      for (size_t f = 0; f < weight.size(); ++f)
        sum += layers.back().values[r * weight.size() + f] * weight[f];
      EXPECT_NEAR(sum, output.at(static_cast<int64_t>(r), 0), 1e-13 * std::max(1.0, std::abs(sum)));
    }
  }
}

TEST(Twin, CountsItsParameters) {
  EXPECT_EQ(Twin(TwinSpec(ConvolutionalSpec({{80, 1}})), 100, 1).parameter_count(), 80 * 100 + 1 + 2 + 2);
  auto r = recurrent();
  EXPECT_EQ(Twin(TwinSpec(r), kChannels, 1).parameter_count(), 12 + (3 + 6) * 12 + 12 + 12 * 6 + 6 + 2 * 7);
  r.learn_time_constants = true;
  EXPECT_EQ(Twin(TwinSpec(r), kChannels, 1).parameter_count(), 12 + (3 + 6) * 12 + 12 + 12 * 6 + 12 + 2 * 7);
  // Ten contacts of seven taps on three channels; four branches; two nodes; one.
  EXPECT_EQ(Twin(TwinSpec(tree()), kChannels, 1).parameter_count(),
            10 * 7 * 3 + 4 * 3 + 4 * (4 * 3) * 2 + 2 * 2 + 3 * (2 * 2) * 5 + 5 + 2 * 6);
}

TEST(Twin, FewTemporalShapesMakeFiltersOfFewParameters) {
  ConvolutionalSpec spec({{80, 2}});
  const int64_t free = Twin(TwinSpec(spec), 100, 1).parameter_count();
  spec.temporal_shapes = 5;
  const Twin twin(TwinSpec(spec), 100, 1);
  EXPECT_EQ(free - twin.parameter_count(), (80 - 5) * 100 * 2);
  const auto filters = twin.network().filters(twin.layout(), twin.numbers, 100);
  ASSERT_TRUE(filters);
  EXPECT_EQ(filters->weight.size(), 100u * 80 * 2);
}

TEST(Twin, FiltersAreWhatOneSpikeDoesToTheDrive) {
  for (const int64_t shapes : {0, 3}) {
    auto spec = deep();
    spec.temporal_shapes = shapes;
    const Twin drawn(TwinSpec(spec), kChannels, 3);
    const auto filters = drawn.network().filters(drawn.layout(), drawn.numbers, kChannels);
    auto twin = in_double(drawn);
    const int64_t duration = 1, lag = 2;  // ms before the drive's last
    const auto time = static_cast<int32_t>(twin.history_ms() + duration - 1 - lag);
    const std::vector<int32_t> spike{0, 4, time};
    const auto drive = twin.drive({spike, 1, duration});
    for (size_t f = 0; f < 6; ++f)
      EXPECT_NEAR(drive[drive.size() - 6 + f], filters->weight[(4 * 7 + static_cast<size_t>(lag)) * 6 + f],
                  1e-12);
  }
}

TEST(Twin, WeightsDependOnTheSeedAloneAndAreTheSameOnEveryMachine) {
  const TwinSpec spec(deep());
  const Twin a(spec, kChannels, 3), b(spec, kChannels, 3), c(spec, kChannels, 4);
  EXPECT_EQ(a.numbers, b.numbers);
  EXPECT_NE(a.numbers, c.numbers);
  const Twin r(TwinSpec(recurrent()), kChannels, 3);
  const auto some = [](const Twin& twin, std::string_view name) {
    const auto all = twin.array(name);
    return fmt::format("{:.6g} {:.6g} {:.6g}", all.front(), all[all.size() / 2], all.back());
  };
  EXPECT_EQ(some(a, "layer1_weight"), "0.149129 -0.20741 -0.0233078");
  EXPECT_EQ(some(a, "layer3_weight"), "-0.173341 0.0952918 0.00975758");
  EXPECT_EQ(some(a, "soma_weight"), "-0.0911167 -0.0456746 0.124998");
  EXPECT_EQ(some(r, "recurrent.synapse_weight"), "0.5 0.3125 -0.0625")
      << "less where a sum forgets slowly: 8 ms and 40 ms";
  EXPECT_EQ(some(r, "recurrent.branch_weight"), "0.186522 -0.119669 -0.142313");
  EXPECT_EQ(some(r, "recurrent.delta_weight"), "0.165159 -0.0133211 0.0200294");
  EXPECT_EQ(some(r, "recurrent.log_time_constant"), "0 3.00638 5.01064");
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
    const double* f = &basis.function[i * 150];
    for (int64_t j = 0; j < 8; ++j) EXPECT_NEAR(product(f, &basis.function[j * 150]), i == j, 1e-10);
    for (int64_t k = 0; k < 150; k += 37) {
      double sum = 0;
      for (int64_t e = 0; e < 8; ++e) {
        const auto at = static_cast<size_t>(i * 8 + e);
        sum += basis.mixture[at] * std::pow(basis.decay[e], k);
      }
      EXPECT_NEAR(sum, f[k], 1e-10);  // both forms of the function say the same
    }
    const double share = product(f, conductance.data());
    for (int k = 0; k < 150; ++k) rest[k] -= share * f[k];
  }
  // Its own time constants are not among the basis', yet what is left is less than a thousandth.
  EXPECT_LT(product(rest.data(), rest.data()), 1e-6 * product(conductance.data(), conductance.data()));
}

TEST(ARecurrentTwin, ForgetsWithItsTimeConstantsWhenItIsWrittenToNoMore) {
  auto r = recurrent();
  r.memory_units = 3;
  r.history_ms = 0;
  r.shortest_memory_ms = 2;
  r.longest_memory_ms = 50;
  TwinOf<double> twin(TwinSpec(r), kChannels, 3);
  // Hidden units then write only while the branches' sums are not zero.
  std::ranges::fill(twin.array("recurrent.memory_weight"), 0.0);
  const std::vector<int32_t> spike{0, 0, 3};
  twin.forward({spike, 1, 400});
  const auto memory = twin.hidden().front().values;
  for (size_t i = 0; i < 9; ++i) EXPECT_EQ(memory[i], 0);
  EXPECT_NE(memory[9], 0);
  // The branch's own 5 ms are long over then, for the units that are slower.
  for (const auto& [unit, tau_ms] : {std::pair<size_t, double>{1, 10.0}, {2, 50.0}})
    EXPECT_NEAR(memory[330 * 3 + unit] / memory[320 * 3 + unit], std::exp(-10 / tau_ms), 1e-6) << tau_ms;
}

TEST(ARecurrentTwin, IsAskedForInSettingsThatMayAlsoDescribeConvolutions) {
  const auto settings = config::Settings::from_text(
      "kind = 'recurrent'\nmemory_units = 7\ntaps = [5, 3]\nwidth = [2]\nlongest_memory_ms = 70.0\n");
  const auto spec = read_twin(settings);
  settings.reject_unread();
  ASSERT_NE(spec.as<RecurrentSpec>(), nullptr);
  EXPECT_EQ(spec.network->width(), 7);
  EXPECT_EQ(spec.network->window_ms(), 151);
  EXPECT_EQ(settings.resolved().find("taps"), std::string::npos);
  EXPECT_EQ(read_twin(config::Settings::from_text("taps = [5]\nwidth = [2]\n")).as<RecurrentSpec>(), nullptr);
  EXPECT_THROW(read_twin(config::Settings::from_text("kind = 'recurrent'\nlongest_memory_ms = 0.5\n")),
               InputError);
}

TEST(Twin, SettingsThatDoNotFitTogetherAreRefused) {
  const auto message = [](const char* text) {
    try {
      read_twin(config::Settings::from_text(text, "a.toml"));
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
            "a.toml:3: 'dilation' is the text \"wide\", expected a whole number");
  EXPECT_EQ(
      message("taps = [5, 3, 3]\nwidth = [4, 2, 4]\nresidual = true\n"),
      "a.toml:3: 'residual' is true, but no layer is as wide as the one before it; expected two layers of "
      "one width in a row");
}

TEST(Twin, IsDilatedAfterItsFirstLayerByOneNumberOrLayerByLayer) {
  const auto read = [](const char* dilation) {
    return read_twin(config::Settings::from_text(fmt::format("taps = [5, 3, 3]\nwidth = [4]\n{}", dilation)))
        .network->words();
  };
  EXPECT_EQ(read(""), "3 layers x 4 units, 9 ms of input");
  EXPECT_EQ(read("dilation = 2"), "3 layers x 4 units, 13 ms of input, taps 1, 2, 2 ms apart");
  EXPECT_EQ(read("dilation = [1, 1, 4]\nresidual = true"),
            "3 layers x 4 units, 15 ms of input, taps 1, 1, 4 ms apart, residual");
}

TEST(Branches, AreRunsOfNeighboursThatEndWhereSectionsDo) {
  dataset::CellTable cell;
  // A soma without synapses, then sections of 3, 5 and 4 compartments.
  for (const auto& [name, count] : {std::pair{"soma", 1}, {"a", 3}, {"b", 5}, {"c", 4}}) {
    for (int i = 0; i < count; ++i) cell.section.emplace_back(name);
  }
  for (int c = 1; c < 13; ++c) cell.excitatory_compartment.push_back(c);
  cell.inhibitory_compartment = cell.excitatory_compartment;
  const auto wiring = wire_branches(cell, 3, false);
  EXPECT_EQ(wiring.branches, 3);
  EXPECT_EQ(wiring.channels(), 24);
  // Even shares would be four each; the middle one takes what is left between the sections' ends.
  const std::vector<int64_t> one_kind{0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2};
  for (size_t c = 0; c < 24; ++c) EXPECT_EQ(wiring.branch[c], one_kind[c % 12]) << c;

  const auto overlapping = wire_branches(cell, 3, true);
  EXPECT_EQ(overlapping.contacts(), 2 * (3 * 2 + 5 * 3 + 4 * 2));
  EXPECT_EQ(wire_branches(cell, 100, false).branches, 12);  // no more than there are places
}

TEST(Branches, AStretchMayHaveSeveralSumsAndInhibitionItsOwn) {
  dataset::CellTable cell;
  cell.section.assign(4, "a");
  cell.excitatory_compartment = cell.inhibitory_compartment = {0, 1, 2, 3};
  const auto wiring = wire_branches(cell, 2, false, {{5, 60}, {8}});
  EXPECT_EQ(wiring.branches, 6);
  EXPECT_EQ(wiring.tau_ms, (std::vector<double>{5, 5, 60, 60, 8, 8}));
  EXPECT_EQ(wiring.branch, (std::vector<int64_t>{0, 2, 0, 2, 1, 3, 1, 3, 4, 4, 5, 5}));
  const auto together = wire_branches(cell, 2, false, {{5, 60}, {}});
  EXPECT_EQ(together.branch, (std::vector<int64_t>{0, 2, 0, 2, 1, 3, 1, 3, 0, 2, 0, 2, 1, 3, 1, 3}));
}

TEST(ATreeShapedTwin, IsAConvolutionalOneWhoseOtherWeightsAreZero) {
  const auto spec = tree();
  auto twin = shaken<double>(TwinSpec(spec));
  // The same, written out with all connections.
  ConvolutionalSpec dense({{7, 12}, {4, 4}, {3, 5}});
  TwinOf<double> other(TwinSpec(dense), kChannels, 1);
  std::ranges::fill(other.numbers, 0.0);
  const auto& leaves = spec.tree.leaves;
  for (size_t c = 0; c < kChannels; ++c) {
    for (auto k = static_cast<size_t>(leaves.first[c]); k < static_cast<size_t>(leaves.first[c + 1]); ++k) {
      for (size_t tap = 0; tap < 7; ++tap) {
        for (size_t f = 0; f < 3; ++f)
          other.array("layer1_weight")[(c * 7 + tap) * 12 + static_cast<size_t>(leaves.branch[k]) * 3 + f] +=
              twin.array("tree.layer1_weight")[(k * 7 + tap) * 3 + f];
      }
    }
  }
  const auto spread = [&](const char* from, const char* to, size_t taps, const std::vector<size_t>& first,
                          size_t inputs, size_t outputs) {
    const size_t nodes = first.size() - 1, row = nodes * outputs;
    const double* w = twin.array(from).data();
    for (size_t n = 0; n < nodes; ++n) {
      for (size_t tap = 0; tap < taps; ++tap) {
        for (size_t i = first[n] * inputs; i < first[n + 1] * inputs; ++i) {
          for (size_t f = 0; f < outputs; ++f)
            other.array(to)[(tap * first.back() * inputs + i) * row + n * outputs + f] = *w++;
        }
      }
    }
  };
  spread("tree.layer2_weight", "layer2_weight", 4, {0, 3, 4}, 3, 2);
  spread("tree.layer3_weight", "layer3_weight", 3, {0, 2}, 2, 5);
  for (const auto* name : {"layer1_bias", "layer2_bias", "layer3_bias"})
    std::ranges::copy(twin.array(std::string("tree.") + name), other.array(name).begin());
  for (const auto* name : {"spike_weight", "spike_bias", "soma_weight", "soma_bias"})
    std::ranges::copy(twin.array(name), other.array(name).begin());
  const auto events = random_events(3, 0, 40 + twin.history_ms(), 0.1, 5);
  // Sums of some hundred terms in another order.
  EXPECT_LE(difference(values(twin.forward({events, 3, 40})), values(other.forward({events, 3, 40}))), 1e-13);
}

TEST(ATreeShapedTwin, IsAskedForWithLayersAndTakesItsNodesFromTheCell) {
  const auto read = [](const std::string& text, const dataset::CellTable& cell) {
    const auto settings = config::Settings::from_text(text, "a.toml");
    const auto spec = read_twin(settings, cell);
    settings.reject_unread();
    return spec;
  };
  const auto t =
      read("kind = 'tree'\ntaps = [9, 3]\nnode_width = [4, 6]\nbranches = 3\nwidth = [7]\n", star());
  EXPECT_EQ(t.network->words(), "a tree of 2 layers, 3 x 4, 1 x 6 nodes x channels, 11 ms of input");
  EXPECT_EQ(t.network->features(), 6);
  EXPECT_EQ(read("kind = 'k-tree'\ntaps = [9, 3]\ntrees = 3\n", star()).network->words(),
            "3 binary trees of 4 layers, 9 ms of input");
  EXPECT_EQ(read("kind = 'tree'\ntaps = [9, 3]\n", {}).network->features(), 8);  // no cell, no synapses
  try {
    read("kind = 'tree'\ntaps = [9, 3]\nnode_width = [1, 2, 3]\n", star());
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "a.toml:3: 'node_width' has 3 numbers, expected one for all layers or 2, one for each of "
                 "'taps'");
  }
}

TEST(MergeTree, PutsTogetherWhatMeetsAndKeepsApartWhatDoesNot) {
  // A soma; two basal dendrites of 3 synapses; a trunk of 2 with two tufts of 4.
  dataset::CellTable cell;
  const auto add = [&](int parent, int compartments) {
    for (int i = 0; i < compartments; ++i) {
      cell.parent.push_back(i == 0 ? parent : static_cast<int>(cell.parent.size()) - 1);
      cell.section.emplace_back("dend");
      if (parent >= 0) cell.excitatory_compartment.push_back(static_cast<int>(cell.parent.size()) - 1);
    }
    return static_cast<int>(cell.parent.size()) - 1;
  };
  const int soma = add(-1, 1);
  add(soma, 3);
  add(soma, 3);
  const int trunk = add(soma, 2);
  add(trunk, 4);
  add(trunk, 4);
  const auto tree = merge_tree(cell, 5, 3);
  ASSERT_EQ(tree.layers(), 3u);
  EXPECT_EQ(tree.nodes(2), 1);
  const auto& leaf = tree.leaves.branch;
  const auto same = [&](size_t from, size_t to) {
    return std::all_of(leaf.begin() + static_cast<int64_t>(from), leaf.begin() + static_cast<int64_t>(to),
                       [&](int64_t l) { return l == leaf[from]; });
  };
  // Pieces of 16 / 5 synapses: a tuft is one or two, a basal dendrite one, and never two of these together.
  EXPECT_TRUE(same(0, 3));
  EXPECT_TRUE(same(3, 6));
  EXPECT_NE(leaf[0], leaf[3]);
  EXPECT_NE(leaf[11], leaf[15]);
  // In the next layer, of about 16 / sqrt(5) = 7 synapses, the basal ones meet, and the tufts do with none
  // of them.
  const auto& first = tree.first_child[0];
  const auto node = [&](int64_t l) { return std::ranges::upper_bound(first, l) - first.begin() - 1; };
  EXPECT_EQ(node(leaf[0]), node(leaf[3]));
  EXPECT_NE(node(leaf[0]), node(leaf[11]));
  EXPECT_NE(node(leaf[0]), node(leaf[15]));
}

TEST(MergeTree, OfAPointNeuronIsAPlainNetwork) {
  dataset::CellTable cell;
  cell.section = {"soma"};
  cell.parent = {-1};
  cell.excitatory_compartment.assign(80, 0);
  const auto tree = merge_tree(cell, 45, 3);
  for (size_t layer = 0; layer < 3; ++layer) EXPECT_EQ(tree.nodes(layer), 1);
}

TEST(MergeTree, OfPairsHasATreesDepthAndNeighboursSideBySide) {
  const auto tree = binary_tree(star(), 2);  // of nine synapses: 5, 3, 2 and 1 nodes
  ASSERT_EQ(tree.layers(), 4u);
  const std::vector<int64_t> nodes{10, 6, 4, 2};
  for (size_t layer = 0; layer < 4; ++layer) EXPECT_EQ(tree.nodes(layer), nodes[layer]);
  EXPECT_EQ(tree.leaves.contacts(), 18);
  EXPECT_EQ(tree.leaves.branch[0], tree.leaves.branch[2]);  // neighbours on the first dendrite
  EXPECT_NE(tree.leaves.branch[0], tree.leaves.branch[1]);  // one synapse, two trees
  EXPECT_EQ(tree.first_child[0], (std::vector<int64_t>{0, 2, 4, 5, 7, 9, 10}));
}

TEST(Branches, APointNeuronHasOne) {
  dataset::CellTable cell;
  cell.section = {"soma"};
  cell.excitatory_compartment.assign(80, 0);
  cell.inhibitory_compartment.assign(20, 0);
  const auto wiring = wire_branches(cell, 45, true);
  EXPECT_EQ(wiring.branches, 1);
  EXPECT_EQ(wiring.contacts(), 100);
}

}  // namespace
}  // namespace nt::twin

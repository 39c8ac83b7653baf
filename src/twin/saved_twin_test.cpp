#include "twin/saved_twin.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>

#include "files/files.hpp"
#include "random/random.hpp"

namespace nt::twin {
namespace {

namespace fs = std::filesystem;

/// Convolutional twins with free and with few temporal shapes, dilation, residual connections and all heads;
/// recurrent ones with fixed and with learned time constants. All of nine channels.
std::vector<TwinSpec> all_kinds() {
  std::vector<TwinSpec> all;
  for (const int64_t shapes : {0, 3}) {
    ConvolutionalSpec spec({{7, 6}, {4, 6, 2}, {3, 4, 5}});
    spec.residual = spec.batch_norm = true;
    spec.temporal_shapes = shapes;
    spec.weight_sd = 0.3;
    auto& heads = all.emplace_back(spec).heads;
    heads.push_back(further_head("dendrites", 3));
    heads.push_back(further_head("near_spike"));
    heads.push_back(further_head("count"));
  }
  ConvolutionalSpec small({{5, 2}});
  small.activation = Activation::linear;
  all.emplace_back(small);
  for (const bool learned : {false, true}) {
    RecurrentSpec r;
    r.memory_units = 6;
    r.history_ms = 20;
    r.excitatory_channels = 5;
    r.learn_time_constants = learned;
    r.activation = learned ? HiddenActivation::relu : HiddenActivation::silu;
    r.wiring = {3, {0, 1, 3, 4, 6, 7, 9, 10, 11, 12}, {0, 0, 1, 1, 1, 2, 2, 1, 2, 0, 2, 1}, {5, 40, 8}};
    all.emplace_back(r).heads.push_back(further_head("dendrites", 2));
  }
  return all;
}

Twin away_from_its_start(const TwinSpec& spec, uint64_t seed) {
  Twin twin(spec, 9, seed);
  random::Random random(seed, random::Stage::test_cases, 0, random::StreamName::test_case);
  for (float& number : twin.numbers) number += 0.1f * static_cast<float>(random.uniform());
  return twin;
}

TwinDescription description() {
  TwinDescription d;
  d.excitatory_synapses = 5;
  d.inhibitory_synapses = 4;
  d.provenance = {{"title", "a test"}};
  return d;
}

TEST(ASavedTwin, AnswersToTheLastBitAsTheOneThatWasSaved) {
  const auto file = fs::path(testing::TempDir()) / fmt::format("saved-{}.safetensors", ::getpid());
  random::Random random(1, random::Stage::test_cases, 0, random::StreamName::test_case);
  for (const auto& spec : all_kinds()) {
    SCOPED_TRACE(spec.network->words());
    auto twin = away_from_its_start(spec, 3);
    files::write_file_atomically(file, twin_bytes(twin, description()));
    auto [loaded, described] = load_twin(file);
    EXPECT_EQ(described.provenance.at("title"), "a test");
    const int64_t duration = 60;
    std::vector<int32_t> events;
    for (int i = 0; i < 400; ++i) {
      events.push_back(0);
      events.push_back(static_cast<int32_t>(random.integer(0, 8)));
      events.push_back(static_cast<int32_t>(random.integer(0, duration + twin.history_ms() - 1)));
    }
    const auto before = twin.forward({events, 1, duration}), after = loaded.forward({events, 1, duration});
    const auto values = [](const Outputs<float>& o) {
      return std::vector<float>(o.values, o.values + o.rows * o.row);
    };
    EXPECT_EQ(values(after), values(before));
    EXPECT_EQ(before.row, outputs_of(spec.heads));
    EXPECT_NE(before.at(30, 1), before.at(40, 1));  // so that the comparison means something
    EXPECT_EQ(twin_bytes(loaded, described), files::read_file(file));
  }
  fs::remove(file);
}

TEST(ASavedTwin, HasTheArraysThatItsSpecificationImplies) {
  for (const auto& spec : all_kinds()) {
    std::vector<std::string> implied, has;
    const auto words = [](const files::NamedShape& array) {
      return fmt::format("{} [{}]", array.name, fmt::join(array.shape, ", "));
    };
    for (const auto& array : arrays_of(spec, 9)) implied.push_back(words(array));
    const Twin twin(spec, 9, 1);
    for (const auto& array : named_arrays(twin.layout(), twin.numbers)) has.push_back(words(array.array));
    EXPECT_EQ(implied, has);
  }
}

TEST(ASavedTwin, WithAWeightThatIsNotFiniteIsNotWritten) {
  auto twin = away_from_its_start(all_kinds().front(), 3);
  twin.array("soma_weight")[1] = NAN;
  try {
    twin_bytes(twin, description());
    FAIL();
  } catch (const RunError& error) {
    EXPECT_STREQ(error.what(), "the twin's 'soma_weight' holds a number that is not finite");
  }
}

}  // namespace
}  // namespace nt::twin

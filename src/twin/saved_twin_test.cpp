#include "twin/saved_twin.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "files/files.hpp"

namespace neurontwin {
namespace {

namespace fs = std::filesystem;

/// Convolutional twins with free and with few temporal shapes, dilation, residual connections and all heads;
/// recurrent ones with fixed and with learned time constants. All of nine channels.
std::vector<TwinSpec> all_kinds() {
  std::vector<TwinSpec> all;
  for (const int64_t shapes : {0, 3}) {
    auto& spec = all.emplace_back();
    spec.layers = {{7, 6}, {4, 6, 2}, {3, 4, 5}};
    spec.residual = spec.batch_norm = true;
    spec.temporal_shapes = shapes;
    spec.weight_sd = 0.3;
    spec.dendritic_components = 3;
    spec.near_spike = spec.count = true;
  }
  all.emplace_back().layers = {{5, 2}};
  all.back().activation = Activation::linear;
  for (const bool learned : {false, true}) {
    auto& spec = all.emplace_back();
    auto& r = spec.recurrent.emplace();
    r.memory_units = 6;
    r.history_ms = 20;
    r.excitatory_channels = 5;
    r.learn_time_constants = learned;
    r.activation = learned ? HiddenActivation::relu : HiddenActivation::silu;
    r.wiring = {3, {0, 1, 3, 4, 6, 7, 9, 10, 11, 12}, {0, 0, 1, 1, 1, 2, 2, 1, 2, 0, 2, 1}};
    spec.dendritic_components = 2;
  }
  return all;
}

Twin away_from_its_start(const TwinSpec& spec, uint64_t seed) {
  Twin twin(spec, 9, seed);
  torch::NoGradGuard no_gradient;
  for (const auto& [name, tensor] : tensors_of(*twin)) tensor.add_(0.1 * torch::rand_like(tensor));
  twin->eval();
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
  torch::manual_seed(1);
  const auto file = fs::path(testing::TempDir()) / fmt::format("saved-{}.safetensors", ::getpid());
  for (const auto& spec : all_kinds()) {
    SCOPED_TRACE(words_for(spec));
    auto twin = away_from_its_start(spec, 3);
    write_file_atomically(file, twin_bytes(*twin, description()));
    auto [loaded, described] = load_twin(file);
    EXPECT_EQ(described.provenance.at("title"), "a test");
    const int64_t duration = 60, all_ms = duration + twin->history_ms();
    const auto place = torch::rand({400, 2});
    const auto events =
        torch::stack({torch::zeros({400}), place.select(1, 0) * 9, place.select(1, 1) * all_ms}, 1)
            .to(torch::kInt32);
    torch::NoGradGuard no_gradient;
    const auto before = twin->forward(events, 1, duration), after = loaded->forward(events, 1, duration);
    EXPECT_TRUE(torch::equal(after.spike_log_odds, before.spike_log_odds));
    EXPECT_TRUE(torch::equal(after.soma_mV, before.soma_mV));
    EXPECT_GT(before.soma_mV.std().item<double>(), 1e-3);  // so that the comparison means something
    if (spec.dendritic_components > 0) {
      EXPECT_TRUE(torch::equal(after.dendrites, before.dendrites));
    }
    if (spec.near_spike) {
      EXPECT_TRUE(torch::equal(after.near_spike_log_odds, before.near_spike_log_odds));
    }
    if (spec.count) {
      EXPECT_TRUE(torch::equal(after.log_count, before.log_count));
    }
    EXPECT_EQ(twin_bytes(*loaded, described), read_file(file));
  }
  fs::remove(file);
}

TEST(ASavedTwin, HasTheArraysThatItsSpecificationImplies) {
  for (const auto& spec : all_kinds()) {
    std::vector<std::string> implied, has;
    for (const auto& array : arrays_of(spec, 9))
      implied.push_back(fmt::format("{} [{}]", array.name, fmt::join(array.shape, ", ")));
    for (const auto& [name, tensor] : tensors_of(*Twin(spec, 9, 1)))
      has.push_back(fmt::format("{} [{}]", name, fmt::join(tensor.sizes(), ", ")));
    std::ranges::sort(implied);
    std::ranges::sort(has);
    EXPECT_EQ(implied, has);
  }
}

TEST(ASavedTwin, WithAWeightThatIsNotFiniteIsNotWritten) {
  auto twin = away_from_its_start(all_kinds().front(), 3);
  torch::NoGradGuard no_gradient;
  twin->soma_weight[1] = NAN;
  try {
    twin_bytes(*twin, description());
    FAIL();
  } catch (const RunError& error) {
    EXPECT_STREQ(error.what(), "the twin's 'soma_weight' holds a number that is not finite");
  }
}

}  // namespace
}  // namespace neurontwin

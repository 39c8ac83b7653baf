#include "train/checkpoint_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "config/error.hpp"

namespace nt::train {
namespace {

namespace fs = std::filesystem;

const std::vector<files::NamedShape> kArrays{
    {"weight", {2}}, {"first_moment.0", {2}}, {"second_moment.0", {2}}};

TrainState state() {
  TrainState s{.identity = "it", .epoch = 2, .step_in_epoch = 7, .loss_sums = {{"spike", 0.1}}};
  s.best_valid_loss = 1.0 / 3;
  s.optimiser_steps = 27;
  s.momentum_product = 1e-30;
  s.rate_factor = 0.5;
  s.gradient_lengths = {-1.0 / 3, 12};
  s.result = {{{.epoch = 1, .valid_auc = std::nan("")}, {.epoch = 2, .train_loss = 0.1, .best = true}},
              {{.step = 7, .words = "a loss", .rate_factor = 0.5}},
              2,
              4.5};
  return s;
}

class ACheckpoint : public testing::Test {
 protected:
  ACheckpoint() : file_(fs::path(testing::TempDir()) / fmt::format("checkpoint-{}", ::getpid())) {}
  ~ACheckpoint() override { fs::remove(file_); }

  std::string bytes_of(const std::string& state_text,
                       const std::vector<files::NamedShape>& arrays = kArrays) const {
    std::vector<files::NamedFloats> all;
    for (const auto& array : arrays) all.push_back({array, std::span(values_).first(array.shape[0])});
    return files::safetensors_bytes(all, {{"format", "neurontwin checkpoint 5"}, {"state", state_text}});
  }
  std::optional<StoredCheckpoint> read(const std::string& bytes, const std::string& identity = "it",
                                       int64_t most_epochs = 10) const {
    std::ofstream(file_, std::ios::binary) << bytes;
    return read_checkpoint_file(file_, identity, most_epochs, kArrays);
  }
  std::string refusal_of(const std::string& bytes) const {
    try {
      return read(bytes) ? "accepted" : "passed over";
    } catch (const InputError& error) {
      return error.what();
    }
  }

  fs::path file_;
  std::vector<float> values_{1, 2, 3};
};

TEST_F(ACheckpoint, ComesBackExactly) {
  const auto stored = read(bytes_of(text_of(state())));
  ASSERT_TRUE(stored);
  EXPECT_EQ(text_of(stored->state), text_of(state()));
  EXPECT_EQ(stored->state.best_valid_loss, 1.0 / 3);
  EXPECT_EQ(stored->state.momentum_product, 1e-30);
  EXPECT_TRUE(std::isnan(stored->state.result.epochs[0].valid_auc));
  EXPECT_EQ(stored->arrays.at("weight"), (std::vector<float>{1, 2}));
}

TEST_F(ACheckpoint, OfAnotherTrainingIsPassedOver) {
  const auto bytes = bytes_of(text_of(state()));
  EXPECT_FALSE(read(bytes, "another"));
  EXPECT_FALSE(read(bytes, "it", 1));
  EXPECT_TRUE(read(bytes, "it", 2));
}

TEST_F(ACheckpoint, WithAFlippedBitIsDamagedAndNotOfAnotherTraining) {
  const auto whole = bytes_of(text_of(state()));
  for (size_t i = 8; i < whole.size(); i += 17) {
    auto flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 4);
    const auto message = refusal_of(flipped);
    EXPECT_TRUE(message.starts_with(file_.string())) << "byte " << i << ": " << message;
  }
}

TEST_F(ACheckpoint, WhoseArraysAreNotThoseOfTheNetworkIsRefused) {
  const auto text = text_of(state());
  const auto refused = [&](std::vector<files::NamedShape> arrays) {
    return refusal_of(bytes_of(text, arrays));
  };
  EXPECT_EQ(refused(kArrays), "accepted");
  EXPECT_NE(refused({kArrays[0], kArrays[1]}).find("has no array 'second_moment.0'"), std::string::npos);
  EXPECT_NE(refused({{"weight", {3}}, kArrays[1], kArrays[2]}).find("has the shape [3], expected [2]"),
            std::string::npos);
  EXPECT_NE(refused({kArrays[0], kArrays[1], kArrays[2], {"more", {1}}}).find("'more'"), std::string::npos);
}

TEST_F(ACheckpoint, WhoseStateCannotBeIsRefused) {
  const auto with = [&](const char* key, const nlohmann::json& value) {
    auto json = nlohmann::json::parse(text_of(state()));
    json[key] = value;
    return refusal_of(bytes_of(json.dump()));
  };
  EXPECT_NE(with("epoch", -1).find("'epoch': is -1"), std::string::npos);
  EXPECT_NE(with("epoch", 4).find("has 2 finished epochs while epoch 5 is in progress"), std::string::npos);
  EXPECT_NE(with("best_epoch", -1).find("'best_epoch': is -1, expected 0 to 2"), std::string::npos);
  EXPECT_NE(with("best_epoch", 3).find("expected 0 to 2"), std::string::npos);
  EXPECT_NE(with("momentum_product", 2).find("'momentum_product'"), std::string::npos);
  EXPECT_NE(with("optimiser_steps", 1.5).find("'optimiser_steps'"), std::string::npos);
  EXPECT_NE(with("epochs", "none").find("expected a list"), std::string::npos);
  EXPECT_NE(with("epochs", {1, 2}).find("expected an object"), std::string::npos);
  EXPECT_NE(refusal_of(bytes_of("{}")).find("'identity': is missing"), std::string::npos);
}

}  // namespace
}  // namespace nt::train

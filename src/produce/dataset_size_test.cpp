#include "produce/dataset_size.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "config/temporary_folder.hpp"
#include "files/free_space.hpp"
#include "produce/make_dataset.hpp"

namespace nt::produce {
namespace {

DatasetPlan plan_of(int64_t train_trials) {
  DatasetPlan plan;
  plan.cell = cell::IntegrateAndFire{};
  plan.stimulus.interval_ms = {50};
  plan.stimulus.smoothing_sd_ms = {40};
  plan.data = {.trial_ms = 4000,
               .train_trials = train_trials,
               .valid_trials = 10,
               .test_trials = 10,
               .trials_per_shard = 16};
  plan.seed = 1;
  plan.identity = {80, 20, plan.data.trial_ms, plan.seed, "a test's"};
  return plan;
}

std::string refusal(const DatasetPlan& plan, const std::filesystem::path& folder) {
  try {
    require_room(plan, folder);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(DatasetSize, IsAboutWhatIsWritten) {
  const config::TemporaryFolder folder;
  const auto plan = plan_of(40);
  const auto before = size_of(plan, folder.path());
  EXPECT_EQ(before.missing_trials, 60);
  EXPECT_EQ(before.largest, "data.train_trials");
  make_dataset(plan, folder.path(), 2, {});
  double written = 0, largest = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    written += static_cast<double>(entry.file_size());
    largest = std::max(largest, static_cast<double>(entry.file_size()));
  }
  // Input is random: of 60 trials of 4 s its mean is known to a few per cent. A file's own structure is 20
  // kB.
  const double estimated = before.missing_bytes + 5 * 20e3;
  EXPECT_NEAR(written, estimated, 0.1 * written);
  EXPECT_NEAR(largest, before.shard_bytes + 20e3, 0.2 * largest);
  EXPECT_EQ(size_of(plan, folder.path()).missing_trials, 0);
  EXPECT_EQ(refusal(plan, folder.path()), "accepted");
}

TEST(DatasetSize, OfAMixtureIsAboutWhatIsWritten) {
  const config::TemporaryFolder folder;
  auto plan = plan_of(200);
  plan.stimulus.pools[0].excitatory_per_100ms_high = 500;  // so that input is most of the bytes
  plan.stimulus.inhibition_below_excitation = 100;
  plan.breadth.members = {{"no_inhibition", 0.5}, {"silence", 0.25}, {"unchanged", 0.25}};
  const auto before = size_of(plan, folder.path());
  make_dataset(plan, folder.path(), 2, {});
  double written = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    written += static_cast<double>(entry.file_size());
  // 15 files; of 210 random trials the mean input is known to 5 %.
  EXPECT_NEAR(written, before.missing_bytes + 15 * 20e3, 0.1 * written);
  plan.breadth = {};
  // Without breadth there would be more.
  EXPECT_LT(before.missing_bytes, 0.8 * size_of(plan, folder / "other").missing_bytes);
}

TEST(DatasetSize, ThatDoesNotFitIsRefusedAtOnceByTheNameOfTheSetting) {
  const config::TemporaryFolder folder;
  auto plan = plan_of(1'000'000'000'000'000);
  EXPECT_TRUE(refusal(plan, folder / "dataset")
                  .starts_with("data.train_trials is too large: 1000000000000020 trials of 4000 "
                               "ms take about "))
      << refusal(plan, folder / "dataset");
  EXPECT_FALSE(std::filesystem::exists(folder / "dataset"));
  plan = plan_of(10);
  plan.data.test_trials = 1'000'000'000'000'000;
  EXPECT_TRUE(refusal(plan, folder.path()).starts_with("data.test_trials is too large: "));
}

TEST(FreeSpace, IsWordedInPowersOfAThousand) {
  EXPECT_EQ(files::words_for_bytes(999), "999 bytes");
  EXPECT_EQ(files::words_for_bytes(1500), "1.5 kB");
  EXPECT_EQ(files::words_for_bytes(2.5e12), "2.5 TB");
  EXPECT_GT(files::free_memory_bytes(), 1'000'000u);
  EXPECT_GT(files::free_disk_bytes("not/there/yet"), 1'000'000u);
}

}  // namespace
}  // namespace nt::produce

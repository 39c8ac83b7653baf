#include "dataset/event_support.hpp"

#include <gtest/gtest.h>

#include "config/temporary_folder.hpp"
#include "files/files.hpp"

namespace nt::dataset {
namespace {

/// A split of one synapse's trials of 1 s with these output spikes.
Split split_of(const std::string& name, const std::vector<std::vector<float>>& spike_times_ms) {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const auto folder = config::own_temporary_folder() / test->name();
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::vector<simulate::Trial> trials(spike_times_ms.size());
  for (size_t i = 0; i < trials.size(); ++i) {
    trials[i].spike_times_ms = spike_times_ms[i];
    trials[i].soma_mV.assign(1000, -65.0f);
  }
  const cell::IntegrateAndFire neuron{.excitatory_synapses = 1, .inhibitory_synapses = 1};
  const DatasetIdentity identity{1, 1, 1000, 1, ""};
  files::write_file_atomically(shard_path(folder, name, 0),
                               shard_bytes(identity, cell_table(neuron), name, 0, trials));
  return Split::open(folder, name);
}

TEST(EventSupport, CountsSpikesTheTrialsThatHaveThemAndThoseAfterTheSkippedStart) {
  // 500 ms is the first that counts.
  const auto s = event_support(split_of("train", {{10, 499.9f, 500, 900}, {}, {20}, {700.5f}}), 500);
  EXPECT_EQ(s.spikes_of, (std::vector<int64_t>{4, 0, 1, 1}));
  EXPECT_EQ(s.seconds(), 4);
  EXPECT_EQ(s.spikes, 6);
  EXPECT_EQ(s.trials_with_spikes, 3);
  EXPECT_EQ(s.spikes_after_skip, 3);
  EXPECT_EQ(words_for(s, "train"),
            "train: 4 trials, 4 s, 6 output spikes in 3 trials, 1.500 Hz; 3 after the first 500 ms of each "
            "trial");
}

TEST(EventSupport, QuantilesOfTheRateAreThoseOfTrials) {
  const auto spikes = [](size_t n) { return std::vector<float>(n, 1.0f); };
  const auto s = event_support(split_of("test", {spikes(25), spikes(0), spikes(4), spikes(24), spikes(2)}));
  const std::vector<double> shares{0, 0.125, 0.5, 0.75, 1};
  EXPECT_EQ(s.rate_quantiles_hz(shares), (std::vector<double>{0, 1, 4, 24, 25}));
  EXPECT_EQ(s.trials_above(kPublishedMostSpikes), 1);
}

TEST(EventSupport, TooFewSpikesAreSaidWithWhatFollowsAndWhatHelps) {
  const auto few = event_support(split_of("test", {std::vector<float>(kFewSpikes - 1, 1.0f)}));
  EXPECT_EQ(*warning_of(few, "test"),
            "warning: 29 output spikes in the test trials leave every score of spikes a wide interval; raise "
            "data.test_trials");
  EXPECT_FALSE(warning_of(event_support(split_of("test", {std::vector<float>(kFewSpikes, 1.0f)})), "test"));
  // Spikes that training never shows are none to learn from.
  const auto early = event_support(split_of("train", {std::vector<float>(100, 1.0f)}), 500);
  EXPECT_TRUE(warning_of(early, "train")->starts_with("warning: 0 output spikes in the train trials"));
}

}  // namespace
}  // namespace nt::dataset

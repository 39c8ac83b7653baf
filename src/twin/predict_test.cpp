#include "twin/predict.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <csignal>

#include "dataset/shard.hpp"
#include "device/tested.hpp"
#include "files/hdf5.hpp"
#include "twin/saved_twin.hpp"

namespace nt::twin {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kDuration = 1100;  // of a trial: more than a piece, and not whole ones

TwinSpec spec() {
  RecurrentSpec r;
  r.memory_units = 6;
  r.history_ms = 20;
  r.excitatory_channels = 5;
  r.wiring = {3, {0, 1, 3, 4, 6, 7, 9, 10, 11, 12}, {0, 0, 1, 1, 1, 2, 2, 1, 2, 0, 2, 1}, {5, 40, 8}};
  TwinSpec twin(r);
  twin.heads.push_back(further_head("dendrites", 2));
  twin.heads.push_back(further_head("count"));
  return twin;
}

stimulus::Events random_input(uint32_t synapses, random::Random& random) {
  stimulus::Events events;
  for (uint32_t t = 0; t < kDuration; ++t) {
    for (uint32_t s = 0; s < synapses; ++s) {
      if (random.uniform() >= 0.02) continue;
      events.time_ms.push_back(t);
      events.synapse.push_back(s);
    }
  }
  return events;
}

class Predicting : public testing::Test {
 protected:
  Predicting() : folder_(fs::path(testing::TempDir()) / fmt::format("predict-{}", ::getpid())) {
    fs::create_directories(folder_);
    twin_ = folder_ / "twin.safetensors";
    write_twin(5, 4);
  }
  ~Predicting() override { fs::remove_all(folder_); }

  void write_twin(int64_t excitatory, int64_t inhibitory) const {
    TwinDescription d;
    d.excitatory_synapses = excitatory;
    d.inhibitory_synapses = inhibitory;
    files::write_file_atomically(twin_, twin_bytes(Twin(spec(), 9, 3), d));
  }
  /// A shard of trials with random input.
  std::vector<simulate::Trial> write_trials(const std::string& name, size_t count) const {
    random::Random random(1, random::Stage::test_cases, 0, random::StreamName::test_case);
    std::vector<simulate::Trial> trials(count);
    for (auto& trial : trials) {
      trial.input = {random_input(5, random), random_input(4, random)};
      trial.soma_mV.assign(kDuration, -70.0f);
    }
    files::write_file_atomically(
        folder_ / name, dataset::shard_bytes({5, 4, kDuration, 1, "a = 1\n"}, {}, "test", 0, trials));
    return trials;
  }
  std::string refusal(const fs::path& input) const {
    try {
      predict_file(twin_, input, folder_ / "out.h5", {});
      return "accepted";
    } catch (const InputError& error) {
      return error.what();
    }
  }
  /// Of what was written, against a whole pass over trial `trial` of these events.
  void expect_whole_pass(size_t trial, std::vector<int32_t> events) const {
    auto [twin, description] = load_twin(twin_);
    for (size_t e = 2; e < events.size(); e += 3) events[e] += static_cast<int32_t>(twin.history_ms());
    const auto expected = twin.forward({events, 1, kDuration});
    const files::Hdf5File file(folder_ / "out.h5");
    const auto spike = file.view<float>("/spike_probability"), soma = file.view<float>("/soma_mV"),
               dendrites = file.view<float>("/dendrites"), count = file.view<float>("/count");
    for (int64_t t = 0; t < kDuration; ++t) {
      const auto r = trial * kDuration + static_cast<size_t>(t);
      EXPECT_EQ(spike[r], 1 / (1 + std::exp(-expected.at(t, 0))));
      EXPECT_EQ(soma[r], expected.at(t, 1));
      EXPECT_EQ(dendrites[2 * r + 1], expected.at(t, 3));
      EXPECT_EQ(count[r], std::exp(expected.at(t, 4)));
    }
  }

  fs::path folder_, twin_;
};

TEST_F(Predicting, WritesWhatWholePassesOverEachTrialSay) {
  constexpr size_t kTrials = 40;  // more than are side by side
  const auto trials = write_trials("in.h5", kTrials);
  predict_file(twin_, folder_ / "in.h5", folder_ / "out.h5", on_threads(2));
  const files::Hdf5File file(folder_ / "out.h5");
  EXPECT_EQ(file.shape("/soma_mV"), (std::vector<uint64_t>{kTrials, kDuration}));
  EXPECT_EQ(file.shape("/dendrites"), (std::vector<uint64_t>{kTrials, kDuration, 2}));
  EXPECT_EQ(file.units("/soma_mV"), "mV");
  EXPECT_EQ(file.units("/spike_probability"), "1");
  EXPECT_EQ(file.units("/count"), "spikes");
  EXPECT_EQ(file.text_attribute("twin"), twin_.string());
  for (const size_t trial : {0, 31, 39}) {
    std::vector<int32_t> events;
    for (uint32_t t = 0; t < kDuration; ++t) {
      for (const auto& [kind, first] :
           {std::pair{&trials[trial].input.excitatory, 0}, {&trials[trial].input.inhibitory, 5}}) {
        for (size_t i = 0; i < kind->time_ms.size(); ++i) {
          if (kind->time_ms[i] == t)
            events.insert(events.end(),
                          {0, static_cast<int32_t>(kind->synapse[i]) + first, static_cast<int32_t>(t)});
        }
      }
    }
    expect_whole_pass(trial, events);
  }
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder_)) files += entry.is_regular_file();
  EXPECT_EQ(files, 3u);  // nothing half written is left
  write_twin(4, 5);
  EXPECT_EQ(refusal(folder_ / "in.h5"),
            fmt::format("{}: has 5 excitatory and 4 inhibitory synapses, the twin {} expects 4 and 5",
                        (folder_ / "in.h5").string(), twin_.string()));
}

TEST_F(Predicting, OnADeviceWritesTheSameToRounding) {
  write_trials("in.h5", 3);
  predict_file(twin_, folder_ / "in.h5", folder_ / "cpu.h5", {});
  predict_file(twin_, folder_ / "in.h5", folder_ / "device.h5", {}, {}, device::tested_kind());
  const files::Hdf5File cpu(folder_ / "cpu.h5"), device(folder_ / "device.h5");
  for (const auto* head : {"/spike_probability", "/soma_mV", "/dendrites", "/count"}) {
    const auto right = cpu.view<float>(head), ours = device.view<float>(head);
    ASSERT_EQ(ours.size(), right.size());
    for (size_t i = 0; i < right.size(); ++i)
      EXPECT_NEAR(ours[i], right[i], 1e-5f * std::max(1.0f, std::fabs(right[i]))) << head << ' ' << i;
  }
}

TEST_F(Predicting, OnADeviceWindowsAndTrialsAreWhatTheyAreOnTheCpu) {
  write_trials("test-0000.h5", 4);
  const auto split = dataset::Split::open(folder_, "test");
  auto twin = load_twin(twin_).twin;
  const auto right = predict_each(twin, split, 1, 3);
  // Spikes before a window and after it, too, which do not count.
  std::vector<int32_t> events;
  constexpr int64_t kWindow = 40;
  for (int32_t w = 0; w < 2; ++w)
    for (int32_t ms = -5; ms < twin.history_ms() + kWindow + 5; ++ms)
      events.insert(events.end(), {w, (ms + 9) * (w + 1) % 9, ms});
  const auto right_windows = predict(twin, {events, 2, kWindow});
  twin.device = device::open_device(device::tested_kind());
  const auto expect_near = [](const Prediction& ours, const Prediction& expected) {
    for (const auto* head : {"spike", "soma", "dendrites", "count"}) {
      const auto a = ours.of(head), b = expected.of(head);
      ASSERT_EQ(a.size(), b.size()) << head;
      ASSERT_GT(a.size(), 0u) << head;
      for (size_t i = 0; i < a.size(); ++i)
        ASSERT_NEAR(a[i], b[i], 1e-5f * std::max(1.0f, std::fabs(b[i]))) << head << ' ' << i;
    }
  };
  const auto ours = predict_each(twin, split, 1, 3);
  ASSERT_EQ(ours.size(), 3u);
  for (size_t i = 0; i < 3; ++i) expect_near(ours[i], right[i]);
  expect_near(predict(twin, {events, 2, kWindow}), right_windows);
}

TEST_F(Predicting, TakesReplayFilesOfOneTrial) {
  const auto write = [&](std::vector<uint32_t> synapse) {
    files::Hdf5Image image;
    const std::vector<double> times{3.2, 1050.9, 3.7};
    image.write<double>("/input/exc/time_ms", times, "ms");
    image.write<uint32_t>("/input/exc/synapse", synapse, "");
    image.write<double>("/input/inh/time_ms", std::vector<double>{400}, "ms");
    image.write<uint32_t>("/input/inh/synapse", std::vector<uint32_t>{3}, "");
    files::write_file_atomically(folder_ / "in.h5", image.bytes());
  };
  write({4, 0, 2});
  predict_file(twin_, folder_ / "in.h5", folder_ / "out.h5", {});
  EXPECT_EQ(files::Hdf5File(folder_ / "out.h5").shape("/soma_mV"), (std::vector<uint64_t>{1, 2000}));
  expect_whole_pass(0, {0, 4, 3, 0, 2, 3, 0, 8, 400, 0, 0, 1050});
  write({4, 5, 2});
  EXPECT_EQ(refusal(folder_ / "in.h5"),
            fmt::format("{}: /input/exc event 1 is of synapse 5; the twin has 5 of this kind, counted from 0",
                        (folder_ / "in.h5").string()));
}

TEST_F(Predicting, ThatCannotWriteSaysWhyAndLeavesNothing) {
  const auto out = folder_ / "out.h5";
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto old = ::signal(SIGXFSZ, SIG_IGN);
  std::string message = "accepted";
  try {
    files::Hdf5Output file(out);
    file.create("/x", "1", {1 << 20});
    const rlimit small{1 << 16, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    file.write("/x", {0}, {1 << 20}, std::vector<float>(1 << 20));
    file.finish();
  } catch (const RunError& error) {
    message = error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, old);
  EXPECT_EQ(message, out.string() + ": cannot be written: File too large");
  { files::Hdf5Output never_finished(out); }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);  // the twin
  EXPECT_EQ(refusal(twin_), twin_.string() + ": is not an HDF5 file");
}

}  // namespace
}  // namespace nt::twin

// The layer-5 cell against NEURON's own runs of it, where these and the reconstruction are at hand.
#include <gtest/gtest.h>

#include <cmath>

#include "dataset/replay_input.hpp"
#include "files/hdf5.hpp"
#include "simulate/cable.hpp"
#include "simulate/simulator.hpp"

namespace nt::produce {
namespace {

namespace fs = std::filesystem;

const fs::path kProject = fs::path(__FILE__).parent_path().parent_path().parent_path();
const fs::path kShared = kProject / "../shared";

class NeuronsTraces : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!fs::exists(kShared / "reference"))
      GTEST_SKIP() << "the reconstruction and NEURON's traces are not at hand";
    const auto receptors = GetParam();
    cell_ = cell::read_detailed_cell(config::Settings::from_file(kProject / "cells/l5pc.toml"),
                                     kProject / "cells", {kShared / "morphologies/cell1.asc", receptors});
    for (const auto& entry : fs::directory_iterator(kShared / "reference")) {
      if (!entry.path().filename().string().starts_with("l5pc_" + receptors)) continue;
      files_.push_back(entry.path());
      inputs_.push_back(dataset::read_replay_input(entry.path(), cell_));
    }
    ASSERT_FALSE(files_.empty());
  }

  /// Numbers of spikes equal, and each within `most_ms` of NEURON's.
  static void expect_the_same_spikes(const simulate::Recording& ours, const std::vector<double>& theirs,
                                     double most_ms, const fs::path& file) {
    ASSERT_EQ(ours.spike_times_ms.size(), theirs.size()) << file;
    for (size_t k = 0; k < theirs.size(); ++k)
      EXPECT_NEAR(ours.spike_times_ms[k], theirs[k], most_ms) << file << ", spike " << k;
  }

  cell::DetailedCell cell_;
  std::vector<fs::path> files_;
  std::vector<stimulus::TimedInput> inputs_;
};

TEST_P(NeuronsTraces, OfBackwardEulerAreOurs) {
  simulate::CableSpec spec;
  spec.scheme = simulate::Scheme::backward_euler;
  const auto ours = simulate::simulate(cell_, {spec, simulate::Precision::in_double}, inputs_, 2000, 1);
  for (size_t i = 0; i < files_.size(); ++i) {
    const files::Hdf5File file(files_[i]);
    const auto soma = file.read<double>("/be_dt0.025/soma_mV"),
               nexus = file.read<double>("/be_dt0.025/nexus_mV");
    for (size_t k = 0; k < 800; ++k)  // 100 ms: what rounding does to an excitable cell grows with time
      ASSERT_NEAR(ours[i].soma_mV[k], soma[k], 0.01) << files_[i] << ", sample " << k;
    for (size_t k = 0; k < 800; ++k)
      ASSERT_NEAR(ours[i].nexus_mV[k], nexus[k], 0.01) << files_[i] << ", sample " << k;
    expect_the_same_spikes(ours[i], file.read<double>("/be_dt0.025/spike_times_ms"), 0.25, files_[i]);
  }
}

TEST_P(NeuronsTraces, AtConvergenceHaveOurSpikes) {
  // The default scheme at dt 0.025 ms against NEURON's second-order scheme at 0.00625.
  for (const auto precision : {simulate::Precision::in_double, simulate::Precision::in_float}) {
    const auto ours = simulate::simulate(cell_, {{}, precision}, inputs_, 2000, 1);
    for (size_t i = 0; i < files_.size(); ++i)
      expect_the_same_spikes(ours[i], files::Hdf5File(files_[i]).read<double>("/converged/spike_times_ms"),
                             0.5, files_[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Under, NeuronsTraces, testing::Values("nmda", "ampa"),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace nt::produce

#include "produce/calibrate.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "config/temporary_folder.hpp"
#include "files/files.hpp"
#include "produce/trial_source.hpp"
#include "simulate/dendritic_input.hpp"

namespace nt::produce {
namespace {

namespace fs = std::filesystem;

/// An integrate-and-fire neuron whose excitatory group has an input of its own.
DatasetPlan plan(const std::string& stimulus) {
  DatasetPlan plan;
  plan.cell = cell::IntegrateAndFire{};
  const auto settings = config::Settings::from_text(stimulus, "stimulus");
  plan.stimulus =
      stimulus::read_stimulus(settings, simulate::pools_of(plan.cell), simulate::group_synapses(plan.cell));
  settings.reject_unread();
  plan.data.trial_ms = 2000;
  plan.data.train_trials = plan.data.valid_trials = plan.data.test_trials = 1;
  plan.seed = 5;
  plan.identity.configuration = stimulus;
  return plan;
}

const std::string kPoisson =
    "groups = { excitatory = { kind = \"poisson\", rate_hz = 1 }, inhibitory = { kind = \"poisson\", rate_hz "
    "= 2 "
    "} }\n";

fs::path empty_folder(const std::string& name) {
  const auto folder = config::own_temporary_folder() / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

double rate_hz(const DatasetPlan& plan, random::Stage stage, int64_t trials) {
  const auto counts = output_spike_counts(plan, stage, trials, 1, [](int64_t) {});
  return std::accumulate(counts.begin(), counts.end(), 0.0) /
         (static_cast<double>(trials * plan.data.trial_ms) / 1000);
}

TEST(Calibration, MakesTheNeuronFireAsWanted) {
  const auto wanted =
      plan(kPoisson + "calibrate = { rate_hz = 4, groups = [\"excitatory\"], trials = 64 }\n");
  ASSERT_LT(rate_hz(wanted, random::Stage::stimulus_train, 64), 1);
  const auto found = calibrate(wanted, empty_folder("calibrated"), 1, {});
  EXPECT_NEAR(rate_hz(found, random::Stage::stimulus_calibration, 64), 4, 0.4);  // the tolerance
  EXPECT_NEAR(rate_hz(found, random::Stage::stimulus_train, 64), 4, 1);          // other trials
  EXPECT_GT(found.stimulus.scale[0], 1);
  EXPECT_EQ(found.stimulus.scale[80], 1) << "inhibition was not to be scaled";
}

TEST(Calibration, IsFoundOnceAndKept) {
  const auto folder = empty_folder("kept");
  const auto wanted = plan(kPoisson + "calibrate = { rate_hz = 4, trials = 16, tolerance = 0.2 }\n");
  const auto found = calibrate(wanted, folder, 1, {});
  const auto kept = files::read_file(calibration_path(folder));
  EXPECT_EQ(calibrate(wanted, folder, 2, {}).stimulus.scale, found.stimulus.scale);
  EXPECT_EQ(calibrated(wanted, folder).stimulus.scale, found.stimulus.scale);
  EXPECT_EQ(files::read_file(calibration_path(folder)), kept);
  EXPECT_EQ(calibrate(wanted, empty_folder("again"), 2, {}).stimulus.scale, found.stimulus.scale)
      << "whatever the threads";
  EXPECT_EQ(read_calibration_result(wanted, folder)->factor, found.stimulus.scale[0]);

  auto other = wanted;
  other.identity.configuration += "# other\n";
  EXPECT_FALSE(read_calibration_result(other, folder));
  EXPECT_THROW(calibrated(other, folder), InputError);
  EXPECT_THROW(calibrated(wanted, empty_folder("nothing")), InputError);
}

TEST(Calibration, IsNothingWhereNothingIsAsked) {
  const auto folder = empty_folder("not-asked");
  EXPECT_TRUE(calibrate(plan(kPoisson), folder, 1, {}).stimulus.scale.empty());
  EXPECT_FALSE(fs::exists(calibration_path(folder)));
}

TEST(Calibration, SaysHowNearItCameWhereNoFactorDoesIt) {
  const auto wanted = plan(
      "groups = { excitatory = { kind = \"patterns\", pause_ms = 2000, interval_ms = 20 }, inhibitory = { "
      "kind = "
      "\"poisson\", rate_hz = 2 } }\ncalibrate = { rate_hz = 50, groups = [\"excitatory\"], trials = 4 }\n");
  try {
    calibrate(wanted, empty_folder("impossible"), 1, {});
    FAIL() << "a pattern cannot be raised";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("not raised"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace nt::produce

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "cell/neuron.hpp"
#include "config/temporary_folder.hpp"
#include "files/json.hpp"
#include "interpret/interpret.hpp"
#include "mechanism/mechanism.hpp"
#include "morphology/morphology.hpp"
#include "run/project_folder.hpp"
#include "run/stages.hpp"
#include "simulate/simulation.hpp"

// A result is known by the version of the algorithm that made it. These tiny runs fail where the numbers of
// an algorithm changed and its version did not: then raise the version beside the algorithm, and write both
// here.

namespace nt::run {
namespace {

using Json = nlohmann::ordered_json;

/// Rounding differs between processors: their SIMD units sum in another order. What an algorithm changes is
/// more.
constexpr double kRounding = 1e-5;

void expect_as_pinned(const char* algorithm, int version, int pinned_version, double value, double pinned) {
  EXPECT_EQ(version, pinned_version) << algorithm << " has another version: write its new numbers here";
  EXPECT_NEAR(value, pinned, kRounding * std::abs(pinned))
      << algorithm << " comes to other numbers at the same version";
}

/// One experiment with a few short trials and steps, in a folder of its own.
struct TinyRun {
  Options options;
  Experiment experiment;

  TinyRun(const std::string& name, std::vector<std::string> set) {
    options.experiment = project_folder() / "experiments" / (name + ".toml");
    options.profile = "quick";
    options.out = config::own_temporary_folder() / name;
    options.threads = 1;
    for (const auto* tiny : {"data.train_trials=6", "data.valid_trials=3", "data.test_trials=3",
                             "data.trials_per_shard=8", "data.trial_ms=2000", "train.epochs=2",
                             "train.steps_per_epoch=10", "evaluate.bootstrap_resamples=20"})
      options.set.emplace_back(tiny);
    options.set.insert(options.set.end(), set.begin(), set.end());
    experiment = read_experiment(options);
  }
  void until(StageName last) const {
    for (const auto stage :
         {StageName::simulate, StageName::train, StageName::evaluate, StageName::interpret})
      if (stage <= last) run_stage(stage, experiment, options, {});
  }
  dataset::Split train() const {
    return produce::open_split(experiment.plan, options.out / "dataset", "train");
  }
  Json json(const std::string& name) const { return files::read_json(options.out / name); }
};

/// How much the somatic voltage varies: its standard deviation over all bins.
double soma_sd_mV(const dataset::Split& split) {
  double sum = 0, squares = 0, count = 0;
  for (size_t i = 0; i < split.trials(); ++i) {
    for (const double mV : split.trial(i).soma_mV) {
      sum += mV;
      squares += mV * mV;
      ++count;
    }
  }
  return std::sqrt(squares / count - sum * sum / (count * count));
}

double input_spikes(const dataset::Split& split) {
  double spikes = 0;
  for (size_t i = 0; i < split.trials(); ++i)
    spikes += static_cast<double>(split.trial(i).excitatory.time_ms.size());
  return spikes;
}

/// Of all numbers in a document, however deep.
double sum_of_magnitudes(const Json& json) {
  if (json.is_number()) return std::abs(json.get<double>());
  double sum = 0;
  if (json.is_structured())
    for (const auto& part : json) sum += sum_of_magnitudes(part);
  return sum;
}

TEST(Versions, APointNeuronFromItsInputToItsInterpretation) {
  const TinyRun run("if", {"evaluate.generalisation.sets=[]"});
  run.until(StageName::interpret);
  expect_as_pinned("stimulus", stimulus::kStimulusVersion, 1, input_spikes(run.train()), 2922);
  expect_as_pinned("simulate", simulate::kSimulateVersion, 2, soma_sd_mV(run.train()), 4.14296652);
  const auto losses = run.json("learning.json");
  expect_as_pinned("train", train::kTrainVersion, 2,
                   sum_of_magnitudes(losses.at("epochs").back().at("valid_loss")), 0.07110702);
  const auto metrics = run.json("metrics.json");
  expect_as_pinned("evaluate", evaluate::kEvaluateVersion, 3, metrics.at("soma.rmse_mV").get<double>(),
                   3.86891197);
  expect_as_pinned("evaluate", evaluate::kEvaluateVersion, 3,
                   metrics.at("baseline.glm.spike.auc").get<double>(), 0.74985397);
  expect_as_pinned("interpret", interpret::kInterpretVersion, 2,
                   sum_of_magnitudes(run.json("interpretation.json")), 24819.0167);
}

TEST(Versions, ACellOfCompartments) {
  const TinyRun run("ball-and-stick", {});
  run.until(StageName::simulate);
  expect_as_pinned("cell and simulate", cell::kCellVersion + simulate::kSimulateVersion, 5,
                   soma_sd_mV(run.train()), 1.03702240);
}

TEST(Versions, TheLayerFiveTreeAndItsMechanisms) {
  const TinyRun run("l5pc-nmda", {"data.train_trials=1", "data.valid_trials=1", "data.test_trials=1",
                                  "data.trial_ms=1000", "evaluate.generalisation.sets=[]"});
  const auto& cell = *cell::compartmental(run.experiment.plan.cell);
  double area_um2 = 0;
  for (const auto& compartment : cell.geometry.compartments) area_um2 += compartment.area_um2;
  expect_as_pinned("morphology", morphology::kMorphologyVersion, 1, area_um2, 32741.9523);
  run.until(StageName::simulate);
  expect_as_pinned("mechanism and simulate", mechanism::kMechanismVersion + simulate::kSimulateVersion, 4,
                   soma_sd_mV(run.train()), 1.99767999);
}

}  // namespace
}  // namespace nt::run

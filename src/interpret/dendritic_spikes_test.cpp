#include "interpret/dendritic_spikes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "produce/trial_source.hpp"
#include "simulate/dendritic_input.hpp"

namespace nt::interpret {
namespace {

namespace fs = std::filesystem;

const fs::path kProject = fs::path(__FILE__).parent_path().parent_path().parent_path();

cell::DetailedCell cell_of(const std::string& name) {
  return cell::read_detailed_cell(config::Settings::from_file(kProject / "cells" / name), kProject / "cells");
}

TEST(DendriticSpikes, AreStretchesAboveTheThresholdThatLastLongEnough) {
  std::vector<float> mV(60, -70.0f);
  std::fill(mV.begin() + 5, mV.begin() + 14, -30.0f);   // 9 ms
  std::fill(mV.begin() + 20, mV.begin() + 30, -39.0f);  // 10 ms
  std::fill(mV.begin() + 40, mV.begin() + 60, -40.0f);  // at the threshold, not above
  const auto bins = long_stretches(mV, -40, 10);
  for (size_t ms = 0; ms < bins.size(); ++ms) EXPECT_EQ(bins[ms], ms >= 20 && ms < 30) << ms;
  EXPECT_EQ(long_stretches(std::vector<float>(12, 0.0f), -40, 10), std::vector<uint8_t>(12, 1));
}

TEST(DendriticSpikes, AreNotAskedForAroundTheSomasOwn) {
  DendriticSpikeSpec spec;
  spec.skip_ms = 5;
  const auto counts = counted_ms(std::vector<double>{20.6, 99.0}, 100, spec);
  for (int64_t ms = 0; ms < 100; ++ms)
    EXPECT_EQ(counts[ms], ms >= 5 && !(ms >= 18 && ms <= 30) && ms < 97) << ms;
}

/// Trials of `ms` with a spike in a fifth of the time; the score is the spike itself, plus noise that is
/// `noise` times as large.
std::vector<BranchTrial> scored_trials(double noise) {
  std::vector<BranchTrial> trials(6);
  for (size_t j = 0; j < trials.size(); ++j) {
    random::Random random(3, random::Stage::test_cases, j, random::StreamName::test_case);
    for (int ms = 0; ms < 2000; ++ms) {
      const bool spike = ms / 20 % 5 == 2;
      trials[j].spike.push_back(spike);
      trials[j].counts.push_back(ms >= 100);
      trials[j].score.push_back(static_cast<float>((noise < 1e6 ? spike : 0) + noise * random.normal()));
    }
  }
  return trials;
}

TEST(DendriticSpikes, OfABranchThatThePredictionFollowsAreAllFoundAndOfOneItDoesNotNone) {
  const auto exact = branch_auc(scored_trials(0), 1);
  EXPECT_EQ(exact->value, 1);
  EXPECT_EQ(exact->low, 1);
  const auto blind = branch_auc(scored_trials(1e6), 1);
  EXPECT_NEAR(blind->value, 0.5, 0.02);  // of 2280 and 9120 independent bins: a standard error of 0.007
  EXPECT_LT(blind->low, 0.5);
  EXPECT_GT(blind->high, 0.5);
  // Two normal distributions one standard deviation apart: Phi(1/sqrt 2) = 0.760.
  EXPECT_NEAR(branch_auc(scored_trials(1), 1)->value, 0.760, 0.02);
  auto without = scored_trials(0);
  for (auto& trial : without) trial.spike.assign(2000, 0);
  EXPECT_FALSE(branch_auc(without, 1));
}

TEST(TerminalBranches, OfTheLayerFiveTreeHaveNothingBehindThem) {
  const auto cell = cell_of("l5pc.toml");
  const auto branches = terminal_branches(cell);
  EXPECT_GT(branches.size(), 80u);
  std::set<std::string> parts;
  for (const auto& branch : branches) {
    parts.insert(branch.part);
    const auto section = cell.geometry.compartments[branch.compartment].section;
    for (const auto& other : cell.geometry.sections) EXPECT_NE(other.parent, section);
  }
  EXPECT_EQ(parts, (std::set<std::string>{"basal", "oblique", "tuft"}));
}

/// The branch of nine synapses, whose basis is made of all that its voltages do.
produce::DatasetPlan branch_plan(int64_t components) {
  produce::DatasetPlan plan;
  plan.cell = cell_of("branch.toml");
  plan.simulation.cable.dt_ms = 0.1;
  plan.stimulus.pools = simulate::pools_of(plan.cell);
  for (auto& pool : plan.stimulus.pools) pool.excitatory_per_100ms_high = 40;
  plan.stimulus.excitatory_synapses = cell::excitatory_synapses(plan.cell);
  plan.stimulus.inhibitory_synapses = 0;
  plan.stimulus.interval_ms = {100};
  plan.stimulus.smoothing_sd_ms = {30};
  plan.data = {.trial_ms = 2000, .train_trials = 4, .valid_trials = 1, .test_trials = 4};
  plan.data.dendritic_components = components;
  plan.data.dendritic_fit_trials = 4;
  plan.seed = 2;
  plan.identity = {9, 0, plan.data.trial_ms, plan.seed, ""};
  return plan;
}

TEST(DendriticSpikes, AreFoundByTheTrueComponentsOfTheirVoltage) {
  const auto plan = branch_plan(4);
  int64_t samples = 0;
  const auto basis = produce::fit_dendritic_basis(
      plan, 1, [](int64_t) {}, samples);
  twin::TwinSpec spec(twin::ConvolutionalSpec({{30, 4}}));
  spec.heads.push_back(twin::further_head("dendrites", 4));
  twin::Twin twin(spec, 9, 1);
  DendriticSpikeSpec asked;
  asked.trials = 4;
  const auto found = dendritic_spikes(twin, asked, plan, &basis, 1);
  ASSERT_EQ(found.skipped, "");
  const auto& spikes = found.branches[0];
  EXPECT_EQ(spikes.branch.part, "basal");
  EXPECT_GT(spikes.spikes_hz, 0.2) << "the input should make some";
  EXPECT_LT(spikes.share_of_time, 0.9);
  EXPECT_GT(spikes.components_auc->value, 0.98);  // a voltage, but for what four components leave
  EXPECT_TRUE(spikes.auc);
}

TEST(DendriticSpikes, OfATwinThatPredictsNoDendritesAreNotAskedFor) {
  twin::Twin twin(twin::TwinSpec(twin::ConvolutionalSpec({{30, 4}})), 9, 1);
  DendriticSpikeSpec asked;
  asked.trials = 4;
  const auto found = dendritic_spikes(twin, asked, branch_plan(0), nullptr, 1);
  EXPECT_NE(found.skipped.find("dendritic_components"), std::string::npos);
  EXPECT_TRUE(found.branches.empty());
}

}  // namespace
}  // namespace nt::interpret

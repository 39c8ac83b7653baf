// The data set of a detailed neuron: a soma that fires and a dendrite with synapses.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include "config/temporary_folder.hpp"
#include "dataset/windows.hpp"
#include "produce/dendritic_basis.hpp"
#include "produce/make_clusters.hpp"
#include "produce/make_dataset.hpp"
#include "produce/plan.hpp"
#include "produce/signal_sources.hpp"
#include "produce/synapse_clusters.hpp"
#include "produce/trial_source.hpp"
#include "simulate/dendritic_input.hpp"
#include "simulate/simulator.hpp"

namespace nt::produce {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCell = R"(kind = "detailed"
morphology = "dataset-test.swc"
initial_mV = -76
reversal_mV = { na = 50, k = -85 }
nexus = { distance_um = 100 }
capacitance = [ { regions = ["basal", "apical"], uF_cm2 = 2 } ]
excitatory = { mechanism = "AMPANMDA", regions = ["basal", "apical"], ampa_gmax = 0.002, nmda_gmax = 0.002 }
inhibitory = { mechanism = "DoubleExp", regions = ["basal", "apical"], rise = 0.2, decay = 8, gmax = 0.001, e = -80 }
insert = [
  { mechanism = "leak", regions = ["soma", "basal", "apical"], g = 6e-5, e = -90 },
  { mechanism = "NaTs2_t", regions = ["soma"], gbar = 1 },
  { mechanism = "SKv3_1", regions = ["soma"], gbar = 0.3 },
])";

fs::path fresh_folder(const std::string& name) {
  auto folder = config::own_temporary_folder() / ("detailed-" + name);
  fs::remove_all(folder);
  return folder;
}

DatasetPlan small_plan(int64_t components = 3) {
  const auto folder = config::own_temporary_folder() / "neurontwin-dataset-test";
  fs::create_directories(folder);
  std::ofstream(folder / "dataset-test.swc") << "1 1 0 0 0 10 -1\n2 3 0 -11 0 1 1\n3 3 0 -151 0 0.5 2\n"
                                                "4 4 0 11 0 2 1\n5 4 0 251 0 1 4\n";
  DatasetPlan plan;
  plan.cell = cell::read_detailed_cell(config::Settings::from_text(kCell, "cell.toml"), folder);
  plan.simulation.cable.dt_ms = 0.1;
  plan.stimulus.pools = simulate::pools_of(plan.cell);
  for (auto& pool : plan.stimulus.pools) pool.excitatory_per_100ms_high = 80;
  plan.stimulus.inhibition_below_excitation = 80;
  plan.stimulus.inhibition_above_excitation = 0;
  plan.stimulus.excitatory_synapses = cell::excitatory_synapses(plan.cell);
  plan.stimulus.inhibitory_synapses = cell::inhibitory_synapses(plan.cell);
  plan.stimulus.interval_ms = {50};
  plan.stimulus.smoothing_sd_ms = {30};
  plan.data = {
      .trial_ms = 300, .train_trials = 21, .valid_trials = 3, .test_trials = 5, .trials_per_shard = 6};
  plan.data.dendritic_components = components;
  plan.data.dendritic_fit_trials = 19;
  plan.seed = 4;
  plan.identity = {cell::excitatory_synapses(plan.cell),
                   cell::inhibitory_synapses(plan.cell),
                   plan.data.trial_ms,
                   plan.seed,
                   "[cell]\na test's\n",
                   signals_of(plan)};
  return plan;
}

std::map<std::string, std::string> files_in(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder))
    files[entry.path().filename()] = files::read_file(entry.path());
  return files;
}

/// What two folders hold is the same; says which file is not rather than printing it.
void expect_same_files(const fs::path& a, const fs::path& b) {
  const auto in_a = files_in(a), in_b = files_in(b);
  EXPECT_EQ(in_a.size(), in_b.size());
  for (const auto& [name, bytes] : in_a) EXPECT_TRUE(in_b.contains(name) && in_b.at(name) == bytes) << name;
}

template <class F>
std::string refusal(F&& f) {
  try {
    f();
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(DetailedDataset, IsTheSameFilesWhateverTheNumberOfThreads) {
  const auto plan = small_plan();
  const auto one = fresh_folder("one"), three = fresh_folder("three");
  EXPECT_EQ(make_dataset(plan, one, 1, {}), 29);
  make_dataset(plan, three, 3, {});
  EXPECT_EQ(files_in(one).size(), 4u + 1 + 1 + 1);  // shards and the basis
  expect_same_files(one, three);
}

TEST(DetailedDataset, TrialsAreTheSameWhateverTheShardSize) {
  auto plan = small_plan();
  const auto six = fresh_folder("six"), nineteen = fresh_folder("nineteen");
  make_dataset(plan, six, 2, {});
  const auto a = open_split(plan, six, splits_of(plan.data)[0]);
  plan.data.trials_per_shard = 19;  // a whole batch and some, then two
  make_dataset(plan, nineteen, 2, {});
  const auto b = open_split(plan, nineteen, splits_of(plan.data)[0]);
  ASSERT_EQ(a.trials(), b.trials());
  size_t spikes = 0;
  for (size_t i = 0; i < a.trials(); ++i) {
    const auto x = a.trial(i), y = b.trial(i);
    EXPECT_TRUE(std::ranges::equal(x.excitatory.time_ms, y.excitatory.time_ms));
    EXPECT_TRUE(std::ranges::equal(x.soma_mV, y.soma_mV)) << i;
    EXPECT_TRUE(std::ranges::equal(x.signal("nexus_mV"), y.signal("nexus_mV"))) << i;
    EXPECT_TRUE(std::ranges::equal(x.signal("dendrites_pc"), y.signal("dendrites_pc"))) << i;
    EXPECT_TRUE(std::ranges::equal(x.spike_times_ms, y.spike_times_ms)) << i;
    spikes += x.spike_times_ms.size();
  }
  EXPECT_GT(spikes, 10u);
}

TEST(DetailedDataset, HoldsWhatTheSimulatorGivesForTheSameInput) {
  const auto plan = small_plan();
  const auto folder = fresh_folder("simulator");
  make_dataset(plan, folder, 1, {});
  const auto test = dataset::Split::open(folder, "test");
  const auto& cell = *cell::compartmental(plan.cell);
  for (size_t i = 0; i < test.trials(); ++i) {
    const auto input =
        stimulus::draw_input(plan.stimulus, plan.seed, random::Stage::stimulus_test, i, plan.data.trial_ms);
    const auto recording = simulate::simulate(cell, {plan.simulation.cable, simulate::Precision::in_float},
                                              std::span(&input, 1), plan.data.trial_ms, 1)[0];
    const auto trial = test.trial(i);
    const auto nexus_mV = trial.signal("nexus_mV");
    EXPECT_TRUE(std::ranges::equal(trial.excitatory.time_ms, input.excitatory.time_ms));
    for (size_t ms = 0; ms < 300; ++ms) {
      ASSERT_EQ(trial.soma_mV[ms], recording.soma_mV[8 * ms]);
      ASSERT_EQ(nexus_mV[ms], recording.nexus_mV[8 * ms]);
    }
    ASSERT_EQ(trial.spike_times_ms.size(), recording.spike_times_ms.size());
    for (size_t k = 0; k < trial.spike_times_ms.size(); ++k)
      EXPECT_EQ(trial.spike_times_ms[k], static_cast<float>(recording.spike_times_ms[k]));
  }
}

TEST(DetailedDataset, ASignalIsMadeFromTheQuantitiesRecordedForItAlone) {
  auto plan = small_plan();
  const auto& cell = *cell::compartmental(plan.cell);
  const simulate::Quantity m{"soma", "NaTs2_t.m", "", {0}}, h{"soma", "NaTs2_t.h", "", {0}};
  plan.identity.signals = {{"h", "1"}, {"h_and_m", "1", 2, true}, {"first_mV", "mV"}};
  const auto alternating = [](const simulate::Recording&, std::span<const std::vector<float>> quantities) {
    std::vector<float> values;
    for (size_t ms = 0; ms < quantities[0].size(); ++ms)
      values.insert(values.end(), {quantities[0][ms], quantities[1][ms]});
    return values;
  };
  const std::vector<SignalMaker> makers{
      {.quantities = {h},
       .from_recording = [](const simulate::Recording&, auto quantities) { return quantities[0]; }},
      {.quantities = {h, m}, .from_recording = alternating},
      {.at_ms = [](auto compartments_mV, auto values) { values[0] = compartments_mV[0]; }}};
  const auto test = splits_of(plan.data)[2];
  const auto trials = trial_source(plan, makers).simulate(test, 0, 3, [](int64_t) {});
  auto spec = plan.simulation.cable;
  spec.quantities = {h, m};
  const auto input = stimulus::draw_input(plan.stimulus, plan.seed, test.stage, 2, plan.data.trial_ms);
  const auto alone = simulate::simulate(cell, {spec, simulate::Precision::in_float}, std::span(&input, 1),
                                        plan.data.trial_ms, 1)[0];
  const auto& signals = trials[2].signals;
  EXPECT_EQ(signals[0], alone.quantities[0]);
  for (size_t ms = 0; ms < 300; ++ms) {
    ASSERT_EQ(signals[1][2 * ms], alone.quantities[0][ms]);
    ASSERT_EQ(signals[1][2 * ms + 1], alone.quantities[1][ms]);
    ASSERT_EQ(signals[2][ms], alone.soma_mV[8 * ms]);
  }
}

TEST(DetailedDataset, InterruptedAnywhereAndMadeAgainItIsTheSameFiles) {
  const auto plan = small_plan();
  const auto undisturbed = fresh_folder("undisturbed"), disturbed = fresh_folder("disturbed");
  make_dataset(plan, undisturbed, 2, {});
  struct Killed {};
  int kills = 0;
  for (int life = 1; life < 40; ++life) {
    int told = 0;
    try {
      make_dataset(plan, disturbed, 2, {.progress = [&](const Progress&) {
                     if (++told > life) throw Killed{};
                   }});
      break;
    } catch (const Killed&) {
      ++kills;
    }
  }
  EXPECT_GT(kills, 3);
  expect_same_files(undisturbed, disturbed);
  fs::remove(dendritic_basis_path(disturbed));
  fs::remove(dataset::shard_path(disturbed, "train", 1));
  EXPECT_EQ(make_dataset(plan, disturbed, 1, {}), 6);
  expect_same_files(undisturbed, disturbed);
}

TEST(DetailedDataset, ComponentsAreWhitenedOnTheTrialsTheyWereFittedOnAndHandedOutInWindows) {
  auto plan = small_plan();
  plan.data.train_trials = plan.data.dendritic_fit_trials;
  const auto folder = fresh_folder("white");
  make_dataset(plan, folder, 2, {});
  const auto train = open_split(plan, folder, splits_of(plan.data)[0]);
  double sum[3] = {}, squares[3] = {}, samples = 0, most = 0;
  for (size_t i = 0; i < train.trials(); ++i) {
    const auto dendrites_pc = train.trial(i).signal("dendrites_pc");
    ASSERT_EQ(dendrites_pc.size(), 3u * 300);
    for (size_t k = 0; k < dendrites_pc.size(); ++k) {
      const double x = dendrites_pc[k];
      sum[k % 3] += x;
      squares[k % 3] += x * x;
      most = std::max(most, std::abs(x));
    }
    samples += 300;
  }
  EXPECT_LE(most, 3);
  for (int k = 0; k < 3; ++k) {  // clipping at three standard deviations takes a little away
    EXPECT_NEAR(sum[k] / samples, 0, 0.1);
    EXPECT_GT(std::sqrt(squares[k] / samples), 0.8);
    EXPECT_LT(std::sqrt(squares[k] / samples), 1.001);
  }
  const std::array<dataset::Window, 2> windows{dataset::Window{1, 40}, dataset::Window{5, 100}};
  const auto batch = dataset::gather(
      train, windows, {.history_ms = 10, .window_ms = 50, .signals = {"dendrites_pc", "nexus_mV"}});
  const auto *dendrites = batch.signal("dendrites_pc"), *nexus = batch.signal("nexus_mV");
  ASSERT_TRUE(dendrites != nullptr && nexus != nullptr);
  EXPECT_EQ(dendrites->values_per_ms, 3);
  ASSERT_EQ(dendrites->values.size(), 2u * 50 * 3);
  EXPECT_EQ(dendrites->values[(50 + 7) * 3 + 2], train.trial(5).signal("dendrites_pc")[107 * 3 + 2]);
  ASSERT_EQ(nexus->values.size(), 2u * 50);
  EXPECT_EQ(nexus->values[50 + 7], train.trial(5).signal("nexus_mV")[107]);
  EXPECT_TRUE(dataset::gather(train, windows, {.history_ms = 10, .window_ms = 50}).signals.empty());
}

TEST(DetailedDataset, PublishedLabelsAreTheExactOnesOfTheSameFilesRoundedToHalf) {
  auto plan = small_plan(0);
  plan.data.train_trials = 60;
  const auto folder = fresh_folder("labels");
  make_dataset(plan, folder, 2, {});
  plan.data.labels = {.published = true, .soma_ceiling_mV = -55};
  const auto exact = dataset::Split::open(folder, "train"),
             published = open_split(plan, folder, splits_of(plan.data)[0]);
  int moved = 0;
  for (size_t i = 0; i < exact.trials(); ++i) {
    const auto a = exact.trial(i), b = published.trial(i);
    ASSERT_EQ(a.spike_times_ms.size(), b.spike_times_ms.size());
    for (size_t k = 0; k < a.spike_times_ms.size(); ++k) {
      EXPECT_EQ(b.spike_times_ms[k], dataset::rounded_to_half(a.spike_times_ms[k]));
      moved += a.spike_times_ms[k] != b.spike_times_ms[k];
    }
    for (size_t ms = 0; ms < 300; ++ms) EXPECT_EQ(b.soma_mV[ms], std::min(a.soma_mV[ms], -55.0f));
  }
  EXPECT_GT(moved, 0);  // from 256 ms on the grid is a quarter of a millisecond, the recording's an eighth
}

TEST(DetailedDataset, WithoutComponentsThereIsNoBasisAndWindowsOfThemAreRefused) {
  const auto plan = small_plan(0);
  const auto folder = fresh_folder("none");
  make_dataset(plan, folder, 2, {});
  EXPECT_FALSE(fs::exists(dendritic_basis_path(folder)));
  const std::array<dataset::Window, 1> windows{dataset::Window{1, 40}};
  const auto train = dataset::Split::open(folder, "train");
  EXPECT_TRUE(train.trial(0).signal("dendrites_pc").empty());
  EXPECT_EQ(train.identity().values_per_ms("dendrites_pc"), 0);
  EXPECT_EQ(refusal([&] {
              dataset::gather(train, windows,
                              {.history_ms = 10, .window_ms = 50, .signals = {"dendrites_pc"}});
            }),
            dataset::shard_path(folder, "train", 0).string() +
                ": has no signal 'dendrites_pc' under /output; it has nexus_mV");
}

TEST(SynapseClusters, AreRunsOfNeighboursForVoltagesOfNeighboursGoTogether) {
  const auto plan = small_plan();
  const auto clusters = make_synapse_clusters(plan, {4, 8}, fresh_folder("clusters"), 2, {});
  EXPECT_EQ(clusters.count, 4);
  EXPECT_EQ(clusters.of_excitatory, clusters.of_inhibitory);  // both kinds sit on the same compartments
  ASSERT_EQ(static_cast<int64_t>(clusters.of_excitatory.size()), plan.identity.excitatory_synapses);
  const std::set<int> used(clusters.of_excitatory.begin(), clusters.of_excitatory.end());
  EXPECT_EQ(used, (std::set<int>{0, 1, 2, 3}));
  // Along either dendrite, from the soma outwards, a cluster is left once and not met again.
  for (const auto& pool : plan.stimulus.pools) {
    std::vector<int> along;
    for (const int s : pool.excitatory) along.push_back(clusters.of_excitatory[s]);
    along.erase(std::unique(along.begin(), along.end()), along.end());
    EXPECT_EQ(std::set<int>(along.begin(), along.end()).size(), along.size()) << pool.name;
    EXPECT_GT(along.size(), 1u) << pool.name;
  }
}

TEST(SynapseClusters, AreTheSameOnAnyNumberOfThreadsAndReadBackAsWritten) {
  const auto plan = small_plan();
  const auto one = fresh_folder("clusters-one"), three = fresh_folder("clusters-three");
  const auto made = make_synapse_clusters(plan, {3, 19}, one, 1, {});
  make_synapse_clusters(plan, {3, 19}, three, 3, {});
  expect_same_files(one, three);
  int simulated = 0;
  const auto again =
      make_synapse_clusters(plan, {3, 19}, one, 1, {.progress = [&](const Progress&) { ++simulated; }});
  EXPECT_EQ(simulated, 0);
  EXPECT_EQ(again.of_excitatory, made.of_excitatory);
  EXPECT_EQ(again.count, 3);
  // Asked for in another number they are found anew, at most as many as compartments with synapses.
  const auto most = make_synapse_clusters(plan, {10'000, 19}, one, 1, {});
  EXPECT_EQ(most.count, plan.identity.excitatory_synapses);
}

TEST(SynapseClusters, DriveOnlyTheirPartOfTheNeuronInASetsShards) {
  const auto plan = small_plan();
  const auto folder = fresh_folder("clusters-driven");
  SplitPlan split{"ood-clusters", random::Stage::stimulus_clusters, 12};
  split.shift.driven_share = 0.3;
  split.shift.driven_factor = 4;
  split.shift.clusters = make_synapse_clusters(plan, {4, 8}, folder, 2, {});
  split.configuration = stimulus::determining_text(split.shift);
  make_splits(plan, std::array{split}, folder, 2, {});
  const auto trials = open_split(plan, folder, split);
  for (size_t i = 0; i < trials.trials(); ++i) {
    std::set<int> driven;  // one of the four
    for (const auto s : trials.trial(i).excitatory.synapse)
      driven.insert(split.shift.clusters.of_excitatory[s]);
    for (const auto s : trials.trial(i).inhibitory.synapse)
      driven.insert(split.shift.clusters.of_inhibitory[s]);
    EXPECT_EQ(driven.size(), 1u);
    EXPECT_EQ(trials.trial(i).signal("dendrites_pc").size(), 3u * 300);
  }
}

DatasetPlan broad_plan() {
  auto plan = small_plan(0);
  plan.data.train_trials = 40;
  plan.breadth.members = {
      {"unchanged", 0.3}, {"clusters", 0.3}, {"published_mixture", 0.2}, {"silence", 0.2}};
  plan.breadth.cluster_count = 4;
  plan.breadth.clusters_driven_share = 0.25;
  plan.identity.configuration = "[cell]\na broad test's\n";
  return plan;
}

TEST(BroadDataset, IsTheSameInShardsOfAnySizeOnAnyNumberOfThreads) {
  auto plan = broad_plan();
  const auto one = fresh_folder("broad-one"), other = fresh_folder("broad-other");
  make_dataset(plan, one, 1, {});
  const auto a = open_split(plan, one, splits_of(plan.data)[0]);
  plan.data.trials_per_shard = 17;
  make_dataset(plan, other, 2, {});
  const auto b = open_split(plan, other, splits_of(plan.data)[0]);
  for (size_t i = 0; i < a.trials(); ++i) {
    const auto x = a.trial(i), y = b.trial(i);
    EXPECT_TRUE(std::ranges::equal(x.excitatory.time_ms, y.excitatory.time_ms)) << i;
    EXPECT_TRUE(std::ranges::equal(x.excitatory.synapse, y.excitatory.synapse)) << i;
    EXPECT_TRUE(std::ranges::equal(x.inhibitory.time_ms, y.inhibitory.time_ms)) << i;
    EXPECT_TRUE(std::ranges::equal(x.soma_mV, y.soma_mV)) << i;
  }
}

TEST(BroadDataset, BroadensTrainingAndValidationAndLeavesTheTestTrialsAsTheyWere) {
  const auto plan = broad_plan();
  auto plain = plan;
  plain.breadth = {};
  const auto folder = fresh_folder("broad"), plain_folder = fresh_folder("broad-plain");
  make_dataset(plan, folder, 2, {});
  make_dataset(plain, plain_folder, 2, {});
  // Clusters are fitted on the training stream without breadth.
  const auto clusters = make_synapse_clusters(plan, {4, 8}, folder, 2, {});
  EXPECT_EQ(clusters.of_excitatory, make_synapse_clusters(plain, {4, 8}, plain_folder, 2, {}).of_excitatory);
  int unchanged = 0, driven_trials = 0;
  for (const auto& split : splits_of(plan.data)) {
    const auto broad = open_split(plan, folder, split), before = open_split(plain, plain_folder, split);
    for (size_t i = 0; i < broad.trials(); ++i) {
      const auto x = broad.trial(i), y = before.trial(i);
      const bool same = std::ranges::equal(x.excitatory.time_ms, y.excitatory.time_ms) &&
                        std::ranges::equal(x.excitatory.synapse, y.excitatory.synapse) &&
                        std::ranges::equal(x.soma_mV, y.soma_mV);
      const auto member =
          split.takes_breadth ? stimulus::member_of(plan.breadth, plan.seed, split.stage, i) : "unchanged";
      // Silence may begin after the trial's end.
      if (member != "silence") {
        EXPECT_EQ(same, member == "unchanged") << split.name << " " << i;
      }
      unchanged += member == "unchanged" && split.takes_breadth;
      if (member != "clusters") continue;
      ++driven_trials;
      std::set<int> driven;  // one of the four
      for (const auto s : x.excitatory.synapse) driven.insert(clusters.of_excitatory[s]);
      for (const auto s : x.inhibitory.synapse) driven.insert(clusters.of_inhibitory[s]);
      EXPECT_EQ(driven.size(), 1u) << split.name << " " << i;
    }
  }
  EXPECT_GT(unchanged, 3);
  EXPECT_GT(driven_trials, 3);
}

TEST(BroadDataset, ComponentsAreThoseOfTheDistributionWithoutBreadth) {
  auto plan = broad_plan();
  plan.data.dendritic_components = 2;
  plan.identity.signals = signals_of(plan);
  auto plain = plan;
  plain.breadth = {};
  int64_t samples = 0;
  EXPECT_EQ(fit_dendritic_basis(
                plan, 2, [](int64_t) {}, samples)
                .direction,
            fit_dendritic_basis(
                plain, 2, [](int64_t) {}, samples)
                .direction);
}

TEST(BroadDataset, InterruptedAnywhereAndMadeAgainItIsTheSameFiles) {
  const auto plan = broad_plan();
  const auto undisturbed = fresh_folder("broad-undisturbed"), disturbed = fresh_folder("broad-disturbed");
  make_dataset(plan, undisturbed, 2, {});
  make_dataset(plan, disturbed, 2, {});
  fs::remove(dataset::shard_path(disturbed, "train", 3));
  fs::remove(synapse_clusters_path(disturbed));
  EXPECT_EQ(make_dataset(plan, disturbed, 1, {}), 6);
  expect_same_files(undisturbed, disturbed);
  EXPECT_EQ(make_dataset(plan, disturbed, 1, {}), 0);
}

TEST(DetailedDataset, AVoltageThatNoMembraneHasIsNamedWithItsTrialAndNotWritten) {
  auto plan = small_plan(0);
  auto& cell = std::get<cell::DetailedCell>(plan.cell);
  auto& synapses = cell.placements[*cell.excitatory.placement];
  for (size_t k = 0; k < synapses.mechanism().parameters.size(); ++k)
    if (synapses.mechanism().parameters[k].name == "e")
      for (auto& values : synapses.parameters) values[k] = 1e30;
  const auto folder = fresh_folder("unphysical");
  try {
    make_dataset(plan, folder, 1, {});
    FAIL() << "1e28 mV in a data set";
  } catch (const RunError& error) {
    const std::string said = error.what();
    EXPECT_EQ(said.find("valid, trial 0: the voltage of "), 0u) << said;
    EXPECT_NE(said.find("; the current of AMPANMDA in "), std::string::npos) << said;
  }
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST(DetailedDataset, MoreComponentsThanCompartmentsAreRefused) {
  auto plan = small_plan(500);
  const auto folder = fresh_folder("many");
  try {
    make_dataset(plan, folder, 1, {});
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("data.dendritic_components is 500, but the voltages of"),
              std::string::npos)
        << error.what();
  }
}

TEST(DetailedDataset, AStoredBasisOrClustersOfAnotherSizeAreRefused) {
  const auto plan = small_plan(1);
  const auto folder = fresh_folder("other-sizes");
  fs::create_directories(folder);
  const auto basis = [&](size_t components, size_t compartments) {
    const DendriticBasis b{std::vector<double>(compartments), std::vector<double>(components * compartments),
                           std::vector<double>(components, 1.0), 1};
    files::write_file_atomically(dendritic_basis_path(folder),
                                 dendritic_basis_bytes(b, plan.identity.configuration, 19, 100));
    return refusal([&] { make_dataset(plan, folder, 1, {}); });
  };
  EXPECT_NE(basis(1, 2).find("has 1 components of 2 compartments, expected 1 of "), std::string::npos);
  EXPECT_NE(basis(2, dataset::cell_table(plan.cell).section.size()).find("has 2 components of"),
            std::string::npos);

  const ClusterSpec spec{2, 3};
  const auto configuration =
      fmt::format("{}\n[clusters]\ncount = 2\nfit_trials = 3\n", plan.identity.configuration);
  files::write_file_atomically(synapse_clusters_path(folder),
                               synapse_clusters_bytes({2, {0, 1}, {0}}, configuration, 3));
  EXPECT_NE(refusal([&] {
              make_synapse_clusters(plan, spec, folder, 1, {});
            }).find("has clusters of 2 excitatory and 1 inhibitory synapses, expected"),
            std::string::npos);
}

}  // namespace
}  // namespace nt::produce

#include "produce/make_dataset.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "config/message_of.hpp"
#include "config/temporary_folder.hpp"
#include "dataset/windows.hpp"
#include "produce/background_dataset.hpp"
#include "produce/outdated.hpp"
#include "produce/plan.hpp"
#include "produce/trial_source.hpp"

namespace nt::produce {
namespace {

namespace fs = std::filesystem;

DatasetPlan small_plan() {
  DatasetPlan plan;
  plan.stimulus.interval_ms = {50};
  plan.stimulus.smoothing_sd_ms = {60};
  plan.data = {
      .trial_ms = 1500, .train_trials = 20, .valid_trials = 3, .test_trials = 5, .trials_per_shard = 4};
  plan.seed = 5;
  plan.identity = {80, 20, plan.data.trial_ms, plan.seed,
                   "trial_ms = 1500\n[cell]\nkind = \"integrate-and-fire\"\n"};
  return plan;
}

fs::path fresh_folder(const std::string& name) {
  auto folder = config::own_temporary_folder() / name;
  fs::remove_all(folder);
  return folder;
}

TEST(Dataset, ShardsAreTheSameBytesWhateverTheNumberOfThreads) {
  const auto plan = small_plan();
  const auto one = fresh_folder("one"), two = fresh_folder("two");
  EXPECT_EQ(make_dataset(plan, one, 1, {}), 28);
  make_dataset(plan, two, 2, {});
  int shards = 0;
  for (const auto& entry : fs::directory_iterator(one)) {
    EXPECT_EQ(files::read_file(entry.path()), files::read_file(two / entry.path().filename()));
    ++shards;
  }
  EXPECT_EQ(shards, 5 + 1 + 2);
}

TEST(Dataset, TrialsAreTheSameWhateverTheShardSize) {
  auto plan = small_plan();
  const auto folder = fresh_folder("sizes"), other = fresh_folder("sizes7");
  make_dataset(plan, folder, 1, {});
  const auto four = open_split(plan, folder, splits_of(plan.data)[0]);
  plan.data.trials_per_shard = 7;
  make_dataset(plan, other, 1, {});
  const auto seven = open_split(plan, other, splits_of(plan.data)[0]);
  ASSERT_EQ(four.trials(), seven.trials());
  for (size_t i = 0; i < four.trials(); ++i) {
    const auto a = four.trial(i), b = seven.trial(i);
    EXPECT_TRUE(std::ranges::equal(a.soma_mV, b.soma_mV));
    EXPECT_TRUE(std::ranges::equal(a.excitatory.synapse, b.excitatory.synapse));
    EXPECT_TRUE(std::ranges::equal(a.spike_times_ms, b.spike_times_ms));
  }
}

TEST(Dataset, WholeShardsAreKeptAndTheRestIsMadeAgain) {
  const auto plan = small_plan();
  const auto folder = fresh_folder("resume");
  make_dataset(plan, folder, 1, {});
  const auto before = files::read_file(dataset::shard_path(folder, "train", 2));
  fs::remove(dataset::shard_path(folder, "train", 2));
  std::ofstream(folder / "train-0001.h5.half-written") << "junk";
  EXPECT_EQ(make_dataset(plan, folder, 2, {}), 4);
  EXPECT_EQ(files::read_file(dataset::shard_path(folder, "train", 2)), before);
  EXPECT_FALSE(fs::exists(folder / "train-0001.h5.half-written"));
}

TEST(Dataset, AStopInTheMiddleLeavesWholeShardsAndTheRestIsMadeAfterwards) {
  const auto plan = small_plan();
  const auto whole = fresh_folder("not-stopped"), folder = fresh_folder("stopped");
  make_dataset(plan, whole, 1, {});
  std::stop_source source;
  const Watcher watcher{.progress =
                            [&](const Progress& p) {
                              if (p.done >= 9) source.request_stop();
                            },
                        .stop = source.get_token()};
  EXPECT_THROW(make_dataset(plan, folder, 1, watcher), RunError);
  const auto left = make_dataset(plan, folder, 1, {});
  EXPECT_GT(left, 0);
  EXPECT_LT(left, 28);
  for (const auto& entry : fs::directory_iterator(whole))
    EXPECT_EQ(files::read_file(entry.path()), files::read_file(folder / entry.path().filename()));
}

TEST(Dataset, FewerTrialsLeaveNoOldShardsBehind) {
  auto plan = small_plan();
  const auto folder = fresh_folder("fewer");
  make_dataset(plan, folder, 1, {});
  plan.data.train_trials = 6;
  make_dataset(plan, folder, 1, {});
  EXPECT_EQ(dataset::Split::open(folder, "train").trials(), 6u);
}

TEST(Dataset, AnotherConfigurationIsRefusedAndSaid) {
  auto plan = small_plan();
  const auto folder = fresh_folder("other");
  make_dataset(plan, folder, 1, {});
  plan.identity.configuration = "trial_ms = 1500\n[cell]\nkind = \"something else\"\n";
  const std::string expected =
      ": was made by another configuration (cell.kind: 'integrate-and-fire' there, 'something else' here); "
      "choose another --out, or remove the dataset folder";
  EXPECT_EQ(config::message_of([&] { make_dataset(plan, folder, 1, {}); }),
            dataset::shard_path(folder, "valid", 0).string() + expected);
  EXPECT_EQ(config::message_of([&] { open_split(plan, folder, splits_of(plan.data)[0]); }),
            dataset::shard_path(folder, "train", 0).string() + expected);
}

SplitPlan shifted_split(double rate_factor) {
  SplitPlan split{"ood-rates_high", random::Stage::stimulus_rates_high, 10};
  split.shift.rate_factor = rate_factor;
  split.configuration = stimulus::determining_text(split.shift);
  return split;
}

TEST(ShiftedSplit, TrialsAreTheSameWhateverTheShardSizeThreadsAndOtherSets) {
  auto plan = small_plan();
  const auto split = shifted_split(1.5);
  auto other = shifted_split(0.5);
  other.name = "ood-rates_low";
  other.stage = random::Stage::stimulus_rates_low;
  const auto folder = fresh_folder("shifted"), apart = fresh_folder("shifted7");
  EXPECT_EQ(make_splits(plan, std::array{other, split}, folder, 2, {}), 20);
  EXPECT_TRUE(fs::exists(folder / "ood-rates_high-0002.h5"));
  const auto four = open_split(plan, folder, split);
  plan.data.trials_per_shard = 7;
  make_splits(plan, std::array{split}, apart, 1, {});
  const auto seven = open_split(plan, apart, split);
  ASSERT_EQ(four.trials(), 10u);
  ASSERT_EQ(seven.trials(), 10u);
  for (size_t i = 0; i < 10; ++i) {
    const auto a = four.trial(i), b = seven.trial(i);
    EXPECT_TRUE(std::ranges::equal(a.soma_mV, b.soma_mV));
    EXPECT_TRUE(std::ranges::equal(a.excitatory.time_ms, b.excitatory.time_ms));
    EXPECT_TRUE(std::ranges::equal(a.inhibitory.synapse, b.inhibitory.synapse));
  }
}

TEST(ShiftedSplit, IsMadeBesideTheDataSetAndLeavesItAlone) {
  const auto plan = small_plan();
  const auto folder = fresh_folder("shifted-beside");
  make_dataset(plan, folder, 1, {});
  const auto before = files::read_file(dataset::shard_path(folder, "test", 0));
  const auto split = shifted_split(1.5);
  EXPECT_EQ(make_splits(plan, std::array{split}, folder, 1, {}), 10);
  EXPECT_EQ(make_splits(plan, std::array{split}, folder, 1, {}), 0);
  EXPECT_EQ(make_dataset(plan, folder, 1, {}), 0);
  EXPECT_EQ(files::read_file(dataset::shard_path(folder, "test", 0)), before);
  EXPECT_TRUE(fs::exists(dataset::shard_path(folder, split.name, 0)));
}

TEST(ShiftedSplit, IsMadeAgainForAnotherShiftAndRefusedForAnotherNeuron) {
  auto plan = small_plan();
  const auto folder = fresh_folder("shifted-again");
  make_splits(plan, std::array{shifted_split(1.5)}, folder, 1, {});
  EXPECT_EQ(make_splits(plan, std::array{shifted_split(1.75)}, folder, 1, {}), 10);
  EXPECT_THROW(open_split(plan, folder, shifted_split(1.5)), InputError);
  plan.identity.configuration = "trial_ms = 1500\n[cell]\nkind = \"something else\"\n";
  EXPECT_NE(config::message_of([&] {
              make_splits(plan, std::array{shifted_split(1.75)}, folder, 1, {});
            }).find("was made by another configuration"),
            std::string::npos);
}

TEST(Dataset, ACutFileIsSaidToBeCut) {
  const auto plan = small_plan();
  const auto folder = fresh_folder("cut");
  make_dataset(plan, folder, 1, {});
  const auto file = dataset::shard_path(folder, "valid", 0);
  const auto whole = fs::file_size(file);
  for (const double part : {0.0, 0.001, 0.1, 0.5, 0.99}) {
    fs::resize_file(file, static_cast<uintmax_t>(part * static_cast<double>(whole)));
    const auto message = config::message_of([&] { open_split(plan, folder, splits_of(plan.data)[1]); });
    EXPECT_TRUE(message.starts_with(file.string())) << message;
    EXPECT_TRUE(message.find("cut short") != std::string::npos ||
                message.find("not an HDF5 file") != std::string::npos)
        << message;
  }
}

TEST(Dataset, AFileWithAnyByteChangedIsRefused) {
  const auto plan = small_plan();
  const auto folder = fresh_folder("flip");
  make_dataset(plan, folder, 1, {});
  const auto file = dataset::shard_path(folder, "valid", 0);
  const auto good = files::read_file(file);
  random::Random random(1, random::Stage::test_cases, 0, random::StreamName::test_case);
  for (int i = 0; i < 300; ++i) {
    auto bad = good;
    // Half of the changes in the first pages, where the structure is.
    const auto at = random.integer(0, i % 2 ? 4000 : static_cast<int64_t>(bad.size()) - 1);
    bad[at] ^= static_cast<char>(1 << random.integer(0, 7));
    std::ofstream(file, std::ios::binary) << bad;
    EXPECT_THROW(dataset::Shard{file}, InputError) << "a bit of byte " << at;
  }
}

/// A plan that knows what its neuron and recipe are.
DatasetPlan known_plan(const std::string& cell, const std::string& recipe = "recipe") {
  auto plan = small_plan();
  plan.identity.configuration = cell;
  plan.identity.neuron = files::digest(cell);
  plan.identity.recipe = files::digest(recipe);
  return plan;
}

TEST(Dataset, ShardsSayWhoMadeThemAndTheirDigest) {
  const auto plan = known_plan("[cell]\nx = 1\n");
  const auto folder = fresh_folder("says");
  make_dataset(plan, folder, 1, {});
  const dataset::Shard shard(dataset::shard_path(folder, "train", 1));
  EXPECT_EQ(shard.identity().neuron, plan.identity.neuron);
  EXPECT_EQ(shard.identity().recipe, plan.identity.recipe);
  EXPECT_EQ(shard.digest(), files::Hdf5File(shard.path()).text_attribute("digest"));
}

TEST(Dataset, OfOtherFilesOrAlgorithmsIsPutAsideAndOfOtherSettingsRefused) {
  const auto plan = known_plan("[algorithms]\nsimulate = 1\n[cell]\nmorphology = 'content 12'\nx = 1\n");
  for (const auto& [name, configuration] :
       {std::pair{"file", "[algorithms]\nsimulate = 1\n[cell]\nmorphology = 'content 34'\nx = 1\n"},
        std::pair{"algorithm", "[algorithms]\nsimulate = 2\n[cell]\nmorphology = 'content 12'\nx = 1\n"},
        std::pair{"file-of-other-defaults",
                  "[algorithms]\nsimulate = 1\n[cell]\nmorphology = 'content 34'\nx = 2\n"}}) {
    const auto folder = fresh_folder(std::string("outdated-") + name);
    const auto aside = fresh_folder(std::string("outdated-") + name + "-before-1");
    make_dataset(plan, folder, 1, {});
    EXPECT_EQ(put_outdated_aside(plan, folder), "");
    EXPECT_NE(put_outdated_aside(known_plan(configuration), folder).find(aside.string()), std::string::npos);
    EXPECT_FALSE(fs::exists(folder));
    EXPECT_EQ(open_split(plan, aside, splits_of(plan.data)[0]).trials(), 20u);
  }
  const auto folder = fresh_folder("other-settings");
  make_dataset(plan, folder, 1, {});
  const auto other = known_plan("[algorithms]\nsimulate = 1\n[cell]\nmorphology = 'content 12'\nx = 2\n");
  EXPECT_NE(config::message_of([&] { put_outdated_aside(other, folder); }).find("cell.x: 1 there, 2 here"),
            std::string::npos);
  EXPECT_TRUE(fs::exists(folder));
}

TEST(Dataset, OfAnOlderProgramIsPutAside) {
  const auto folder = fresh_folder("of-older"), aside = fresh_folder("of-older-before-1");
  make_dataset(small_plan(), folder, 1, {});
  const auto plan = known_plan(small_plan().identity.configuration);
  EXPECT_NE(
      config::message_of([&] { open_split(plan, folder, splits_of(plan.data)[0]); }).find("older neurontwin"),
      std::string::npos);
  EXPECT_NE(put_outdated_aside(plan, folder).find("is of an older neurontwin"), std::string::npos);
  EXPECT_TRUE(fs::exists(aside));
}

TEST(Dataset, OfTwoNeuronsOrRecipesIsRefusedWithTheShardsNames) {
  const auto plan = known_plan("[cell]\nx = 1\n");
  const auto folder = fresh_folder("mixed"), other_folder = fresh_folder("mixed-other");
  for (const auto& other : {known_plan("[cell]\nx = 2\n"), known_plan("[cell]\nx = 1\n", "other")}) {
    make_dataset(plan, folder, 1, {});
    make_dataset(other, other_folder, 1, {});
    fs::copy_file(dataset::shard_path(other_folder, "train", 2), dataset::shard_path(folder, "train", 2),
                  fs::copy_options::overwrite_existing);
    for (const auto& asked : {plan, other}) {
      const auto message = config::message_of([&] { put_outdated_aside(asked, folder); });
      for (const auto* part : {"not all made from one neuron and recipe", "train-0002.h5", "test-0000.h5"})
        EXPECT_NE(message.find(part), std::string::npos) << message;
    }
    fs::remove_all(folder);
    fs::remove_all(other_folder);
  }
}

TEST(Dataset, DigestOfASplitIsOfTheContentOfAllItsShards) {
  const auto plan = known_plan("[cell]\nx = 1\n");
  const auto folder = fresh_folder("digest"), again = fresh_folder("digest-again");
  const auto train = splits_of(plan.data)[0];
  EXPECT_EQ(dataset::digest_of_split(files_of(plan, train), folder, 2), "");
  make_dataset(plan, folder, 1, {});
  make_dataset(plan, again, 1, {});
  const auto known = dataset::digest_of_split(files_of(plan, train), folder, 2);
  EXPECT_EQ(known.size(), 32u);
  EXPECT_EQ(known, dataset::digest_of_split(files_of(plan, train), again, 1));
  EXPECT_EQ(known, open_split(plan, folder, train).digest());
  EXPECT_NE(known, dataset::digest_of_split(files_of(plan, splits_of(plan.data)[2]), folder, 1));
  const auto shard = dataset::shard_path(folder, "train", 3);
  const auto bytes = files::read_file(shard);
  const auto time = fs::last_write_time(shard);
  auto bad = bytes;
  bad[bad.size() / 2] ^= 1;
  files::write_file_atomically(shard, bad);
  fs::last_write_time(shard, time);
  EXPECT_TRUE(config::message_of([&] {
                dataset::digest_of_split(files_of(plan, train), folder, 2);
              }).starts_with(shard.string()));
  fs::remove(shard);
  EXPECT_EQ(dataset::digest_of_split(files_of(plan, train), folder, 2), "");
}

TEST(Dataset, AVoltageThatIsNoNumberIsNamedWithItsTrialAndTime) {
  const auto plan = small_plan();
  const auto cell = dataset::cell_table(plan.cell);
  const auto file = fresh_folder("nan") / "train-0001.h5";
  fs::create_directories(file.parent_path());
  for (const auto& [value, word] : {std::pair{NAN, "not a number (NaN)"}, std::pair{INFINITY, "infinite"}}) {
    std::vector<simulate::Trial> trials(3);
    for (auto& trial : trials) trial.soma_mV.assign(1500, -70.0f);
    trials[2].soma_mV[11] = value;
    files::write_file_atomically(file, dataset::shard_bytes(plan.identity, cell, "train", 4, trials));
    EXPECT_EQ(
        config::message_of([&] { dataset::Shard{file}; }),
        fmt::format("{}: /output/soma_mV is {} in trial 6 of train at 11 ms, expected a finite number; the "
                    "file is damaged or its neuron came to no number there; remove it and simulate again",
                    file.string(), word));
  }
}

/// One silent trial of 3 ms as a program that is not ours could write it, with what `add` puts beside.
fs::path shard_from_elsewhere(const std::string& name, const std::function<void(files::Hdf5Image&)>& add) {
  files::Hdf5Image image;
  for (const auto* text : {"configuration", "split"}) image.attribute(text, "from elsewhere");
  image.attribute("format", "neurontwin dataset 1");
  for (const auto& [number, value] : {std::pair{"seed", 0},
                                      {"first_trial", 0},
                                      {"trials", 1},
                                      {"duration_ms", 3},
                                      {"excitatory_synapses", 1},
                                      {"inhibitory_synapses", 0}})
    image.attribute(number, int64_t{value});
  const std::vector<uint64_t> none{0, 0};
  for (const auto* kind : {"/input/exc", "/input/inh"}) {
    image.write<uint64_t>(fmt::format("{}/offset", kind), none, "events");
    image.write<uint16_t>(fmt::format("{}/synapse", kind), {}, "index", {0});
    image.write<uint32_t>(fmt::format("{}/time_ms", kind), {}, "ms", {0});
  }
  image.write<uint64_t>("/output/spikes/offset", none, "events");
  image.write<float>("/output/spikes/time_ms", {}, "ms", {0});
  image.write<float>("/output/soma_mV", std::vector<float>{-70, -71, -72}, "mV", {1, 3});
  add(image);
  const auto folder = fresh_folder(name);
  fs::create_directories(folder);
  files::write_file_atomically(dataset::shard_path(folder, "test", 0), image.bytes());
  return folder;
}

TEST(Signals, FromElsewhereAreReadBackWithTheirUnits) {
  const auto folder = shard_from_elsewhere("elsewhere", [](files::Hdf5Image& image) {
    image.write<float>("/output/tuft_calcium", std::vector<float>{1, 2, 3}, "mM", {1, 3});
    image.write<float>("/output/currents", std::vector<float>{1, 2, 3, 4, 5, 6}, "nA", {1, 3, 2});
    image.write<float>("/output/one_in_a_list", std::vector<float>{7, 8, 9}, "", {1, 3, 1});
    image.write<double>("/output/of_another_shape", std::vector<double>{1, 2}, "", {1, 2});
  });
  const auto split = dataset::Split::open(folder, "test");
  const std::vector<dataset::Signal> expected{
      {"currents", "nA", 2, true}, {"one_in_a_list", "", 1, true}, {"tuft_calcium", "mM", 1, false}};
  EXPECT_EQ(split.identity().signals, expected);
  EXPECT_EQ(split.identity().values_per_ms("currents"), 2);
  EXPECT_EQ(split.identity().values_per_ms("soma_mV"), 0);
  EXPECT_EQ(split.identity().find_signal("spikes"), nullptr);
  EXPECT_TRUE(std::ranges::equal(split.trial(0).signal("tuft_calcium"), std::vector<float>{1, 2, 3}));
  EXPECT_TRUE(split.trial(0).signal("calcium").empty());
  const std::array<dataset::Window, 1> windows{dataset::Window{0, 1}};
  const auto batch =
      dataset::gather(split, windows, {.window_ms = 2, .signals = {"tuft_calcium", "currents"}});
  EXPECT_EQ(batch.signal("tuft_calcium")->values, (std::vector<float>{2, 3}));
  EXPECT_EQ(batch.signal("currents")->values, (std::vector<float>{3, 4, 5, 6}));
  EXPECT_EQ(batch.signal("one_in_a_list"), nullptr);
  EXPECT_EQ(
      config::message_of([&] { dataset::gather(split, windows, {.window_ms = 2, .signals = {"calcium"}}); }),
      dataset::shard_path(folder, "test", 0).string() +
          ": has no signal 'calcium' under /output; it has currents, one_in_a_list, tuft_calcium");
}

TEST(Signals, ThatTheDataSetHasNoneOfIsSaid) {
  const auto folder = shard_from_elsewhere("no-signals", [](files::Hdf5Image&) {});
  EXPECT_EQ(config::message_of([&] { dataset::Split::open(folder, "test").signal("nexus_mV"); }),
            dataset::shard_path(folder, "test", 0).string() +
                ": has no signal 'nexus_mV' under /output; it has none");
}

TEST(Signals, ThatAreNoFloatsOrNoNumbersAreRefusedByName) {
  const auto refused = [](auto type, auto value) {
    using T = decltype(type);
    const auto folder = shard_from_elsewhere("refused", [&](files::Hdf5Image& image) {
      image.write<T>("/output/calcium", std::vector<T>{1, value, 3}, "mM", {1, 3});
    });
    return config::message_of([&] { dataset::Split::open(folder, "test"); });
  };
  EXPECT_NE(refused(double{}, 2.0).find("/output/calcium has another type than the float32 expected"),
            std::string::npos);
  EXPECT_NE(refused(float{}, NAN)
                .find("/output/calcium is not a number (NaN) in trial 0 of from elsewhere at 1 ms"),
            std::string::npos);
}

TEST(Signals, OfAPointNeuronAreMadeFromItsTrial) {
  auto plan = small_plan();
  plan.identity.signals = {{"halved_mV", "mV"}};
  const auto train = splits_of(plan.data)[0];
  const std::vector<SignalMaker> makers{{.from_recording = [](const simulate::Recording& recording, auto) {
    auto halved = recording.soma_mV;
    for (auto& mV : halved) mV /= 2;
    return halved;
  }}};
  const auto trials = trial_source(plan, makers).simulate(train, 2, 2, [](int64_t) {});
  const auto folder = fresh_folder("halved");
  fs::create_directories(folder);
  files::write_file_atomically(dataset::shard_path(folder, "train", 0),
                               dataset::shard_bytes(plan.identity, {}, "train", 2, trials));
  const auto split = dataset::Split::open(folder, "train");
  EXPECT_EQ(split.identity().signals, plan.identity.signals);
  EXPECT_EQ(split.trial(1).signal("halved_mV")[1499], split.trial(1).soma_mV[1499] / 2);
}

TEST(Signals, ThatNothingMakesAreRefusedBeforeTheFirstTrial) {
  auto plan = small_plan();
  const auto folder = fresh_folder("unmade");
  for (const auto& [name, words] : {std::pair{"nexus_mV", "the signal 'nexus_mV' cannot be made of "},
                                    {"pH", "no simulation makes the signal 'pH'"}}) {
    plan.identity.signals = {{name, ""}};
    try {
      make_dataset(plan, folder, 1, {});
      FAIL() << name;
    } catch (const RunError& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with(words)) << error.what();
    }
    EXPECT_TRUE(fs::is_empty(folder));
  }
}

TEST(BackgroundDataset, GivesValidationFirstThenTrainingInOrder) {
  const auto plan = small_plan();
  const auto folder = fresh_folder("background"), at_once = fresh_folder("at-once");
  BackgroundDataset data(plan, folder, 2, 1);
  data.wait_for("valid", 3, {});
  EXPECT_TRUE(fs::exists(dataset::shard_path(folder, "valid", 0)));
  data.wait_for("train", 6, {});
  dataset::Split split;
  split.grow(files_of(plan, splits_of(plan.data)[0]), folder, 6);
  EXPECT_EQ(split.trials(), 8u);  // whole shards
  split.grow(files_of(plan, splits_of(plan.data)[0]), folder, 8);
  EXPECT_EQ(split.trials(), 8u);
  EXPECT_EQ(data.finish({}), 28);
  split.grow(files_of(plan, splits_of(plan.data)[0]), folder, 20);
  EXPECT_EQ(split.trials(), 20u);
  make_dataset(plan, at_once, 2, {});
  for (const auto& entry : fs::directory_iterator(at_once))
    EXPECT_EQ(files::read_file(entry.path()), files::read_file(folder / entry.path().filename()));
}

TEST(BackgroundDataset, SaysToWhomItWaitsWhatStoppedIt) {
  auto plan = small_plan();
  const auto folder = fresh_folder("background-other");
  make_dataset(plan, folder, 1, {});
  plan.identity.configuration = "trial_ms = 1500\n[cell]\nkind = \"something else\"\n";
  BackgroundDataset data(plan, folder, 2, 1);
  EXPECT_NE(
      config::message_of([&] { data.wait_for("train", 20, {}); }).find("was made by another configuration"),
      std::string::npos);
  EXPECT_THROW(data.rethrow_failure(), InputError);
}

TEST(BackgroundDataset, StopsSoonWhenNobodyWaitsAnyMore) {
  auto plan = small_plan();
  plan.data.train_trials = 100'000;  // for minutes
  const auto folder = fresh_folder("background-left");
  {
    BackgroundDataset data(plan, folder, 2, 1);
    data.wait_for("valid", 3, {});
  }
  EXPECT_TRUE(fs::exists(dataset::shard_path(folder, "valid", 0)));
  EXPECT_FALSE(fs::exists(dataset::shard_path(folder, "test", 0)));
}

/// A point neuron of more synapses than 16 bits can number.
DatasetPlan wide_plan() {
  auto plan = small_plan();
  cell::IntegrateAndFire cell;
  cell.excitatory_synapses = 70'000;
  cell.inhibitory_synapses = 66'000;
  cell.excitatory_weight_mV = 0.02;
  cell.inhibitory_weight_mV = -0.02;
  plan.cell = cell;
  plan.stimulus.excitatory_synapses = cell.excitatory_synapses;
  plan.stimulus.inhibitory_synapses = cell.inhibitory_synapses;
  plan.stimulus.pools = {stimulus::one_pool(cell.excitatory_synapses, cell.inhibitory_synapses)};
  plan.stimulus.pools[0].excitatory_per_100ms_low = plan.stimulus.pools[0].excitatory_per_100ms_high = 3000;
  plan.data = {.trial_ms = 60, .train_trials = 1, .valid_trials = 1, .test_trials = 2, .trials_per_shard = 2};
  plan.identity = {cell.excitatory_synapses, cell.inhibitory_synapses, plan.data.trial_ms, plan.seed,
                   "wide\n"};
  return plan;
}

TEST(Dataset, KeepsTheNumbersOfMoreSynapsesThan16BitsHold) {
  const auto plan = wide_plan();
  const auto folder = fresh_folder("wide");
  make_dataset(plan, folder, 1, {});
  const auto test = open_split(plan, folder, splits_of(plan.data)[2]);
  const auto input =
      stimulus::draw_input(plan.stimulus, plan.seed, random::Stage::stimulus_test, 1, plan.data.trial_ms);
  const auto trial = test.trial(1);
  EXPECT_TRUE(std::ranges::equal(trial.excitatory.synapse, input.excitatory.synapse));
  EXPECT_TRUE(std::ranges::equal(trial.inhibitory.synapse, input.inhibitory.synapse));
  EXPECT_GT(std::ranges::max(input.excitatory.synapse), 65'536u);
  EXPECT_GT(std::ranges::max(input.inhibitory.synapse), 65'536u - 2000);

  const std::vector<dataset::Window> whole{{1, 0}};
  const auto batch = dataset::gather(test, whole, {.history_ms = 0, .window_ms = plan.data.trial_ms});
  std::vector<int32_t> channels;
  for (size_t i = 1; i < batch.events.size(); i += 3) channels.push_back(batch.events[i]);
  std::vector<int32_t> drawn(input.excitatory.synapse.begin(), input.excitatory.synapse.end());
  for (const auto s : input.inhibitory.synapse) drawn.push_back(static_cast<int32_t>(70'000 + s));
  EXPECT_EQ(channels, drawn);
}

TEST(Dataset, AVoltageThatNoMembraneHasIsNamedAndNotWritten) {
  auto plan = wide_plan();
  auto cell = std::get<cell::IntegrateAndFire>(plan.cell);
  cell.excitatory_weight_mV = 1000;
  plan.cell = cell;
  const auto folder = fresh_folder("unphysical");
  try {
    make_dataset(plan, folder, 1, {});
    FAIL() << "volts in a data set";
  } catch (const RunError& error) {
    const std::string said = error.what();
    EXPECT_EQ(said.find("valid, trial 0: the voltage is "), 0u) << said;
    EXPECT_NE(said.find(" ms, expected from -1000 to 1000 mV"), std::string::npos) << said;
  }
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST(Windows, HoldTheInputBeforeThemAndTheOutputWithin) {
  const auto plan = small_plan();
  const auto folder = fresh_folder("windows");
  make_dataset(plan, folder, 1, {});
  const auto split = dataset::Split::open(folder, "train");
  const auto windows = dataset::draw_windows(split, 20, 1, 0, 30, 200, 0);
  const auto batch = dataset::gather(split, windows, {.history_ms = 79, .window_ms = 200});
  const auto cut = dataset::gather(
      split, windows,
      {.history_ms = 79, .window_ms = 200, .full_history = false, .soma_skips_after_spike_ms = 30});
  std::vector<int64_t> counted(30), expected(30), counted_cut(30);
  for (int64_t e = 0; e < batch.event_count(); ++e) {
    const auto* event = &batch.events[3 * e];
    ++counted[event[0]];
    ASSERT_GE(event[2], 0);
    ASSERT_LT(event[2], 279);
    ASSERT_LT(event[1], 100);
  }
  for (int64_t e = 0; e < cut.event_count(); ++e) {
    ++counted_cut[cut.events[3 * e]];
    ASSERT_GE(cut.events[3 * e + 2], 79);
  }
  for (size_t w = 0; w < windows.size(); ++w) {
    const auto trial = split.trial(windows[w].trial);
    for (const auto* kind : {&trial.excitatory, &trial.inhibitory}) {
      for (const auto t : kind->time_ms) {
        expected[w] += t + 79 >= static_cast<uint64_t>(windows[w].start_ms) &&
                       t < static_cast<uint64_t>(windows[w].start_ms + 200);
      }
    }
    EXPECT_EQ(counted[w], expected[w]);
    EXPECT_LT(counted_cut[w], counted[w]);
    EXPECT_EQ(batch.soma_mV[w * 200 + 7], trial.soma_mV[windows[w].start_ms + 7]);
    int spikes = 0, labelled = 0;
    for (const float t : trial.spike_times_ms) {
      spikes +=
          t >= static_cast<float>(windows[w].start_ms) && t < static_cast<float>(windows[w].start_ms + 200);
    }
    for (size_t t = 0; t < 200; ++t) labelled += batch.spikes[w * 200 + t] == 1.0f;
    EXPECT_EQ(labelled, spikes);
    for (int64_t t = 0; t < 200; ++t) {
      const auto now = static_cast<float>(windows[w].start_ms + t);
      const bool in_wake =
          std::ranges::any_of(trial.spike_times_ms, [&](float s) { return s <= now && now < s + 30; });
      EXPECT_EQ(cut.soma_counts[w * 200 + static_cast<size_t>(t)], in_wake ? 0 : 1);
      EXPECT_EQ(batch.soma_counts[w * 200 + static_cast<size_t>(t)], 1);
    }
  }
}

TEST(Windows, ThatDoNotFitAreRefused) {
  const auto plan = small_plan();
  const auto folder = fresh_folder("nofit");
  make_dataset(plan, folder, 1, {});
  EXPECT_EQ(config::message_of([&] {
              dataset::draw_windows(dataset::Split::open(folder, "train"), 20, 1, 0, 1, 1400, 500);
            }),
            "train.window_ms: windows of 1400 ms after the first 500 ms do not fit into trials of 1500 ms");
}

}  // namespace
}  // namespace nt::produce

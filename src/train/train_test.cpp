#include "train/train.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "config/temporary_folder.hpp"
#include "device/tested.hpp"
#include "produce/background_dataset.hpp"
#include "produce/make_dataset.hpp"
#include "train/loss.hpp"
#include "train/nadam.hpp"
#include "train/step.hpp"
#include "train/weight_average.hpp"

namespace nt::train {
namespace {

namespace fs = std::filesystem;

fs::path fresh_folder(const std::string& name) {
  const auto folder = config::own_temporary_folder() / name;
  fs::remove_all(folder);
  return folder;
}

twin::ParameterLayout layout_of_one(int64_t count, bool regularised = false) {
  return twin::ParameterLayout({{.array = {"x", {count}}, .regularised = regularised}});
}

TEST(Nadam, TakesTheStepsOfItsDefinition) {
  // Three steps on f(x) = x^2 from x = 1 at rate 0.1, by hand from Dozat's update with the 0.96^(0.004 t)
  // schedule.
  std::vector<double> x{1}, gradient{0};
  NadamOf<double> optimiser(layout_of_one(1));
  double y = 1, m = 0, v = 0, product = 1;
  for (int t = 1; t <= 3; ++t) {
    gradient[0] = 2 * x[0];
    optimiser.step(0.1, gradient, x, {});
    const double g = 2 * y;
    const auto mu = [](int s) { return 0.9 * (1 - 0.5 * std::pow(0.96, 0.004 * s)); };
    product *= mu(t);
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const double m_hat = mu(t + 1) * m / (1 - product * mu(t + 1)) + (1 - mu(t)) * g / (1 - product);
    y -= 0.1 * m_hat / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    EXPECT_NEAR(x[0], y, 1e-12);
  }
}

TEST(Nadam, RegularisesOnlyTheArraysThatAreToBe) {
  // Of a loss that is zero everywhere only what is regularised moves, towards zero.
  const twin::ParameterLayout layout(
      {{.array = {"weight", {3}}, .regularised = true}, {.array = {"bias", {2}}}});
  NadamOf<float> optimiser(layout, 0.01);
  std::vector<float> numbers{1, -1, 2, 3, 4};
  optimiser.step(0.1, std::vector<float>(5, 0), numbers, {});
  EXPECT_LT(numbers[0], 1);
  EXPECT_GT(numbers[1], -1);
  EXPECT_EQ(numbers[3], 3);
  EXPECT_EQ(numbers[4], 4);
}

/// One window of five bins with two dendritic components, and a twin's outputs to them.
struct HandMadeLosses {
  twin::TwinSpec spec = twin::TwinSpec(twin::ConvolutionalSpec({{1, 1}}));
  dataset::WindowBatch batch;
  std::vector<double> values;  // [ms][output]
  twin::HeadSettings settings = twin::usual_head_settings();
  HandMadeLosses() {
    spec.heads.push_back(twin::further_head("dendrites", 2));
    batch.windows = 1;
    batch.window_ms = 5;
    batch.spikes = {0, 0, 1, 0, 0};
    batch.soma_mV = {-70, -70, -70, -70, -70};
    batch.soma_counts.assign(5, 1.0f);
    batch.signals = {{"dendrites_pc", 2, {1, 0, 1, 0, 1, 0, 1, 0, 1, 0}}};
    for (int i = 0; i < 5; ++i) values.insert(values.end(), {0.0, -68.0, 0.0, 0.0});
  }
  /// Asks a further question, with these answers.
  void ask(const std::string& head, const std::string& key, double value, std::vector<double> answers) {
    spec.heads = {twin::further_head(head)};
    settings[key] = value;
    values = std::move(answers);
  }
  std::vector<double> of_heads(std::span<const double> weights = {}, std::span<double> gradient = {}) const {
    const int64_t row = twin::outputs_of(spec.heads);
    return losses<double>(spec, {values.data(), 5, row}, batch, settings, weights, gradient);
  }
};

TEST(Losses, AreMeansOverBinsAndComponents) {
  const auto l = HandMadeLosses().of_heads();
  EXPECT_NEAR(l[0], std::log(2.0), 1e-12);
  EXPECT_NEAR(l[1], 4, 1e-12);
  EXPECT_NEAR(l[2], 0.5, 1e-12);  // 1 off in one component of two
}

TEST(Losses, AreWeightedInTheGradientAlone) {
  const HandMadeLosses h;
  std::vector<double> gradient(20);
  h.of_heads(std::vector<double>{2, 0.01, 0.1}, gradient);
  EXPECT_NEAR(gradient[0], 2 * 0.5 / 5, 1e-12);
  EXPECT_NEAR(gradient[8], 2 * -0.5 / 5, 1e-12);  // the spike's bin
  EXPECT_NEAR(gradient[1], 0.01 * 2 * 2 / 5, 1e-12);
  EXPECT_NEAR(gradient[2], 0.1 * -2 / 10, 1e-12);
  EXPECT_EQ(gradient[3], 0);
}

TEST(Losses, TheVoltageCountsOnlyWhereItShould) {
  HandMadeLosses h;
  h.batch.soma_counts = {0, 1, 0, 0, 0};
  h.values[5] = -67;  // 3 mV off in the one bin that counts
  EXPECT_NEAR(h.of_heads()[1], 9, 1e-12);
  h.batch.soma_counts.assign(5, 0.0f);
  EXPECT_EQ(h.of_heads()[1], 0);
}

TEST(Losses, ASpikeIsNearWithinItsReachAndEdgesDoNotCount) {
  HandMadeLosses h;
  h.ask("near_spike", "near_spike_ms", 1, {9, -1, 1, 2, 9});
  // Bins 1, 2, 3 count, all near the spike of bin 2; bins 0 and 4 cannot know what lies outside.
  const auto loss = [](double z) { return std::log1p(std::exp(-z)); };
  EXPECT_NEAR(h.of_heads()[0], (loss(-1) + loss(1) + loss(2)) / 3, 1e-12);
}

TEST(Losses, ACountIsExpectedInItsGaussian) {
  HandMadeLosses h;
  h.ask("count", "rate_sd_ms", 0.5, std::vector<double>(5, std::log(2.0)));
  std::vector<double> gradient(5);
  // The Gaussian reaches two bins: one bin of five is left, where the spike is.
  EXPECT_NEAR(h.of_heads(std::vector<double>{1}, gradient)[0], 2 - std::log(2.0), 1e-12);
  EXPECT_EQ(gradient, (std::vector<double>{0, 0, 2 - 1, 0, 0}));  // expected - true
}

TEST(Losses, ComponentsThatTheDataDoesNotHoldAreSaid) {
  HandMadeLosses h;
  h.batch.signals.clear();
  EXPECT_THROW(h.of_heads(), RunError);
}

twin::TwinSpec of_layers(std::vector<twin::LayerSpec> layers, double weight_sd = 0.1) {
  twin::ConvolutionalSpec network(std::move(layers));
  network.batch_norm = true;
  network.weight_sd = weight_sd;
  return twin::TwinSpec(std::move(network));
}

/// A small integrate-and-fire data set and a training that takes a second.
struct SmallTask {
  produce::DatasetPlan plan;
  twin::TwinSpec twin;
  TrainSpec spec;
  fs::path data;
  explicit SmallTask(const std::string& name, int64_t valid_trials = 10) : data(fresh_folder(name)) {
    plan.stimulus.interval_ms = {50};
    plan.stimulus.smoothing_sd_ms = {60};
    plan.data = {.trial_ms = 2000,
                 .train_trials = 40,
                 .valid_trials = valid_trials,
                 .test_trials = 1,
                 .trials_per_shard = 64};
    plan.seed = 5;
    plan.identity = {80, 20, plan.data.trial_ms, plan.seed, "small"};
    produce::make_dataset(plan, data, 2, {});
    twin = of_layers({{20, 3}, {3, 2}});
    spec.epochs = 3;
    spec.steps_per_epoch = 20;
    spec.schedule = {{.from_epoch = 0, .learning_rate = 0.01, .weights = {{"soma", 0.003}}}};
  }
  TrainResult run(twin::Twin& t, const fs::path& folder,
                  const std::function<void(const Progress&)>& tell = {}, uint64_t seed = 9) const {
    return train(t, {spec, seed, folder, "test", {.progress = tell}}, dataset::Split::open(data, "train"),
                 dataset::Split::open(data, "valid"));
  }
};

bool same_weights(const twin::Twin& a, const twin::Twin& b) {
  return a.numbers == b.numbers;
}

TEST(Train, LowersTheLossAndKeepsTheBestEpoch) {
  const SmallTask task("learn");
  twin::Twin twin(task.twin, 100, 1);
  const auto result = task.run(twin, fresh_folder("learn-out"));
  ASSERT_EQ(result.epochs.size(), 3u);
  EXPECT_LT(result.epochs.back().train_loss, 0.5 * result.epochs.front().train_loss);
  for (const auto& epoch : result.epochs) {
    EXPECT_GE(epoch.valid_loss, result.epochs[result.best_epoch - 1].valid_loss);
  }
}

TEST(Train, AnEpochMayBeJudgedByTheFirstValidationTrialsAlone) {
  const SmallTask fewer("few-valid", 3);
  SmallTask all("all-valid");
  all.spec.valid_trials = 3;
  twin::Twin a(fewer.twin, 100, 1), b(all.twin, 100, 1);
  const auto of_fewer = fewer.run(a, fresh_folder("few-valid-out")),
             of_all = all.run(b, fresh_folder("all-valid-out"));
  for (size_t i = 0; i < of_all.epochs.size(); ++i)
    EXPECT_EQ(of_all.epochs[i].valid_loss, of_fewer.epochs[i].valid_loss);
}

TEST(Train, FrozenNormalisationStandsStillWhileTheWeightsLearn) {
  SmallTask task("frozen");
  task.spec.schedule.push_back({.from_epoch = 2, .learning_rate = 0.01, .freeze_norm = true});
  twin::Twin twin(task.twin, 100, 1);
  std::map<int64_t, std::vector<float>> averages, weights;  // by the steps done
  int64_t steps = 0;
  const auto trained = static_cast<size_t>(twin.layout().trained());
  task.run(twin, fresh_folder("frozen-out"), [&](const Progress&) {
    ++steps;
    const auto split = twin.numbers.begin() + static_cast<std::ptrdiff_t>(trained);
    weights[steps] = {twin.numbers.begin(), split};
    averages[steps].assign(twin.array("layer2_norm_mean").begin(), twin.array("layer2_norm_mean").end());
  });
  ASSERT_FALSE(averages[39].empty());
  for (size_t i = 0; i < averages[39].size(); ++i) EXPECT_NE(averages[39][i], averages[40][i]);
  EXPECT_EQ(averages[40], averages[60]);
  EXPECT_NE(weights[40], weights[60]);
}

TEST(Train, AfterAnInterruptionAnywhereTheWeightsAreTheSameToTheLastBit) {
  SmallTask task("resume");
  task.twin = of_layers({{20, 48}, {12, 48}});  // wide enough for the fast algorithm of the second layer
  twin::Twin whole(task.twin, 100, 1);
  const auto undisturbed = task.run(whole, fresh_folder("resume-whole"));
  struct Interrupted {};
  for (const int at_step : {1, 20, 27, 59}) {
    auto again = task;
    again.spec.checkpoint_every_s = 0;  // after every step
    const auto folder = fresh_folder("resume-cut");
    twin::Twin first(task.twin, 100, 1);
    int steps = 0;
    EXPECT_THROW(again.run(first, folder,
                           [&](const Progress&) {
                             if (++steps > at_step) throw Interrupted{};
                           }),
                 Interrupted);
    twin::Twin second(task.twin, 100, 1);
    int64_t steps_again = 0;
    second.parallel = twin::on_threads(3);  // nor do threads matter
    const auto result = again.run(second, folder, [&](const Progress&) { ++steps_again; });
    EXPECT_LE(steps_again, 60 - at_step + 1);  // it did go on, not start again
    EXPECT_TRUE(same_weights(whole, second)) << at_step;
    EXPECT_EQ(result.best_epoch, undisturbed.best_epoch);
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(result.epochs[i].train_loss, undisturbed.epochs[i].train_loss);
  }
}

/// The small task on data that are made while it learns: 16 trials, then 24, 32, 40.
struct GrowingTask : SmallTask {
  explicit GrowingTask(const std::string& name) : SmallTask(name) {
    plan.data.trials_per_shard = 8;
    data = fresh_folder(name);
    spec.starts_with_trials = 16;
    spec.all_trials_from_epoch = 3;
    spec.epochs = 4;
  }
  /// Trains beside the simulation. `asked`: the trials that epochs asked for.
  TrainResult run_beside(twin::Twin& t, const fs::path& folder, std::vector<int64_t>& asked,
                         const std::function<void(const Progress&)>& tell = {}) const {
    produce::BackgroundDataset beside(plan, data, 2, 1);
    beside.wait_for("valid", plan.data.valid_trials, {});
    dataset::Split split;
    const GrowingTrials trials{plan.data.train_trials, [&](int64_t first) -> const dataset::Split& {
                                 asked.push_back(first);
                                 beside.wait_for("train", first, {});
                                 split.grow(produce::files_of(plan, produce::splits_of(plan.data)[0]), data,
                                            first);
                                 return split;
                               }};
    return train(t, {spec, 9, folder, "test", {.progress = tell}}, trials,
                 dataset::Split::open(data, "valid"));
  }
};

TEST(Train, OnDataThatGrowBesideItEndsWithTheWeightsOfDataThatWereThere) {
  const GrowingTask growing("growing"), there("there");
  produce::make_dataset(there.plan, there.data, 2, {});
  twin::Twin beside(growing.twin, 100, 1), after(there.twin, 100, 1);
  std::vector<int64_t> asked;
  const auto result = growing.run_beside(beside, fresh_folder("growing-out"), asked);
  const auto expected = there.run(after, fresh_folder("there-out"));
  EXPECT_EQ(asked, (std::vector<int64_t>{16, 24, 32, 40}));
  EXPECT_TRUE(same_weights(beside, after));
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(result.epochs[i].train_loss, expected.epochs[i].train_loss);

  auto all = there;  // and the settings do matter
  all.spec.starts_with_trials = 0;
  twin::Twin other(all.twin, 100, 1);
  EXPECT_NE(all.run(other, fresh_folder("all-out")).epochs[0].train_loss, expected.epochs[0].train_loss);
}

TEST(Train, OnGrowingDataAnInterruptionChangesNothingEither) {
  const GrowingTask there("growing-whole");
  produce::make_dataset(there.plan, there.data, 2, {});
  twin::Twin whole(there.twin, 100, 1);
  const auto undisturbed = there.run(whole, fresh_folder("growing-whole-out"));
  struct Interrupted {};
  GrowingTask cut("growing-cut");
  cut.spec.checkpoint_every_s = 0;
  const auto folder = fresh_folder("growing-cut-out");
  std::vector<int64_t> asked;
  for (const int more_steps : {7, 14, 40}) {  // within an epoch, across its end, at one's end
    twin::Twin twin(cut.twin, 100, 1);
    int steps = 0;
    EXPECT_THROW(cut.run_beside(twin, folder, asked,
                                [&](const Progress&) {
                                  if (++steps > more_steps) throw Interrupted{};
                                }),
                 Interrupted);
  }
  twin::Twin twin(cut.twin, 100, 1);
  const auto result = cut.run_beside(twin, folder, asked);
  EXPECT_TRUE(same_weights(twin, whole));
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(result.epochs[i].train_loss, undisturbed.epochs[i].train_loss);
}

/// A small recurrent twin on three branches, and a training of 24 steps.
struct RecurrentTask : SmallTask {
  explicit RecurrentTask(const std::string& name) : SmallTask(name) {
    twin::RecurrentSpec recurrent;
    recurrent.memory_units = 5;
    recurrent.history_ms = 20;
    recurrent.excitatory_channels = 80;
    recurrent.wiring = {3, {0}, {}, {5, 40, 8}};
    for (int32_t c = 0; c < 100; ++c) {
      recurrent.wiring.branch.push_back(c % 3);
      recurrent.wiring.first.push_back(c + 1);
    }
    twin = twin::TwinSpec(std::move(recurrent));
    spec.epochs = 2;
    spec.steps_per_epoch = 12;
    spec.window_ms = 100;
  }
  TrainResult run_on(device::Kind device, twin::Twin& t, const fs::path& folder,
                     const std::function<void(const Progress&)>& tell = {}) const {
    return train(t,
                 {.spec = spec,
                  .seed = 9,
                  .folder = folder,
                  .identity = "test",
                  .watcher = {.progress = tell},
                  .device = device},
                 dataset::Split::open(data, "train"), dataset::Split::open(data, "valid"));
  }
};

/// How far two twins came apart, in units of how far one of them came from the start.
double distance_apart(const twin::Twin& a, const twin::Twin& b, const twin::Twin& start) {
  double apart = 0, moved = 0;
  for (size_t i = 0; i < a.numbers.size(); ++i) {
    apart += std::pow(a.numbers[i] - b.numbers[i], 2);
    moved += std::pow(a.numbers[i] - start.numbers[i], 2);
  }
  EXPECT_GT(moved, 0);
  return std::sqrt(apart / moved);
}

/// NAdam divides by the size of each gradient, so that the first steps of weights whose gradient is small are
/// as long as those of others, and so are the roundings in them. Seen: 2e-7 for the recurrent twin, 2e-6 for
/// the convolutional one.
constexpr double kApart = 3e-5;

TEST(TrainOnADevice, EndsWithTheWeightsOfTheCpuToRounding) {
  auto task = RecurrentTask("on-device");
  for (const auto& spec : {task.twin, of_layers({{20, 3}, {3, 2}})}) {
    SCOPED_TRACE(spec.network->words());
    task.twin = spec;
    const twin::Twin start(spec, 100, 1);
    twin::Twin cpu(spec, 100, 1), device(spec, 100, 1);
    const auto right = task.run_on(device::Kind::cpu, cpu, fresh_folder("on-cpu-out"));
    const auto ours = task.run_on(device::tested_kind(), device, fresh_folder("on-device-out"));
    const double apart = distance_apart(device, cpu, start);
    RecordProperty(std::string(spec.network->kind()), fmt::format("{:.2g}", apart));
    EXPECT_LT(apart, kApart);
    for (size_t i = 0; i < right.epochs.size(); ++i) {
      EXPECT_NEAR(ours.epochs[i].train_loss, right.epochs[i].train_loss, 1e-4 * right.epochs[i].train_loss);
      EXPECT_NEAR(ours.epochs[i].valid_loss, right.epochs[i].valid_loss, 1e-4 * right.epochs[i].valid_loss);
      EXPECT_NEAR(ours.epochs[i].valid_auc, right.epochs[i].valid_auc, 1e-4);
    }
  }
}

/// Of every way in which weights go to a device and come back: with each step (recurrent), or only where the
/// host needs them (convolutional), with their average or without.
std::vector<RecurrentTask> tasks_for_devices(const std::string& name) {
  std::vector<RecurrentTask> tasks(3, RecurrentTask(name));
  tasks[1].twin = tasks[2].twin = of_layers({{20, 3}, {3, 2}});
  tasks[2].spec.average_steps = 5;
  tasks[2].spec.clip_over_usual = 1;
  return tasks;
}

TEST(TrainOnADevice, EndsWithTheSameBitsEveryTimeAndAfterAnInterruption) {
  for (auto& task : tasks_for_devices("device-again")) {
    twin::Twin whole(task.twin, 100, 1), again(task.twin, 100, 1);
    task.run_on(device::tested_kind(), whole, fresh_folder("device-whole"));
    struct Interrupted {};
    task.spec.checkpoint_every_s = 0;
    const auto folder = fresh_folder("device-cut");
    int steps = 0;
    EXPECT_THROW(task.run_on(device::tested_kind(), again, folder,
                             [&](const Progress&) {
                               if (++steps > 7) throw Interrupted{};
                             }),
                 Interrupted);
    twin::Twin second(task.twin, 100, 2);  // its weights come from the checkpoint
    task.run_on(device::tested_kind(), second, folder);
    EXPECT_TRUE(same_weights(whole, second)) << task.twin.network->words();
  }
}

TEST(TrainOnADevice, GoesOnFromACheckpointOfTheCpuAndTheCpuFromOneOfIts) {
  for (auto& task : tasks_for_devices("device-cpu")) {
    for (const auto& [before, after] : {std::pair(device::Kind::cpu, device::tested_kind()),
                                        std::pair(device::tested_kind(), device::Kind::cpu)}) {
      SCOPED_TRACE(task.twin.network->words());
      const twin::Twin start(task.twin, 100, 1);
      twin::Twin cpu(task.twin, 100, 1), first(task.twin, 100, 1), second(task.twin, 100, 2);
      task.run_on(device::Kind::cpu, cpu, fresh_folder("device-cpu-whole"));
      struct Interrupted {};
      task.spec.checkpoint_every_s = 0;
      const auto folder = fresh_folder("device-cpu-cut");
      int steps = 0, steps_again = 0;
      EXPECT_THROW(task.run_on(before, first, folder,
                               [&](const Progress&) {
                                 if (++steps > 7) throw Interrupted{};
                               }),
                   Interrupted);
      task.run_on(after, second, folder, [&](const Progress&) { ++steps_again; });
      EXPECT_LE(steps_again, 24 - 7 + 1);
      EXPECT_LT(distance_apart(second, cpu, start), kApart);
    }
  }
}

TEST(TrainOnADevice, GoesBackToItsBestWeightsAsTheCpuDoes) {
  RecurrentTask task("device-setback");
  task.twin = of_layers({{20, 3}, {3, 2}});
  task.spec.epochs = 4;
  task.spec.schedule.push_back({.from_epoch = 2, .learning_rate = 100, .weights = {{"soma", 0.003}}});
  twin::Twin cpu(task.twin, 100, 1), device(task.twin, 100, 1);
  const auto right = task.run_on(device::Kind::cpu, cpu, fresh_folder("setback-on-cpu"));
  const auto ours = task.run_on(device::tested_kind(), device, fresh_folder("setback-on-device"));
  ASSERT_FALSE(right.setbacks.empty());
  ASSERT_EQ(ours.setbacks.size(), right.setbacks.size());
  EXPECT_EQ(ours.setbacks[0].step, right.setbacks[0].step);
  EXPECT_EQ(ours.best_epoch, right.best_epoch);
}

TEST(Train, TrialsGrowEvenlyToAllOfThem) {
  TrainSpec spec;
  EXPECT_EQ(spec.trials_in(0, 1000), 1000);
  spec.starts_with_trials = 100;
  spec.all_trials_from_epoch = 3;
  EXPECT_EQ(spec.trials_in(0, 1000), 100);
  EXPECT_EQ(spec.trials_in(1, 1000), 400);
  EXPECT_EQ(spec.trials_in(2, 1000), 700);
  EXPECT_EQ(spec.trials_in(3, 1000), 1000);
  EXPECT_EQ(spec.trials_in(9, 1000), 1000);
}

TEST(Train, CheckpointsOfOtherSettingsArePutAside) {
  const SmallTask task("aside");
  const auto folder = fresh_folder("aside-out");
  fs::remove_all(folder.string() + "-before-1");
  twin::Twin twin(task.twin, 100, 1);
  task.run(twin, folder);
  train(twin, {task.spec, 9, folder, "other"}, dataset::Split::open(task.data, "train"),
        dataset::Split::open(task.data, "valid"));
  EXPECT_TRUE(fs::exists(folder.string() + "-before-1/best.safetensors"));
}

std::string message_of(const SmallTask& task, const fs::path& folder) {
  twin::Twin twin(task.twin, 100, 1);
  try {
    task.run(twin, folder);
  } catch (const Diverged& error) {
    return error.what();
  }
  return "no error";
}

TEST(Train, ALossThatIsNoNumberIsNamedWithItsQuantityAndPlaceAndNotTakenForADamagedCheckpoint) {
  SmallTask task("diverging");
  task.spec.schedule = {{.from_epoch = 0, .learning_rate = 1e30, .weights = {{"soma", 0.003}}}};
  task.spec.steps_per_epoch = 40;
  const auto in_training = message_of(task, fresh_folder("diverging-out"));
  EXPECT_NE(in_training.find("training diverged in epoch 1: the loss of the "), std::string::npos)
      << in_training;
  EXPECT_NE(in_training.find("in step 22, whose data are finite, after 10 setbacks"), std::string::npos)
      << in_training;
  task.spec.steps_per_epoch = 1;  // nothing looks at the weights before the validation does
  task.spec.epochs = 20;
  const auto in_validation = message_of(task, fresh_folder("diverging-out"));
  EXPECT_NE(in_validation.find("in the validation after epoch 11 the loss of the "), std::string::npos)
      << in_validation;
  EXPECT_NE(in_validation.find("valid-0000.h5, trial 0 of it"), std::string::npos) << in_validation;
}

TEST(Train, GoesBackToItsBestWeightsWithSmallerStepsWhereItWentBad) {
  SmallTask task("setback");
  task.spec.epochs = 8;
  task.spec.schedule.push_back({.from_epoch = 3, .learning_rate = 100, .weights = {{"soma", 0.003}}});
  twin::Twin twin(task.twin, 100, 1);
  const auto result = task.run(twin, fresh_folder("setback-out"));
  ASSERT_FALSE(result.setbacks.empty());
  double factor = 1;
  for (const auto& setback : result.setbacks) {
    EXPECT_GT(setback.step, 60) << "the first three epochs are good";
    EXPECT_EQ(setback.rate_factor, factor /= 2);
    EXPECT_NE(setback.words.find("loss"), std::string::npos) << setback.words;
  }
  EXPECT_GE(result.best_epoch, 3);
  EXPECT_LE(result.epochs[7].learning_rate, 200 * factor);

  // An interruption between setbacks changes nothing.
  struct Interrupted {};
  task.spec.checkpoint_every_s = 0;
  const auto folder = fresh_folder("setback-cut-out");
  for (const int more_steps : {81, 17}) {
    twin::Twin cut(task.twin, 100, 1);
    int steps = 0;
    EXPECT_THROW(task.run(cut, folder,
                          [&](const Progress&) {
                            if (++steps > more_steps) throw Interrupted{};
                          }),
                 Interrupted);
  }
  twin::Twin again(task.twin, 100, 1);
  const auto resumed = task.run(again, folder);
  EXPECT_TRUE(same_weights(again, twin));
  EXPECT_EQ(resumed.setbacks.size(), result.setbacks.size());
}

TEST(Train, GoesBackWhereItStaysWorseForLong) {
  SmallTask task("staying-worse");
  task.spec.epochs = 9;
  task.spec.setback_factor = 1e9;
  task.spec.setback_epochs = 2;
  task.spec.schedule.push_back({.from_epoch = 2, .learning_rate = 3, .weights = {{"soma", 0.003}}});
  twin::Twin twin(task.twin, 100, 1);
  const auto result = task.run(twin, fresh_folder("staying-worse-out"));
  ASSERT_FALSE(result.setbacks.empty());
  int64_t last = std::max<int64_t>(result.best_epoch, 2) * task.spec.steps_per_epoch;
  for (const auto& setback : result.setbacks) {
    EXPECT_EQ(setback.step % task.spec.steps_per_epoch, 0) << "an epoch's end";
    EXPECT_GE(setback.step - last, result.best_epoch > 3 ? 0 : 2 * task.spec.steps_per_epoch);
    last = setback.step;
  }
  task.spec.setback_epochs = 0;
  twin::Twin other(task.twin, 100, 1);
  EXPECT_TRUE(task.run(other, fresh_folder("staying-worse-off")).setbacks.empty());
}

TEST(Train, AveragedWeightsAreWhatIsJudgedAndKeptAndAnInterruptionDoesNotChangeThem) {
  SmallTask task("averaged");
  task.spec.average_steps = 30;
  twin::Twin whole(task.twin, 100, 1), plain(task.twin, 100, 1);
  const auto undisturbed = task.run(whole, fresh_folder("averaged-out"));
  auto without = task;
  without.spec.average_steps = 0;
  const auto of_plain = without.run(plain, fresh_folder("averaged-plain-out"));
  for (size_t i = 0; i < 3; ++i) {  // the steps are the same, the weights that are judged are not
    EXPECT_EQ(undisturbed.epochs[i].train_loss, of_plain.epochs[i].train_loss);
    EXPECT_NE(undisturbed.epochs[i].valid_loss, of_plain.epochs[i].valid_loss);
  }
  struct Interrupted {};
  task.spec.checkpoint_every_s = 0;
  const auto folder = fresh_folder("averaged-cut-out");
  twin::Twin cut(task.twin, 100, 1);
  int steps = 0;
  EXPECT_THROW(task.run(cut, folder,
                        [&](const Progress&) {
                          if (++steps > 33) throw Interrupted{};
                        }),
               Interrupted);
  twin::Twin again(task.twin, 100, 1);
  task.run(again, folder);
  EXPECT_TRUE(same_weights(again, whole));
}

TEST(WeightAverage, IsTheMeanOfAllStepsUntilThereAreManyAndTakesOverWhatIsNotTrained) {
  WeightAverage average(4);
  for (int64_t step = 1; step <= 4; ++step) {
    const auto x = static_cast<float>(step);
    average.add(std::vector<float>{x, 10 * x, 7 * x}, 2, step);
  }
  EXPECT_FLOAT_EQ(average.numbers()[0], 2.5f);
  EXPECT_FLOAT_EQ(average.numbers()[1], 25.0f);
  EXPECT_FLOAT_EQ(average.numbers()[2], 28.0f);
  average.add(std::vector<float>{6.5f, 25, 0}, 2, 5);
  EXPECT_FLOAT_EQ(average.numbers()[0], 3.5f) << "a quarter of the way";
}

TEST(TrainSpec, TheLearningRateWarmsUpAndFallsAlongHalfACosine) {
  TrainSpec spec;
  spec.epochs = 10;
  spec.steps_per_epoch = 100;
  spec.warm_up_steps = 50;
  spec.schedule = {{.from_epoch = 0, .learning_rate = 1},
                   {.from_epoch = 2, .learning_rate = 1, .final_learning_rate = 0.2},
                   {.from_epoch = 6, .learning_rate = 0.1, .final_learning_rate = 0.01}};
  EXPECT_DOUBLE_EQ(spec.learning_rate(0), 0.02);
  EXPECT_DOUBLE_EQ(spec.learning_rate(24), 0.5);
  EXPECT_DOUBLE_EQ(spec.learning_rate(199), 1);
  EXPECT_DOUBLE_EQ(spec.learning_rate(200), 1);
  EXPECT_DOUBLE_EQ(spec.learning_rate(400), 0.6) << "half way to the next phase";
  EXPECT_NEAR(spec.learning_rate(599), 0.2, 1e-4);
  EXPECT_DOUBLE_EQ(spec.learning_rate(800), 0.055) << "half way to the end";
  EXPECT_TRUE(spec.depends_on_epochs());
}

TEST(TrainStep, AGradientOfUnusualLengthIsShortened) {
  GradientLengths lengths;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(std::isinf(usual_limit(lengths, 3.0, 2)));
  EXPECT_NEAR(usual_limit(lengths, 1000.0, 2), 6, 1e-9);
  EXPECT_LT(usual_limit(lengths, 3.0, 2), 6.3) << "one that is too long hardly changes what is usual";
  const std::vector<float> gradient{3, 4};
  EXPECT_NEAR(clip_factor(length_of(gradient), 1), 0.2, 1e-6);
  EXPECT_EQ(clip_factor(length_of(gradient), 5.1), 1);
}

TEST(Train, ADamagedCheckpointIsSaid) {
  const SmallTask task("damaged");
  const auto folder = fresh_folder("damaged-out");
  twin::Twin twin(task.twin, 100, 1);
  task.run(twin, folder);
  fs::resize_file(folder / "last.safetensors", 100);
  try {
    task.run(twin, folder);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("last.safetensors: is not a checkpoint"), std::string::npos)
        << error.what();
  }
}

TEST(Train, EasierQuestionsAreLearntBesideTheSpikes) {
  auto task = SmallTask("easier");
  task.spec.heads["near_spike_ms"] = 10;
  task.spec.heads["rate_sd_ms"] = 20;
  for (const auto* name : {"near_spike", "count"}) task.twin.heads.push_back(twin::further_head(name));
  twin::Twin twin(task.twin, 100, 1);
  const auto epochs = task.run(twin, fresh_folder("easier-out")).epochs;
  EXPECT_LT(epochs.back().train_losses.at("easier"), epochs.front().train_losses.at("easier"));
  EXPECT_GT(epochs.front().train_loss, epochs.front().train_losses.at("easier"));
}

TEST(Train, ARecurrentTwinLearnsAndGoesOnFromACheckpoint) {
  auto task = SmallTask("recurrent");
  twin::RecurrentSpec r;
  r.memory_units = 6;
  r.history_ms = 60;
  r.excitatory_channels = 80;
  r.wiring.branches = 1;
  r.wiring.branch.assign(100, 0);
  for (int64_t c = 1; c <= 100; ++c) r.wiring.first.push_back(c);
  task.twin = twin::TwinSpec(r);
  twin::Twin whole(task.twin, 100, 1), cut(task.twin, 100, 1);
  const auto result = task.run(whole, fresh_folder("recurrent-out"));
  EXPECT_LT(result.epochs.back().train_loss, 0.7 * result.epochs.front().train_loss);
  const auto folder = fresh_folder("recurrent-cut-out");
  auto shorter = task;
  shorter.spec.epochs = 1;
  shorter.run(cut, folder);
  task.run(cut, folder);
  EXPECT_TRUE(same_weights(whole, cut));
}

TEST(Train, OnlyGradientsLongerThanAllowedAreShortened) {
  auto task = SmallTask("clip");
  task.spec.epochs = 1;
  twin::Twin plain(task.twin, 100, 1), wide(task.twin, 100, 1), narrow(task.twin, 100, 1);
  task.run(plain, fresh_folder("clip-out"));
  task.spec.clip_gradient = 1e9;
  task.run(wide, fresh_folder("clip-out"));
  EXPECT_TRUE(same_weights(plain, wide));
  task.spec.clip_gradient = 1e-12;  // far below the optimiser's epsilon, so that hardly anything moves
  task.run(narrow, fresh_folder("clip-out"));
  twin::Twin fresh(task.twin, 100, 1);
  const auto farthest = [&](const twin::Twin& twin) {
    double most = 0;
    const std::span<const float> was = fresh.array("layer1_weight"), now = twin.array("layer1_weight");
    for (size_t i = 0; i < was.size(); ++i)
      most = std::max(most, static_cast<double>(std::abs(now[i] - was[i])));
    return most;
  };
  EXPECT_LT(farthest(narrow), 1e-3);
  EXPECT_GT(farthest(plain), 1e-2);
}

TEST(Train, OfTheVoltageAloneNeedsNoSpike) {
  auto task = SmallTask("passive");
  task.data = fresh_folder("passive");
  for (auto& pool : task.plan.stimulus.pools) pool.excitatory_per_100ms_high = 3;  // far below threshold
  task.plan.identity.configuration = "passive";
  produce::make_dataset(task.plan, task.data, 2, {});
  twin::ConvolutionalSpec network({{60, 1}});
  network.activation = twin::Activation::linear;
  task.twin = twin::TwinSpec(network);
  task.twin.heads[1].offset = -75;
  task.spec.schedule = {{.from_epoch = 0, .learning_rate = 0.01, .weights = {{"spike", 0}, {"soma", 1}}}};
  twin::Twin twin(task.twin, 100, 1), fresh(task.twin, 100, 1);
  const auto result = task.run(twin, fresh_folder("passive-out"));
  EXPECT_TRUE(std::isnan(result.epochs.back().valid_auc));
  EXPECT_LT(result.epochs.back().valid_loss, 0.5 * result.epochs.front().train_loss);
  EXPECT_FALSE(task.spec.learns_spikes());
  EXPECT_TRUE(std::ranges::equal(twin.array("spike_weight"), fresh.array("spike_weight")));  // not asked
}

TEST(Train, ThePublishedWayHidesWhatCameBeforeAWindow) {
  const auto settings = [](const char* more) {
    return config::Settings::from_text(
        fmt::format("epochs = 1\nsteps_per_epoch = 5\n{}\n[[schedule]]\nfrom_epoch = 0\n"
                    "learning_rate = 0.01\nspike_weight = 1\nsoma_weight = 0.003\n",
                    more));
  };
  auto task = SmallTask("published");
  std::vector<double> loss;
  for (const auto* more : {"", "full_history = true", "full_history = false"}) {
    task.spec = read_train(settings(more));
    twin::Twin twin(task.twin, 100, 1);
    loss.push_back(task.run(twin, fresh_folder("published-out")).epochs.front().train_loss);
  }
  EXPECT_EQ(loss[0], loss[1]);
  EXPECT_NE(loss[0], loss[2]);
}

TEST(Train, AQuestionThatLooksPastTheWindowIsRefused) {
  try {
    read_train(
        config::Settings::from_text("epochs = 1\nsteps_per_epoch = 1\nwindow_ms = 100\nrate_sd_ms = 13\n"
                                    "[[schedule]]\nfrom_epoch = 0\nlearning_rate = 1\n",
                                    "a.toml"));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(
        error.what(),
        "a.toml:4: 'rate_sd_ms' looks 52 ms to either side, expected less than half of window_ms, 100 ms");
  }
}

TEST(Train, DataThatGrowMustBeToldUntilWhen) {
  try {
    read_train(
        config::Settings::from_text("epochs = 1\nsteps_per_epoch = 1\nstarts_with_trials = 5\n"
                                    "[[schedule]]\nfrom_epoch = 0\nlearning_rate = 1\n",
                                    "a.toml"));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("'all_trials_from_epoch' is missing"), std::string::npos)
        << error.what();
  }
}

TEST(Train, AScheduleThatDoesNotStartAtTheStartIsRefused) {
  try {
    read_train(config::Settings::from_text(
        "epochs = 1\nsteps_per_epoch = 1\n[[schedule]]\nfrom_epoch = 2\nlearning_rate = 1\n", "a.toml"));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "a.toml:4: 'schedule[0].from_epoch' is 2, expected 0 in the first phase");
  }
}

}  // namespace
}  // namespace nt::train

#include "train/train.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "config/temporary_folder.hpp"
#include "dataset/background_dataset.hpp"
#include "train/loss.hpp"
#include "train/nadam.hpp"

namespace neurontwin {
namespace {

namespace fs = std::filesystem;

fs::path fresh_folder(const std::string& name) {
  const auto folder = own_temporary_folder() / name;
  fs::remove_all(folder);
  return folder;
}

TEST(Nadam, TakesTheStepsOfItsDefinition) {
  // Three steps on f(x) = x^2 from x = 1 at rate 0.1, by hand from Dozat's update with the 0.96^(0.004 t)
  // schedule.
  auto x = torch::ones({1}, torch::kFloat64).requires_grad_();
  Nadam optimiser({x});
  double y = 1, m = 0, v = 0, product = 1;
  for (int t = 1; t <= 3; ++t) {
    optimiser.zero_gradients();
    x.square().sum().backward();
    optimiser.step(0.1);
    const double g = 2 * y;
    const auto mu = [](int s) { return 0.9 * (1 - 0.5 * std::pow(0.96, 0.004 * s)); };
    product *= mu(t);
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const double m_hat = mu(t + 1) * m / (1 - product * mu(t + 1)) + (1 - mu(t)) * g / (1 - product);
    y -= 0.1 * m_hat / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    EXPECT_NEAR(x.item<double>(), y, 1e-12);
  }
}

TEST(Nadam, InOnePassTakesTheStepsOfThePlainOne) {
  torch::manual_seed(1);
  for (const auto precision : {torch::kFloat64, torch::kFloat32}) {
    // Regularisation in double only: where it cancels the gradient, float's rounding decides the sign of a
    // step.
    const double l2 = precision == torch::kFloat64 ? 0.01 : 0;
    const double tolerance = precision == torch::kFloat64 ? 1e-10 : 1e-6;  // of a few steps of 0.01
    const auto weight = torch::randn({300, 257}, precision), bias = torch::randn({3}, precision);
    const auto other = torch::randn({5}, precision);
    const auto parameters = [&] {
      std::vector<torch::Tensor> p;
      for (const auto& t : {weight, bias, other}) p.push_back(t.clone().requires_grad_());
      return p;
    };
    auto fused = parameters(), plain = parameters();
    Nadam a(fused, {l2, 0, 0}), b(plain, {l2, 0, 0});
    for (int step = 0; step < 5; ++step) {
      for (size_t i = 0; i < 2; ++i) {  // the last has no gradient and stays
        const auto gradient = torch::randn_like(fused[i]);
        fused[i].mutable_grad() = gradient;
        plain[i].mutable_grad() = gradient.clone();
      }
      a.step(0.01);
      b.step_reference(0.01);
    }
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_TRUE(torch::allclose(fused[i], plain[i], tolerance, tolerance)) << i;
      EXPECT_TRUE(torch::allclose(a.first_moment[i], b.first_moment[i], tolerance, tolerance)) << i;
      EXPECT_TRUE(torch::allclose(a.second_moment[i], b.second_moment[i], tolerance, tolerance)) << i;
    }
    EXPECT_TRUE(torch::equal(fused[2], other));
  }
}

TEST(AreaUnderRoc, CountsPairsAndHalfTies) {
  const std::vector<float> score{0.1f, 0.4f, 0.4f, 0.9f};
  EXPECT_DOUBLE_EQ(area_under_roc(score, std::vector<uint8_t>{0, 0, 1, 1}), 3.5 / 4);
  EXPECT_DOUBLE_EQ(area_under_roc(score, std::vector<uint8_t>{1, 1, 0, 0}), 0.5 / 4);
  EXPECT_TRUE(std::isnan(area_under_roc(score, std::vector<uint8_t>{0, 0, 0, 0})));
}

/// One window of five bins with two dendritic components, and a twin's answers to them.
struct HandMadeLosses {
  WindowBatch batch;
  TwinOutput output;
  HandMadeLosses() {
    batch.windows = 1;
    batch.window_ms = 5;
    batch.spikes = {0, 0, 1, 0, 0};
    batch.soma_mV = {-70, -70, -70, -70, -70};
    batch.soma_counts.assign(5, 1.0f);
    batch.signals = {{"dendrites_pc", 2, {1, 0, 1, 0, 1, 0, 1, 0, 1, 0}}};
    output.spike_log_odds = torch::zeros({1, 5});
    output.soma_mV = torch::full({1, 5}, -68.0f);
    output.dendrites = torch::zeros({1, 5, 2});
    output.near_spike_log_odds = torch::tensor({{9.0f, -1.0f, 1.0f, 2.0f, 9.0f}});
    output.log_count = torch::zeros({1, 5});
  }
};

TEST(Losses, AreMeansOverBinsAndComponentsWeightedAsThePaperDoes) {
  const HandMadeLosses h;
  const auto l = losses(h.output, h.batch);
  EXPECT_NEAR(l.spike.item<double>(), std::log(2.0), 1e-6);
  EXPECT_NEAR(l.soma.item<double>(), 4, 1e-6);
  EXPECT_NEAR(l.dendrites.item<double>(), 0.5, 1e-6);        // 1 off in one component of two
  EXPECT_FALSE(l.near_spike.defined() || l.rate.defined());  // not asked
  EXPECT_NEAR(weighted(l, {.spike = 2, .soma = 0.01, .dendrites = 0.1}, {}).item<double>(),
              2 * std::log(2.0) + 0.04 + 0.05, 1e-6);
}

TEST(Losses, ASpikeIsNearWithinItsReachAndEdgesDoNotCount) {
  const HandMadeLosses h;
  const auto l = losses(h.output, h.batch, {.near_spike_ms = 1, .near_spike_weight = 3});
  // Bins 1, 2, 3 count, all near the spike of bin 2; bins 0 and 4 cannot know what lies outside.
  const auto loss = [](double z) { return std::log1p(std::exp(-z)); };
  EXPECT_NEAR(l.near_spike.item<double>(), (loss(-1) + loss(1) + loss(2)) / 3, 1e-6);
  EXPECT_NEAR(easier_loss(l, {.near_spike_weight = 3}), loss(-1) + loss(1) + loss(2), 1e-5);
}

TEST(Losses, ACountIsExpectedInItsGaussian) {
  HandMadeLosses h;
  const EasierQuestions questions{.rate_sd_ms = 0.5};
  ASSERT_EQ(questions.rate_edge_ms(), 2);  // one bin of five is left, where the spike is
  h.output.log_count = torch::full({1, 5}, std::log(2.0f)).requires_grad_();
  const auto l = losses(h.output, h.batch, questions);
  EXPECT_NEAR(l.rate.item<double>(), 2 - std::log(2.0), 1e-6);
  l.rate.backward();
  EXPECT_NEAR(h.output.log_count.grad()[0][2].item<double>(), 2 - 1, 1e-6);  // expected - true
  EXPECT_EQ(h.output.log_count.grad().abs().sum().item<double>(), 1);
}

TEST(Losses, ComponentsThatTheDataDoesNotHoldAreSaid) {
  HandMadeLosses h;
  h.batch.signals.clear();
  EXPECT_THROW(losses(h.output, h.batch), RunError);
}

/// A small integrate-and-fire data set and a training that takes a second.
struct SmallTask {
  DatasetPlan plan;
  TwinSpec twin;
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
    make_dataset(plan, data, 2, {});
    twin.layers = {{20, 3}, {3, 2}};
    twin.batch_norm = true;
    spec.epochs = 3;
    spec.steps_per_epoch = 20;
    spec.schedule = {{.from_epoch = 0, .learning_rate = 0.01, .soma_weight = 0.003}};
  }
  TrainResult run(Twin& t, const fs::path& folder, const ProgressListener& listener = {},
                  uint64_t seed = 9) const {
    return train(t, spec, seed, Split::open(data, "train"), Split::open(data, "valid"), folder, "test",
                 listener);
  }
};

bool same_weights(Twin& a, Twin& b) {
  for (const auto& item : a->named_parameters()) {
    if (!torch::equal(item.value(), *b->named_parameters().find(item.key()))) return false;
  }
  for (const auto& item : a->named_buffers()) {
    if (!torch::equal(item.value(), *b->named_buffers().find(item.key()))) return false;
  }
  return true;
}

TEST(Train, LowersTheLossAndKeepsTheBestEpoch) {
  const SmallTask task("learn");
  Twin twin(task.twin, 100, 1);
  const auto result = task.run(twin, fresh_folder("learn-out"));
  ASSERT_EQ(result.epochs.size(), 3u);
  EXPECT_LT(result.epochs.back().train_loss, 0.5 * result.epochs.front().train_loss);
  for (const auto& epoch : result.epochs) {
    EXPECT_GE(epoch.valid_loss, result.epochs[static_cast<size_t>(result.best_epoch - 1)].valid_loss);
  }
}

TEST(Train, AnEpochMayBeJudgedByTheFirstValidationTrialsAlone) {
  const SmallTask fewer("few-valid", 3);
  SmallTask all("all-valid");
  all.spec.valid_trials = 3;
  Twin a(fewer.twin, 100, 1), b(all.twin, 100, 1);
  const auto of_fewer = fewer.run(a, fresh_folder("few-valid-out")),
             of_all = all.run(b, fresh_folder("all-valid-out"));
  for (size_t i = 0; i < of_all.epochs.size(); ++i)
    EXPECT_EQ(of_all.epochs[i].valid_loss, of_fewer.epochs[i].valid_loss);
}

TEST(Train, FrozenNormalisationStandsStillWhileTheWeightsLearn) {
  SmallTask task("frozen");
  task.spec.schedule.push_back({.from_epoch = 2, .learning_rate = 0.01, .freeze_norm = true});
  Twin twin(task.twin, 100, 1);
  std::map<int64_t, std::vector<torch::Tensor>> averages, weights;  // by the steps done
  int64_t steps = 0;
  task.run(twin, fresh_folder("frozen-out"), [&](const Progress&) {
    ++steps;
    for (const auto& b : twin->buffers()) averages[steps].push_back(b.clone());
    weights[steps].push_back(twin->first_weight.detach().clone());
  });
  ASSERT_FALSE(averages[39].empty());
  for (size_t i = 0; i < averages[39].size(); ++i) {
    EXPECT_FALSE(torch::equal(averages[39][i], averages[40][i]));
    EXPECT_TRUE(torch::equal(averages[40][i], averages[60][i]));
  }
  EXPECT_FALSE(torch::equal(weights[40][0], weights[60][0]));
}

TEST(Train, LearnsLikeTheDenseNetworkWithinTheNoiseOfSeeds) {
  if (std::getenv("NEURONTWIN_SLOW") == nullptr) GTEST_SKIP() << "a minute; NEURONTWIN_SLOW=1 runs it";
  auto task = SmallTask("curves");
  task.twin.layers = {{30, 48}, {12, 48}};  // wide enough for the fast algorithm of the second layer
  task.twin.weight_sd = 0.05;
  task.spec.epochs = 8;
  std::vector<std::vector<EpochRecord>> event_driven, dense;
  for (const uint64_t seed : {1, 2, 3}) {
    for (auto* curves : {&event_driven, &dense}) {
      Twin twin(task.twin, 100, seed);
      twin->dense = curves == &dense;
      curves->push_back(task.run(twin, fresh_folder("curves-out"), {}, seed).epochs);
    }
  }
  for (size_t epoch = 0; epoch < 8; ++epoch) {
    const auto loss = [&](const auto& curves, size_t seed) { return curves[seed][epoch].valid_loss; };
    const auto [least, most] = std::minmax({loss(dense, 0), loss(dense, 1), loss(dense, 2)});
    const double ours = (loss(event_driven, 0) + loss(event_driven, 1) + loss(event_driven, 2)) / 3;
    const double theirs = (loss(dense, 0) + loss(dense, 1) + loss(dense, 2)) / 3;
    // Means of three: they may differ by the spread of single runs over sqrt(3), and a little for that spread
    // being known from three.
    EXPECT_NEAR(ours, theirs, most - least) << "epoch " << epoch + 1;
    fmt::print("epoch {}: event-driven {:.5f}, dense {:.5f}, seeds {:.5f} .. {:.5f}\n", epoch + 1, ours,
               theirs, least, most);
  }
}

TEST(Train, AfterAnInterruptionAnywhereTheWeightsAreTheSameToTheLastBit) {
  SmallTask task("resume");
  task.twin.layers = {{20, 48}, {12, 48}};  // wide enough for the fast algorithm of the second layer
  const int threads = at::get_num_threads();
  Twin whole(task.twin, 100, 1);
  const auto undisturbed = task.run(whole, fresh_folder("resume-whole"));
  struct Interrupted {};
  for (const int at_step : {1, 20, 27, 59}) {
    auto again = task;
    again.spec.checkpoint_every_s = 0;  // after every step
    const auto folder = fresh_folder("resume-cut");
    Twin first(task.twin, 100, 1);
    int steps = 0;
    EXPECT_THROW(again.run(first, folder,
                           [&](const Progress&) {
                             if (++steps > at_step) throw Interrupted{};
                           }),
                 Interrupted);
    Twin second(task.twin, 100, 1);
    int64_t steps_again = 0;
    at::set_num_threads(threads > 1 ? 1 : 2);  // nor do threads matter
    const auto result = again.run(second, folder, [&](const Progress&) { ++steps_again; });
    at::set_num_threads(threads);
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
  TrainResult run_beside(Twin& t, const fs::path& folder, std::vector<int64_t>& asked,
                         const ProgressListener& listener = {}) const {
    BackgroundDataset beside(plan, data, 2, 1);
    beside.wait_for("valid", plan.data.valid_trials, {});
    Split split;
    const GrowingTrials trials{plan.data.train_trials, [&](int64_t first) -> const Split& {
                                 asked.push_back(first);
                                 beside.wait_for("train", first, {});
                                 split.grow(plan, data, splits_of(plan.data)[0], first);
                                 return split;
                               }};
    return train(t, spec, 9, trials, Split::open(data, "valid"), folder, "test", listener);
  }
};

TEST(Train, OnDataThatGrowBesideItEndsWithTheWeightsOfDataThatWereThere) {
  const GrowingTask growing("growing"), there("there");
  make_dataset(there.plan, there.data, 2, {});
  Twin beside(growing.twin, 100, 1), after(there.twin, 100, 1);
  std::vector<int64_t> asked;
  const auto result = growing.run_beside(beside, fresh_folder("growing-out"), asked);
  const auto expected = there.run(after, fresh_folder("there-out"));
  EXPECT_EQ(asked, (std::vector<int64_t>{16, 24, 32, 40}));
  EXPECT_TRUE(same_weights(beside, after));
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(result.epochs[i].train_loss, expected.epochs[i].train_loss);

  auto all = there;  // and the settings do matter
  all.spec.starts_with_trials = 0;
  Twin other(all.twin, 100, 1);
  EXPECT_NE(all.run(other, fresh_folder("all-out")).epochs[0].train_loss, expected.epochs[0].train_loss);
}

TEST(Train, OnGrowingDataAnInterruptionChangesNothingEither) {
  const GrowingTask there("growing-whole");
  make_dataset(there.plan, there.data, 2, {});
  Twin whole(there.twin, 100, 1);
  const auto undisturbed = there.run(whole, fresh_folder("growing-whole-out"));
  struct Interrupted {};
  GrowingTask cut("growing-cut");
  cut.spec.checkpoint_every_s = 0;
  const auto folder = fresh_folder("growing-cut-out");
  std::vector<int64_t> asked;
  for (const int more_steps : {7, 14, 40}) {  // within an epoch, across its end, at one's end
    Twin twin(cut.twin, 100, 1);
    int steps = 0;
    EXPECT_THROW(cut.run_beside(twin, folder, asked,
                                [&](const Progress&) {
                                  if (++steps > more_steps) throw Interrupted{};
                                }),
                 Interrupted);
  }
  Twin twin(cut.twin, 100, 1);
  const auto result = cut.run_beside(twin, folder, asked);
  EXPECT_TRUE(same_weights(twin, whole));
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(result.epochs[i].train_loss, undisturbed.epochs[i].train_loss);
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
  Twin twin(task.twin, 100, 1);
  task.run(twin, folder);
  train(twin, task.spec, 9, Split::open(task.data, "train"), Split::open(task.data, "valid"), folder, "other",
        {});
  EXPECT_TRUE(fs::exists(folder.string() + "-before-1/best.safetensors"));
}

std::string message_of(const SmallTask& task, const fs::path& folder) {
  Twin twin(task.twin, 100, 1);
  try {
    task.run(twin, folder);
  } catch (const Diverged& error) {
    return error.what();
  }
  return "no error";
}

TEST(Train, ALossThatIsNoNumberIsNamedWithItsQuantityAndPlaceAndNotTakenForADamagedCheckpoint) {
  SmallTask task("diverging");
  task.spec.schedule = {{.from_epoch = 0, .learning_rate = 1e30, .soma_weight = 0.003}};
  const auto in_training = message_of(task, fresh_folder("diverging-out"));
  EXPECT_NE(in_training.find("training diverged in epoch 1: the loss of the "), std::string::npos)
      << in_training;
  EXPECT_NE(in_training.find("in step 2"), std::string::npos) << in_training;
  task.spec.steps_per_epoch = 1;  // nothing looks at the weights before the validation does
  const auto in_validation = message_of(task, fresh_folder("diverging-out"));
  EXPECT_NE(in_validation.find("in the validation after epoch 1 the loss of the "), std::string::npos)
      << in_validation;
  EXPECT_NE(in_validation.find("valid-0000.h5, trial 0 of it"), std::string::npos) << in_validation;
}

TEST(Train, ADamagedCheckpointIsSaid) {
  const SmallTask task("damaged");
  const auto folder = fresh_folder("damaged-out");
  Twin twin(task.twin, 100, 1);
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
  task.spec.questions = {.near_spike_ms = 10, .rate_sd_ms = 20};
  task.twin.near_spike = task.twin.count = true;
  Twin twin(task.twin, 100, 1);
  const auto epochs = task.run(twin, fresh_folder("easier-out")).epochs;
  EXPECT_LT(epochs.back().train_easier_loss, epochs.front().train_easier_loss);
  EXPECT_GT(epochs.front().train_loss, epochs.front().train_easier_loss);
}

TEST(Train, ARecurrentTwinLearnsAndGoesOnFromACheckpoint) {
  auto task = SmallTask("recurrent");
  auto& r = task.twin.recurrent.emplace();
  task.twin.layers.clear();
  r.memory_units = 6;
  r.history_ms = 60;
  r.excitatory_channels = 80;
  r.wiring.branches = 1;
  r.wiring.branch.assign(100, 0);
  for (int64_t c = 1; c <= 100; ++c) r.wiring.first.push_back(c);
  Twin whole(task.twin, 100, 1), cut(task.twin, 100, 1);
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
  Twin plain(task.twin, 100, 1), wide(task.twin, 100, 1), narrow(task.twin, 100, 1);
  task.run(plain, fresh_folder("clip-out"));
  task.spec.clip_gradient = 1e9;
  task.run(wide, fresh_folder("clip-out"));
  EXPECT_TRUE(same_weights(plain, wide));
  task.spec.clip_gradient = 1e-12;  // far below the optimiser's epsilon, so that hardly anything moves
  task.run(narrow, fresh_folder("clip-out"));
  Twin fresh(task.twin, 100, 1);
  EXPECT_TRUE(torch::allclose(narrow->first_weight, fresh->first_weight, 0, 1e-3));
  EXPECT_FALSE(torch::allclose(plain->first_weight, fresh->first_weight, 0, 1e-3));
}

TEST(Train, OfTheVoltageAloneNeedsNoSpike) {
  auto task = SmallTask("passive");
  task.data = fresh_folder("passive");
  for (auto& pool : task.plan.stimulus.pools) pool.excitatory_per_100ms_high = 3;  // far below threshold
  task.plan.identity.configuration = "passive";
  make_dataset(task.plan, task.data, 2, {});
  task.twin = {.layers = {{60, 1}}, .activation = Activation::linear, .soma_offset_mV = -75};
  task.spec.schedule = {{.from_epoch = 0, .learning_rate = 0.01, .spike_weight = 0, .soma_weight = 1}};
  Twin twin(task.twin, 100, 1), fresh(task.twin, 100, 1);
  const auto result = task.run(twin, fresh_folder("passive-out"));
  EXPECT_TRUE(std::isnan(result.epochs.back().valid_auc));
  EXPECT_LT(result.epochs.back().valid_loss, 0.5 * result.epochs.front().train_loss);
  EXPECT_FALSE(task.spec.learns_spikes());
  EXPECT_TRUE(torch::equal(twin->spike_weight, fresh->spike_weight));  // nobody asked it anything
}

TEST(Train, ThePublishedWayHidesWhatCameBeforeAWindow) {
  const auto settings = [](const char* more) {
    return Settings::from_text(
        fmt::format("epochs = 1\nsteps_per_epoch = 5\n{}\n[[schedule]]\nfrom_epoch = 0\n"
                    "learning_rate = 0.01\nspike_weight = 1\nsoma_weight = 0.003\n",
                    more));
  };
  auto task = SmallTask("published");
  std::vector<double> loss;
  for (const auto* more : {"", "full_history = true", "full_history = false"}) {
    task.spec = read_train(settings(more));
    Twin twin(task.twin, 100, 1);
    loss.push_back(task.run(twin, fresh_folder("published-out")).epochs.front().train_loss);
  }
  EXPECT_EQ(loss[0], loss[1]);
  EXPECT_NE(loss[0], loss[2]);
}

TEST(Train, AQuestionThatLooksPastTheWindowIsRefused) {
  try {
    read_train(
        Settings::from_text("epochs = 1\nsteps_per_epoch = 1\nwindow_ms = 100\nrate_sd_ms = 13\n"
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
        Settings::from_text("epochs = 1\nsteps_per_epoch = 1\nstarts_with_trials = 5\n"
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
    read_train(Settings::from_text(
        "epochs = 1\nsteps_per_epoch = 1\n[[schedule]]\nfrom_epoch = 2\nlearning_rate = 1\n", "a.toml"));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "a.toml:4: 'schedule[0].from_epoch' is 2, expected 0 in the first phase");
  }
}

}  // namespace
}  // namespace neurontwin

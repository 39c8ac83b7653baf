#include "evaluate/baselines.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "config/temporary_folder.hpp"
#include "evaluate/detail/binned_input.hpp"
#include "evaluate/evaluate.hpp"
#include "files/files.hpp"

namespace nt::evaluate {
namespace {

namespace fs = std::filesystem;

/// A neuron that is a generalised linear model: six excitatory and two inhibitory synapses whose filters
/// decay with 10 ms, and, if asked, a refractory one that its own spikes turn down for 15 ms. Its voltage is
/// linear in the input with filters of 35 ms (between the model's time constants) and noise of 0.5 mV.
struct LinearNeuron {
  double refractoriness = 0;
  static constexpr double kBias = -4;
  static constexpr std::array<double, 8> kWeight{0.6, 0.9, 1.2, 1.5, 0.3, 0.0, -1.0, -2.0};
  static constexpr double kNoise_mV = 0.5;

  struct Answer {
    simulate::Trial trial;
    std::vector<double> log_odds;
  };

  Answer trial(uint64_t number, int64_t duration_ms) const {
    Answer a;
    random::Random random(11, random::Stage::test_cases, number, random::StreamName::test_case);
    double drive = 0, soma = 0, refractory = 0;
    for (int64_t t = 0; t < duration_ms; ++t) {
      drive *= std::exp(-1 / 10.0);
      soma *= std::exp(-1 / 35.0);
      refractory *= std::exp(-1 / 15.0);
      for (uint32_t s = 0; s < 8; ++s) {
        if (random.uniform() >= 0.02) continue;
        auto& events = s < 6 ? a.trial.input.excitatory : a.trial.input.inhibitory;
        events.time_ms.push_back(static_cast<uint32_t>(t));
        events.synapse.push_back(s < 6 ? s : s - 6);
        drive += kWeight[s];
        soma += kWeight[s];
      }
      a.log_odds.push_back(kBias + drive - refractory);
      if (random.uniform() < probability(a.log_odds.back())) {
        a.trial.spike_times_ms.push_back(static_cast<float>(t));
        refractory += refractoriness / std::exp(-1 / 15.0);  // whole in the next bin
      }
      a.trial.soma_mV.push_back(static_cast<float>(-65 + soma + kNoise_mV * random.normal()));
    }
    return a;
  }

  dataset::Split split(const std::string& name, uint64_t first, uint64_t trials, int64_t duration_ms) const {
    const auto folder =
        config::own_temporary_folder() / fmt::format("linear-neuron-{}-{}", name, refractoriness);
    fs::create_directories(folder);
    std::vector<simulate::Trial> all;
    for (uint64_t i = 0; i < trials; ++i) all.push_back(trial(first + i, duration_ms).trial);
    files::write_file_atomically(dataset::shard_path(folder, "test", 0),
                                 dataset::shard_bytes({6, 2, duration_ms, 1, "linear"}, {}, "test", 0, all));
    return dataset::Split::open(folder, "test");
  }
};

struct LinearTask {
  LinearNeuron neuron;
  dataset::Split train, valid, test;
  explicit LinearTask(double refractoriness)
      : neuron{refractoriness},
        train(neuron.split("train", 0, 40, 2000)),
        valid(neuron.split("valid", 100, 10, 2000)),
        test(neuron.split("test", 200, 20, 2000)) {}
};

/// Mean loss per bin in nats, of the fitted model and of the neuron itself.
std::pair<double, double> losses_of(const Glm& model, const LinearTask& task) {
  double fitted = 0, own = 0;
  for (size_t i = 0; i < task.test.trials(); ++i) {
    const auto truth = truth_of(task.test.trial(i));
    const auto log_odds = model.predict(task.test.trial(i), 6);
    const auto answer = task.neuron.trial(200 + i, 2000);
    for (size_t t = 0; t < log_odds.size(); ++t) {
      const double sign = truth.spike[t] ? -1 : 1;
      fitted += std::log1p(std::exp(sign * static_cast<double>(log_odds[t])));
      own += std::log1p(std::exp(sign * answer.log_odds[t]));
    }
  }
  const double bins = static_cast<double>(task.test.trials()) * 2000;
  return {fitted / bins, own / bins};
}

TEST(Glm, IsAsGoodAsTheNeuronThatIsOne) {
  const LinearTask task(0);
  const auto model = fit_glm(GlmTarget::spike, false, task.train, task.valid, {});
  const auto [fitted, own] = losses_of(model, task);
  // 65 weights from n bins cost about 65/2n = 0.0004 nats a bin.
  EXPECT_LT(fitted, own + 0.001);
  EXPECT_GT(fitted, own - 0.001);
  EXPECT_EQ(model.parameter_count(), 1 + 8 * 8);
}

TEST(Glm, ExplainsALinearVoltageDownToItsNoise) {
  const LinearTask task(0);
  const auto model = fit_glm(GlmTarget::soma, false, task.train, task.valid, {});
  double e2 = 0;
  for (size_t i = 0; i < task.test.trials(); ++i) {
    const auto predicted = model.predict(task.test.trial(i), 6);
    for (size_t t = 0; t < predicted.size(); ++t) {
      e2 += std::pow(static_cast<double>(predicted[t] - task.test.trial(i).soma_mV[t]), 2);
    }
  }
  EXPECT_NEAR(std::sqrt(e2 / 40000), LinearNeuron::kNoise_mV, 0.01);
}

TEST(Glm, OnlyWithItsHistoryKnowsARefractoryNeuron) {
  const LinearTask task(6);
  const auto blind = fit_glm(GlmTarget::spike, false, task.train, task.valid, {});
  const auto seeing = fit_glm(GlmTarget::spike, true, task.train, task.valid, {}, {}, &blind);
  const auto [without, own] = losses_of(blind, task);
  const auto [with, same] = losses_of(seeing, task);
  EXPECT_GT(without, own + 0.005);
  EXPECT_LT(with, own + 0.001);
}

TEST(Glm, ComesOutTheSameOnAnyNumberOfThreads) {
  const LinearTask task(6);
  std::vector<Glm> models;
  for (const int threads : {1, 2, 3}) {
    models.push_back(fit_glm(GlmTarget::spike, true, task.train, task.valid, {.trials = 20, .passes = 8},
                             twin::on_threads(threads)));
  }
  EXPECT_EQ(models[0].weight, models[1].weight);
  EXPECT_EQ(models[0].weight, models[2].weight);
}

TEST(Baselines, AConstantRateRanksNothingAndGainsNothing) {
  const LinearTask task(0);
  for_each_baseline({.trials = 10, .passes = 5}, task.train, task.valid, task.test, {},
                    [&](const Baseline& b) {
                      ASSERT_EQ(b.test.size(), task.test.trials());
                      if (b.name != "rate") return;
                      ScoreSums total;
                      for (const auto& trial : b.test)
                        total.add(score_trial(trial, {}, {}, spikes_per_bin(task.train)), 1);
                      EXPECT_NEAR(total.log_loss, total.rate_log_loss, 1e-3);
                      EXPECT_NEAR(voltage_metrics(total).variance_explained, 0, 0.01);
                      EXPECT_TRUE(std::isnan(count_metrics(total).correlation));
                    });
}

TEST(Baselines, TheOneUnitNetworkLooksAsFarBackAsATwinOfAnyKind) {
  const LinearTask task(0);
  twin::RecurrentSpec memory;
  memory.history_ms = 29;
  twin::ConvolutionalSpec layers({{20, 3}, {11, 3}});
  layers.batch_norm = layers.residual = true;
  twin::TwinSpec with_more_heads(layers);
  with_more_heads.heads.push_back(twin::further_head("near_spike"));
  train::TrainSpec train;
  train.steps_per_epoch = 2;
  train.schedule = {{}};
  for (const auto& twin : {twin::TwinSpec(memory), with_more_heads}) {
    const auto folder = config::own_temporary_folder() / ("one-unit-" + std::string(twin.network->kind()));
    fs::create_directories(folder);
    const auto b = one_unit_network({twin, layers, train, folder, "a test's"}, 1, task.train, task.valid,
                                    task.test, {}, {});
    EXPECT_EQ(b.parameters, 8 * 30 + 1 + 2 * 2);
    EXPECT_EQ(b.test.size(), task.test.trials());
  }
}

TEST(BinnedInput, PutsSpikesAtTheirBinsFirstMs) {
  // Bins of 10 ms from 25 ms on, where the first output is: 0, 5, 15, 25, 35 ..
  const std::vector<int32_t> events{0, 3, 4,  0, 3, 5,  0, 3, 24, 0, 3, 25,
                                    0, 3, 34, 0, 4, 34, 1, 3, 30, 1, 3, -2};
  EXPECT_EQ(binned(events, {10, false}, 25), (std::vector<int32_t>{0, 3, 0,  0, 3, 5,  0, 3, 15, 0, 3, 25,
                                                                   0, 3, 25, 0, 4, 25, 1, 3, 25, 1, 3, -2}));
  EXPECT_EQ(binned(events, {10, true}, 25),
            (std::vector<int32_t>{0, 3, 0, 0, 3, 5, 0, 3, 15, 0, 3, 25, 0, 4, 25, 1, 3, 25, 1, 3, -2}));
}

dataset::CellTable chain_of_eight() {
  dataset::CellTable cell;
  for (int c = 0; c < 9; ++c) {
    cell.parent.push_back(c - 1);
    if (c > 0) (c < 7 ? cell.excitatory_compartment : cell.inhibitory_compartment).push_back(c);
  }
  return cell;
}

TEST(BinnedInput, HidesWhenInABinASpikeCameAndNothingElse) {
  const twin::TwinSpec twin(twin::ConvolutionalSpec({{20, 3}, {5, 3}}));
  for (const auto& spec :
       {rate_network(twin, 10), binary_network(twin, 10), k_tree_network(twin, chain_of_eight(), 2, 10)}) {
    SCOPED_TRACE(spec.network->words());
    twin::Twin network(spec, 8, 3);
    for (float& x : network.numbers) x += 0.1f;
    const auto first_ms = static_cast<int32_t>(network.history_ms());
    const auto answer = [&](const std::vector<int32_t>& since) {
      std::vector<int32_t> events;
      for (const int32_t ms : since) events.insert(events.end(), {0, 2, first_ms + ms});
      const auto outputs = network.forward({events, 1, 40});
      return std::vector<float>(outputs.values, outputs.values + outputs.rows * outputs.row);
    };
    EXPECT_EQ(answer({10}), answer({19}));
    EXPECT_NE(answer({19}), answer({20}));
    EXPECT_NE(answer({19}), answer({}));
    EXPECT_EQ(answer({12, 15}) == answer({12}),
              spec.network->words().find("binary input") != std::string::npos);
  }
}

TEST(Baselines, NetworksOfBinnedInputAreTrainedAsTheTwinWas) {
  const LinearTask task(0);
  train::TrainSpec train;
  train.steps_per_epoch = 2;
  train.schedule = {{}};
  OneUnitTask networks{
      twin::TwinSpec(twin::ConvolutionalSpec({{20, 3}, {11, 3}})), {},         train,
      config::own_temporary_folder() / "binned" / "checkpoints",   "a test's", chain_of_eight()};
  std::vector<std::string> names;
  for_each_binned_network({true, true, 1, 20}, networks, 1, task.train, task.valid, task.test, {}, {},
                          [&](const Baseline& b) {
                            names.push_back(b.name);
                            EXPECT_EQ(b.test.size(), task.test.trials());
                            EXPECT_GT(b.parameters, 0);
                          });
  EXPECT_EQ(names, (std::vector<std::string>{"rate_bins", "binary", "k_tree"}));
}

TEST(Baselines, RatesInBinsSayLessOfANeuronOfTenMsThanItsInputDoes) {
  const LinearTask task(0);
  train::TrainSpec train;
  train.epochs = 10;
  train.steps_per_epoch = 100;
  train.window_ms = 200;
  train.schedule = {{}};
  train.schedule.front().learning_rate = 0.01;
  train.schedule.front().weights["soma"] = 0;
  const auto folder = config::own_temporary_folder() / "rates-say-less";
  fs::remove_all(folder);
  twin::ConvolutionalSpec unit({{60, 1}});
  unit.activation = twin::Activation::linear;
  const twin::TwinSpec spec(unit);
  const OneUnitTask networks{spec, {}, train, folder / "checkpoints", "a test's", {}};
  const auto auc = [](const std::vector<TrialComparison>& trials) {
    return statistics::rank_metrics(statistics::rank(bins_of(trials, {})), {}).auc;
  };
  const double exact = auc(one_unit_network(networks, 1, task.train, task.valid, task.test, {}, {}).test);
  double rates = 1;
  for_each_binned_network({true, false, 0, 50}, networks, 1, task.train, task.valid, task.test, {}, {},
                          [&](const Baseline& b) { rates = auc(b.test); });
  EXPECT_GT(exact, rates + 0.02);
  EXPECT_GT(rates, 0.55);  // but something they do say
}

/// Trials of 6 s with spikes at random times and nothing else.
dataset::Split random_spikes(const std::string& name, uint64_t first, uint64_t trials, double rate_hz = 1) {
  const auto folder = config::own_temporary_folder() / ("random-spikes-" + name);
  fs::create_directories(folder);
  std::vector<simulate::Trial> all(trials);
  for (uint64_t i = 0; i < trials; ++i) {
    random::Random random(12, random::Stage::test_cases, first + i, random::StreamName::test_case);
    for (double t = 0; rate_hz > 0;) {
      t -= 1000 / rate_hz * std::log(random.uniform());
      if (t >= 6000) break;
      all[i].spike_times_ms.push_back(static_cast<float>(t));
    }
    for (int t = 0; t < 6000; ++t) all[i].soma_mV.push_back(static_cast<float>(-65 + random.normal()));
  }
  files::write_file_atomically(dataset::shard_path(folder, "test", 0),
                               dataset::shard_bytes({1, 1, 6000, 1, "random"}, {}, "test", 0, all));
  return dataset::Split::open(folder, "test");
}

std::vector<std::vector<float>> times_of(const dataset::Split& split) {
  return jittered(split, 0, 1);
}

TEST(Evaluate, OfANeuronThatNeverSpikesSpeaksOfItsVoltageAlone) {
  const auto silent = random_spikes("silent", 0, 4, 0), busy = random_spikes("busy", 0, 4);
  twin::Twin twin(twin::TwinSpec(twin::ConvolutionalSpec({{5, 1}})), 2, 1);
  const EvaluateSpec quick{.bootstrap_resamples = 20, .glm = {.trials = 4, .passes = 3}};
  for (const auto* split : {&silent, &busy}) {
    const auto e = evaluate(twin, quick, 1, *split, *split, *split, {});
    std::vector<std::string> spoken_of;
    for (const auto& [key, value] : e.metrics) {
      EXPECT_FALSE(value.is_number() && !std::isfinite(value.number())) << key;
      if (key.find("spike.") != std::string::npos && !key.ends_with("_ci95")) spoken_of.push_back(key);
    }
    EXPECT_EQ(e.curves.spikes.has_value(), split == &busy);
    EXPECT_TRUE(e.metrics.contains("soma.rmse_mV") && e.metrics.contains("baseline.glm.soma.rmse_mV"));
    EXPECT_EQ(e.metrics.contains("baseline.glm.spike.auc"), split == &busy);
    EXPECT_EQ(e.metrics.contains("ceiling.jitter_1ms.spike.auc"), split == &busy);
    const bool only_rate = spoken_of == std::vector<std::string>{"spike.base_rate_hz"};
    EXPECT_EQ(only_rate, split == &silent);
  }
}

TEST(Ceiling, ARepetitionThatIsTheSameIsPerfect) {
  const auto valid = random_spikes("same-valid", 0, 20), test = random_spikes("same-test", 100, 40);
  const auto m =
      ceiling_metrics("again", {}, 1, valid, valid, {times_of(valid), {}}, test, {times_of(test), {}});
  EXPECT_EQ(m["ceiling.again.kernel_sd_ms"], 0);
  EXPECT_EQ(m["ceiling.again.spike.auc"], 1);
  EXPECT_EQ(m["ceiling.again.spike.f1_1ms"], 1);
  EXPECT_FALSE(m.contains("ceiling.again.soma.rmse_mV"));  // nobody said anything about the voltage
}

TEST(Ceiling, SinksWithTheJitterAndFindsItsWidth) {
  const auto valid = random_spikes("jitter-valid", 0, 60), test = random_spikes("jitter-test", 100, 60);
  double before = 1;
  for (const double sd_ms : {1.0, 5.0, 50.0}) {
    const auto m = ceiling_metrics("oracle", {}, 1, valid, valid, {jittered(valid, sd_ms, 3), {}}, test,
                                   {jittered(test, sd_ms, 4), {}});
    EXPECT_EQ(m["ceiling.oracle.kernel_sd_ms"], sd_ms);
    const double found = m["ceiling.oracle.spike.average_precision"].number();
    EXPECT_LT(found, before);
    before = found;
  }
}

TEST(Ceiling, OfThePublishedLabelsIsWhatWasMeasuredOnThem) {
  // An oracle that knows the times before they were stored as float16 gets AUC 0.9991 and finds 93 % of the
  // spikes at 0.25 % false positives.
  const auto valid = random_spikes("half-valid", 0, 100), test = random_spikes("half-test", 1000, 600);
  std::vector<TrialComparison> labels, trials;
  for (size_t i = 0; i < valid.trials(); ++i) labels.push_back(truth_of(valid.trial(i)));
  use_published_labels(labels, valid);
  const auto kernel = choose_kernel(labels, times_of(valid), 0.001);
  std::vector<statistics::TrialBins> bins;
  for (size_t i = 0; i < test.trials(); ++i) trials.push_back(truth_of(test.trial(i)));
  use_published_labels(trials, test);
  for (size_t i = 0; i < test.trials(); ++i) {
    const auto score = kernel_log_odds(times_of(test)[i], 6000, kernel, 0.001);
    bins.push_back(
        {{score.begin() + 500, score.end()}, {trials[i].spike.begin() + 500, trials[i].spike.end()}});
  }
  const std::vector<double> rates{0.0025};
  const auto m = statistics::rank_metrics(statistics::rank(bins), rates);
  EXPECT_NEAR(m.auc, 0.9991, 0.0004);
  EXPECT_NEAR(m.tpr[0], 0.93, 0.02);
}

TEST(Ceiling, Float16HasStepsOfMillisecondsLateInATrial) {
  EXPECT_EQ(dataset::rounded_to_half(1000.3f), 1000.5f);
  EXPECT_EQ(dataset::rounded_to_half(2049.2f), 2050.0f);
  EXPECT_EQ(dataset::rounded_to_half(4097.0f), 4096.0f);
  EXPECT_EQ(dataset::rounded_to_half(5999.0f), 6000.0f);
}

}  // namespace
}  // namespace nt::evaluate

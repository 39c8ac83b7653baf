#pragma once
// For tests: a neuron that is a leaky sum of its input, and the twin that is the same sum.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "config/temporary_folder.hpp"
#include "produce/make_dataset.hpp"
#include "produce/plan.hpp"
#include "twin/twin.hpp"

namespace nt::interpret {

struct ExactTwin {
  static constexpr double tau_ms = 20, weight_mV = 2, reset_mV = -75;
  static constexpr int64_t taps = 141;  // of the neuron's kernel

  produce::DatasetPlan plan;
  twin::Twin twin = leaky_sum();
  dataset::Split test;

  /// `threshold_mV`: low enough for spikes, or so high that the neuron is linear. Trials in a folder of the
  /// test's name.
  ExactTwin(const std::string& name, double threshold_mV) {
    auto cell = cell::IntegrateAndFire{};
    cell.threshold_mV = threshold_mV;
    cell.spike_mV = threshold_mV + 0.1;
    plan.cell = cell;
    plan.stimulus.interval_ms = {50};
    plan.stimulus.smoothing_sd_ms = {60};
    plan.data = {
        .trial_ms = 3000, .train_trials = 1, .valid_trials = 1, .test_trials = 12, .trials_per_shard = 4};
    plan.seed = 5;
    plan.identity = {80, 20, plan.data.trial_ms, plan.seed, "a test's"};
    const auto folder = config::own_temporary_folder() / ("exact-twin-" + name);
    std::filesystem::remove_all(folder);
    produce::make_dataset(plan, folder, 1, {});
    test = produce::open_split(plan, folder, produce::splits_of(plan.data)[2]);
  }

 private:
  static twin::Twin leaky_sum() {
    twin::ConvolutionalSpec unit({{taps, 1}});
    unit.activation = twin::Activation::linear;
    twin::TwinSpec spec(unit);
    for (auto& head : spec.heads) head.offset = head.name == "soma" ? reset_mV : 0;
    twin::Twin made(spec, 100, 1);
    const auto weight = made.array("layer1_weight");
    for (size_t i = 0; i < weight.size(); ++i) {
      const auto lag = static_cast<double>(i % taps);
      weight[i] = static_cast<float>((i < 80 * taps ? weight_mV : -weight_mV) * std::exp(-lag / tau_ms));
    }
    const auto set = [&](const char* name, float value) { std::ranges::fill(made.array(name), value); };
    set("layer1_bias", 0);
    set("soma_weight", 1);
    set("soma_bias", 0);
    set("spike_weight", 0.5);  // log-odds half a unit a mV
    set("spike_bias", -8);
    return made;
  }
};

}  // namespace nt::interpret

#pragma once
// For tests: a neuron that is a leaky sum of its input, and the twin that is the same sum.
#include <filesystem>

#include "config/temporary_folder.hpp"
#include "dataset/dataset.hpp"
#include "twin/network.hpp"

namespace neurontwin {

struct ExactTwin {
  static constexpr double tau_ms = 20, weight_mV = 2, reset_mV = -75;
  static constexpr int64_t taps = 141;  // of the neuron's kernel

  DatasetPlan plan;
  Twin twin{nullptr};
  Split test;

  /// `threshold_mV`: low enough for spikes, or so high that the neuron is linear. Trials in a folder of the
  /// test's name.
  ExactTwin(const std::string& name, double threshold_mV) {
    auto cell = IntegrateAndFire{};
    cell.threshold_mV = threshold_mV;
    cell.spike_mV = threshold_mV + 0.1;
    plan.cell = cell;
    plan.stimulus.interval_ms = {50};
    plan.stimulus.smoothing_sd_ms = {60};
    plan.data = {
        .trial_ms = 3000, .train_trials = 1, .valid_trials = 1, .test_trials = 12, .trials_per_shard = 4};
    plan.seed = 5;
    plan.identity = {80, 20, plan.data.trial_ms, plan.seed, "a test's"};
    const auto folder = own_temporary_folder() / ("exact-twin-" + name);
    std::filesystem::remove_all(folder);
    make_dataset(plan, folder, 1, {});
    test = Split::open(plan, folder, splits_of(plan.data)[2]);

    TwinSpec spec;
    spec.layers = {{taps, 1}};
    spec.activation = Activation::linear;
    spec.soma_offset_mV = reset_mV;
    twin = Twin(spec, 100, 1);
    twin->eval();
    torch::NoGradGuard no_gradient;
    const auto decay = torch::exp(-torch::arange(taps, torch::kFloat32) / tau_ms);
    for (int64_t c = 0; c < 100; ++c)
      twin->first_weight[c].select(1, 0).copy_((c < 80 ? weight_mV : -weight_mV) * decay);
    twin->first_bias.zero_();
    twin->soma_weight.fill_(1);
    twin->soma_bias.zero_();
    twin->spike_weight.fill_(0.5);  // log-odds half a unit a mV
    twin->spike_bias.fill_(-8);
  }
};

}  // namespace neurontwin

// Trains a twin on trials that come from elsewhere: here from a leaky neuron of ten lines.
//   train_on_arrays OUT_FOLDER
#include <cmath>
#include <cstdio>
#include <neurontwin/evaluate.hpp>
#include <neurontwin/train.hpp>
#include <random>

namespace {

constexpr int64_t kDuration_ms = 2000, kExcitatory = 40, kInhibitory = 10;

/// One trial: random input spikes, and what the neuron does with them.
neurontwin::DatasetTrial trial(std::mt19937& random) {
  neurontwin::DatasetTrial made;
  double v_mV = -70;
  for (int64_t ms = 0; ms < kDuration_ms; ++ms) {
    v_mV = -70 + (v_mV + 70) * std::exp(-1.0 / 20);
    for (uint32_t synapse = 0; synapse < kExcitatory + kInhibitory; ++synapse) {
      if (random() % 100 != 0) continue;  // 10 Hz
      made.input.time_ms.push_back(static_cast<double>(ms));
      made.input.synapse.push_back(synapse);
      v_mV += synapse < kExcitatory ? 2 : -2;
    }
    if (v_mV > -55) {
      made.spike_times_ms.push_back(static_cast<float>(ms));
      v_mV = -70;
    }
    made.soma_mV.push_back(static_cast<float>(v_mV));
  }
  return made;
}

std::vector<neurontwin::DatasetTrial> trials(int count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<neurontwin::DatasetTrial> made;
  for (int i = 0; i < count; ++i) made.push_back(trial(random));
  return made;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::filesystem::path out = argc > 1 ? argv[1] : "trained";
  const auto train = trials(64, 1), valid = trials(8, 2), test = trials(16, 3);
  const auto data = neurontwin::write_dataset({.excitatory_synapses = kExcitatory,
                                               .inhibitory_synapses = kInhibitory,
                                               .duration_ms = kDuration_ms,
                                               .train = train,
                                               .valid = valid,
                                               .test = test,
                                               .source = "a leaky neuron"},
                                              out / "dataset");
  const auto trained = neurontwin::train(
      data,
      {.settings = "[twin]\nmemory_units = 10\nbranches = 4\n[train]\nepochs = 4\nsteps_per_epoch = 200"});
  neurontwin::save_twin(trained.twin, out / "twin.safetensors");
  const auto scores = neurontwin::evaluate(trained.twin, data);
  std::printf("spike AUC %.4f, %.1f %% of the voltage\n", scores.value("spike.auc"),
              100 * scores.value("soma.variance_explained"));
  return scores.value("spike.auc") > 0.95 ? 0 : 1;
} catch (const neurontwin::InputError& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}

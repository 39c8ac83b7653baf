#include "run/memory_estimate.hpp"

#include <algorithm>

#include "files/free_space.hpp"

namespace nt::run {
namespace {

constexpr double kFloat = sizeof(float);

/// What every layer hands on, once forward and once back, for the windows of one step.
double activation_bytes(const twin::TwinSpec& twin, const train::TrainSpec& train) {
  return 2 * kFloat * static_cast<double>(twin.network->units()) * static_cast<double>(train.batch_windows) *
         static_cast<double>(train.window_ms);
}

/// Weights, their gradients and the optimiser's two moments.
double weight_bytes(const twin::TwinSpec& twin, int64_t channels) {
  return 4 * kFloat * static_cast<double>(twin.parameter_count(channels));
}

/// A voltage and a chance of a spike for every millisecond of the trials that are scored together.
double answer_bytes(const produce::DataSpec& data) {
  return 2 * kFloat * static_cast<double>(std::max(data.test_trials, data.valid_trials)) *
         static_cast<double>(data.trial_ms);
}

int64_t channels_of(const Experiment& e) {
  return cell::excitatory_synapses(e.plan.cell) + cell::inhibitory_synapses(e.plan.cell);
}

}  // namespace

MemoryNeeded memory_needed(const Experiment& e) {
  return {activation_bytes(e.twin, e.train) + weight_bytes(e.twin, channels_of(e)),
          answer_bytes(e.plan.data)};
}

void require_memory(const Experiment& e) {
  const auto free = static_cast<double>(files::free_memory_bytes());
  const auto require = [&](double bytes, std::string_view settings, std::string_view doing) {
    if (bytes <= free) return;
    fail_input("{} takes more than {} of memory, but {} are free; lower {}", doing,
               files::words_for_bytes(bytes), files::words_for_bytes(free), settings);
  };
  require(activation_bytes(e.twin, e.train), "train.batch_windows, train.window_ms or twin.width",
          "training");
  require(weight_bytes(e.twin, channels_of(e)), "twin.width or twin.taps", "training");
  require(answer_bytes(e.plan.data), "data.test_trials, data.valid_trials or data.trial_ms", "evaluation");
}

}  // namespace nt::run

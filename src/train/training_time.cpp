#include "train/training_time.hpp"

#include <algorithm>
#include <chrono>

#include "random/random.hpp"
#include "train/step.hpp"

namespace nt::train {
namespace {

constexpr uint64_t kSeed = 1;  // of weights and windows: they do not change the time

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

dataset::WindowBatch made_up_batch(const twin::Twin& twin, const TrainSpec& spec, double spikes_per_ms) {
  dataset::WindowBatch batch;
  batch.windows = spec.batch_windows;
  batch.channels = twin.channels();
  batch.history_ms = twin.history_ms();
  batch.window_ms = spec.window_ms;
  random::Random random(kSeed, random::Stage::test_cases, 0, random::StreamName::test_case);
  const int64_t input_ms = batch.history_ms + batch.window_ms;
  const auto events = static_cast<int64_t>(spikes_per_ms * static_cast<double>(input_ms));
  for (int64_t w = 0; w < batch.windows; ++w) {
    for (int64_t k = 0; k < events; ++k) {
      const auto channel = static_cast<int64_t>(random.uniform() * static_cast<double>(batch.channels));
      for (const int64_t x : {w, std::min(channel, batch.channels - 1), k * input_ms / events})
        batch.events.push_back(static_cast<int32_t>(x));
    }
  }
  const auto ms = static_cast<size_t>(batch.windows * batch.window_ms);
  batch.spikes.assign(ms, 0);
  batch.spikes.front() = 1;
  batch.soma_mV.assign(ms, -65);
  batch.soma_counts.assign(ms, 1);
  for (const auto& head : twin.spec().heads) {
    const auto& signal = twin::head_kind(head.name).signal;
    if (!signal.empty())
      batch.signals.push_back(
          {signal, head.outputs, std::vector<float>(ms * static_cast<size_t>(head.outputs), 0)});
  }
  return batch;
}

}  // namespace

double training_time_s(const twin::TwinSpec& spec, int64_t channels, const TrainSpec& training,
                       double input_spikes_per_ms, int64_t valid_trials, int64_t valid_trial_ms,
                       int threads) {
  twin::Twin twin(spec, channels, kSeed, twin::on_threads(threads));
  const StepBatch made_up{made_up_batch(twin, training, input_spikes_per_ms), {}};
  const auto& batch = made_up.own;
  WeightAverage no_average(0);
  TrainStep step(twin, training, *ranks::alone(), no_average);
  GradientLengths lengths;
  const auto take = [&] { step.take(made_up, training.phase(0), training.learning_rate(0), lengths); };
  take();  // memory is taken, and the kernels are chosen
  constexpr double kLongEnough_s = 0.5;
  constexpr int kMostSteps = 3;
  const auto start = std::chrono::steady_clock::now();
  int steps = 0;
  while (steps < kMostSteps && (steps == 0 || seconds_since(start) < kLongEnough_s)) {
    take();
    ++steps;
  }
  const double step_s = seconds_since(start) / steps;
  constexpr double kShareOfForwardPass = 1.0 / 3;  // the way back takes about twice as long
  const auto window_ms = static_cast<double>(training.batch_windows * (batch.history_ms + batch.window_ms));
  const double validation_s = kShareOfForwardPass * step_s * static_cast<double>(valid_trials) *
                              static_cast<double>(valid_trial_ms + batch.history_ms) / window_ms;
  return static_cast<double>(training.epochs) *
         (static_cast<double>(training.steps_per_epoch) * step_s + validation_s);
}

}  // namespace nt::train

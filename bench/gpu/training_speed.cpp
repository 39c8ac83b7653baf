#include "training_speed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "train/step.hpp"
#include "twin/convolutional.hpp"
#include "twin/device_passes.hpp"

namespace nt::bench {
namespace {

using Json = nlohmann::ordered_json;

twin::ConvolutionalSpec convolutional_twin(int64_t features) {
  std::vector<twin::LayerSpec> layers(7, {19, features});
  layers.front().taps = 45;
  twin::ConvolutionalSpec spec(layers);
  spec.batch_norm = true;
  spec.weight_sd = 0.002;
  return spec;
}

dataset::WindowBatch random_batch(const TrainingSpeed& asked, int64_t windows, int64_t history_ms) {
  dataset::WindowBatch batch;
  batch.windows = windows;
  batch.channels = kChannels;
  batch.history_ms = history_ms;
  batch.window_ms = asked.window_ms;
  random::Random random(2, random::Stage::test_cases, 0, random::StreamName::test_case);
  for (int64_t w = 0; w < windows; ++w)
    for (int64_t t = 0; t < history_ms + asked.window_ms; ++t)
      for (int64_t k = 0; k < static_cast<int64_t>(asked.spikes_per_ms); ++k)
        for (const int64_t x : {w, static_cast<int64_t>(random.uniform() * kChannels), t})
          batch.events.push_back(static_cast<int32_t>(x));
  for (int64_t i = 0; i < windows * asked.window_ms; ++i) {
    batch.spikes.push_back(random.uniform() < 0.005 ? 1.0f : 0.0f);
    batch.soma_mV.push_back(static_cast<float>(-68 + 3 * random.normal()));
    batch.soma_counts.push_back(1);
  }
  return batch;
}

/// The median of some steps after one that makes room, and the twin's numbers after that one.
struct Steps {
  double seconds;
  std::vector<float> numbers;
};

/// `input`: the batch's on a device; null: the CPU computes.
Steps steps_of(const twin::TwinSpec& spec, const dataset::WindowBatch& batch, const twin::DeviceInput* input,
               device::Kind kind, int repeats) {
  twin::Twin twin(spec, kChannels, 1);
  std::unique_ptr<twin::DevicePasses> passes;
  if (input != nullptr) passes = twin::device_passes(twin, device::open_device(kind));
  train::TrainSpec training;
  training.schedule = {{.from_epoch = 0, .learning_rate = 1e-4, .weights = {{"soma", 0.02}}}};
  train::WeightAverage no_average(0);
  train::TrainStep whole(twin, training, *ranks::alone(), no_average, passes.get());
  train::GradientLengths lengths;
  const train::StepBatch windows{batch, {}, input};
  const auto step = [&] { whole.take(windows, training.phase(0), 1e-4, lengths); };
  step();
  whole.fetch();
  Steps steps{0, {twin.numbers.begin(), twin.numbers.end()}};
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) seconds.push_back(seconds_of(step));
  std::sort(seconds.begin(), seconds.end());
  steps.seconds = seconds[seconds.size() / 2];
  return steps;
}

/// How far the numbers of two twins came apart, in units of how far they came from the start.
double apart(const twin::TwinSpec& spec, const std::vector<float>& a, const std::vector<float>& b) {
  const twin::Twin start(spec, kChannels, 1);
  double between = 0, moved = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    between += std::pow(a[i] - b[i], 2);
    moved += std::pow(b[i] - start.numbers[i], 2);
  }
  return std::sqrt(between / moved);
}

void measure(const twin::TwinSpec& spec, const std::string& shape, int64_t size,
             const std::vector<int64_t>& windows, const TrainingSpeed& asked, device::Kind kind,
             const Results& results) {
  const int64_t history_ms = spec.network->window_ms() - 1;
  results.all.push_back({{"twin", spec.network->words()},
                         {shape, size},
                         {"window_ms", asked.window_ms},
                         {"history_ms", history_ms}});
  Json& all = results.all.back();
  for (const int64_t count : windows) {
    const auto batch = random_batch(asked, count, history_ms);
    twin::DeviceInput input(kind, kChannels, history_ms);
    input.upload(twin::windows_of(batch));
    const bool emulated = kind == device::Kind::emulate;
    const auto ours = steps_of(spec, batch, &input, kind, emulated ? 1 : 9);
    all["rates"].push_back({{"windows", count}, {"seconds", ours.seconds}});
    results.keep();
    if (count > kMostWindowsOfOneCore) continue;
    const auto right = steps_of(spec, batch, nullptr, device::Kind::cpu, 1);
    all["rates"].back()["seconds_of_one_core"] = right.seconds;
    all["rates"].back()["apart_after_a_step"] = apart(spec, ours.numbers, right.numbers);
    results.keep();
  }
}

}  // namespace

twin::RecurrentSpec recurrent_twin(int64_t units) {
  dataset::CellTable cell;
  for (int64_t i = 0; i < kChannels / 2; ++i) {
    cell.section.push_back(fmt::format("dend[{}]", i / 6));
    cell.excitatory_compartment.push_back(static_cast<int32_t>(i));
  }
  cell.inhibitory_compartment = cell.excitatory_compartment;
  twin::RecurrentSpec spec;
  spec.memory_units = units;
  twin::wire(spec, cell);
  return spec;
}

void measure_training(const TrainingSpeed& asked, device::Kind kind, const Results& results) {
  results.all = Json::array();
  for (const int64_t units : asked.units)
    measure(twin::TwinSpec(recurrent_twin(units)), "units", units, asked.windows, asked, kind, results);
  measure(twin::TwinSpec(convolutional_twin(asked.features)), "features", asked.features,
          asked.convolutional_windows, asked, kind, results);
}

}  // namespace nt::bench

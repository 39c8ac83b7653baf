#include "training_speed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>

#include "train/loss.hpp"
#include "train/nadam.hpp"
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

/// The median of some steps after one that makes room. `input`: the batch's on a device; null: the CPU
/// computes.
double seconds_of_step(const twin::TwinSpec& spec, const dataset::WindowBatch& batch,
                       const twin::DeviceInput* input, device::Kind kind, int repeats) {
  twin::Twin twin(spec, kChannels, 1);
  std::unique_ptr<twin::DevicePasses> passes;
  if (input != nullptr) passes = twin::device_passes(twin, device::open_device(kind));
  train::Nadam optimiser(twin.layout());
  std::vector<float> of_outputs, gradients(static_cast<size_t>(twin.layout().trained()));
  const std::vector<double> weights{1, 0.02};  // of spikes and voltage
  const auto step = [&] {
    const auto outputs = passes ? passes->forward(twin.numbers, *input, twin::NormBy::batch, true)
                                : twin.forward(batch, twin::NormBy::batch, true);
    of_outputs.resize(static_cast<size_t>(outputs.rows * outputs.row));
    train::losses<float>(spec, outputs, batch, twin::usual_head_settings(), weights, of_outputs);
    if (passes)
      passes->backward(twin.numbers, *input, of_outputs, gradients);
    else
      twin.backward(of_outputs, gradients);
    optimiser.step(1e-4, gradients, twin.numbers, twin.parallel);
  };
  std::vector<double> seconds;
  for (int i = 0; i <= repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    step();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin() + 1, seconds.end());
  return seconds[static_cast<size_t>(1 + repeats / 2)];
}

Json measure(const twin::TwinSpec& spec, const std::string& shape, int64_t size,
             const std::vector<int64_t>& windows, const TrainingSpeed& asked, device::Kind kind) {
  const int64_t history_ms = spec.network->window_ms() - 1;
  Json all{{"twin", spec.network->words()},
           {shape, size},
           {"window_ms", asked.window_ms},
           {"history_ms", history_ms}};
  for (const int64_t count : windows) {
    const auto batch = random_batch(asked, count, history_ms);
    twin::DeviceInput input(kind, kChannels, history_ms);
    input.upload(twin::windows_of(batch));
    const bool emulated = kind == device::Kind::emulate;
    all["rates"].push_back(
        {{"windows", count},
         {"seconds", seconds_of_step(spec, batch, &input, kind, emulated ? 1 : 9)},
         {"seconds_of_one_core", seconds_of_step(spec, batch, nullptr, device::Kind::cpu, 1)}});
    std::cerr << shape << ' ' << size << ' ' << all["rates"].back() << std::endl;
  }
  return all;
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

Json measure_training(const TrainingSpeed& asked, device::Kind kind) {
  Json all = Json::array();
  for (const int64_t units : asked.units)
    all.push_back(measure(twin::TwinSpec(recurrent_twin(units)), "units", units, asked.windows, asked, kind));
  all.push_back(measure(twin::TwinSpec(convolutional_twin(asked.features)), "features", asked.features,
                        asked.convolutional_windows, asked, kind));
  return all;
}

}  // namespace nt::bench

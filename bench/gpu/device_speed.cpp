// device_speed: how fast a device simulates a cell, against the number of trials and with the accuracy beside
// it, how fast it answers as twins, and how fast it trains them. Writes one JSON object, anew after each
// number. bench/gpu/run_all runs it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "device/products.hpp"
#include "files/files.hpp"
#include "network_speed.hpp"
#include "seconds_of.hpp"
#include "simulate/dendritic_input.hpp"
#include "simulate/device_cable.hpp"
#include "simulate/simulator.hpp"
#include "training_speed.hpp"
#include "twin/device_stream.hpp"

using namespace nt;
using Json = nlohmann::ordered_json;

namespace {

using bench::seconds_of;

struct Solver {
  std::filesystem::path cell, morphology, stimulus;
  std::vector<int64_t> trials;
  int64_t trial_ms = 200, checked = 32;
  double dt_ms = 0.025;
};

/// How the device's trials differ from those of the CPU in float and in double.
Json compare(const std::vector<simulate::Recording>& device, const std::vector<simulate::Recording>& cpu) {
  size_t spikes = 0, cpu_spikes = 0, same = 0, samples = 0;
  double squares = 0, most = 0;
  for (size_t i = 0; i < cpu.size(); ++i) {
    spikes += device[i].spike_times_ms.size();
    cpu_spikes += cpu[i].spike_times_ms.size();
    for (const double t : cpu[i].spike_times_ms) {
      const auto& all = device[i].spike_times_ms;
      same += std::ranges::any_of(all, [&](double other) { return std::abs(other - t) <= 1; });
    }
    for (size_t k = 0; k < cpu[i].soma_mV.size(); ++k) {
      const double a = device[i].soma_mV[k], b = cpu[i].soma_mV[k];
      if (a > -55 || b > -55) continue;
      squares += (a - b) * (a - b);
      most = std::max(most, std::abs(a - b));
      ++samples;
    }
  }
  return {{"spikes", spikes},
          {"spikes_of_cpu", cpu_spikes},
          {"of_these_within_1_ms", same},
          {"rms_below_minus_55_mV", samples == 0 ? 0 : std::sqrt(squares / static_cast<double>(samples))},
          {"largest_below_minus_55_mV", most}};
}

void measure_solver(const Solver& s, const std::shared_ptr<device::Device>& device, device::Kind kind,
                    const bench::Results& results) {
  cell::CellChoices choices;
  if (!s.morphology.empty()) choices.morphology = s.morphology;
  const auto cell =
      cell::read_detailed_cell(config::Settings::from_file(s.cell), s.cell.parent_path(), choices);
  const auto rates =
      stimulus::read_stimulus(config::Settings::from_file(s.stimulus), simulate::synapse_pools(cell));
  // Drawing takes one core long, so that many trials share their inputs.
  constexpr size_t kDrawn = 1024;
  const auto most = static_cast<size_t>(*std::ranges::max_element(s.trials));
  std::vector<stimulus::SynapticInput> inputs;
  for (size_t trial = 0; trial < most; ++trial)
    inputs.push_back(trial < kDrawn
                         ? stimulus::draw_input(rates, 1, random::Stage::test_cases, trial, s.trial_ms)
                         : inputs[trial - kDrawn]);
  simulate::CableSpec spec;
  spec.dt_ms = s.dt_ms;
  std::unique_ptr<simulate::DeviceCableSimulator> simulator;
  const double compiling_s =
      seconds_of([&] { simulator = std::make_unique<simulate::DeviceCableSimulator>(cell, spec, device); });
  Json& all = results.all;
  all = {{"compartments", cell.geometry.compartments.size()},
         {"dt_ms", s.dt_ms},
         {"trial_ms", s.trial_ms},
         {"s_to_compile_and_load", compiling_s}};
  results.keep();
  const std::span<const stimulus::SynapticInput> every(inputs);
  const auto checked = every.first(std::min<size_t>(static_cast<size_t>(s.checked), inputs.size()));
  const auto on_device = simulator->run(checked, s.trial_ms);
  for (const auto& [name, precision] : {std::pair("against_cpu_float", simulate::Precision::in_float),
                                        {"against_cpu_double", simulate::Precision::in_double}}) {
    std::vector<simulate::Recording> cpu;
    const double cpu_s = seconds_of([&, p = precision] {
      cpu = simulate::simulate(cell, {spec, p}, checked, s.trial_ms, 1);
    });
    all[name] = compare(on_device, cpu);
    all[name]["cell_s_per_s_of_one_core"] =
        static_cast<double>(checked.size()) * static_cast<double>(s.trial_ms) / 1000 / cpu_s;
    results.keep();
  }
  for (const int64_t trials : s.trials) {
    const auto some = every.first(static_cast<size_t>(trials));
    const double run_s = seconds_of([&] {
      if (some.size() <= simulator->side_by_side())
        simulator->run(some, s.trial_ms);
      else  // in several batches at the same time, as data sets are made
        simulate::simulate(cell, {spec, simulate::Precision::in_float, kind}, some, s.trial_ms,
                           static_cast<int>(std::thread::hardware_concurrency()));
    });
    all["rates"].push_back({{"trials", trials},
                            {"seconds", run_s},
                            {"cell_s_per_s", static_cast<double>(trials * s.trial_ms) / 1000 / run_s}});
    results.keep();
  }
}

void measure_twins(const std::vector<int64_t>& streams, double spikes_per_ms, int64_t ms,
                   const std::shared_ptr<device::Device>& device, const bench::Results& results) {
  using bench::kChannels;
  twin::Twin twin(twin::TwinSpec(bench::recurrent_twin(20)), kChannels, 1);
  Json& all = results.all;
  all = {{"twin", twin.network().words()}, {"input_spikes_per_ms", spikes_per_ms}, {"ms_of_a_launch", ms}};
  for (const int64_t count : streams) {
    random::Random random(1, random::Stage::test_cases, 0, random::StreamName::test_case);
    std::vector<int32_t> events;
    const auto whole = static_cast<int64_t>(spikes_per_ms);
    for (int64_t s = 0; s < count; ++s)
      for (int64_t t = 0; t < ms; ++t)
        for (int64_t k = 0; k < whole; ++k)
          for (const int64_t x : {s, static_cast<int64_t>(random.uniform() * kChannels), t})
            events.push_back(static_cast<int32_t>(x));
    const auto on_device = twin::device_stream(twin, count, device);
    on_device->advance(events, ms);
    const double whole_s = seconds_of([&] { on_device->advance(events, ms); });
    constexpr int kRepeats = 5;
    const double kernel_s = seconds_of([&] {
                              for (int r = 0; r < kRepeats; ++r) on_device->repeat();
                            }) /
                            kRepeats;
    const auto done = static_cast<double>(count * ms);
    all["rates"].push_back({{"twins", count},
                            {"neuron_ms_per_s_of_the_device", done / kernel_s},
                            {"neuron_ms_per_s_with_input_and_answers_on_the_host", done / whole_s}});
    results.keep();
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("the speed of a device as simulator and as twins");
  std::string device_name = "cuda", out;
  std::vector<std::string> parts{"solver", "training", "twins", "networks"};
  Solver solver{"cells/l5pc.toml", "", "bench/l5pc_stimulus.toml", {32, 256, 1024, 4096}};
  std::vector<int64_t> streams{10000, 100000, 1000000};
  bench::TrainingSpeed training;
  std::vector<int64_t> network_twins{100000, 1000000};
  int64_t stream_ms = 10, network_ms = 20;
  app.add_option("--device", device_name, "cuda or emulate")->check(CLI::IsMember({"cuda", "emulate"}));
  app.add_option("--parts", parts)->check(CLI::IsMember({"solver", "training", "twins", "networks"}));
  app.add_option("--out", out, "the JSON file; default: printed at the end");
  app.add_option("--cell", solver.cell);
  app.add_option("--morphology", solver.morphology);
  app.add_option("--stimulus", solver.stimulus);
  app.add_option("--trials", solver.trials, "numbers of trials at once");
  app.add_option("--trial-ms", solver.trial_ms);
  app.add_option("--checked", solver.checked, "trials that the CPU simulates as well");
  app.add_option("--dt", solver.dt_ms);
  app.add_option("--twins", streams, "numbers of twins side by side");
  app.add_option("--twins-ms", stream_ms, "of one launch");
  app.add_option("--network-twins", network_twins, "numbers of twins in networks");
  app.add_option("--network-ms", network_ms);
  app.add_option("--units", training.units, "of recurrent twins that are trained");
  app.add_option("--features", training.features, "of each layer of the convolutional twin that is trained");
  app.add_option("--windows", training.windows, "numbers of windows of a training step, of recurrent twins");
  app.add_option("--convolutional-windows", training.convolutional_windows);
  app.add_option("--window-ms", training.window_ms);
  app.add_option("--spikes-per-ms", training.spikes_per_ms, "of each twin's input");
  CLI11_PARSE(app, argc, argv);
  try {
    const auto kind = device::kind_named(device_name);
    const auto device = device::open_device(kind);
    Json all{{"device", device->words()},
             {"architecture", device->architecture()},
             {"products", device::open_products(*device) != nullptr ? "a library's" : "our own"}};
    const auto keep = [&] {
      if (!out.empty()) files::write_file_atomically(out, all.dump(1) + "\n");
    };
    keep();
    for (const auto& part : parts) {
      const bench::Results results{all[part], keep};
      if (part == "solver") measure_solver(solver, device, kind, results);
      if (part == "training") bench::measure_training(training, kind, results);
      if (part == "twins") measure_twins(streams, training.spikes_per_ms, stream_ms, device, results);
      if (part == "networks") bench::measure_networks(network_twins, network_ms, kind, results);
    }
    if (out.empty()) std::cout << all.dump(1) << std::endl;
  } catch (const std::exception& error) {
    std::cerr << "device_speed: " << error.what() << '\n';
    return 1;
  }
}

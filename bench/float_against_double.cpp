// float_against_double: the same trials of random input in both precisions. Prints as JSON how their output spikes and voltages agree.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "simulate/cable.hpp"
#include "simulate/dendritic_input.hpp"

using namespace neurontwin;

namespace {

/// Spikes of `a` that have one of `b` within a ms, each used once.
size_t coincident(const std::vector<double>& a, const std::vector<double>& b) {
  size_t found = 0, j = 0;
  for (const double t : a) {
    while (j < b.size() && b[j] < t - 1) ++j;
    if (j < b.size() && b[j] <= t + 1) ++found, ++j;
  }
  return found;
}

double seconds_now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("float against double");
  std::filesystem::path file, morphology, stimulus_file;
  std::string receptors;
  int64_t trials = 36, trial_ms = 6000;
  uint64_t seed = 1;
  CableSpec spec;
  app.add_option("--cell", file)->required();
  app.add_option("--morphology", morphology)->required();
  app.add_option("--stimulus", stimulus_file)->required();
  app.add_option("--receptors", receptors);
  app.add_option("--trials", trials);
  app.add_option("--trial-ms", trial_ms);
  app.add_option("--dt", spec.dt_ms);
  app.add_option("--seed", seed);
  CLI11_PARSE(app, argc, argv);
  try {
    const auto cell = read_detailed_cell(Settings::from_file(file), file.parent_path(), {morphology, receptors});
    const auto rates = read_stimulus(Settings::from_file(stimulus_file), synapse_pools(cell));
    std::vector<SynapticInput> inputs;
    size_t excitatory = 0, inhibitory = 0;
    for (int64_t trial = 0; trial < trials; ++trial) {
      inputs.push_back(draw_input(rates, seed, Stage::test_cases, static_cast<uint64_t>(trial), trial_ms));
      excitatory += inputs.back().excitatory.time_ms.size();
      inhibitory += inputs.back().inhibitory.time_ms.size();
    }
    const int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    const double start = seconds_now();
    const auto in_float = simulate_trials(cell, spec, Precision::in_float, inputs, trial_ms, threads);
    const double middle = seconds_now();
    const auto in_double = simulate_trials(cell, spec, Precision::in_double, inputs, trial_ms, threads);
    const double end = seconds_now();
    size_t spikes_float = 0, spikes_double = 0, both = 0, samples = 0;
    double squares = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
      spikes_float += in_float[i].spike_times_ms.size();
      spikes_double += in_double[i].spike_times_ms.size();
      both += coincident(in_float[i].spike_times_ms, in_double[i].spike_times_ms);
      for (size_t k = 0; k < in_float[i].soma_mV.size(); ++k) {
        const double a = in_float[i].soma_mV[k], b = in_double[i].soma_mV[k];
        if (a > -55 || b > -55) continue;
        squares += (a - b) * (a - b);
        ++samples;
      }
    }
    const double simulated_s = static_cast<double>(trials * trial_ms) / 1000, ms = static_cast<double>(trials * trial_ms);
    std::cout << nlohmann::ordered_json{{"simulated_s", simulated_s},
                                        {"seed", seed},
                                        {"dt_ms", spec.dt_ms},
                                        {"excitatory_input_per_ms", static_cast<double>(excitatory) / ms},
                                        {"inhibitory_input_per_ms", static_cast<double>(inhibitory) / ms},
                                        {"output_rate_hz_float", static_cast<double>(spikes_float) / simulated_s},
                                        {"output_rate_hz_double", static_cast<double>(spikes_double) / simulated_s},
                                        {"f1_1ms", 2.0 * static_cast<double>(both) / static_cast<double>(spikes_float + spikes_double)},
                                        {"rmse_below_threshold_mV", std::sqrt(squares / static_cast<double>(samples))},
                                        {"threads", threads},
                                        {"float_s", middle - start},
                                        {"double_s", end - middle}}
                     .dump(1)
              << '\n';
  } catch (const std::exception& error) {
    std::cerr << "float_against_double: " << error.what() << '\n';
    return 1;
  }
}

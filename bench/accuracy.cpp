// accuracy: the same trials of random input under several time steps, schemes and precisions. Prints as JSON
// how the output spikes and voltages of each agree with those of the first, and the processor time it took.
#include <CLI/CLI.hpp>
#include <cmath>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "files/files.hpp"
#include "files/hdf5.hpp"
#include "simulate/cable.hpp"
#include "simulate/dendritic_input.hpp"
#include "simulate/simulator.hpp"

using namespace nt;

namespace {

struct Variant {
  std::string name;
  simulate::CableSpec spec;
  simulate::Precision precision = simulate::Precision::in_float;
};

/// "double euler dt=0.025 root=4 most=8 patience=0.2", in any order; what is not said is as by default.
Variant read_variant(const std::string& text) {
  Variant variant{text, {}, simulate::Precision::in_float};
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const auto value = word.substr(std::min(word.find('=') + 1, word.size()));
    if (word == "double")
      variant.precision = simulate::Precision::in_double;
    else if (word == "float")
      variant.precision = simulate::Precision::in_float;
    else if (word == "euler")
      variant.spec.scheme = simulate::Scheme::backward_euler;
    else if (word.starts_with("dt="))
      variant.spec.dt_ms = std::stod(value);
    else if (word.starts_with("root="))
      variant.spec.root_steps = std::stoi(value);
    else if (word.starts_with("most="))
      variant.spec.most_steps = std::stoi(value);
    else if (word.starts_with("patience="))
      variant.spec.patience = std::stod(value);
    else
      fail_input("--variant: '{}' is not among double, float, euler, dt=, root=, most=, patience=", word);
  }
  return variant;
}

/// When the voltage rises through -25 mV, between samples by a straight line: finer than the spikes' own
/// grid.
std::vector<double> crossings_ms(const std::vector<float>& v) {
  std::vector<double> times;
  for (size_t i = 1; i < v.size(); ++i)
    if (v[i - 1] < -25 && v[i] >= -25)
      times.push_back(0.125 * (static_cast<double>(i) - (v[i] + 25) / (v[i] - v[i - 1])));
  return times;
}

/// Pairs of `a` and `b`, both ascending, less than `tolerance_ms` apart, each used once: their distances.
std::vector<double> paired_errors_ms(const std::vector<double>& a, const std::vector<double>& b,
                                     double tolerance_ms) {
  std::vector<double> errors;
  size_t j = 0;
  for (const double t : a) {
    while (j < b.size() && b[j] < t - tolerance_ms) ++j;
    if (j < b.size() && b[j] <= t + tolerance_ms) errors.push_back(std::abs(b[j++] - t));
  }
  return errors;
}

double mean(const std::vector<double>& x) {
  double sum = 0;
  for (const double value : x) sum += value;
  return x.empty() ? 0 : sum / static_cast<double>(x.size());
}

nlohmann::ordered_json compare(const std::vector<simulate::Recording>& runs,
                               const std::vector<simulate::Recording>& truths, double simulated_s) {
  size_t spikes = 0, true_spikes = 0, both = 0, samples = 0;
  std::vector<double> peak_errors, crossing_errors;
  double squares = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    const auto &run = runs[i], &truth = truths[i];
    spikes += run.spike_times_ms.size();
    true_spikes += truth.spike_times_ms.size();
    both += paired_errors_ms(truth.spike_times_ms, run.spike_times_ms, 1).size();
    const auto peaks = paired_errors_ms(truth.spike_times_ms, run.spike_times_ms, 5);
    const auto crossings = paired_errors_ms(crossings_ms(truth.soma_mV), crossings_ms(run.soma_mV), 5);
    peak_errors.insert(peak_errors.end(), peaks.begin(), peaks.end());
    crossing_errors.insert(crossing_errors.end(), crossings.begin(), crossings.end());
    for (size_t k = 0; k < run.soma_mV.size(); ++k) {
      const double a = run.soma_mV[k], b = truth.soma_mV[k];
      if (a > -55 || b > -55) continue;
      squares += (a - b) * (a - b);
      ++samples;
    }
  }
  std::sort(crossing_errors.begin(), crossing_errors.end());
  return {{"rate_hz", static_cast<double>(spikes) / simulated_s},
          {"f1_1ms", 2.0 * static_cast<double>(both) / static_cast<double>(spikes + true_spikes)},
          {"lost", true_spikes - peak_errors.size()},
          {"extra", spikes - peak_errors.size()},
          {"mean_error_of_peaks_ms", mean(peak_errors)},
          {"mean_error_of_crossings_ms", mean(crossing_errors)},
          {"median_error_of_crossings_ms",
           crossing_errors.empty() ? 0 : crossing_errors[crossing_errors.size() / 2]},
          {"max_error_of_crossings_ms", crossing_errors.empty() ? 0 : crossing_errors.back()},
          {"rmse_below_threshold_mV", std::sqrt(squares / static_cast<double>(samples))}};
}

void write_inputs(const std::vector<stimulus::SynapticInput>& inputs, const std::filesystem::path& folder) {
  files::make_writable_folder(folder);
  for (size_t i = 0; i < inputs.size(); ++i) {
    files::Hdf5Image image;
    for (const auto& [group, events] :
         {std::pair("/input/exc", &inputs[i].excitatory), {"/input/inh", &inputs[i].inhibitory}}) {
      image.write<uint32_t>(std::string(group) + "/compartment", events->synapse, "1");
      image.write<uint32_t>(std::string(group) + "/time_ms", events->time_ms, "ms");
    }
    files::write_file_atomically(folder / fmt::format("trial-{:03}.h5", i), image.bytes());
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "spikes and voltages under several time steps, schemes and precisions, against the first of them");
  std::filesystem::path file, morphology, stimulus_file;
  std::filesystem::path inputs_folder;
  std::string receptors;
  std::vector<std::string> variants;
  int64_t trials = 36, trial_ms = 6000;
  uint64_t seed = 1;
  int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  app.add_option("--cell", file)->required();
  app.add_option("--morphology", morphology);
  app.add_option("--stimulus", stimulus_file)->required();
  app.add_option("--receptors", receptors);
  app.add_option("--trials", trials);
  app.add_option("--trial-ms", trial_ms);
  app.add_option("--seed", seed);
  app.add_option("--threads", threads);
  app.add_option("--variant", variants, "like \"float dt=0.05 root=4\"; may be repeated");
  app.add_option("--write-inputs", inputs_folder,
                 "folder for the trials' input, as `simulate --replay` takes it");
  CLI11_PARSE(app, argc, argv);
  try {
    cell::CellChoices choices;
    if (!morphology.empty()) choices.morphology = morphology;
    choices.receptors = receptors;
    const auto cell =
        cell::read_detailed_cell(config::Settings::from_file(file), file.parent_path(), choices);
    const auto rates =
        stimulus::read_stimulus(config::Settings::from_file(stimulus_file), simulate::synapse_pools(cell));
    std::vector<stimulus::SynapticInput> inputs;
    size_t excitatory = 0, inhibitory = 0;
    for (int64_t trial = 0; trial < trials; ++trial) {
      inputs.push_back(stimulus::draw_input(rates, seed, random::Stage::test_cases,
                                            static_cast<uint64_t>(trial), trial_ms));
      excitatory += inputs.back().excitatory.time_ms.size();
      inhibitory += inputs.back().inhibitory.time_ms.size();
    }
    const double ms = static_cast<double>(trials * trial_ms);
    std::cout << nlohmann::ordered_json{{"simulated_s", ms / 1000},
                                        {"seed", seed},
                                        {"excitatory_input_per_ms", static_cast<double>(excitatory) / ms},
                                        {"inhibitory_input_per_ms", static_cast<double>(inhibitory) / ms}}
              << std::endl;
    if (!inputs_folder.empty()) write_inputs(inputs, inputs_folder);
    std::vector<simulate::Recording> truths;
    for (const auto& text : variants) {
      const auto variant = read_variant(text);
      const auto start = std::clock();
      auto runs = simulate::simulate(cell, {variant.spec, variant.precision}, inputs, trial_ms, threads);
      const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
      if (truths.empty()) truths = runs;
      nlohmann::ordered_json row{{"variant", text}, {"seconds_per_simulated_second", 1000 * seconds / ms}};
      row.update(compare(runs, truths, ms / 1000));
      std::cout << row << std::endl;
    }
  } catch (const std::exception& error) {
    std::cerr << "accuracy: " << error.what() << '\n';
    return 1;
  }
}

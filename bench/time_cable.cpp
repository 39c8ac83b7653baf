// time_cable: runs recorded inputs, a full vector of trials on one core, and prints as JSON what a trial
// costs in seconds of processor time, the output spikes of each input, and when its voltage rose through -20
// mV.
#include <CLI/CLI.hpp>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "dataset/replay_input.hpp"
#include "simulate/cable.hpp"

namespace {

using namespace nt;

/// Upward crossings of -20 mV, between samples by a straight line.
std::vector<double> crossings_ms(const std::vector<float>& v) {
  std::vector<double> times;
  for (size_t i = 1; i < v.size(); ++i) {
    const double last = v[i - 1], now = v[i];
    if (last < -20 && now >= -20)
      times.push_back(0.125 * (static_cast<double>(i - 1) + (-20 - last) / (now - last)));
  }
  return times;
}

template <class T>
nlohmann::json measure(const cell::DetailedCell& cell, const simulate::CableSpec& spec,
                       const std::vector<stimulus::TimedInput>& inputs, int64_t ms) {
  simulate::CableSimulator<T> simulator(cell, spec);
  std::vector<stimulus::TimedInput> trials;
  for (size_t i = 0; i < simulator.lanes(); ++i) trials.push_back(inputs[i % inputs.size()]);
  const auto start = std::clock();
  const auto recordings = simulator.run(trials, ms);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  auto spikes = nlohmann::json::array(), crossings = nlohmann::json::array();
  for (size_t i = 0; i < inputs.size() && i < recordings.size(); ++i) {
    spikes.push_back(recordings[i].spike_times_ms);
    crossings.push_back(crossings_ms(recordings[i].soma_mV));
  }
  return {{"seconds_per_trial", seconds / static_cast<double>(trials.size())},
          {"spike_times_ms", spikes},
          {"crossings_ms", crossings}};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("what a trial costs, and its output spikes");
  std::filesystem::path file, morphology;
  std::string receptors, scheme = "crank-nicolson", precision = "float";
  std::vector<std::filesystem::path> files;
  int64_t ms = 2000;
  simulate::CableSpec spec;
  app.add_option("--cell", file)->required();
  app.add_option("--morphology", morphology)->required();
  app.add_option("--receptors", receptors);
  app.add_option("--ms", ms);
  app.add_option("--dt", spec.dt_ms);
  app.add_option("--scheme", scheme);
  app.add_option("--precision", precision);
  app.add_option("--root-steps", spec.root_steps);
  app.add_option("--most-steps", spec.most_steps);
  app.add_option("--patience", spec.patience);
  app.add_option("inputs", files)->required();
  CLI11_PARSE(app, argc, argv);
  if (scheme == "euler") spec.scheme = simulate::Scheme::backward_euler;
  try {
    const auto cell = cell::read_detailed_cell(config::Settings::from_file(file), file.parent_path(),
                                               {morphology, receptors});
    std::vector<stimulus::TimedInput> inputs;
    for (const auto& input : files) inputs.push_back(dataset::read_replay_input(input, cell));
    std::cout << (precision == "float" ? measure<float>(cell, spec, inputs, ms)
                                       : measure<double>(cell, spec, inputs, ms))
              << '\n';
  } catch (const std::exception& error) {
    std::cerr << "time_cable: " << error.what() << '\n';
    return 1;
  }
}

// convergence: how the error of the voltage falls with the time step. Prints CSV: dt, greatest and root mean
// square error at the soma over a trial without output spikes, against the finest step.
#include <CLI/CLI.hpp>
#include <cmath>
#include <iostream>

#include "dataset/replay_input.hpp"
#include "simulate/cable.hpp"

using namespace nt;

int main(int argc, char** argv) {
  CLI::App app("error of the soma's voltage by time step");
  std::filesystem::path file, morphology, input_file;
  std::vector<double> steps{0.1, 0.05, 0.025, 0.0125, 0.00625};
  double finest = 0.0015625;
  int64_t ms = 200;
  std::string scheme = "crank-nicolson";
  simulate::CableSpec spec;
  app.add_option("--cell", file)->required();
  app.add_option("--morphology", morphology)->required();
  app.add_option("--ms", ms);
  app.add_option("--scheme", scheme);
  app.add_option("--dt", steps);
  app.add_option("--finest", finest);
  app.add_option("--root-steps", spec.root_steps);
  app.add_option("--most-steps", spec.most_steps);
  app.add_option("--patience", spec.patience);
  app.add_option("input", input_file)->required();
  CLI11_PARSE(app, argc, argv);
  try {
    const auto cell =
        cell::read_detailed_cell(config::Settings::from_file(file), file.parent_path(), {morphology, ""});
    const auto input = dataset::read_replay_input(input_file, cell);
    const auto trace = [&](simulate::CableSpec with, double dt_ms) {
      with.dt_ms = dt_ms;
      simulate::CableSimulator<double> simulator(cell, with);
      return simulator.run(std::span(&input, 1), ms)[0].soma_mV;
    };
    const auto truth = trace({}, finest);
    if (scheme == "euler") spec.scheme = simulate::Scheme::backward_euler;
    std::cout << "dt_ms,max_error_mV,rms_error_mV\n";
    for (const double dt : steps) {
      const auto v = trace(spec, dt);
      double most = 0, sum = 0;
      for (size_t i = 0; i < v.size(); ++i) {
        const double error = std::abs(static_cast<double>(v[i]) - static_cast<double>(truth[i]));
        most = std::max(most, error);
        sum += error * error;
      }
      std::cout << dt << ',' << most << ',' << std::sqrt(sum / static_cast<double>(v.size())) << '\n'
                << std::flush;
    }
  } catch (const std::exception& error) {
    std::cerr << "convergence: " << error.what() << '\n';
    return 1;
  }
}

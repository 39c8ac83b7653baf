// Simulates a cell under random input, and prints its output spikes.
//   simulate_cell cells/l5pc.toml
#include <cstdio>
#include <neurontwin/simulate.hpp>

int main(int argc, char** argv) try {
  const auto neuron = neurontwin::read_neuron(argc > 1 ? argv[1] : "cells/l5pc.toml");
  std::printf("%s\n", neurontwin::describe(neuron).words.c_str());

  const auto model = neurontwin::random_rates(neuron);
  const auto inputs =
      neurontwin::draw_inputs(model, /*seed=*/1, /*first_trial=*/0, /*trials=*/4, /*duration_ms=*/1000);
  const auto trials = neurontwin::simulate(neuron, inputs, 1000, {.dt_ms = 0.05});
  for (size_t i = 0; i < trials.size(); ++i) {
    std::printf("trial %zu: %zu input spikes, output spikes at", i, inputs[i].time_ms.size());
    for (const double t_ms : trials[i].spike_times_ms) std::printf(" %.1f", t_ms);
    std::printf(" ms; %.1f mV at the end\n", trials[i].soma_mV.back());
  }
} catch (const neurontwin::InputError& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}

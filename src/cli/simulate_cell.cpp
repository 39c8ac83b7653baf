#include "cli/simulate_cell.hpp"

#include <fmt/format.h>

#include <chrono>

#include "cli/say.hpp"
#include "config/error.hpp"
#include "neurontwin/simulate.hpp"

namespace nt::cli {

void simulate_cell(const SimulateCell& o) {
  if (o.out.empty()) fail_input("--replay needs --out FILE.h5");
  if (o.input.empty() && o.duration_ms == 0)
    fail_input("without --replay, whose last input spike would say it, --ms has to say how long");
  const auto neuron = neurontwin::read_neuron(o.cell, o.choices);
  for (const auto& note : neurontwin::describe(neuron).notes) say("note: " + note);
  const auto input = o.input.empty() ? neurontwin::Input{} : neurontwin::read_input(o.input, neuron);
  const auto start = std::chrono::steady_clock::now();
  const auto trial =
      neurontwin::simulate_to_file(neuron, input, o.duration_ms,
                                   {.dt_ms = o.dt_ms,
                                    .scheme = o.scheme == "euler" ? neurontwin::Scheme::backward_euler
                                                                  : neurontwin::Scheme::crank_nicolson,
                                    .precision = o.precision == "float" ? neurontwin::Precision::in_float
                                                                        : neurontwin::Precision::in_double},
                                   o.out);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("{} ms in {:.2f} s, {} output spikes; {}\n", trial.soma_mV.size(), seconds,
             trial.spike_times_ms.size(), o.out.string());
}

}  // namespace nt::cli

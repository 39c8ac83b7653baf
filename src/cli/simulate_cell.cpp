#include "cli/simulate_cell.hpp"

#include <fmt/format.h>

#include <chrono>

#include "cli/one_of.hpp"
#include "cli/say.hpp"
#include "cli/show.hpp"
#include "config/error.hpp"
#include "neurontwin/simulate.hpp"

namespace nt::cli {
namespace {

constexpr auto kOneTrial = "simulate CELL.toml [--replay INPUT.h5] --out OUT.h5";

}  // namespace

void add_cell_options(CLI::App& app, SimulateCell& o) {
  const auto group = "One trial of a cell: CELL.toml [--replay INPUT.h5] --out OUT.h5";
  app.add_option("--replay", o.input, "recorded input spikes (.h5) for the cell's synapses")->group(group);
  const auto add = [&](const std::string& name, auto& value, const std::string& help) {
    return app.add_option(name, value, help)->group(group);
  };
  add("--dt", o.dt_ms, "time step in ms (default: 0.025)");
  add("--scheme", o.scheme, "euler or crank-nicolson (default)")->check(one_of({"euler", "crank-nicolson"}));
  add("--precision", o.precision, "double (default) or float")->check(one_of({"double", "float"}));
  add("--morphology", o.choices.morphology, "another reconstruction (.swc, .asc) than the cell's own");
  add("--receptors", o.choices.receptors, "nmda or ampa (default: the cell's own)")
      ->check(one_of({"nmda", "ampa"}));
  add("--ms", o.duration_ms,
      "duration in ms (default: the last input spike, rounded up to a second; required without --replay)")
      ->check(CLI::Range(1, 100000000));
}

bool is_one_trial(const CLI::App& simulating, const std::filesystem::path& out) {
  if (simulating.count("--replay") > 0 || out.extension() == ".h5") {
    for (const auto* option : {"--profile", "--device", "--threads", "--shards", "--dry-run"}) {
      if (simulating.count(option) > 0)
        nt::fail_input("{} has no effect on one trial of a cell ({}); leave it out", option, kOneTrial);
    }
    return true;
  }
  for (const auto* option : {"--dt", "--scheme", "--precision", "--morphology", "--receptors", "--ms"}) {
    if (simulating.count(option) > 0) nt::fail_input("{} is for one trial of a cell: {}", option, kOneTrial);
  }
  return false;
}

void simulate_cell(const SimulateCell& o) {
  if (o.out.empty()) fail_input("--replay needs --out FILE.h5");
  if (o.input.empty() && o.duration_ms == 0)
    fail_input("--ms is missing: without --replay it sets how long to simulate, for example --ms 1000");
  const auto neuron = neurontwin::read_neuron(o.cell, o.choices);
  const auto described = neurontwin::describe(neuron);
  if (o.seed && !described.draws)
    fail_input(
        "--seed has no effect on one trial of a cell whose mechanisms draw no random numbers; leave it out");
  for (const auto& note : described.notes) say("note: " + note);
  const auto input = o.input.empty() ? neurontwin::Input{} : neurontwin::read_input(o.input, neuron);
  const auto start = std::chrono::steady_clock::now();
  const auto trial =
      neurontwin::simulate_to_file(neuron, input, o.duration_ms,
                                   {.dt_ms = o.dt_ms,
                                    .scheme = o.scheme == "euler" ? neurontwin::Scheme::backward_euler
                                                                  : neurontwin::Scheme::crank_nicolson,
                                    .precision = o.precision == "float" ? neurontwin::Precision::in_float
                                                                        : neurontwin::Precision::in_double,
                                    .seed = o.seed.value_or(1)},
                                   o.out);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  show("{} ms in {:.2f} s, {} output spikes; {}\n", trial.soma_mV.size(), seconds,
       trial.spike_times_ms.size(), o.out.string());
}

}  // namespace nt::cli

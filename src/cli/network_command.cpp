#include "cli/network_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/launched.hpp"
#include "cli/memory_limit.hpp"
#include "cli/one_of.hpp"
#include "cli/progress_bar.hpp"
#include "cli/show.hpp"
#include "cli/threads.hpp"
#include "config/error.hpp"
#include "config/nearest_word.hpp"
#include "config/shown.hpp"
#include "neurontwin/run.hpp"

namespace nt::cli {
namespace {

using config::shown;

struct Options {
  std::vector<std::string> words;
  neurontwin::NetworkOptions network;
  double perturbation_mV = 0.1;
  bool dry_run = false;
};

void print_activity(const std::vector<neurontwin::PopulationActivity>& populations,
                    const std::string& title) {
  show("{:<18} {:>8} {:>9} {:>7} {:>9} {:>7} {:>13} {:>7}\n", title, "neurons", "rate (Hz)", "sd", "silent %",
       "CV", "correlation", "Fano");
  for (const auto& a : populations)
    show("  {:<16} {:>8} {:>9} {:>7} {:>9} {:>7} {:>13} {:>7}\n", a.name, a.neurons, shown(a.rate_hz),
         shown(a.rate_sd_hz), shown(100 * a.silent_share), shown(a.cv), shown(a.correlation), shown(a.fano));
}

void run(const Options& o) {
  if (o.dry_run) {
    if (launched().rank() == 0) show("{}\n", neurontwin::network_plan(o.network));
    return;
  }
  const auto done = neurontwin::run_network(o.network);
  if (launched().rank() > 0) return;
  print_activity(done.populations, fmt::format("{} ms", done.ms));
  if (done.computed_ms > 0)
    show("{} neurons, {} contacts: {} ms in {:.2f} s, {:.2f} times real time\n", done.neurons, done.contacts,
         done.computed_ms, done.seconds, static_cast<double>(done.computed_ms) / 1000 / done.seconds);
  show("{}\n", (done.folder / "spikes.h5").string());
}

void print_differences(const neurontwin::NetworkCourse& course) {
  show("\n{} against neurons\n", course.name);
  show("  {:<16} {:>12} {:>12} {:>9} {:>10} {:>10} {:>10} {:>11} {:>9}\n", "", "diverges at", "median (ms)",
       "matched %", "rates r", "|dHz|", "intervals", "correlation", "dB");
  for (const auto& d : course.differences)
    show("  {:<16} {:>12} {:>12} {:>9} {:>10} {:>10} {:>10} {:>11} {:>9}\n", d.name,
         shown(d.first_divergence_ms, "{:.0f}"), shown(d.median_divergence_ms, "{:.0f}"),
         shown(100 * d.matched_share), shown(d.rate_correlation), shown(d.rate_error_hz),
         shown(d.interval_distance), shown(d.correlation_difference), shown(d.spectrum_distance_db));
}

void compare(const Options& o) {
  if (!(o.perturbation_mV > 0 && o.perturbation_mV <= 20))
    fail_input("--perturb-mV {}, expected more than 0 and at most 20", o.perturbation_mV);
  if (o.dry_run && launched().rank() > 0) return;
  if (o.dry_run) {
    auto as_cells = o.network, as_twins = o.network;
    as_cells.as = "cells";
    as_cells.device = "cpu";
    as_twins.as = "twins";
    return show("neurons, and once more perturbed: {}\ntwins: {}\n", neurontwin::network_plan(as_cells),
                neurontwin::network_plan(as_twins));
  }
  const auto courses = neurontwin::compare_network(o.network, o.perturbation_mV);
  if (launched().rank() > 0) return;
  for (const auto& course : courses) print_activity(course.populations, course.name);
  for (size_t k = 1; k < courses.size(); ++k) print_differences(courses[k]);
  show(
      "\ndiverges at: the first spike without a partner within 2 ms, of any neuron, and the median neuron's; "
      "matched: spikes with such a partner; rates r, |dHz|: correlation and mean difference of neurons' "
      "rates; "
      "intervals: Kolmogorov-Smirnov distance; correlation: difference of the mean over pairs; dB: of "
      "spectra\n");
}

[[noreturn]] void refuse_words(const std::vector<std::string>& words) {
  constexpr auto kExpected = "expected 'network NETWORK.toml' or 'network compare NETWORK.toml'";
  const auto nearest = config::did_you_mean(words[0], std::vector<std::string>{"compare"});
  fail_input("network: '{}' is unknown; {}{}", words[0], kExpected, nearest);
}

}  // namespace

Command network_command() {
  return {
      "network", "run a network of neurons or twins, or compare the two", [](CLI::App& app) {
        const auto o = std::make_shared<Options>();
        app.add_option("network", o->words,
                       "NETWORK.toml, or compare NETWORK.toml: the same network with neurons and with twins")
            ->required()
            ->expected(1, 2);
        app.add_option("--out", o->network.out, "folder of the results (default: runs/NETWORK)");
        app.add_option("--set", o->network.set, "key=value: overrides a setting of the file")
            ->allow_extra_args(false);
        app.add_option("--seed", o->network.seed, "seed of the wiring and the inputs (default: the file's)");
        app.add_option("--ms", o->network.ms, "duration in ms (default: the file's)")
            ->check(CLI::Range(int64_t{1}, int64_t{100'000'000}));
        app.add_option("--as", o->network.as,
                       "cells or twins: simulate all neurons as these (default: as in the file)")
            ->check(one_of({"cells", "twins"}));
        app.add_option("--device", o->network.device,
                       "what computes twins: cpu (default), cuda (a GPU), or emulate")
            ->check(one_of({"cpu", "cuda", "emulate"}));
        const auto* perturb = app.add_option(
            "--perturb-mV", o->perturbation_mV,
            "of compare: change of the somatic voltages at measures.transient_ms, in mV (default: 0.1)");
        app.add_option("--checkpoint-s", o->network.checkpoint_s,
                       "seconds of computing between checkpoints (default: 60)")
            ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
        app.add_flag("--dry-run", o->dry_run, "print the plan and do nothing");
        add_threads_option(app, o->network.threads);
        return [o, perturb] {
          const bool comparing = o->words.size() == 2;
          if (comparing && o->words.front() != "compare") refuse_words(o->words);
          if (!comparing && perturb->count() > 0)
            fail_input(
                "--perturb-mV belongs to 'network compare NETWORK.toml', which runs the neurons again from a "
                "slightly different state");
          require_address_space(threads_of(0));
          o->network.network = o->words.back();
          o->network.ranks = launched();
          o->network.watcher = terminal_watcher();
          comparing ? compare(*o) : run(*o);
        };
      }};
}

}  // namespace nt::cli

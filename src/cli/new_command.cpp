#include "cli/new_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <sstream>

#include "cli/show.hpp"
#include "config/error.hpp"
#include "neurontwin/run.hpp"

namespace nt::cli {
namespace {

/// One line from whoever sits there. RunError where nobody does.
std::string ask(std::string_view question) {
  fmt::print(stderr, "{} ", question);
  std::string line;
  if (!std::getline(std::cin, line)) fail_run("no answer to: {}", question);
  const auto last = line.find_last_not_of(" \t\r");
  const auto first = line.find_first_not_of(" \t");
  return first == std::string::npos ? "" : line.substr(first, last - first + 1);
}

/// Asks for what the command line leaves open, where somebody can answer.
void ask_for_the_rest(neurontwin::NewExperiment& o, bool mechanisms_given) {
  if (!o.morphology.empty()) return;
  if (::isatty(STDIN_FILENO) != 1) fail_input("--morphology is missing: give a reconstruction (.swc, .asc)");
  o.morphology = ask("Morphology (.swc or .asc):");
  if (mechanisms_given) return;
  std::istringstream files(
      ask("Mechanisms (.mod files, with spaces between them; none: those of the catalogue):"));
  for (std::string file; files >> file;) o.mechanisms.emplace_back(file);
}

void make(neurontwin::NewExperiment o, bool mechanisms_given) {
  ask_for_the_rest(o, mechanisms_given);
  const auto experiment = neurontwin::make_experiment(o);
  const auto cell = experiment.parent_path() / "cell.toml";
  show(
      "{}\n{}\n\nlook at the neuron:  neurontwin inspect {} --svg tree.svg\nmake its twin:       neurontwin "
      "run "
      "{}\n",
      cell.string(), experiment.string(), cell.string(), experiment.string());
}

}  // namespace

Command new_command() {
  return {
      "new", "make a cell and an experiment from a morphology and .mod files", [](CLI::App& app) {
        const auto o = std::make_shared<neurontwin::NewExperiment>();
        app.add_option("folder", o->folder, "new folder for the cell, the experiment and copies of the files")
            ->required();
        app.add_option("--morphology", o->morphology, "a reconstruction (.swc, .asc)");
        app.add_option("--mechanisms", o->mechanisms, ".mod files: channels, leaks, synapses");
        app.add_option("--title", o->title, "title of the experiment (default: the folder's name)");
        app.add_option("--rate", o->rate_hz, "output rate to which the input is scaled, in Hz (default: 1)")
            ->check(CLI::Range(0.01, 100.0));
        return [o, &app] { make(*o, app.count("--mechanisms") > 0); };
      }};
}

}  // namespace nt::cli

#include "cli/man_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/described_options.hpp"

namespace nt::cli {
namespace {

/// Text as it is: man(7) gives a meaning to backslashes, hyphens, and a dot or quote that begins a line.
std::string plain(const std::string& text) {
  std::string out = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  for (const char c : text) out += c == '\\' ? std::string("\\e") : c == '-' ? "\\-" : std::string(1, c);
  return out;
}

std::string entry(const DescribedOption& option) {
  std::string names = plain(fmt::format("{}", fmt::join(option.names, ", ")));
  if (!option.choices.empty() && !option.positional)
    names += plain(fmt::format(" {}", fmt::join(option.choices, "|")));
  else if (option.takes_value && !option.positional)
    names += " VALUE";
  return fmt::format(".TP\n.B {}\n{}\n", names, plain(option.help));
}

std::string synopsis(const CLI::App& command) {
  std::string out = command.get_name() + " [OPTION]...";
  for (const auto& option : described_options(command)) {
    if (option.positional) out += " " + option.names.front() + (option.repeats ? "..." : "");
  }
  return out;
}

}  // namespace

std::string man_page(const CLI::App& program) {
  std::string out = fmt::format(
      ".TH NEURONTWIN 1 \"\" \"neurontwin {}\" \"User Commands\"\n"
      ".SH NAME\nneurontwin \\- from a detailed neuron to its deep\\-network twin\n"
      ".SH SYNOPSIS\n.B neurontwin\nCOMMAND [OPTION]... [FILE]...\n"
      ".SH DESCRIPTION\n"
      "Simulates a detailed model of a neuron under random synaptic input, trains a network that answers the "
      "same "
      "input with the same spikes and voltages, its twin, and says how good and how deep it is. "
      "An experiment is a TOML file; all results of a run are in one folder.\n"
      ".SH COMMANDS\n",
      plain(NEURONTWIN_VERSION));
  for (const auto* command : described_commands(program)) {
    out += fmt::format(".SS {}\n{}.\n", plain(synopsis(*command)), plain(command->get_description()));
    for (const auto& option : described_options(*command)) out += entry(option);
  }
  out +=
      ".SH EXIT STATUS\n0: done. 1: failed while running. 2: wrong usage or bad input. 130: stopped by the "
      "user.\n"
      ".SH EXAMPLES\n.nf\nneurontwin run experiments/l5pc\\-nmda.toml \\-\\-profile quick\n"
      "neurontwin inspect runs/l5pc\\-nmda\\-quick/twin.safetensors\n.fi\n";
  return out;
}

}  // namespace nt::cli

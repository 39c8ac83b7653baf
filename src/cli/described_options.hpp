#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace nt::cli {

/// An option or a positional of a command, in words.
struct DescribedOption {
  std::vector<std::string> names = {};  // "--out", "-h"; of a positional its bare name
  std::string help = {};
  std::vector<std::string> choices = {};  // empty: any value
  bool positional = false, takes_value = false, repeats = false;
};

/// Those that are shown to users, positionals first.
std::vector<DescribedOption> described_options(const CLI::App& command);

/// The commands that are shown to users.
std::vector<const CLI::App*> described_commands(const CLI::App& program);

}  // namespace nt::cli

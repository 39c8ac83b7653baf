#include "cli/say.hpp"

#include <cstdio>
#include <string>

#include "cli/terminal.hpp"
#include "config/printable.hpp"

namespace nt::cli {

void say(std::string_view line) {
  if (loudness() == Loudness::quiet) return;
  clear_bar();
  const auto whole = config::printable(line) + "\n";
  std::fwrite(whole.data(), 1, whole.size(), stderr);
  std::fflush(stderr);
}

}  // namespace nt::cli

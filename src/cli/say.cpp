#include "cli/say.hpp"

#include <cstdio>
#include <string>

#include "cli/terminal.hpp"

namespace nt::cli {

void say(std::string_view line) {
  if (loudness() == Loudness::quiet) return;
  clear_bar();
  const auto whole = std::string(line) + "\n";
  std::fwrite(whole.data(), 1, whole.size(), stderr);
  std::fflush(stderr);
}

}  // namespace nt::cli

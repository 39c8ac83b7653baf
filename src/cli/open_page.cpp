#include "cli/open_page.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "config/error.hpp"

namespace nt::cli {
namespace {

/// Starts a program that goes on by itself, silently. Whether there is such a program.
bool start(const std::string& program, const std::string& argument) {
  posix_spawn_file_actions_t silent;
  posix_spawn_file_actions_init(&silent);
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&silent, descriptor, "/dev/null", O_WRONLY, 0);
  std::array<std::string, 2> words{program, argument};
  std::array<char*, 3> arguments{words[0].data(), words[1].data(), nullptr};
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, program.c_str(), &silent, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&silent);
  return error == 0;
}

}  // namespace

void open_page(const std::filesystem::path& page) {
  const auto path = std::filesystem::absolute(page).lexically_normal().string();
  std::vector<std::string> programs{"xdg-open", "open"};
  if (const char* browser = std::getenv("BROWSER"); browser != nullptr && *browser != '\0')
    programs.insert(programs.begin(), browser);
  for (const auto& program : programs)
    if (start(program, path)) return;
  fail_run("no browser was found (tried $BROWSER, xdg-open and open); open {} yourself", path);
}

}  // namespace nt::cli

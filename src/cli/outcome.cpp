#include "cli/outcome.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <system_error>

#include "cli/launched.hpp"
#include "cli/stopping.hpp"
#include "cli/terminal.hpp"
#include "config/error.hpp"
#include "config/printable.hpp"

namespace nt::cli {
namespace {

constexpr int kFailed = 1, kWrongInput = 2;

/// What a rank that does not speak has to say, should nobody else.
std::string& unsaid() {
  static std::string message;
  return message;
}

/// Where stderr cannot be written there is nobody to tell; the exit code says that something is wrong.
void tell(const std::string& message) {
  if (launched_and_not_first()) {
    unsaid() = message;
    return;
  }
  end_bar();
  const auto line = fmt::format("{} {}\n", red("neurontwin:", STDERR_FILENO), config::printable(message));
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
}

/// Whether a name is at fault that the user gave: a link that leads to itself, a file where a folder is
/// meant, a place that is closed to this user. Anything else went wrong while running.
bool is_wrong_name(const std::error_code& error) {
  for (const auto each :
       {std::errc::too_many_symbolic_link_levels, std::errc::filename_too_long, std::errc::not_a_directory,
        std::errc::is_a_directory, std::errc::invalid_argument, std::errc::permission_denied})
    if (error == each) return true;
  return false;
}

void tell_memory(const std::string& doing) {
  tell(fmt::format("out of memory while {}; lower the size of what it was given", doing));
}

}  // namespace

int outcome_of(const std::string& doing, const std::function<int()>& program) {
  int code = kFailed;
  try {
    code = program();
    // What is written later, at the end of the process, nobody would notice to be lost.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      code = kFailed;
      tell(fmt::format("the output cannot be written: {}", std::strerror(errno)));
    }
  } catch (const InputError& error) {
    tell(error.what());
    code = kWrongInput;
  } catch (const RunError& error) {
    tell(error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    tell(fmt::format("{}: {}", error.path1().string(), error.code().message()));
    if (is_wrong_name(error.code())) code = kWrongInput;
  } catch (const std::system_error& error) {
    const bool printing = std::ferror(stdout) != 0 || std::ferror(stderr) != 0;
    tell(fmt::format("{}: {}",
                     printing ? "the output cannot be written" : "the system refuses what the program needs",
                     error.code().message()));
  } catch (const std::bad_alloc&) {
    tell_memory(doing);
  } catch (const std::length_error&) {  // more than any memory could hold
    tell_memory(doing);
  } catch (const std::exception& error) {
    tell(fmt::format(
        "an error of the program itself while {}, not of its input; please report it with the command "
        "that led to it and these details:\n            {}",
        doing, error.what()));
  }
  if (code != 0 && stop_of_signals().stop_requested()) code = kStoppedExitCode;
  if (code == 0 && std::ferror(stderr) != 0) code = kFailed;
  stop_without_words();  // all is said, should a signal's patience end while this rank waits for others
  return leave(code, unsaid());
}

}  // namespace nt::cli

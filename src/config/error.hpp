#pragma once
#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace neurontwin {

/// Wrong usage or bad input: the user can mend it. The program ends with exit code 2.
/// The message names the file, line or key, says what is wrong, and what would be right.
struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The work itself failed (a full disk, a lost file, an interruption). Exit code 1.
struct RunError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void fail_input(fmt::format_string<Args...> format, Args&&... args) {
  throw InputError(fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
[[noreturn]] void fail_run(fmt::format_string<Args...> format, Args&&... args) {
  throw RunError(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace neurontwin

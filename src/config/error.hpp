#pragma once
#include <fmt/format.h>

#include <string>

#include "neurontwin/error.hpp"

namespace nt {

// The library's own errors, and how rooms throw them.
using neurontwin::InputError;
using neurontwin::RunError;

template <class... Args>
[[noreturn]] void fail_input(fmt::format_string<Args...> format, Args&&... args) {
  throw InputError(fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
[[noreturn]] void fail_run(fmt::format_string<Args...> format, Args&&... args) {
  throw RunError(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace nt

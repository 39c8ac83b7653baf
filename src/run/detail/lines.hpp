#pragma once
#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>

namespace nt::run {

/// Text that grows piece by piece.
struct Lines {
  std::string text;

  template <class... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
  }
};

}  // namespace nt::run

#pragma once
#include <string>

#include "config/error.hpp"

namespace nt::config {

/// For tests: what the InputError says that `f` throws; "no error" if it throws none.
template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace nt::config

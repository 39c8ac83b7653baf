#pragma once
#include <cstdlib>

#include "device/device.hpp"

namespace nt::device {

/// What the tests of device code run on: the emulation, or what NEURONTWIN_TEST_DEVICE names ("cuda"), so
/// that a GPU takes the same tests (bench/gpu/run_all).
inline Kind tested_kind() {
  const char* named = std::getenv("NEURONTWIN_TEST_DEVICE");
  return named == nullptr ? Kind::emulate : kind_named(named);
}

}  // namespace nt::device

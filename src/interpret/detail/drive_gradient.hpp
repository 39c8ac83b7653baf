#pragma once
#include "twin/twin.hpp"

namespace nt::interpret {

/// The gradient of one of a twin's outputs by the drive, of windows of one ms:
/// [window][drive_ms][drive_width].
template <class T>
std::vector<T> gradient_by_drive(twin::TwinOf<T>& twin, std::span<const T> drive, int64_t windows,
                                 int64_t output) {
  const auto outputs = twin.forward_from_drive(drive, windows, 1, true);
  std::vector<T> of_outputs(outputs.rows * outputs.row, T(0));
  for (int64_t w = 0; w < windows; ++w) of_outputs[w * outputs.row + output] = 1;
  return twin.backward_to_drive(of_outputs);
}

}  // namespace nt::interpret

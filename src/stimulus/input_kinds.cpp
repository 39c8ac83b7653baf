#include <array>

#include "stimulus/group_input.hpp"

namespace nt::stimulus {

InputKind poisson_input();
InputKind varying_input();
InputKind correlated_input();
InputKind pattern_input();
InputKind netstim_input();
InputKind recorded_input();
InputKind artificial_cell_input();

std::span<const InputKind> input_kinds() {
  static const std::array kinds{poisson_input(), varying_input(),  correlated_input(),     pattern_input(),
                                netstim_input(), recorded_input(), artificial_cell_input()};
  return kinds;
}

}  // namespace nt::stimulus

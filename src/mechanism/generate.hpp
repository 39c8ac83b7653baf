#pragma once
#include <array>
#include <string>
#include <vector>

#include "mechanism/mechanism.hpp"

namespace nt::mechanism {

/// The fixed expressions that a kernel takes ready-made for every instance.
struct KernelLayout {
  std::vector<Expr> current;
  std::vector<std::vector<Expr>> advance_float, advance_double;  // of each of parts_of(mechanism)
  std::array<std::vector<Expr>, 3> moment;                       // in the order of MomentName

  template <class T>
  const std::vector<std::vector<Expr>>& advance() const {
    return sizeof(T) == 4 ? advance_float : advance_double;
  }
};
KernelLayout layout_of(const Mechanism& mechanism);

/// The ion variables that a kernel reads or writes as arrays, in the order of KernelArguments::ion. A current
/// that the file reads and writes is there twice.
std::vector<const IonVariable*> ion_arrays(const Mechanism& mechanism);

/// C++ of a mechanism's kernels: a file that includes lanes-inl.hpp and defines the function `entry`, which
/// returns MechanismKernels. `file_name`: the file it will be, for Highway to include once per instruction
/// set.
std::string generate_kernels(const Mechanism& mechanism, const std::string& file_name,
                             const std::string& entry);
/// The lines that such a file begins with, whatever the mechanism: what it includes.
std::string kernels_start(const std::string& file_name);

}  // namespace nt::mechanism

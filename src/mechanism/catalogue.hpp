#pragma once
#include <span>
#include <string_view>

#include "mechanism/kernel.hpp"

namespace nt::mechanism {

/// A mechanism that ships with the program, compiled when the program was.
struct CatalogueEntry {
  std::string_view name;
  std::string_view text;  // NMODL
  void (*kernels)(MechanismKernels*);
};
std::span<const CatalogueEntry> catalogue();

}  // namespace nt::mechanism

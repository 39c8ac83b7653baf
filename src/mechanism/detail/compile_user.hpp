#pragma once
#include "mechanism/kernel.hpp"
#include "mechanism/mechanism.hpp"

namespace nt::mechanism {

/// Compiles a user's mechanism with the system's C++ compiler ($CXX or c++) for this machine and loads it.
/// The result is kept in $XDG_CACHE_HOME/neurontwin (or ~/.cache/neurontwin), named by a digest of all that
/// went in. InputError if there is no compiler, no Highway (libhwy-dev), or no place to keep it.
MechanismKernels compile_user_kernels(const Mechanism& mechanism);

}  // namespace nt::mechanism

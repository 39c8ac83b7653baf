#pragma once
#include <memory>

#include "ranks/ranks.hpp"

namespace nt::ranks {

/// The ranks of MPI, which is started for it. RunError where it cannot be used from several threads.
std::shared_ptr<const Ranks> joined_by_mpi();

}  // namespace nt::ranks

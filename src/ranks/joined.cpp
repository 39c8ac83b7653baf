#include <cstdlib>

#include "config/error.hpp"
#include "ranks/detail/mpi.hpp"
#include "ranks/ranks.hpp"

namespace nt::ranks {
namespace {

// What launchers leave in the environment of a rank: Open MPI's mpirun, srun or prterun with PMIx, and
// MPICH's or srun with PMI.
constexpr const char* kOfLaunchers[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"};

bool launched() {
  for (const auto* name : kOfLaunchers)
    if (std::getenv(name) != nullptr) return true;
  return false;
}

/// Where the launcher says so, MPI is not asked: Open MPI cannot start under every PMI that srun may bring.
bool launched_alone() {
  const auto* size = std::getenv("PMI_SIZE");
  return size != nullptr && std::atoi(size) == 1;
}

/// A child would otherwise take itself for the rank that started it.
void forget_launcher() {
  for (const auto* name : kOfLaunchers) ::unsetenv(name);
}

#ifndef NEURONTWIN_MPI
void require_alone() {
  for (const auto* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    const auto* size = std::getenv(name);
    if (size != nullptr && std::atoi(size) > 1) {
      fail_run(
          "started as one of {} ranks, but this neurontwin was built without MPI: install MPI and build it "
          "again, or start it once",
          size);
    }
  }
}
#endif

}  // namespace

std::shared_ptr<const Ranks> joined() {
  if (!launched() || launched_alone()) return alone();
#ifdef NEURONTWIN_MPI
  auto ranks = joined_by_mpi();
#else
  require_alone();
  auto ranks = alone();
#endif
  forget_launcher();
  return ranks;
}

}  // namespace nt::ranks

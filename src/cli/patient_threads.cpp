#include "cli/patient_threads.hpp"

#include <unistd.h>

#include <cstdlib>

namespace nt::cli {

void start_with_patient_threads(char** arguments) {
  constexpr const char* kRounds = "1000";  // of waiting before sleep: a few microseconds
  if (std::getenv("GOMP_SPINCOUNT") != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  if (setenv("GOMP_SPINCOUNT", kRounds, 0) == 0) execv("/proc/self/exe", arguments);
}

}  // namespace nt::cli

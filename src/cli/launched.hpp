#pragma once
#include <string>

#include "neurontwin/run.hpp"

namespace nt::cli {

/// The processes of this command that a launcher (mpirun, srun) started; of those without one, one. Joined at
/// the first call. From then on rank 0 alone speaks: the others' results go nowhere.
const neurontwin::Ranks& launched();

/// Whether this process is another rank than 0. Joins nobody.
bool launched_and_not_first();

/// Ends this rank's part, with the exit code and, where it failed, the message that it did not say yet. Where
/// others go on without knowing, they are ended.
int leave(int code, const std::string& unsaid);

}  // namespace nt::cli

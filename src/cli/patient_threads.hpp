#pragma once

namespace nt::cli {

/// OpenMP's threads wait for each other at full speed unless told otherwise before the program starts. With
/// the thread that gathers batches, or with another program beside, that costs a third of a training step and
/// more. So this starts the program anew, in the same process, told to sleep soon; it comes back only if that
/// is the case already, if the user has said how to wait (GOMP_SPINCOUNT, OMP_WAIT_POLICY), or if it cannot
/// be done.
void start_with_patient_threads(char** arguments);

}  // namespace nt::cli

#pragma once

namespace nt::cli {

/// From now on the process keeps the memory that it frees, for the next step to use: fetching fresh pages
/// from the system takes up to a tenth of a training step. For programs that train; does nothing where the C
/// library is not glibc.
void keep_freed_memory();

}  // namespace nt::cli

#pragma once
#include "run/run_folder.hpp"

/// What ranks have to have in common before they work on a run together. For all of them.
namespace nt::run {

/// InputError on each unless all read the same settings and the same files that these name.
void require_same_on_all_ranks(const Experiment& experiment, const Options& options);

/// InputError on each unless all see in the run folder what rank 0 writes there.
void require_seen_by_all_ranks(const RunFolder& run);

}  // namespace nt::run

#pragma once
#include <mutex>

namespace nt::files {

/// Before any call of the HDF5 library: Debian's is not built for threads, so one of them at a time. Silences
/// the library's own printing, since we report errors ourselves, and lets it load no plugins.
std::unique_lock<std::recursive_mutex> enter_hdf5();

}  // namespace nt::files

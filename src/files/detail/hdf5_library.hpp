#pragma once
#include <cstdint>
#include <mutex>
#include <string>

namespace nt::files {

/// Before any call of the HDF5 library: Debian's is not built for threads, so one of them at a time. Silences
/// the library's own printing, since we report errors ourselves, and lets it load no plugins.
std::unique_lock<std::recursive_mutex> enter_hdf5();

/// The library's number of a file that it opens to be read, of any of its versions; negative if it cannot.
int64_t open_hdf5(const std::string& file);

}  // namespace nt::files

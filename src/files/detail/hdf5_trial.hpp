#pragma once
#include <cstdint>
#include <string>

namespace nt::files {

/// What came of reading a file with the library.
enum class Hdf5Trial : uint8_t { good, unreadable, crashed, endless };

/// Reads all that a file has, in a process of its own: its objects, their attributes, where their pieces lie,
/// and the values of what is stored in pieces. The library (1.10.8) writes and reads beyond its buffers where
/// a damaged file tells it wrong sizes, and its crash must not be ours. `good` where no process can be
/// started. Call under enter_hdf5().
Hdf5Trial try_hdf5(const std::string& file);

/// Of a data set (hid_t) that is stored in pieces: the bytes of one, which the library needs to read the
/// first value. 0 of others. Call under enter_hdf5().
uint64_t bytes_of_a_piece(int64_t set);

}  // namespace nt::files

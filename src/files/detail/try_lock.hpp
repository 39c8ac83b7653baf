#pragma once
#include <filesystem>

namespace nt::files {

/// Asks for a lock, LOCK_EX or LOCK_SH, of an open file in a folder. False if another program's is in its
/// way. InputError where the file system has no locks.
bool try_lock(int descriptor, int kind, const std::filesystem::path& folder);

}  // namespace nt::files

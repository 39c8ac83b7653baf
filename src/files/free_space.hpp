#pragma once
#include <cstdint>
#include <filesystem>

namespace nt::files {

/// Bytes that this user may still write to the file system that `folder`, or the nearest folder above it that
/// is there, lies on.
uint64_t free_disk_bytes(const std::filesystem::path& folder);

/// Bytes of memory that this process can still take: what the machine has left, swap included, and what the
/// limits of the process (ulimit -v) and of its control group allow.
uint64_t free_memory_bytes();

/// Bytes of address space that a limit (ulimit -v) leaves this process; the largest number where there is
/// none.
uint64_t free_address_bytes();

/// "1.5 GB", in powers of 1000.
std::string words_for_bytes(double bytes);

}  // namespace nt::files

#pragma once
#include <cstddef>

namespace nt::device {

/// Memory of the emulation, in which mistakes show that a GPU would not forgive. Whoever reads or writes
/// behind its end is stopped by the system, and what has not been written is NaN, or -1.
void* allocate_guarded(size_t bytes);
/// Of the same size.
void release_guarded(void* memory, size_t bytes) noexcept;

/// Memory of the process at this address, whatever for.
bool is_memory(const void* address);

}  // namespace nt::device

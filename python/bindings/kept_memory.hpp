#pragma once
#include <malloc.h>

namespace nt::python {

/// While it is there the process keeps the memory that it frees, for the next step of a training to use: to
/// fetch fresh pages from the system takes up to a tenth of a step. Afterwards it gives back what is free,
/// and the C library's bounds are those at which it arrives by itself. Does nothing without glibc.
class KeptMemory {
 public:
  KeptMemory() { set(1 << 30, 1 << 30); }
  ~KeptMemory() {
    set(kLargestOfItself, 2 * kLargestOfItself);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
  }
  KeptMemory(const KeptMemory&) = delete;
  KeptMemory& operator=(const KeptMemory&) = delete;

 private:
  static constexpr int kLargestOfItself = 32 << 20;  // mallopt(3), DEFAULT_MMAP_THRESHOLD_MAX

  static void set([[maybe_unused]] int map_from, [[maybe_unused]] int trim_from) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, map_from);
    mallopt(M_TRIM_THRESHOLD, trim_from);
#endif
  }
};

}  // namespace nt::python

#pragma once
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace nt::simulate {

/// While it lives, this thread computes with 0 in the place of subnormal numbers. A conductance that has
/// decayed for long is one, and they cost a hundred times an ordinary operation.
class FlushSubnormals {
 public:
#if defined(__SSE2__)
  FlushSubnormals() : before_(_mm_getcsr()) {
    _mm_setcsr(before_ | 0x8040);
  }  // flush to zero, subnormals are zero
  ~FlushSubnormals() {
    _mm_setcsr(before_);
  }

 private:
  unsigned before_;
#elif defined(__aarch64__)
  FlushSubnormals() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" : : "r"(before_ | (1ull << 24)));
  }
  ~FlushSubnormals() {
    asm volatile("msr fpcr, %0" : : "r"(before_));
  }

 private:
  unsigned long long before_ = 0;
#else
  FlushSubnormals() = default;
#endif
 public:
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;
};

}  // namespace nt::simulate

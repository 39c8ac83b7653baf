#pragma once
#include <hwy/highway.h>

/// The end of a file that Highway compiles once for each instruction set. Each has functions in_float() and
/// in_double(), without arguments, in namespace nt::mechanism::HWY_NAMESPACE; this defines best<T>(), which
/// returns a KERNELS<T> of the best instruction set that the machine has. To be used under HWY_ONCE, in an
/// anonymous namespace in neurontwin.
#define NEURONTWIN_BEST(KERNELS)                \
  HWY_EXPORT(in_float);                         \
  HWY_EXPORT(in_double);                        \
  template <class T>                            \
  KERNELS<T> best() {                           \
    if constexpr (sizeof(T) == sizeof(float)) { \
      return HWY_DYNAMIC_DISPATCH(in_float)();  \
    } else {                                    \
      return HWY_DYNAMIC_DISPATCH(in_double)(); \
    }                                           \
  }

#pragma once
#include "device/device.hpp"

/// A kernel of the file FILE.cu of some room, which the build has compiled twice: for the emulation, and by
/// nvcc where NEURONTWIN_CUDA is on (cmake/device.cmake). NT_DECLARE_KERNEL stands outside of all namespaces,
/// NT_BUILT_IN wherever a device::KernelCode is wanted.
#define NT_DECLARE_KERNEL(FILE, NAME)                                                            \
  extern "C" void NAME(int64_t blocks, int threads, size_t shared_bytes, const void* arguments); \
  extern "C" const unsigned char neurontwin_image_##FILE##_begin[], neurontwin_image_##FILE##_end[];
#define NT_BUILT_IN(FILE, NAME) \
  (nt::device::KernelCode{#NAME, &NAME, {neurontwin_image_##FILE##_begin, neurontwin_image_##FILE##_end}})

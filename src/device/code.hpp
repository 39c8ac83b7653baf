#pragma once
// What device code is written with. The same text is compiled by nvcc for a GPU and by the C++ compiler for
// the emulation, which runs one thread after the other. Needs nothing but the standard library: kernels of
// cells are compiled with it where the program runs.
#include <cstddef>
#include <cstdint>
#ifndef __CUDACC__
#include <vector>
#endif

#ifdef __CUDACC__
#define NT_DEVICE __device__ inline
#else
#define NT_DEVICE inline
#endif

namespace nt::device {

/// The threads of one block, which share `shared` and can wait for each other.
struct Block {
  int64_t index = 0;  // among the blocks of a launch
  int threads = 1;
  void* shared = nullptr;

  /// f(thread) by each of them; goes on when all are done. What a thread knows from one call to the next is
  /// in the memory of the device or in an Own.
  template <class F>
  NT_DEVICE void each(F&& f) const {
#ifdef __CUDACC__
    f(static_cast<int>(threadIdx.x));
    __syncthreads();
#else
    for (int thread = 0; thread < threads; ++thread) f(thread);
#endif
  }
  /// f(i) for 0 <= i < count, shared by the threads; goes on when all are done.
  template <class F>
  NT_DEVICE void share(int count, F&& f) const {
    each([&](int thread) {
      for (int i = thread; i < count; i += threads) f(i);
    });
  }
};

/// A variable of each thread of a block, which stays from one Block::each to the next: a register on a GPU.
template <class T>
class Own {
 public:
#ifdef __CUDACC__
  NT_DEVICE explicit Own(const Block&) {}
  NT_DEVICE T& operator()(int) {
    return value_;
  }

 private:
  T value_{};
#else
  explicit Own(const Block& block) : values_(static_cast<size_t>(block.threads)) {}
  T& operator()(int thread) {
    return values_[static_cast<size_t>(thread)];
  }

 private:
  std::vector<T> values_;
#endif
};

/// sum += n, by several threads of a block at the same time. Of whole numbers alone, whose sum does not
/// depend on who comes first.
NT_DEVICE void add_together(int32_t& sum, int32_t n) {
#ifdef __CUDACC__
  atomicAdd(&sum, n);
#else
  sum += n;
#endif
}

}  // namespace nt::device

/// Makes a kernel of FUNCTION(const Block&, const ARGUMENTS&): at the end of a .cu file, outside of all
/// namespaces. ARGUMENTS is a plain struct whose pointers are of the device; NAME begins with neurontwin_.
#ifdef __CUDACC__
#define NT_KERNEL(NAME, ARGUMENTS, FUNCTION, MOST_THREADS)                                     \
  extern "C" __global__ void __launch_bounds__(MOST_THREADS)                                   \
      NAME(const __grid_constant__ ARGUMENTS arguments) {                                      \
    extern __shared__ float4 neurontwin_shared[];                                              \
    FUNCTION(nt::device::Block{static_cast<int64_t>(blockIdx.x), static_cast<int>(blockDim.x), \
                               neurontwin_shared},                                             \
             arguments);                                                                       \
  }
#else
#define NT_KERNEL(NAME, ARGUMENTS, FUNCTION, MOST_THREADS)                                                   \
  extern "C" void NAME(int64_t blocks, int threads, size_t shared_bytes, const void* arguments) {            \
    std::vector<double> shared(shared_bytes / sizeof(double) + 1);                                           \
    for (int64_t block = 0; block < blocks; ++block)                                                         \
      FUNCTION(nt::device::Block{block, threads, shared.data()}, *static_cast<const ARGUMENTS*>(arguments)); \
  }
#endif

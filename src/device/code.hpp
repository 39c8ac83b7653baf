#pragma once
// What device code is written with. The same text is compiled by nvcc for a GPU and by the C++ compiler for
// the emulation, which runs the last block first, and of its threads now the first one first and now the last
// one: code that needs an order comes to other numbers. Needs nothing but the standard library: kernels of
// cells are compiled with it where the program runs.
#include <cstddef>
#include <cstdint>
#ifndef __CUDACC__
#include <algorithm>
#include <cstdio>
#include <cstdlib>
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
#ifndef __CUDACC__
  mutable int64_t calls = 0;  // of each(), so far
#endif

  /// f(thread) by each of them; goes on when all are done. What a thread knows from one call to the next is
  /// in the memory of the device or in an Own.
  template <class F>
  NT_DEVICE void each(F&& f) const {
#ifdef __CUDACC__
    f(static_cast<int>(threadIdx.x));
    __syncthreads();
#else
    const bool backwards = (index + calls++) % 2 == 1;
    for (int i = 0; i < threads; ++i) f(backwards ? threads - 1 - i : i);
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

#ifndef __CUDACC__
/// Code that is wrong on a GPU goes no further in the emulation.
[[noreturn]] inline void stop(const char* kernel, const char* what) {
  std::fprintf(stderr, "neurontwin: device code: %s %s\n", kernel, what);
  std::abort();
}

/// Of one block after the other. What nobody has written is NaN, or -1, and so is what lies behind the end.
class EmulatedSharedMemory {
 public:
  explicit EmulatedSharedMemory(size_t bytes) : bytes_(bytes), all_(bytes / sizeof(Word) + 1 + kBehind) {
    forget();
  }
  void* begin() { return all_.data(); }
  void forget() { std::fill(all_.begin(), all_.end(), kUnwritten); }
  bool is_whole() const {
    const auto* first = reinterpret_cast<const unsigned char*>(all_.data());
    return std::all_of(first + bytes_, first + all_.size() * sizeof(Word),
                       [](unsigned char byte) { return byte == 0xff; });
  }

 private:
  using Word = int64_t;
  static constexpr Word kUnwritten = -1;
  static constexpr size_t kBehind = 32;
  size_t bytes_;
  std::vector<Word> all_;
};
#endif

}  // namespace nt::device

/// Makes a kernel of FUNCTION(const Block&, const ARGUMENTS&): at the end of a .cu file, outside of all
/// namespaces. ARGUMENTS is a plain struct whose pointers are of the device; NAME begins with neurontwin_.
#ifdef __CUDACC__
#define NT_KERNEL(NAME, ARGUMENTS, FUNCTION, MOST_THREADS)                                     \
  static_assert(sizeof(ARGUMENTS) <= 4096, "more than a kernel takes");                        \
  extern "C" __global__ void __launch_bounds__(MOST_THREADS)                                   \
      NAME(const __grid_constant__ ARGUMENTS arguments) {                                      \
    extern __shared__ float4 neurontwin_shared[];                                              \
    FUNCTION(nt::device::Block{static_cast<int64_t>(blockIdx.x), static_cast<int>(blockDim.x), \
                               neurontwin_shared},                                             \
             arguments);                                                                       \
  }
#else
#define NT_KERNEL(NAME, ARGUMENTS, FUNCTION, MOST_THREADS)                                                  \
  extern "C" void NAME(int64_t blocks, int threads, size_t shared_bytes, const void* arguments) {           \
    if (threads > MOST_THREADS) nt::device::stop(#NAME, "has more threads in a block than it is made for"); \
    nt::device::EmulatedSharedMemory shared(shared_bytes);                                                  \
    for (int64_t block = blocks - 1; block >= 0; --block) {                                                 \
      FUNCTION(nt::device::Block{block, threads, shared.begin()},                                           \
               *static_cast<const ARGUMENTS*>(arguments));                                                  \
      if (!shared.is_whole()) nt::device::stop(#NAME, "writes behind the end of its shared memory");        \
      shared.forget();                                                                                      \
    }                                                                                                       \
  }
#endif

#include "mock_driver.hpp"

#include <cuda.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace {

constexpr int kMostSharedBytes = 232448, kSharedBytesUnasked = 48 * 1024;  // of compute capability 9.0

struct Function {
  int most_shared_bytes = kSharedBytesUnasked;
};

struct Machine {
  std::mutex mutex;
  int refusals = 0, launches = 0, contexts = 0;
  size_t memory = size_t{1} << 32, taken = 0;
  std::map<CUdeviceptr, size_t> allocations;
  std::vector<std::unique_ptr<Function>> functions;
};
Machine& machine() {
  static Machine all;
  return all;
}
char context_of_all;
thread_local CUcontext current = nullptr;

/// By one thread at a time, in a context.
template <class Do>
CUresult in_context(Do&& what) {
  auto& m = machine();
  const std::lock_guard lock(m.mutex);
  const CUresult result = current == nullptr || m.contexts == 0 ? CUDA_ERROR_INVALID_CONTEXT : what(m);
  if (result != CUDA_SUCCESS && result != CUDA_ERROR_OUT_OF_MEMORY) ++m.refusals;
  return result;
}

bool has(Machine& m, CUdeviceptr at, size_t bytes) {
  auto after = m.allocations.upper_bound(at);
  if (after == m.allocations.begin()) return false;
  const auto& [begin, size] = *--after;
  return at + bytes <= begin + size;
}

CUresult copy(CUdeviceptr of_device, size_t bytes, CUstream stream, void* to, const void* from) {
  return in_context([&](Machine& m) {
    if (!has(m, of_device, bytes) || stream != CU_STREAM_PER_THREAD) return CUDA_ERROR_INVALID_VALUE;
    std::memcpy(to, from, bytes);
    return CUDA_SUCCESS;
  });
}

}  // namespace

extern "C" {

int mock_refusals() {
  return machine().refusals;
}
int mock_launches() {
  return machine().launches;
}
int mock_allocations() {
  return static_cast<int>(machine().allocations.size());
}
int mock_contexts() {
  return machine().contexts;
}
void mock_set_memory(size_t bytes) {
  machine().memory = bytes;
}

CUresult cuInit(unsigned) {
  return CUDA_SUCCESS;
}
CUresult cuGetErrorString(CUresult, const char** words) {
  *words = "refused";
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetCount(int* count) {
  *count = 1;
  return CUDA_SUCCESS;
}
CUresult cuDeviceGet(CUdevice* device, int) {
  *device = 0;
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetName(char* name, int length, CUdevice) {
  std::strncpy(name, "a mock", static_cast<size_t>(length));
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute which, CUdevice) {
  *value = which == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR            ? 9
           : which == CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN ? kMostSharedBytes
                                                                            : 0;
  return CUDA_SUCCESS;
}
CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice) {
  const std::lock_guard lock(machine().mutex);
  *context = reinterpret_cast<CUcontext>(&context_of_all);
  ++machine().contexts;
  return CUDA_SUCCESS;
}
CUresult cuDevicePrimaryCtxRelease(CUdevice) {
  return in_context([](Machine& m) {
    --m.contexts;
    return CUDA_SUCCESS;
  });
}
CUresult cuCtxSetCurrent(CUcontext context) {
  current = context;
  return CUDA_SUCCESS;
}
CUresult cuStreamSynchronize(CUstream stream) {
  return in_context(
      [&](Machine&) { return stream == CU_STREAM_PER_THREAD ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE; });
}
CUresult cuMemAlloc(CUdeviceptr* memory, size_t bytes) {
  return in_context([&](Machine& m) {
    if (bytes == 0) return CUDA_ERROR_INVALID_VALUE;
    if (m.taken + bytes > m.memory) return CUDA_ERROR_OUT_OF_MEMORY;
    void* all = std::calloc(bytes, 1);
    if (all == nullptr) return CUDA_ERROR_OUT_OF_MEMORY;
    *memory = reinterpret_cast<CUdeviceptr>(all);
    m.allocations[*memory] = bytes;
    m.taken += bytes;
    return CUDA_SUCCESS;
  });
}
CUresult cuMemFree(CUdeviceptr memory) {
  return in_context([&](Machine& m) {
    const auto found = m.allocations.find(memory);
    if (found == m.allocations.end()) return CUDA_ERROR_INVALID_VALUE;
    m.taken -= found->second;
    m.allocations.erase(found);
    std::free(reinterpret_cast<void*>(memory));
    return CUDA_SUCCESS;
  });
}
CUresult cuMemcpyHtoDAsync(CUdeviceptr to, const void* from, size_t bytes, CUstream stream) {
  return copy(to, bytes, stream, reinterpret_cast<void*>(to), from);
}
CUresult cuMemcpyDtoHAsync(void* to, CUdeviceptr from, size_t bytes, CUstream stream) {
  return copy(from, bytes, stream, to, reinterpret_cast<const void*>(from));
}
CUresult cuMemsetD8Async(CUdeviceptr memory, unsigned char value, size_t bytes, CUstream) {
  return in_context([&](Machine& m) {
    if (!has(m, memory, bytes)) return CUDA_ERROR_INVALID_VALUE;
    std::memset(reinterpret_cast<void*>(memory), value, bytes);
    return CUDA_SUCCESS;
  });
}
CUresult cuModuleLoadData(CUmodule* module, const void* image) {
  return in_context([&](Machine&) {
    constexpr unsigned char kFatBinary[] = {0x50, 0xed, 0x55, 0xba};
    const bool known = std::memcmp(image, kFatBinary, 4) == 0 || std::memcmp(image, "\177ELF", 4) == 0;
    *module = reinterpret_cast<CUmodule>(const_cast<void*>(image));
    return known && reinterpret_cast<size_t>(image) % 8 == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_IMAGE;
  });
}
CUresult cuModuleUnload(CUmodule) {
  return in_context([](Machine&) { return CUDA_SUCCESS; });
}
CUresult cuModuleGetFunction(CUfunction* function, CUmodule, const char*) {
  return in_context([&](Machine& m) {
    m.functions.push_back(std::make_unique<Function>());
    *function = reinterpret_cast<CUfunction>(m.functions.back().get());
    return CUDA_SUCCESS;
  });
}
CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute, int value) {
  return in_context([&](Machine&) {
    if (value > kMostSharedBytes) return CUDA_ERROR_INVALID_VALUE;
    reinterpret_cast<Function*>(function)->most_shared_bytes = value;
    return CUDA_SUCCESS;
  });
}
CUresult cuLaunchKernel(CUfunction function, unsigned blocks, unsigned, unsigned, unsigned threads, unsigned,
                        unsigned, unsigned shared_bytes, CUstream stream, void** parameters, void**) {
  return in_context([&](Machine& m) {
    const auto most = static_cast<unsigned>(reinterpret_cast<Function*>(function)->most_shared_bytes);
    if (blocks == 0 || blocks > 0x7fffffffu || threads == 0 || threads > 1024 || shared_bytes > most ||
        stream != CU_STREAM_PER_THREAD || parameters == nullptr)
      return CUDA_ERROR_INVALID_VALUE;
    ++m.launches;
    return CUDA_SUCCESS;
  });
}

}  // extern "C"

// A GPU through its driver, which is looked for when it is wanted: the same program runs where there is none.
#include "config/error.hpp"
#include "device/detail/devices.hpp"

#ifdef NEURONTWIN_CUDA
#include <cuda.h>
#include <dlfcn.h>

#include <cstdlib>
#include <map>

namespace nt::device {
namespace {

#define NT_TEXT_OF(NAME) #NAME
#define NT_TEXT(NAME) NT_TEXT_OF(NAME)  // after cuda.h has put a version behind some names

/// Where the loader looks, and where containers have it that the loader was not told of.
void* open_library() {
  for (const auto* file :
       {"libcuda.so.1", "/usr/local/nvidia/lib64/libcuda.so.1", "/usr/lib/x86_64-linux-gnu/libcuda.so.1",
        "/usr/lib64/libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1"})
    if (auto* found = ::dlopen(file, RTLD_NOW)) return found;
  return nullptr;
}

/// The functions of the driver that are used here.
struct Driver {
#define NT_FUNCTION(NAME) decltype(&::NAME) NAME##_ = reinterpret_cast<decltype(&::NAME)>(find(NT_TEXT(NAME)))
  void* library = open_library();
  NT_FUNCTION(cuInit);
  NT_FUNCTION(cuGetErrorString);
  NT_FUNCTION(cuDeviceGetCount);
  NT_FUNCTION(cuDeviceGet);
  NT_FUNCTION(cuDeviceGetName);
  NT_FUNCTION(cuDeviceGetAttribute);
  NT_FUNCTION(cuDevicePrimaryCtxRetain);
  NT_FUNCTION(cuDevicePrimaryCtxRelease);
  NT_FUNCTION(cuCtxSetCurrent);
  NT_FUNCTION(cuStreamSynchronize);
  NT_FUNCTION(cuMemAlloc);
  NT_FUNCTION(cuMemFree);
  NT_FUNCTION(cuMemcpyHtoDAsync);
  NT_FUNCTION(cuMemcpyDtoHAsync);
  NT_FUNCTION(cuMemsetD8Async);
  NT_FUNCTION(cuModuleLoadData);
  NT_FUNCTION(cuModuleUnload);
  NT_FUNCTION(cuModuleGetFunction);
  NT_FUNCTION(cuFuncSetAttribute);
  NT_FUNCTION(cuLaunchKernel);
#undef NT_FUNCTION

  void* find(const char* name) const {
    if (library == nullptr)
      fail_input("--device cuda: this machine has no driver of a GPU (libcuda.so.1); use --device cpu");
    void* function = ::dlsym(library, name);
    if (function == nullptr)
      fail_input("--device cuda: the driver of the GPU is too old: it has no {}; update it", name);
    return function;
  }
  /// RunError where a call did not succeed.
  void require(CUresult result, const std::string& what) const {
    if (result == CUDA_SUCCESS) return;
    const char* words = nullptr;
    cuGetErrorString_(result, &words);
    fail_run("the GPU: {}: {}", what, words != nullptr ? words : "an unknown error");
  }
};

/// Work of different threads runs at the same time.
const CUstream kStream = CU_STREAM_PER_THREAD;

class Cuda final : public Device {
 public:
  Cuda() {
    // As many queues as threads may launch at the same time; the driver's usual 8 would let them wait for
    // each other. It is read once, when the driver is started.
    static const bool told = ::setenv("CUDA_DEVICE_MAX_CONNECTIONS", "32", 0) == 0;
    static_cast<void>(told);
    int count = 0;
    if (driver_.cuInit_(0) != CUDA_SUCCESS || driver_.cuDeviceGetCount_(&count) != CUDA_SUCCESS || count == 0)
      fail_input("--device cuda: this machine has no GPU that its driver can use; use --device cpu");
    driver_.require(driver_.cuDeviceGet_(&device_, 0), "it cannot be opened");
    driver_.require(driver_.cuDevicePrimaryCtxRetain_(&context_, device_), "it cannot be opened");
    make_current();
  }
  ~Cuda() override {
    driver_.cuCtxSetCurrent_(context_);
    for (const auto& [image, loaded] : modules_) driver_.cuModuleUnload_(loaded);
    driver_.cuDevicePrimaryCtxRelease_(device_);
  }

  std::string words() const override {
    char name[256] = {};
    driver_.require(driver_.cuDeviceGetName_(name, sizeof name - 1, device_), "its name");
    return name;
  }
  std::string architecture() const override {
    return fmt::format("sm_{}{}", attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
                       attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR));
  }
  size_t most_shared_bytes() const override {
    return static_cast<size_t>(attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN));
  }

  void* allocate(size_t bytes) override {
    make_current();
    CUdeviceptr memory = 0;
    const auto result = driver_.cuMemAlloc_(&memory, bytes);
    if (result == CUDA_ERROR_OUT_OF_MEMORY)
      fail_run(
          "the GPU: {} MB more do not fit into its memory: compute less at the same time (smaller batches, "
          "shards or populations), or use --device cpu",
          bytes / 1000000 + 1);
    driver_.require(result, fmt::format("{} MB of memory", bytes / 1000000 + 1));
    return reinterpret_cast<void*>(memory);
  }
  void release(void* memory) noexcept override {
    driver_.cuCtxSetCurrent_(context_);
    driver_.cuMemFree_(at(memory));
  }
  void upload(void* to, const void* from, size_t bytes) override {
    make_current();
    driver_.require(driver_.cuMemcpyHtoDAsync_(at(to), from, bytes, kStream), "a copy to it");
    finish("a copy to it");
  }
  void download(void* to, const void* from, size_t bytes) override {
    make_current();
    driver_.require(driver_.cuMemcpyDtoHAsync_(to, at(const_cast<void*>(from)), bytes, kStream),
                    "a copy from it");
    finish("a copy from it");
  }
  void fill_zero(void* memory, size_t bytes) override {
    make_current();
    driver_.require(driver_.cuMemsetD8Async_(at(memory), 0, bytes, kStream), "clearing its memory");
  }
  void launch(const KernelCode& kernel, const Grid& grid, const void* arguments, size_t) override {
    if (!is_launched(*this, kernel, grid)) return;
    make_current();
    const auto function = function_of(kernel);
    if (grid.shared_bytes > 48 * 1024) {  // what a kernel may have without being asked
      driver_.require(driver_.cuFuncSetAttribute_(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                                  static_cast<int>(grid.shared_bytes)),
                      kernel.name);
    }
    void* parameters[] = {const_cast<void*>(arguments)};
    driver_.require(
        driver_.cuLaunchKernel_(function, static_cast<unsigned>(grid.blocks), 1, 1,
                                static_cast<unsigned>(grid.threads), 1, 1,
                                static_cast<unsigned>(grid.shared_bytes), kStream, parameters, nullptr),
        kernel.name);
  }
  void wait() override {
    make_current();
    finish("its kernels");
  }

 private:
  void finish(const std::string& what) const { driver_.require(driver_.cuStreamSynchronize_(kStream), what); }
  static CUdeviceptr at(void* memory) { return reinterpret_cast<CUdeviceptr>(memory); }
  /// The driver's context belongs to a thread.
  void make_current() const { driver_.require(driver_.cuCtxSetCurrent_(context_), "its context"); }
  int attribute(CUdevice_attribute which) const {
    int value = 0;
    driver_.require(driver_.cuDeviceGetAttribute_(&value, which, device_), "its properties");
    return value;
  }
  CUfunction function_of(const KernelCode& kernel) {
    if (kernel.image.empty()) fail_run("the kernel {} was not compiled for a GPU", kernel.name);
    auto& loaded = modules_[kernel.image.data()];
    if (loaded == nullptr)
      driver_.require(driver_.cuModuleLoadData_(&loaded, kernel.image.data()), kernel.name);
    auto& function = functions_[{kernel.image.data(), kernel.name}];
    if (function == nullptr)
      driver_.require(driver_.cuModuleGetFunction_(&function, loaded, kernel.name.c_str()), kernel.name);
    return function;
  }

  Driver driver_;
  CUdevice device_ = 0;
  CUcontext context_ = nullptr;
  std::map<const unsigned char*, CUmodule> modules_;
  std::map<std::pair<const unsigned char*, std::string>, CUfunction> functions_;
};

}  // namespace

std::shared_ptr<Device> open_cuda() {
  return std::make_shared<Cuda>();
}

}  // namespace nt::device

#else

namespace nt::device {

std::shared_ptr<Device> open_cuda() {
  fail_input(
      "--device cuda: this program was built without CUDA; build it with the CMake option "
      "NEURONTWIN_CUDA=ON, or "
      "use --device cpu");
}

}  // namespace nt::device
#endif

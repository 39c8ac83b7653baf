#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace nt::device {

/// Where something is computed: by the program's own code for the CPU; by device code on a GPU; by the same
/// device code on the CPU, to test it.
enum class Kind : uint8_t { cpu, cuda, emulate };
/// "cpu", "cuda" or "emulate"; InputError for anything else.
Kind kind_named(std::string_view name);
std::string_view name_of(Kind kind);

/// A kernel as NT_KERNEL (code.hpp) makes it, for the emulation.
using EmulatedKernel = void (*)(int64_t blocks, int threads, size_t shared_bytes, const void* arguments);

/// A kernel, ready to be launched. `image`: what nvcc made of its file, which must stay where it is; empty
/// where there is none.
struct KernelCode {
  std::string name;
  EmulatedKernel emulated = nullptr;
  std::span<const unsigned char> image;
};

struct Grid {
  int64_t blocks = 1;
  int threads = 1;  // in a block
  size_t shared_bytes = 0;
};

/// A machine that runs kernels, with memory of its own. For one thread; several threads that have each opened
/// it share the machine, and their kernels run at the same time. RunError where it fails, in the words of its
/// driver.
class Device {
 public:
  virtual ~Device() = default;

  /// For people: "NVIDIA H200".
  virtual std::string words() const = 0;
  /// What nvcc is to compile for, "sm_90"; empty where kernels are emulated.
  virtual std::string architecture() const = 0;
  /// Bytes of shared memory that a block may have.
  virtual size_t most_shared_bytes() const = 0;

  virtual void* allocate(size_t bytes) = 0;
  virtual void release(void* memory) noexcept = 0;
  virtual void upload(void* to, const void* from, size_t bytes) = 0;
  virtual void download(void* to, const void* from, size_t bytes) = 0;
  virtual void fill_zero(void* memory, size_t bytes) = 0;
  /// Kernels run one after the other; a copy waits for those launched before it.
  virtual void launch(const KernelCode& kernel, const Grid& grid, const void* arguments, size_t bytes) = 0;
  /// Until all kernels are done.
  virtual void wait() = 0;

  template <class Arguments>
  void launch(const KernelCode& kernel, const Grid& grid, Arguments arguments) {
#if __has_builtin(__builtin_clear_padding)
    __builtin_clear_padding(&arguments);  // the emulation looks for pointers, also in what lay in a gap
#endif
    launch(kernel, grid, &arguments, sizeof(arguments));
  }
};

/// InputError where there is none: the program was built without CUDA, or the machine has no GPU that it can
/// use. Of Kind::cpu there is no device: null.
std::shared_ptr<Device> open_device(Kind kind);

/// Numbers in a device's memory; released with this.
template <class T>
class Array {
 public:
  Array() = default;
  Array(std::shared_ptr<Device> device, size_t count) : device_(std::move(device)), count_(count) {
    if (count_ > 0) data_ = static_cast<T*>(device_->allocate(count_ * sizeof(T)));
  }
  Array(std::shared_ptr<Device> device, std::span<const T> values) : Array(std::move(device), values.size()) {
    upload(values);
  }
  Array(Array&& other) noexcept { *this = std::move(other); }
  Array& operator=(Array&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(count_, other.count_);
    std::swap(data_, other.data_);
    return *this;
  }
  ~Array() {
    if (data_ != nullptr) device_->release(data_);
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return count_; }
  void upload(std::span<const T> values, size_t at = 0) {
    if (!values.empty()) device_->upload(data_ + at, values.data(), values.size_bytes());
  }
  void download(std::span<T> values, size_t at = 0) const {
    if (!values.empty()) device_->download(values.data(), data_ + at, values.size_bytes());
  }
  void fill_zero() {
    if (count_ > 0) device_->fill_zero(data_, count_ * sizeof(T));
  }
  /// Room for at least so many; what was there is lost where there is not.
  void make_room(const std::shared_ptr<Device>& device, size_t count) {
    if (count > count_) *this = Array(device, count);
  }

 private:
  std::shared_ptr<Device> device_;
  size_t count_ = 0;
  T* data_ = nullptr;
};

}  // namespace nt::device

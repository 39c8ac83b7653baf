// Device code on the CPU: memory is the program's own, and a launch is a loop. What a GPU would refuse, or do
// silently to wrong memory, is an error.
#include <cstring>
#include <map>
#include <mutex>
#include <new>

#include "config/error.hpp"
#include "device/detail/devices.hpp"
#include "device/detail/guarded_memory.hpp"

namespace nt::device {
namespace {

/// What all emulated devices have allocated: they share a memory, as several of one GPU do.
class Memory {
 public:
  void* allocate(size_t bytes) {
    void* memory = allocate_guarded(bytes);
    const std::lock_guard lock(mutex_);
    sizes_[static_cast<std::byte*>(memory)] = bytes;
    return memory;
  }
  void release(void* memory) noexcept {
    size_t bytes = 0;
    {
      const std::lock_guard lock(mutex_);
      const auto found = sizes_.find(static_cast<std::byte*>(memory));
      if (found == sizes_.end()) return;
      bytes = found->second;
      sizes_.erase(found);
    }
    release_guarded(memory, bytes);
  }
  /// Its end included, where an array without numbers begins.
  bool has(const std::byte* address, size_t bytes = 0) {
    const std::lock_guard lock(mutex_);
    auto after = sizes_.upper_bound(const_cast<std::byte*>(address));
    if (after == sizes_.begin()) return false;
    const auto& [begin, size] = *--after;
    return address + bytes <= begin + size;
  }

 private:
  std::mutex mutex_;
  std::map<std::byte*, size_t> sizes_;
};

Memory& memory() {
  static Memory all;
  return all;
}

class Emulated final : public Device {
 public:
  std::string words() const override { return "the CPU, emulating a GPU"; }
  std::string architecture() const override { return ""; }
  size_t most_shared_bytes() const override { return 227 * 1024; }

  void* allocate(size_t bytes) override { return memory().allocate(bytes); }
  void release(void* what) noexcept override { memory().release(what); }
  void upload(void* to, const void* from, size_t bytes) override {
    require_own(to, bytes, "a copy to it");
    std::memcpy(to, from, bytes);
  }
  void download(void* to, const void* from, size_t bytes) override {
    require_own(from, bytes, "a copy from it");
    std::memcpy(to, from, bytes);
  }
  void fill_zero(void* what, size_t bytes) override {
    require_own(what, bytes, "clearing its memory");
    std::memset(what, 0, bytes);
  }
  void launch(const KernelCode& kernel, const Grid& grid, const void* arguments, size_t bytes) override {
    if (kernel.emulated == nullptr) fail_run("the kernel {} cannot be emulated", kernel.name);
    if (!is_launched(*this, kernel, grid)) return;
    require_device_pointers(kernel, arguments, bytes);
    kernel.emulated(grid.blocks, grid.threads, grid.shared_bytes, arguments);
  }
  void wait() override {}

 private:
  static void require_own(const void* address, size_t bytes, const char* what) {
    if (!memory().has(static_cast<const std::byte*>(address), bytes))
      fail_run("the emulated GPU: {}: {} bytes of memory that is not its own", what, bytes);
  }
  /// A GPU cannot follow pointers to the program's memory. Whatever, among the arguments, would be one is
  /// looked at.
  static void require_device_pointers(const KernelCode& kernel, const void* arguments, size_t bytes) {
    const auto* all = static_cast<const std::byte*>(arguments);
    for (size_t at = 0; at + sizeof(void*) <= bytes; at += sizeof(void*)) {
      const std::byte* pointer = nullptr;
      std::memcpy(&pointer, all + at, sizeof pointer);
      if (pointer != nullptr && !memory().has(pointer) && is_memory(pointer))
        fail_run("{}: the {}th byte of its arguments begins a pointer that is not of the device", kernel.name,
                 at);
    }
  }
};

}  // namespace

std::shared_ptr<Device> open_emulated() {
  return std::make_shared<Emulated>();
}

}  // namespace nt::device

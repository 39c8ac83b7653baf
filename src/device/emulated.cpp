// Device code on the CPU: memory is the program's own, and a launch is a loop.
#include <cstring>
#include <new>

#include "config/error.hpp"
#include "device/detail/devices.hpp"

namespace nt::device {
namespace {

constexpr std::align_val_t kAlignment{256};  // as of a GPU's allocations

class Emulated final : public Device {
 public:
  std::string words() const override { return "the CPU, emulating a GPU"; }
  std::string architecture() const override { return ""; }
  size_t most_shared_bytes() const override { return 227 * 1024; }

  void* allocate(size_t bytes) override { return ::operator new(bytes, kAlignment); }
  void release(void* memory) noexcept override { ::operator delete(memory, kAlignment); }
  void upload(void* to, const void* from, size_t bytes) override { std::memcpy(to, from, bytes); }
  void download(void* to, const void* from, size_t bytes) override { std::memcpy(to, from, bytes); }
  void fill_zero(void* memory, size_t bytes) override { std::memset(memory, 0, bytes); }
  void launch(const KernelCode& kernel, const Grid& grid, const void* arguments, size_t) override {
    if (kernel.emulated == nullptr) fail_run("the kernel {} cannot be emulated", kernel.name);
    kernel.emulated(grid.blocks, grid.threads, grid.shared_bytes, arguments);
  }
  void wait() override {}
};

}  // namespace

std::shared_ptr<Device> open_emulated() {
  return std::make_shared<Emulated>();
}

}  // namespace nt::device

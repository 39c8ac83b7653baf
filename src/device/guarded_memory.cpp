#include "device/detail/guarded_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <new>

namespace nt::device {
namespace {

constexpr size_t kAlignment = 16;  // of what lies there, whose end is that close to the guard

size_t rounded(size_t bytes, size_t to) {
  return (bytes + to - 1) / to * to;
}
size_t page_bytes() {
  static const auto bytes = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}
/// From the beginning of a mapping to its guard.
size_t room(size_t bytes) {
  return rounded(bytes, page_bytes());
}

}  // namespace

void* allocate_guarded(size_t bytes) {
  const size_t all = room(bytes) + page_bytes();
  if (all < bytes) throw std::bad_alloc();
  void* mapping = ::mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  auto* first = static_cast<std::byte*>(mapping);
  ::mprotect(first + room(bytes), page_bytes(), PROT_NONE);
  auto* memory = first + room(bytes) - rounded(bytes, kAlignment);
  std::memset(memory, 0xff, bytes);
  return memory;
}

void release_guarded(void* memory, size_t bytes) noexcept {
  if (memory == nullptr) return;
  auto* guard = static_cast<std::byte*>(memory) + rounded(bytes, kAlignment);
  ::munmap(guard - room(bytes), room(bytes) + page_bytes());
}

bool is_memory(const void* address) {
#ifdef __SANITIZE_ADDRESS__
  // All addresses below are the sanitizer's own table: two numbers side by side look like a pointer into it.
  if (reinterpret_cast<uintptr_t>(address) < 0x10007fff8000) return false;
#endif
  const auto page = reinterpret_cast<uintptr_t>(address) / page_bytes() * page_bytes();
  unsigned char ignored = 0;
  return ::mincore(reinterpret_cast<void*>(page), 1, &ignored) == 0;
}

}  // namespace nt::device

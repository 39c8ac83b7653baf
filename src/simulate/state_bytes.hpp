#pragma once
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "config/error.hpp"

namespace nt::simulate {

/// What something remembers, as bytes of this machine: written once, read in the same order.
class StateWriter {
 public:
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void put(std::span<const T> values) {
    const uint64_t count = values.size();
    bytes_.append(reinterpret_cast<const char*>(&count), sizeof(count));
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  template <class T>
  void put(const T& value) {
    put(std::span<const T>(&value, 1));
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

[[noreturn]] inline void refuse_state() {
  fail_input(
      "a state of neurons does not fit them: it was written by another version of the program, or on a "
      "machine of another vector width");
}

/// InputError unless so many states are as many as there are parts that have one.
inline void require_states(size_t states, size_t parts) {
  if (states != parts) refuse_state();
}

/// InputError where the bytes are not what is asked for.
class StateReader {
 public:
  explicit StateReader(std::string_view bytes) : bytes_(bytes) {}
  /// As many values as there are.
  template <class T>
  requires std::is_trivially_copyable_v<T> std::vector<T> get() {
    uint64_t count = 0;
    copy(&count, sizeof(count));
    if (count > bytes_.size() / sizeof(T)) refuse_state();
    std::vector<T> values(count);
    copy(values.data(), count * sizeof(T));
    return values;
  }
  /// Exactly so many.
  template <class T>
  void get_into(std::span<T> values) {
    uint64_t count = 0;
    copy(&count, sizeof(count));
    if (count != values.size()) refuse_state();
    copy(values.data(), values.size_bytes());
  }
  template <class T>
  void get_into(T& value) {
    get_into(std::span<T>(&value, 1));
  }
  bool at_end() const { return bytes_.empty(); }

 private:
  void copy(void* to, size_t size) {
    if (size > bytes_.size()) refuse_state();
    if (size > 0) std::memcpy(to, bytes_.data(), size);
    bytes_.remove_prefix(size);
  }
  std::string_view bytes_;
};

}  // namespace nt::simulate

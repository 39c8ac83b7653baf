#pragma once
#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>

namespace nt::simulate {

/// Memory of whole cache lines, for aligned vectors; starts as zeros.
template <class T>
class Aligned {
 public:
  explicit Aligned(size_t size = 0)
      : data_(size ? static_cast<T*>(::operator new(size * sizeof(T), std::align_val_t(64))) : nullptr),
        size_(size) {
    std::fill_n(data_, size_, T{});
  }
  Aligned(Aligned&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Aligned& operator=(Aligned&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Aligned() { ::operator delete(data_, std::align_val_t(64)); }
  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  T& operator[](size_t i) { return data_[i]; }

 private:
  T* data_;
  size_t size_;
};

}  // namespace nt::simulate

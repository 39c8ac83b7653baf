#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace nt::twin {

/// One block of memory for all activations, buffers and gradients of a pass. What lies where is planned once
/// for each shape of a batch, so that a training step allocates nothing.
class Arena {
 public:
  /// Calls place(*this) twice: first to add up what it takes, then to hand it out. What was handed out by an
  /// earlier plan is void.
  template <class Place>
  void plan(Place&& place) {
    base_ = nullptr;
    used_ = 0;
    place(*this);
    if (used_ > bytes_) {
      block_.reset();
      block_.reset(static_cast<std::byte*>(::operator new(used_, kAlignment)));
      bytes_ = used_;
    }
    base_ = block_.get();
    used_ = 0;
    place(*this);
  }

  /// `count` numbers that begin on a cache line and hold anything; null while sizes are added up.
  template <class T>
  T* take(int64_t count) {
    const size_t at = used_;
    const size_t line = static_cast<size_t>(kAlignment);
    used_ += (static_cast<size_t>(count) * sizeof(T) + line - 1) / line * line;
    return base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + at);
  }

  size_t bytes() const { return bytes_; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(std::byte* block) const { ::operator delete(block, kAlignment); }
  };
  std::unique_ptr<std::byte, Free> block_;
  size_t bytes_ = 0, used_ = 0;
  std::byte* base_ = nullptr;
};

}  // namespace nt::twin

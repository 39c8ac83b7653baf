#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace nt::twin {

/// Of each of several streams the last few rows of a signal that goes on, and room behind them for the next:
/// [stream][stride]. They are moved to the front only now and then, so that going on by a ms costs little.
template <class T>
class SlidingRows {
 public:
  SlidingRows() = default;
  SlidingRows(int64_t streams, int64_t kept, int64_t features)
      : streams_(streams), kept_(kept), features_(features) {
    make_room(1);
  }

  /// The first of the rows kept of stream 0. Behind them is what was written there, or 0.
  T* begin() { return numbers_.data() + at_ * features_; }
  int64_t kept() const { return kept_; }
  int64_t features() const { return features_; }
  /// From stream to stream.
  int64_t stride() const { return capacity_ * features_; }

  /// Sees to it that `rows` fit behind those kept.
  void make_room(int64_t rows) {
    if (at_ + kept_ + rows <= capacity_) return;
    const int64_t capacity = std::max(capacity_, kept_ + rows + std::max(kept_, kLeastRoom));
    std::vector<T> larger;
    if (capacity > capacity_) larger.assign(streams_ * capacity * features_, T(0));
    for (int64_t s = 0; s < streams_; ++s) {
      const T* from = numbers_.data() + (s * capacity_ + at_) * features_;
      if (capacity > capacity_) {
        if (capacity_ > 0)
          std::copy_n(from, (capacity_ - at_) * features_, larger.data() + s * capacity * features_);
        continue;
      }
      T* to = numbers_.data() + s * capacity_ * features_;
      std::copy_n(from, (capacity_ - at_) * features_, to);
      std::fill_n(to + (capacity_ - at_) * features_, at_ * features_, T(0));
    }
    if (capacity > capacity_) numbers_.swap(larger);
    capacity_ = capacity;
    at_ = 0;
  }
  /// The first rows are no longer needed.
  void move_on(int64_t rows) { at_ += rows; }

  void append_state(int64_t stream, std::vector<T>& state) const {
    const T* from = numbers_.data() + (stream * capacity_ + at_) * features_;
    state.insert(state.end(), from, from + kept_ * features_);
  }
  /// Returns the rest of the state.
  std::span<const T> set_state(int64_t stream, std::span<const T> state) {
    const auto count = static_cast<size_t>(kept_ * features_);
    std::ranges::copy(state.first(count), numbers_.data() + (stream * capacity_ + at_) * features_);
    return state.subspan(count);
  }

 private:
  static constexpr int64_t kLeastRoom = 64;
  int64_t streams_ = 0, kept_ = 0, features_ = 0, capacity_ = 0, at_ = 0;
  std::vector<T> numbers_;
};

}  // namespace nt::twin

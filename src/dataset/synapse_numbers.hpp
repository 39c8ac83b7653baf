#pragma once
#include <cstdint>
#include <iterator>
#include <span>

namespace nt::dataset {

/// The synapses of events where they lie in a file: 16-bit numbers, or 32-bit ones where the neuron has more
/// than 65 536 synapses of a kind.
class SynapseNumbers {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = uint32_t;
    using difference_type = std::ptrdiff_t;
    using pointer = const uint32_t*;
    using reference = uint32_t;

    Iterator() = default;
    Iterator(const SynapseNumbers* of, size_t at) : of_(of), at_(at) {}
    uint32_t operator*() const { return (*of_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) {
      auto before = *this;
      ++at_;
      return before;
    }
    difference_type operator-(const Iterator& other) const {
      return static_cast<difference_type>(at_) - static_cast<difference_type>(other.at_);
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const SynapseNumbers* of_ = nullptr;
    size_t at_ = 0;
  };

  SynapseNumbers() = default;
  SynapseNumbers(std::span<const uint16_t> narrow) : narrow_(narrow) {}
  SynapseNumbers(std::span<const uint32_t> wide) : wide_(wide) {}

  size_t size() const { return narrow_.size() + wide_.size(); }
  bool empty() const { return size() == 0; }
  uint32_t operator[](size_t i) const { return wide_.empty() ? narrow_[i] : wide_[i]; }
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }
  SynapseNumbers subspan(size_t first, size_t count) const {
    return wide_.empty() ? SynapseNumbers(narrow_.subspan(first, count))
                         : SynapseNumbers(wide_.subspan(first, count));
  }

 private:
  // One of them is empty.
  std::span<const uint16_t> narrow_;
  std::span<const uint32_t> wide_;
};

}  // namespace nt::dataset

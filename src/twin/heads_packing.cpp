#include "twin/detail/heads_packing.hpp"

namespace nt::twin {

HeadsPacking::HeadsPacking(std::span<const Head> heads, const ParameterLayout& layout, int64_t features) {
  for (const auto& head : heads) outputs_ += head.outputs;
  place_.resize(static_cast<size_t>(outputs_ * (features + 1)));
  added_.resize(place_.size(), 0.0f);
  int64_t first = 0;
  for (const auto& head : heads) {
    const int64_t weight = layout.offset(head.name + "_weight"), bias = layout.offset(head.name + "_bias");
    for (int64_t o = 0; o < head.outputs; ++o) {
      for (int64_t f = 0; f < features; ++f)
        place_[(first + o) * features + f] = weight + f * head.outputs + o;
      place_[outputs_ * features + first + o] = bias + o;
      added_[outputs_ * features + first + o] = static_cast<float>(head.offset);
    }
    first += head.outputs;
  }
}

void HeadsPacking::pack(std::span<const float> numbers, std::span<float> to) const {
  for (size_t i = 0; i < place_.size(); ++i) to[i] = numbers[place_[i]] + added_[i];
}

void HeadsPacking::unpack(std::span<const float> packed, std::span<float> gradients) const {
  for (size_t i = 0; i < place_.size(); ++i) gradients[place_[i]] = packed[i];
}

}  // namespace nt::twin

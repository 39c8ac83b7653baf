#include "twin/detail/heads_packing.hpp"

namespace nt::twin {

HeadsPacking::HeadsPacking(std::span<const Head> heads, const ParameterLayout& layout, int64_t features)
    : features_(features) {
  for (const auto& head : heads) {
    places_.push_back({layout.offset(head.name + "_weight"), layout.offset(head.name + "_bias"), head.outputs,
                       outputs_, static_cast<float>(head.offset)});
    outputs_ += head.outputs;
  }
}

void HeadsPacking::pack(std::span<const float> numbers, std::span<float> to) const {
  for (const auto& p : places_)
    for (int64_t o = 0; o < p.outputs; ++o) {
      for (int64_t f = 0; f < features_; ++f)
        to[(p.first + o) * features_ + f] = numbers[p.weight + f * p.outputs + o];
      to[outputs_ * features_ + p.first + o] = numbers[p.bias + o] + p.offset;
    }
}

void HeadsPacking::unpack(std::span<const float> packed, std::span<float> gradients) const {
  for (const auto& p : places_)
    for (int64_t o = 0; o < p.outputs; ++o) {
      for (int64_t f = 0; f < features_; ++f)
        gradients[p.weight + f * p.outputs + o] = packed[(p.first + o) * features_ + f];
      gradients[p.bias + o] = packed[outputs_ * features_ + p.first + o];
    }
}

}  // namespace nt::twin

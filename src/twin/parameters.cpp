#include "twin/parameters.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "config/error.hpp"

namespace nt::twin {

int64_t ParameterArray::count() const {
  return std::accumulate(array.shape.begin(), array.shape.end(), int64_t{1}, std::multiplies<>());
}

ParameterLayout::ParameterLayout(std::vector<ParameterArray> arrays)
    : arrays_(std::move(arrays)), offset_(arrays_.size()) {
  for (const bool trained : {true, false}) {
    for (size_t i = 0; i < arrays_.size(); ++i) {
      if (arrays_[i].trained != trained) continue;
      constexpr int64_t kFloatsOfALine = OnCacheLines<float>::kBytes / sizeof(float);
      offset_[i] = total_;
      total_ += (arrays_[i].count() + kFloatsOfALine - 1) / kFloatsOfALine * kFloatsOfALine;
    }
    if (trained) trained_ = total_;
  }
}

int64_t ParameterLayout::trained_count() const {
  int64_t count = 0;
  for (const auto& array : arrays_) count += array.trained ? array.count() : 0;
  return count;
}

int64_t ParameterLayout::offset(std::string_view name) const {
  const auto found =
      std::ranges::find_if(arrays_, [&](const ParameterArray& a) { return a.array.name == name; });
  if (found == arrays_.end()) fail_run("a twin of this kind has no array '{}'", name);
  return offset_[found - arrays_.begin()];
}

void draw_weights(std::span<float> weights, double sd, random::Random random) {
  for (float& w : weights) w = static_cast<float>(sd * random.truncated_normal());
}

}  // namespace nt::twin

#include "twin/saved_twin.hpp"

#include <algorithm>

namespace nt::twin {

std::vector<files::NamedFloats> named_arrays(const ParameterLayout& layout, std::span<const float> numbers) {
  std::vector<files::NamedFloats> all;
  for (size_t i = 0; i < layout.arrays().size(); ++i) {
    const auto& array = layout.arrays()[i];
    all.push_back({array.array, numbers.subspan(layout.offset(i), array.count())});
  }
  return all;
}

void copy_arrays(const ParameterLayout& layout, const std::map<std::string, std::vector<float>>& arrays,
                 std::span<float> numbers) {
  for (size_t i = 0; i < layout.arrays().size(); ++i)
    std::ranges::copy(arrays.at(layout.arrays()[i].array.name), numbers.begin() + layout.offset(i));
}

std::string twin_bytes(const Twin& twin, TwinDescription description) {
  description.spec = twin.spec();
  return twin_file_bytes(description, named_arrays(twin.layout(), twin.numbers));
}

SavedTwin load_twin(const std::filesystem::path& file, Parallel parallel) {
  TwinFile stored(file);
  const auto values = stored.read();
  SavedTwin saved{Twin(stored.description().spec, stored.description().channels(), 0, std::move(parallel)),
                  stored.description()};
  copy_arrays(saved.twin.layout(), values, saved.twin.numbers);
  return saved;
}

}  // namespace nt::twin

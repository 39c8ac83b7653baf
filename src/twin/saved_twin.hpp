#pragma once
#include "twin/twin.hpp"
#include "twin/twin_file.hpp"

namespace nt::twin {

/// The arrays of a block of numbers, to be written. `numbers` must live longer.
std::vector<files::NamedFloats> named_arrays(const ParameterLayout& layout, std::span<const float> numbers);
/// The other way.
void copy_arrays(const ParameterLayout& layout, const std::map<std::string, std::vector<float>>& arrays,
                 std::span<float> numbers);

/// The file of a twin; the specification is the network's own, whatever `description` says. A twin that is
/// loaded again answers as this one does, to the last bit.
std::string twin_bytes(const Twin& twin, TwinDescription description);

struct SavedTwin {
  Twin twin;
  TwinDescription description;
};
/// Nothing but the file is needed. InputError as TwinFile says.
SavedTwin load_twin(const std::filesystem::path& file, Parallel parallel = {});

}  // namespace nt::twin

#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "twin/network.hpp"
#include "twin/twin_file.hpp"

namespace neurontwin {

/// Every tensor of a network, parameters first, under the name that it has in a twin's file.
std::vector<std::pair<std::string, torch::Tensor>> tensors_of(const TwinImpl& twin);

/// Tensors as a file holds them: float, row by row, on the CPU. Lives as long as the spans are used.
class FloatsToSave {
 public:
  void add(const std::string& name, const torch::Tensor& values);
  std::span<const NamedFloats> all() const { return all_; }

 private:
  std::vector<torch::Tensor> kept_;
  std::vector<NamedFloats> all_;
};

/// The file twin.safetensors of a network. Its specification is the network's own, whatever `description`
/// says. A twin that is loaded again answers as this one does, to the last bit.
std::string twin_bytes(const TwinImpl& twin, TwinDescription description);

struct SavedTwin {
  Twin twin{nullptr};  // in evaluation mode, on the CPU
  TwinDescription description;
};
/// Nothing but the file is needed. InputError as TwinFile says.
SavedTwin load_twin(const std::filesystem::path& file);

/// Copies numbers, as many as the tensor has, into a tensor on any device.
void copy_into(torch::Tensor target, const std::vector<float>& values);

}  // namespace neurontwin

#include "twin/saved_twin.hpp"

namespace neurontwin {

std::vector<std::pair<std::string, torch::Tensor>> tensors_of(const TwinImpl& twin) {
  std::vector<std::pair<std::string, torch::Tensor>> all;
  for (const auto& item : twin.named_parameters()) all.emplace_back(item.key(), item.value());
  for (const auto& item : twin.named_buffers()) all.emplace_back(item.key(), item.value());
  return all;
}

void FloatsToSave::add(const std::string& name, const torch::Tensor& values) {
  TORCH_CHECK(values.scalar_type() == torch::kFloat32, name, " would lose precision");
  kept_.push_back(values.detach().to(torch::kCPU).contiguous());
  const auto& kept = kept_.back();
  all_.push_back({{name, {kept.sizes().begin(), kept.sizes().end()}},
                  {kept.data_ptr<float>(), static_cast<size_t>(kept.numel())}});
}

std::string twin_bytes(const TwinImpl& twin, TwinDescription description) {
  description.spec = twin.spec();
  FloatsToSave floats;
  for (const auto& [name, tensor] : tensors_of(twin)) floats.add(name, tensor);
  return twin_file_bytes(description, floats.all());
}

SavedTwin load_twin(const std::filesystem::path& file) {
  TwinFile stored(file);
  const auto values = stored.read();
  SavedTwin saved{Twin(stored.description().spec, stored.description().channels(), 0), stored.description()};
  for (const auto& [name, tensor] : tensors_of(*saved.twin)) copy_into(tensor, values.at(name));
  saved.twin->eval();
  return saved;
}

void copy_into(torch::Tensor target, const std::vector<float>& values) {
  torch::NoGradGuard no_gradient;
  TORCH_CHECK(target.numel() == static_cast<int64_t>(values.size()), "numbers do not fit the tensor");
  target.copy_(torch::from_blob(const_cast<float*>(values.data()), target.sizes(), torch::kFloat32));
}

}  // namespace neurontwin

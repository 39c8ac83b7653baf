#include "train/checkpoint.hpp"

#include "train/checkpoint_file.hpp"
#include "twin/saved_twin.hpp"

namespace neurontwin {
namespace {

std::string first_moment(size_t parameter) {
  return fmt::format("first_moment.{}", parameter);
}
std::string second_moment(size_t parameter) {
  return fmt::format("second_moment.{}", parameter);
}

/// Those of the network, and two moments of each parameter.
std::vector<NamedShape> arrays_of(const TwinImpl& twin) {
  std::vector<NamedShape> all;
  for (const auto& [name, tensor] : tensors_of(twin))
    all.push_back({name, {tensor.sizes().begin(), tensor.sizes().end()}});
  const auto parameters = twin.parameters().size();
  for (size_t i = 0; i < parameters; ++i) {
    all.push_back({first_moment(i), all[i].shape});
    all.push_back({second_moment(i), all[i].shape});
  }
  return all;
}

}  // namespace

std::string checkpoint_bytes(const TwinImpl& twin, const Nadam& optimiser, TrainState state) {
  state.optimiser_steps = optimiser.steps;
  state.momentum_product = optimiser.momentum_product;
  FloatsToSave floats;
  for (const auto& [name, tensor] : tensors_of(twin)) floats.add(name, tensor);
  for (size_t i = 0; i < optimiser.first_moment.size(); ++i) {
    floats.add(first_moment(i), optimiser.first_moment[i]);
    floats.add(second_moment(i), optimiser.second_moment[i]);
  }
  return checkpoint_file_bytes(state, floats.all());
}

std::optional<TrainState> load_checkpoint(const std::filesystem::path& file, const std::string& identity,
                                          int64_t most_epochs, TwinImpl& twin, Nadam* optimiser) {
  if (!std::filesystem::exists(file)) return {};
  std::optional<StoredCheckpoint> stored;
  try {
    stored = read_checkpoint_file(file, identity, most_epochs, arrays_of(twin));
  } catch (const InputError& error) {
    fail_input("{}; remove {} to train from the start", error.what(), file.parent_path().string());
  }
  if (!stored) return {};
  for (const auto& [name, tensor] : tensors_of(twin)) copy_into(tensor, stored->arrays.at(name));
  if (optimiser != nullptr) {
    for (size_t i = 0; i < optimiser->first_moment.size(); ++i) {
      copy_into(optimiser->first_moment[i], stored->arrays.at(first_moment(i)));
      copy_into(optimiser->second_moment[i], stored->arrays.at(second_moment(i)));
    }
    optimiser->steps = stored->state.optimiser_steps;
    optimiser->momentum_product = stored->state.momentum_product;
  }
  return std::move(stored->state);
}

}  // namespace neurontwin

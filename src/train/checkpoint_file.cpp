#include "train/checkpoint_file.hpp"

#include "config/error.hpp"

namespace nt::train {
namespace {
constexpr std::string_view kFormat = "neurontwin checkpoint 5";
}

std::string checkpoint_file_bytes(const TrainState& state, std::span<const files::NamedFloats> arrays) {
  return files::safetensors_bytes(arrays, {{"format", std::string(kFormat)}, {"state", text_of(state)}});
}

std::optional<StoredCheckpoint> read_checkpoint_file(const std::filesystem::path& file,
                                                     const std::string& identity, int64_t most_epochs,
                                                     std::span<const files::NamedShape> expected) {
  files::SafetensorsFile stored(file, "a checkpoint");
  stored.check_digest();
  if (stored.text("format") != kFormat) return {};
  auto state = read_train_state(stored.text("state"), file.string() + ": state");
  if (state.identity != identity || state.epoch > most_epochs) return {};
  stored.require_arrays(expected);
  return StoredCheckpoint{std::move(state), stored.read()};
}

}  // namespace nt::train

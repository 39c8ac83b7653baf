#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "files/safetensors.hpp"
#include "train/train_state.hpp"

namespace nt::train {

/// What a checkpoint holds: where training stands, and every number of the network and its optimiser.
struct StoredCheckpoint {
  TrainState state;
  std::map<std::string, std::vector<float>> arrays;
};

std::string checkpoint_file_bytes(const TrainState& state, std::span<const files::NamedFloats> arrays);

/// The checkpoint in a file, whose arrays must be `expected`. Nothing if it is of another version's format,
/// of another identity, or further than `most_epochs`. InputError, naming the file, if it is damaged: the
/// digest is compared before anything else that the file says is believed.
std::optional<StoredCheckpoint> read_checkpoint_file(const std::filesystem::path& file,
                                                     const std::string& identity, int64_t most_epochs,
                                                     std::span<const files::NamedShape> expected);

}  // namespace nt::train

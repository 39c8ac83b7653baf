#pragma once
#include <filesystem>
#include <optional>

#include "train/nadam.hpp"
#include "train/train.hpp"

namespace neurontwin {

/// Where training stands, apart from weights and moments.
struct TrainState {
  std::string identity;
  int64_t epoch = 0;                             // the one in progress
  int64_t step_in_epoch = 0;                     // done in it
  double spike_loss_sum = 0, soma_loss_sum = 0;  // over its steps
  double dendrite_loss_sum = 0, easier_loss_sum = 0;
  double epoch_seconds = 0;
  double best_valid_loss = 0;
  TrainResult result{};
};

/// The network (weights and running averages), the optimiser's moments and the state as one archive. Doubles
/// survive exactly.
std::string checkpoint_bytes(const TwinImpl& twin, const Nadam& optimiser, const TrainState& state);

/// Puts a checkpoint's content into twin and optimiser (which may be null: weights only). Nothing if the file
/// is absent, of another identity, or further than `most_epochs`: fewer epochs are another training, more are
/// the same one going on. InputError if it is damaged.
std::optional<TrainState> load_checkpoint(const std::filesystem::path& file, const std::string& identity,
                                          int64_t most_epochs, TwinImpl& twin, Nadam* optimiser);

}  // namespace neurontwin

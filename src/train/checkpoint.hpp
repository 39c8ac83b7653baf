#pragma once
#include <filesystem>
#include <optional>

#include "train/nadam.hpp"
#include "train/train.hpp"
#include "train/train_state.hpp"
#include "train/weight_average.hpp"

namespace nt::train {

/// The network (weights and running averages), the optimiser's moments, the average of the weights if one is
/// kept, and the state as one file, from which training goes on exactly.
std::string checkpoint_bytes(const twin::Twin& twin, const Nadam& optimiser, const WeightAverage& average,
                             TrainState state);

/// Puts a checkpoint's content into twin, optimiser and average (which may be null). Nothing if the file
/// is absent, of another identity, or further than `most_epochs`: fewer epochs are another training, more are
/// the same one going on. InputError if it is damaged.
std::optional<TrainState> load_checkpoint(const std::filesystem::path& file, const std::string& identity,
                                          int64_t most_epochs, twin::Twin& twin, Nadam* optimiser,
                                          WeightAverage* average);

/// What rank 0 has, on all ranks.
void share_state(const ranks::Ranks& ranks, twin::Twin& twin, Nadam& optimiser, WeightAverage& average,
                 TrainState& state);
void share_optimiser(const ranks::Ranks& ranks, Nadam& optimiser);

}  // namespace nt::train

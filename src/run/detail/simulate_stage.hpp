#pragma once
#include "run/run_folder.hpp"

namespace nt::run {

/// What simulating beside training needs of the stage.
bool simulated_before(RunFolder& run);
/// Puts aside a data set that another configuration or an older algorithm made.
void make_room_for_data(const RunFolder& run);
void finish_simulation(RunFolder& run, int64_t simulated, double seconds);
/// A whole data set that was simulated elsewhere, or before the log was lost, counts as simulated.
void note_data_found(RunFolder& run);

}  // namespace nt::run

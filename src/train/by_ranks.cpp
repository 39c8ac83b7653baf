#include "train/by_ranks.hpp"

#include <algorithm>

namespace nt::train {
namespace {

bool normalises_by_batch(const twin::Twin& twin, const TrainSpec& spec) {
  const bool has_norm = std::ranges::any_of(
      twin.layout().arrays(), [](const auto& array) { return array.array.name.ends_with("_norm_mean"); });
  return has_norm && !std::ranges::all_of(spec.schedule, &SchedulePhase::freeze_norm);
}

}  // namespace

void require_devices_can_share(const ranks::Ranks& ranks, const twin::Twin& twin, const TrainSpec& spec) {
  if (ranks.size() == 1 || !normalises_by_batch(twin, spec)) return;
  fail_input(
      "the twin's batch normalisation takes averages over all windows of a batch, of which the device of "
      "each of {} ranks sees only some; train it on one rank or without --device, set freeze_norm = true in "
      "train.schedule, or choose a recurrent twin",
      ranks.size());
}

}  // namespace nt::train

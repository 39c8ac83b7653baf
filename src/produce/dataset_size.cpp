#include "produce/dataset_size.hpp"

#include <algorithm>
#include <map>

#include "files/free_space.hpp"

namespace nt::produce {
namespace {

/// How many shards of each split are there, by their names alone.
std::map<std::string, int64_t> shards_in(const std::filesystem::path& folder) {
  std::map<std::string, int64_t> there;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(".h5") && name.rfind('-') != name.npos) ++there[name.substr(0, name.rfind('-'))];
  }
  return there;
}

/// `factors`: on the input that the stimulus leads to expect.
double input_spikes_per_ms(const DatasetPlan& plan, stimulus::MeanFactors factors) {
  double events_per_ms = 0;
  for (const auto& pool : plan.stimulus.pools) {
    const auto input = stimulus::mean_input(plan.stimulus, pool, plan.data.trial_ms);
    events_per_ms +=
        factors.excitatory * input.excitatory_per_ms + factors.inhibitory * input.inhibitory_per_ms;
  }
  for (const auto& group : plan.stimulus.groups) {
    const double per_ms = group.input->mean_hz(group.synapses) * group.synapses.count / 1000;
    events_per_ms += per_ms * (group.synapses.excitatory ? factors.excitatory : factors.inhibitory);
  }
  return events_per_ms;
}

double bytes_of_trial(const DatasetPlan& plan, stimulus::MeanFactors factors) {
  int64_t outputs = 1;
  for (const auto& signal : plan.identity.signals) outputs += signal.values_per_ms;
  const double bytes_per_ms = (sizeof(uint32_t) + sizeof(uint16_t)) * input_spikes_per_ms(plan, factors) +
                              sizeof(float) * static_cast<double>(outputs);
  return bytes_per_ms * static_cast<double>(plan.data.trial_ms);
}

}  // namespace

double expected_input_spikes_per_ms(const DatasetPlan& plan) {
  return input_spikes_per_ms(plan, stimulus::mean_factors(plan.breadth));
}

DatasetSize size_of(const DatasetPlan& plan, const std::filesystem::path& folder) {
  const double plain = bytes_of_trial(plan, {}),
               broad = bytes_of_trial(plan, stimulus::mean_factors(plan.breadth));
  DatasetSize size;
  const auto there = shards_in(folder);
  int64_t most = 0;
  for (const auto& split : splits_of(plan.data)) {
    const auto found = there.find(split.name);
    const int64_t made = found == there.end() ? 0 : found->second * plan.data.trials_per_shard;
    const int64_t missing = std::max<int64_t>(0, split.trials - made);
    const double bytes_per_trial = split.takes_breadth ? broad : plain;
    size.missing_trials += missing;
    size.missing_bytes += static_cast<double>(missing) * bytes_per_trial;
    if (missing > most) size.largest = fmt::format("data.{}_trials", split.name);
    most = std::max(most, missing);
    const auto in_shard = std::min(plan.data.trials_per_shard, missing);
    size.shard_bytes = std::max(size.shard_bytes, static_cast<double>(in_shard) * bytes_per_trial);
  }
  return size;
}

void require_room(const DatasetPlan& plan, const std::filesystem::path& folder) {
  const auto size = size_of(plan, folder);
  // The mean input is no bound: refused is what is too large even if there is a tenth less of it.
  constexpr double kAtLeast = 0.9;
  const double needed = kAtLeast * size.missing_bytes;
  const auto free = static_cast<double>(files::free_disk_bytes(folder));
  if (needed > free) {
    fail_input(
        "{} is too large: {} trials of {} ms take about {} on the disk, but {} are free at {}; ask for fewer "
        "or "
        "shorter trials (data.trial_ms), or choose another --out",
        size.largest, size.missing_trials, plan.data.trial_ms, files::words_for_bytes(needed / kAtLeast),
        files::words_for_bytes(free), folder.string());
  }
  const double memory = kAtLeast * kCopiesOfShard * size.shard_bytes;
  const auto free_memory = static_cast<double>(files::free_memory_bytes());
  if (memory > free_memory) {
    fail_input(
        "data.trials_per_shard of {} is too large: to make a shard of so many trials of {} ms "
        "(data.trial_ms) takes "
        "about {} of memory, but {} are free; lower either",
        plan.data.trials_per_shard, plan.data.trial_ms, files::words_for_bytes(memory / kAtLeast),
        files::words_for_bytes(free_memory));
  }
}

}  // namespace nt::produce

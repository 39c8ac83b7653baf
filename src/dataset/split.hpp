#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "dataset/labels.hpp"
#include "dataset/shard.hpp"
#include "progress/watcher.hpp"

namespace nt::dataset {

/// The shards that a split is expected to have.
struct SplitFiles {
  std::string name;  // "train", "valid", "test", "ood-synchrony"
  DatasetIdentity identity;
  Labels labels = {};
  int64_t trials = 0;
  int64_t trials_per_shard = 128;
};

/// A shard's place in its split.
struct ShardPlace {
  size_t number = 0;
  uint64_t first_trial = 0, trials = 0;
};
/// Those of all shards of a split, in order.
template <class F>
void for_each_shard(int64_t trials, int64_t trials_per_shard, F&& use) {
  const auto per_shard = static_cast<uint64_t>(trials_per_shard), total = static_cast<uint64_t>(trials);
  size_t number = 0;
  for (uint64_t first = 0; first < total; first += per_shard)
    use(ShardPlace{number++, first, std::min(per_shard, total - first)});
}

std::filesystem::path shard_path(const std::filesystem::path& folder, const std::string& split,
                                 size_t number);

/// Whether a shard is of the split, made as it says.
bool is_of(const Shard& shard, const SplitFiles& files);

/// InputError unless a shard is of the split, whole, and at this place.
void require_same(const Shard& shard, const SplitFiles& files, const ShardPlace& place);

/// The digest of a split's shards, all of them read; empty if one is missing. InputError where one is damaged
/// or was changed after it was made.
std::string digest_of_split(const SplitFiles& files, const std::filesystem::path& folder, int threads,
                            const Watcher& watcher = {});

/// All trials of one split, as one sequence over its shards. The memory that reading takes is the system's
/// page cache.
class Split {
 public:
  /// InputError where a shard is missing, damaged, or made by another configuration.
  static Split open(const SplitFiles& files, const std::filesystem::path& folder);
  /// All shards "split-NNNN.h5" of a folder, in order, whatever made them. Outputs have the form that the
  /// labels ask for.
  static Split open(const std::filesystem::path& folder, const std::string& split, const Labels& labels = {});
  /// Opens further shards, until those with the first `trials` trials are open.
  void grow(const SplitFiles& files, const std::filesystem::path& folder, int64_t trials);

  size_t trials() const { return trials_; }
  const DatasetIdentity& identity() const { return shards_.front().identity(); }
  int64_t channels() const { return identity().excitatory_synapses + identity().inhibitory_synapses; }
  int64_t duration_ms() const { return identity().duration_ms; }
  /// InputError that says which signals there are, if there is none of this name.
  const Signal& signal(std::string_view name) const;
  /// Of the content of all shards that are open, in order.
  std::string digest() const;
  /// "train-0002.h5, trial 7 of it": where a trial lies, for messages.
  std::string place_of(size_t index) const;
  /// Outputs have the form that the labels ask for.
  TrialView trial(size_t index) const;
  double seconds() const { return static_cast<double>(trials_) * static_cast<double>(duration_ms()) / 1000; }

 private:
  void append(Shard shard);
  size_t shard_of(size_t index) const;
  Labels labels_;
  std::vector<Shard> shards_;
  std::vector<size_t> first_trial_;  // of each shard
  size_t trials_ = 0;
};

}  // namespace nt::dataset

#include "dataset/split.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <tuple>

#include "dataset/maker.hpp"
#include "files/files.hpp"
#include "progress/watcher.hpp"
#include "simulate/in_parallel.hpp"

namespace nt::dataset {
namespace {

/// All that the sizes of a shard's arrays follow from, but for its number of trials.
auto sizes_of(const DatasetIdentity& id) {
  auto signals = id.signals;  // in any order: a file does not keep it
  std::ranges::sort(signals, {}, &Signal::name);
  return std::tuple(id.excitatory_synapses, id.inhibitory_synapses, id.duration_ms, std::move(signals));
}

}  // namespace

std::filesystem::path shard_path(const std::filesystem::path& folder, const std::string& split,
                                 size_t number) {
  return folder / fmt::format("{}-{:04d}.h5", split, number);
}

bool is_of(const Shard& shard, const SplitFiles& files) {
  return same_maker(shard.identity(), files.identity) && shard.split() == files.name;
}

void require_same(const Shard& shard, const SplitFiles& files, const ShardPlace& place) {
  if (shard.split() != files.name) {
    fail_input("{}: holds trials of '{}', expected '{}'; remove it and simulate again", shard.path().string(),
               shard.split(), files.name);
  }
  if (!is_of(shard, files)) {
    fail_input("{}: {}", shard.path().string(), other_maker_words(shard.identity(), files.identity));
  }
  if (sizes_of(shard.identity()) != sizes_of(files.identity)) {
    fail_input(
        "{}: holds other numbers of synapses or milliseconds, or other signals, than its configuration says; "
        "it is damaged, remove it and simulate again",
        shard.path().string());
  }
  if (shard.first_trial() != place.first_trial || shard.trials() != place.trials) {
    fail_input("{}: holds {} trials from trial {} on, expected {} from {} on; remove the dataset folder",
               shard.path().string(), shard.trials(), shard.first_trial(), place.trials, place.first_trial);
  }
}

std::string digest_of_split(const SplitFiles& files, const std::filesystem::path& folder, int threads,
                            const Watcher& watcher) {
  std::vector<std::filesystem::path> paths;
  for_each_shard(files.trials, files.trials_per_shard, [&](const ShardPlace& shard) {
    paths.push_back(shard_path(folder, files.name, shard.number));
  });
  if (!std::ranges::all_of(paths, [](const auto& file) { return std::filesystem::exists(file); })) return "";
  std::vector<std::string> digests(paths.size());
  std::atomic<size_t> next{0};
  simulate::in_parallel(threads, [&](const std::atomic<bool>& failed) {
    for (size_t i; !failed && (i = next.fetch_add(1)) < paths.size();) {
      watcher.stop_here_if_asked("reading the data set");
      try {
        digests[i] = content_digest(files::Hdf5File(paths[i]));
      } catch (const InputError&) {
        const Shard says_what_is_wrong(paths[i]);
        throw;
      }
    }
  });
  return files::digest(fmt::format("{}", fmt::join(digests, "\n")));
}

void Split::append(Shard shard) {
  if (!shards_.empty() && sizes_of(shard.identity()) != sizes_of(identity())) {
    fail_input(
        "{}: has other numbers of synapses or milliseconds, or other signals, than {}; one of them is "
        "damaged",
        shard.path().string(), shards_.front().path().string());
  }
  first_trial_.push_back(trials_);
  trials_ += shard.trials();
  shards_.push_back(std::move(shard));
}

Split Split::open(const SplitFiles& files, const std::filesystem::path& folder) {
  Split opened;
  opened.grow(files, folder, files.trials);
  return opened;
}

void Split::grow(const SplitFiles& files, const std::filesystem::path& folder, int64_t trials) {
  labels_ = files.labels;
  for_each_shard(files.trials, files.trials_per_shard, [&](const ShardPlace& place) {
    if (place.first_trial < trials_ || place.first_trial >= static_cast<uint64_t>(trials)) return;
    const auto file = shard_path(folder, files.name, place.number);
    if (!std::filesystem::exists(file)) {
      fail_input("{}: is missing; run 'neurontwin simulate' with the same experiment and --out first",
                 file.string());
    }
    Shard shard(file);
    require_same(shard, files, place);
    append(std::move(shard));
  });
}

Split Split::open(const std::filesystem::path& folder, const std::string& split, const Labels& labels) {
  Split opened;
  opened.labels_ = labels;
  for (size_t number = 0; std::filesystem::exists(shard_path(folder, split, number)); ++number) {
    opened.append(Shard(shard_path(folder, split, number)));
  }
  if (opened.shards_.empty()) fail_input("{}: has no {}", folder.string(), shard_path("", split, 0).string());
  return opened;
}

size_t Split::shard_of(size_t index) const {
  return static_cast<size_t>(std::upper_bound(first_trial_.begin(), first_trial_.end(), index) -
                             first_trial_.begin()) -
         1;
}

std::string Split::digest() const {
  std::vector<std::string> digests;
  for (const auto& shard : shards_) digests.push_back(shard.digest());
  return nt::files::digest(fmt::format("{}", fmt::join(digests, "\n")));
}

std::string Split::place_of(size_t index) const {
  const auto shard = shard_of(index);
  return fmt::format("{}, trial {} of it", shards_[shard].path().string(), index - first_trial_[shard]);
}

TrialView Split::trial(size_t index) const {
  const auto shard = shard_of(index);
  return labelled(shards_[shard].trial(index - first_trial_[shard]), labels_);
}

const Signal& Split::signal(std::string_view name) const {
  if (const auto* signal = identity().find_signal(name)) return *signal;
  std::vector<std::string_view> there;
  for (const auto& signal : identity().signals) there.push_back(signal.name);
  fail_input("{}: has no signal '{}' under /output; it has {}", shards_.front().path().string(), name,
             there.empty() ? "none" : fmt::format("{}", fmt::join(there, ", ")));
}

}  // namespace nt::dataset

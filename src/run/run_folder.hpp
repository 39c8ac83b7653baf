#pragma once
#include <atomic>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "files/files.hpp"
#include "progress/watcher.hpp"
#include "run/experiment.hpp"
#include "run/stage_log.hpp"
#include "twin/saved_twin.hpp"

namespace nt::run {

inline constexpr auto kTwinFile = "twin.safetensors";

/// One run folder being worked in by one command: nobody else may meanwhile (it holds the folder's lock).
/// Knows what lies there, from what it was made, and whether that is this experiment's. The experiment and
/// the options have to outlive it.
class RunFolder {
 public:
  using Names = std::initializer_list<const char*>;

  /// Makes the folder where it is missing, on rank 0 alone, which also holds the lock, writes, and is
  /// watched. InputError where it cannot be written to or is in use.
  RunFolder(const Experiment& of, const Options& asked, Watcher who);

  const Experiment& experiment;
  const Options& options;
  const std::filesystem::path folder;
  const std::filesystem::path dataset;  // the folder of its shards
  const int threads;
  /// Of training, which simulation beside it may leave some of them.
  const std::shared_ptr<std::atomic<int>> training_threads;
  const std::shared_ptr<const ranks::Ranks> ranks;
  const Watcher watcher;

  device::Kind device() const { return device::kind_named(options.device); }

  /// The digest of a file in the run folder, or of a split of the data set, "dataset/train"; empty if it
  /// is not there. InputError where a shard was changed after it was made.
  std::string content(const std::string& name);
  Contents contents(std::span<const std::string> names);
  Contents contents(Names names);
  /// After the data set has changed.
  void forget_contents() { splits_read_.clear(); }

  const StageLog& log() const { return log_; }
  /// Whether a stage is finished with these very inputs, and its results untouched. Where it is to be done
  /// again, says why.
  bool done_before(const std::string& stage, const StageInputs& inputs, std::span<const std::string> results);
  bool done_before(const std::string& stage, const StageInputs& inputs, Names results);
  void finish(const std::string& stage, const StageInputs& inputs, std::span<const std::string> results,
              double seconds);
  void finish(const std::string& stage, const StageInputs& inputs, Names results, double seconds);

  /// Before anything is said of the results of `stages`: they must have been made with this command's
  /// settings. InputError names each key that differs.
  void require_same_experiment(std::span<const std::string> stages) const;
  void require_same_experiment(Names stages) const;
  /// The data set there is this command's: one of other settings is neither trained on nor taken for trained
  /// on. InputError where it is not.
  void require_own_data() const;
  /// A stage's results are as it left them, and made from the files as they are. InputError where they are
  /// not.
  void require_results(const std::string& stage, Names files, Names results);
  /// experiment.toml and the words are of the last command that worked here.
  void remember_experiment();

  /// A split of the data set: "train", "valid" or "test".
  dataset::Split open(const std::string& name) const;
  std::filesystem::path twin_path() const { return folder / kTwinFile; }
  /// The twin there, which has to be this experiment's. InputError where it is not, or is damaged or missing.
  twin::Twin trained_twin() const;

 private:
  produce::SplitPlan split_plan(const std::string& name) const;
  std::map<std::string, std::string> words_now() const;

  std::unique_ptr<files::FolderLock> lock_;
  StageLog log_;
  Contents splits_read_;  // since something was last simulated
};

/// What a twin's file says beside its weights. `best_epoch`: of its training.
twin::TwinDescription describe_twin(const Experiment& experiment, int64_t best_epoch);

double seconds_now();

}  // namespace nt::run

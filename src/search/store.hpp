#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "files/files.hpp"
#include "search/space.hpp"
#include "statistics/estimate.hpp"

struct sqlite3;

namespace nt::search {

/// A trial's way to one rung.
struct Job {
  int64_t trial = 0, rung = 0;
};

/// A job that this process works on. As long as it lives nobody else takes it; a process that dies lets go.
struct ClaimedJob {
  Job job;
  Configuration configuration;
  std::filesystem::path folder;  // the trial's
  std::unique_ptr<files::FolderLock> lock;
};

/// One epoch of a trial (train::EpochRecord); NaN where there is nothing to measure.
struct LearningCurvePoint {
  int64_t epoch = 0;
  double seen_s = 0, learning_rate = 0, train_loss = 0, valid_loss = 0, valid_auc = 0;
};
using LearningCurve = std::vector<LearningCurvePoint>;

/// What a trial came to at the end of a rung, on the validation set; NaN where there is nothing to measure.
struct RungResult {
  double auc = 0, variance_explained = 0, rmse_mV = 0;
  double seconds = 0;        // of computing, of this rung
  std::string failure = {};  // why it has no result: training diverged
  LearningCurve curve = {};  // the trial's epochs so far
};

/// A finished job as it is kept.
struct FinishedRung {
  Job job;
  RungResult result;
};

/// A trial and the rungs that somebody has begun.
struct StoredTrial {
  Configuration configuration;
  int64_t begun = 0;
};

/// Everything that is known at one moment.
struct Knowledge {
  std::vector<StoredTrial> trials;     // by number
  std::vector<FinishedRung> finished;  // in the order in which they were
};

/// One look at the test set; NaN where there is nothing to measure.
struct TestLook {
  Job job;
  statistics::Estimate auc = {}, variance_explained = {};
  double rmse_mV = 0;
};

/// What the results of the search in a run directory depend on, as SearchStore was told; empty: there is
/// none. InputError if its file is damaged.
std::string identity_of_search(const std::filesystem::path& run_directory);

/// Puts a search of other data aside, DIR/search.sqlite and all that belongs to it, into DIR/search-before-N,
/// which it returns. Nobody may be searching.
std::filesystem::path put_search_aside(const std::filesystem::path& run_directory);

/// All of a search in one SQLite file, DIR/search.sqlite, that several processes write at once: each change
/// is one transaction, whole or not there at all whenever a process is killed. Trials work in
/// DIR/search/trial-NNNN.
///
/// Whether a job that has no result is being worked on is not written down, since a killed process could not
/// take it back: its worker holds the lock of the trial's folder, which the system frees when it ends.
class SearchStore {
 public:
  /// Opens the file, or makes it. `identity` is what all results depend on: InputError if the file is of a
  /// search of another, or is damaged.
  SearchStore(const std::filesystem::path& run_directory, const std::string& identity);
  ~SearchStore();
  SearchStore(const SearchStore&) = delete;
  SearchStore& operator=(const SearchStore&) = delete;

  Knowledge knowledge() const;
  /// The same without learning curves, which are long.
  Knowledge knowledge_without_curves() const;

  /// What to do next, said by a function of what is known: a job of a trial that is there, or of the next
  /// number with its configuration.
  struct Choice {
    Job job;
    std::optional<Configuration> fresh;
  };
  using Chooser = std::function<std::optional<Choice>(const Knowledge&)>;

  /// A job for this process: one whose worker is gone, else what `choose` says of the state at this moment.
  /// Nothing if that says nothing.
  std::optional<ClaimedJob> claim(const Chooser& choose);
  /// Writes the result of a job. RunError if it has one.
  void finish(const Job& job, const RungResult& result);

  /// Jobs that were begun and have no result.
  int64_t unfinished() const;

  /// Wall time that searching took so far, in all sessions.
  double elapsed_s() const;
  /// Adds to it.
  void add_elapsed(double seconds);

  std::vector<TestLook> test_looks() const;
  void keep(const TestLook& look);

  std::filesystem::path trial_folder(int64_t trial) const;

 private:
  Knowledge read(bool curves) const;
  std::filesystem::path file_, folder_;
  sqlite3* db_ = nullptr;
};

}  // namespace nt::search

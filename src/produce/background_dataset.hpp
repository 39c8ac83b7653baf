#pragma once
#include <atomic>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "produce/plan.hpp"
#include "progress/watcher.hpp"

namespace nt::produce {

/// A data set that is made on threads of its own while its first trials are in use. For one user's thread.
class BackgroundDataset {
 public:
  /// Starts at once, on `threads` threads: all of them work while the user waits, `threads_beside` of them
  /// while the user works. `plan` must outlive it.
  BackgroundDataset(const DatasetPlan& plan, const std::filesystem::path& folder, int threads,
                    int threads_beside, std::stop_token stop = {});
  /// Stops where it stands: whole shards stay.
  ~BackgroundDataset();
  BackgroundDataset(const BackgroundDataset&) = delete;
  BackgroundDataset& operator=(const BackgroundDataset&) = delete;

  /// Waits for the first `trials` trials of a split. Throws what stopped the simulation, as make_dataset
  /// would. The watcher is told by this thread.
  void wait_for(const std::string& split, int64_t trials, const Watcher& watcher);
  /// Waits for all of it. Returns the number of simulated trials.
  int64_t finish(const Watcher& watcher);
  /// Throws what stopped the simulation, if anything did.
  void rethrow_failure() const;
  bool finished() const;
  Progress progress() const;
  double seconds() const;  // from start to finish

 private:
  void make();
  template <class Condition>
  void wait_until(Condition&& reached, const Watcher& watcher);

  const DatasetPlan& plan_;
  const std::filesystem::path folder_;
  const int threads_, threads_beside_;
  const Watcher watcher_;
  std::atomic<int> at_work_;
  std::atomic<bool> given_up_{false};
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::map<std::string, std::set<size_t>> shards_there_;
  Progress progress_;
  std::exception_ptr failure_;
  bool finished_ = false;
  int64_t simulated_ = 0;
  double seconds_ = 0;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace nt::produce

#pragma once
#include "search/detail/sequence.hpp"

namespace nt::search {

/// What a worker gets who asks for a job: one, or that there is none now, or none any more.
struct Claim {
  std::optional<ClaimedJob> job = {};
  bool over = false;
};

/// Who gives jobs to workers and takes what they come to.
class Jobs {
 public:
  virtual ~Jobs() = default;
  virtual Claim claim() = 0;
  virtual void finish(const ClaimedJob& claimed, const RungResult& result) = 0;
};

/// The store's, for workers that share its file. For one thread.
class StoredJobs final : public Jobs {
 public:
  explicit StoredJobs(const SearchTask& task) : store_(task.out, task.identity), sequence_(task) {}
  Claim claim() override;
  void finish(const ClaimedJob& claimed, const RungResult& result) override;

 private:
  SearchStore store_;
  Sequence sequence_;
};

/// Job after job, until there are none or the user asks to stop.
void work_on(const SearchTask& task, Jobs& jobs);

/// For all ranks: each does jobs that rank 0 gives out, who alone reads and writes the store. On rank 0
/// `tick` is called ten times a second; where it says so, all of them stop, as they do where the user asks
/// to.
void work_by_ranks(const SearchTask& task, const std::function<bool()>& tick);

}  // namespace nt::search

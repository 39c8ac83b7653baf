// Jobs of a search over messages: rank 0 alone has the store.
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <mutex>

#include "search/detail/work.hpp"
#include "simulate/state_bytes.hpp"

namespace nt::search {
namespace {

constexpr std::string_view kClaim = "claim", kIsOver = "is it over?", kFinished = "finished", kOver = "over";

void put(simulate::StateWriter& to, std::string_view text) {
  to.put(std::span<const char>(text));
}
std::string next_text(simulate::StateReader& from) {
  const auto text = from.get<char>();
  return {text.begin(), text.end()};
}

std::string job_bytes(const ClaimedJob& claimed) {
  simulate::StateWriter to;
  to.put(claimed.job);
  put(to, text_of(claimed.configuration));
  put(to, claimed.folder.string());
  return to.take();
}

ClaimedJob job_in(const std::string& bytes) {
  simulate::StateReader from(bytes);
  ClaimedJob claimed;
  from.get_into(claimed.job);
  claimed.configuration = configuration_from(next_text(from), "a job");
  claimed.folder = next_text(from);
  return claimed;
}

std::string result_bytes(const RungResult& result) {
  simulate::StateWriter to;
  put(to, kFinished);
  for (const double number : {result.auc, result.variance_explained, result.rmse_mV, result.seconds})
    to.put(number);
  put(to, result.failure);
  to.put(std::span<const LearningCurvePoint>(result.curve));
  return to.take();
}

RungResult next_result(simulate::StateReader& from) {
  RungResult result;
  for (auto* number : {&result.auc, &result.variance_explained, &result.rmse_mV, &result.seconds})
    from.get_into(*number);
  result.failure = next_text(from);
  result.curve = from.get<LearningCurvePoint>();
  return result;
}

std::string question(std::string_view what) {
  simulate::StateWriter to;
  put(to, what);
  return to.take();
}

/// On rank 0: gives out the store's jobs. A rank's job is kept claimed until it is finished; were the rank
/// gone, all of them would be.
class GivenOut {
 public:
  explicit GivenOut(const SearchTask& task) : jobs_(task) {}

  void close() { over_ = true; }
  std::string answer(int rank, const std::string& asked) {
    const std::lock_guard lock(mutex_);
    simulate::StateReader from(asked);
    const auto what = next_text(from);
    if (what == kFinished) {
      jobs_.finish(held_.at(rank), next_result(from));
      held_.erase(rank);
    }
    if (what == kIsOver && over_) return std::string(kOver);
    return what == kClaim ? claim(rank) : "";
  }

 private:
  std::string claim(int rank) {
    if (over_) return std::string(kOver);
    auto claim = jobs_.claim();
    if (!claim.job) return claim.over ? std::string(kOver) : "";
    return job_bytes(held_.emplace(rank, std::move(*claim.job)).first->second);
  }

  std::mutex mutex_;
  StoredJobs jobs_;
  std::atomic<bool> over_{false};
  std::map<int, ClaimedJob> held_;  // by rank
};

/// On all ranks.
class JobsOfFirst final : public Jobs {
 public:
  JobsOfFirst(ranks::Desk& desk, std::stop_token by_user) : desk_(desk), by_user_(std::move(by_user)) {}
  Claim claim() override {
    const auto answer = by_user_.stop_requested() ? std::string(kOver) : desk_.ask(question(kClaim));
    if (answer == kOver) return {.over = true};
    return answer.empty() ? Claim{} : Claim{.job = job_in(answer)};
  }
  void finish(const ClaimedJob&, const RungResult& result) override { desk_.ask(result_bytes(result)); }

 private:
  ranks::Desk& desk_;
  const std::stop_token by_user_;
};

/// The task with a watcher that stops where the user asks to, and where rank 0 says that the search is over,
/// which it is asked now and then. No callback of the user's stop token: a signal would call it.
class StoppedByFirst {
 public:
  StoppedByFirst(const SearchTask& of, ranks::Desk& desk) : task(of) {
    task.watcher.progress = [this, &desk, by_user = of.watcher.stop](const Progress&) {
      if (by_user.stop_requested() || is_over(desk)) stop_.request_stop();
    };
    task.watcher.stop = stop_.get_token();
  }

  SearchTask task;

 private:
  bool is_over(ranks::Desk& desk) {
    constexpr std::chrono::milliseconds kEvery{500};
    const auto now = std::chrono::steady_clock::now();
    if (now - asked_ < kEvery) return false;
    asked_ = now;
    return desk.ask(question(kIsOver)) == kOver;
  }

  std::stop_source stop_;
  std::chrono::steady_clock::time_point asked_ = {};
};

}  // namespace

void work_by_ranks(const SearchTask& task, const std::function<bool()>& tick) {
  std::optional<GivenOut> given_out;
  if (task.ranks->is_first()) given_out.emplace(task);
  const auto desk =
      task.ranks->desk([&](int rank, const std::string& asked) { return given_out->answer(rank, asked); });
  const auto work = [&] {
    StoppedByFirst stopped(task, *desk);
    JobsOfFirst jobs(*desk, task.watcher.stop);
    work_on(stopped.task, jobs);
    desk->finish();
  };
  if (!given_out) return work();
  auto working = std::async(std::launch::async, work);
  while (working.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready)
    if (tick()) given_out->close();
  working.get();
}

}  // namespace nt::search

#include "search/detail/sequence.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "search/detail/small_task.hpp"

namespace nt::search {
namespace {

SearchTask task_with(const std::string& toml) {
  return small_task("rungs = 3\n" + toml);
}

/// What a job comes to, whoever does it and when.
RungResult result_of(const Job& job) {
  RungResult result;
  result.auc = 0.9 + 0.01 * std::fmod(std::sin(static_cast<double>(100 * job.trial + job.rung)) * 1e4, 1.0);
  return result;
}

/// Some workers, each of whom takes its time, until there is nothing to do.
Knowledge searched_by(const SearchTask& task, size_t workers, unsigned seed) {
  std::mt19937 random(seed);
  Sequence sequence(task);
  Knowledge known;
  std::vector<Job> at_work;
  for (;;) {
    std::optional<SearchStore::Choice> choice;
    if (at_work.size() < workers) choice = sequence.next(known, 0);
    if (choice) {
      if (choice->fresh) known.trials.push_back({*choice->fresh});
      ++known.trials.at(static_cast<size_t>(choice->job.trial)).begun;
      at_work.push_back(choice->job);
      continue;
    }
    if (at_work.empty()) return known;
    const auto place = static_cast<std::ptrdiff_t>(random() % at_work.size());
    known.finished.push_back(
        {at_work[static_cast<size_t>(place)], result_of(at_work[static_cast<size_t>(place)])});
    at_work.erase(at_work.begin() + place);
  }
}

/// Each trial's configuration, and the rungs that it finished.
std::vector<std::pair<std::string, int64_t>> done_in(const Knowledge& known) {
  std::vector<std::pair<std::string, int64_t>> trials;
  for (const auto& trial : known.trials) trials.emplace_back(text_of(trial.configuration), 0);
  for (const auto& [job, result] : known.finished) ++trials.at(static_cast<size_t>(job.trial)).second;
  return trials;
}

class TheSameJobs : public testing::TestWithParam<const char*> {};

TEST_P(TheSameJobs, AreDoneByAnyNumberOfWorkers) {
  const auto task = task_with(GetParam());
  const auto one = searched_by(task, 1, 1);
  Knowledge in_turn;  // as next_job() alone says
  while (const auto choice = next_job(task, in_turn, 0)) {
    if (choice->fresh) in_turn.trials.push_back({*choice->fresh});
    ++in_turn.trials.at(static_cast<size_t>(choice->job.trial)).begun;
    in_turn.finished.push_back({choice->job, result_of(choice->job)});
  }
  EXPECT_EQ(done_in(one), done_in(in_turn));
  for (const size_t workers : {2, 3, 4, 7}) {
    for (unsigned seed = 1; seed <= 5; ++seed)
      EXPECT_EQ(done_in(searched_by(task, workers, seed)), done_in(one)) << workers << " workers, " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Searches, TheSameJobs,
                         testing::Values("trials = 30\ndepth = [1, 3]",
                                         "trials = 12\ndepth = [1, 2]\ntrainings = 3",
                                         "budget_samples_h = 4\ndepth = [1, 3]",
                                         "budget_samples_h = 4\ndepth = [1, 2]\ntrainings = 2"));

TEST(Sequence, KeepsSeveralWorkersBusy) {
  const auto task = task_with("trials = 30\ndepth = [1, 3]");
  Sequence sequence(task);
  Knowledge known;
  for (int64_t worker = 0; worker < 8; ++worker) {
    const auto choice = sequence.next(known, 0);
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->job.trial, worker);
    known.trials.push_back({*choice->fresh, 1});
  }
}

}  // namespace
}  // namespace nt::search

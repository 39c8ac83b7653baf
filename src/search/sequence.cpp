#include "search/detail/sequence.hpp"

#include <algorithm>

namespace nt::search {
namespace {

bool has_order(const SearchSpec& spec) {
  return spec.budget_minutes == 0 && spec.quiet_rungs == 0;
}

bool is_begun(const Knowledge& knowledge, const Job& job) {
  return job.trial < std::ssize(knowledge.trials) &&
         knowledge.trials[static_cast<size_t>(job.trial)].begun > job.rung;
}

void begin(Knowledge& knowledge, const SearchStore::Choice& choice) {
  if (choice.fresh) knowledge.trials.push_back({*choice.fresh});
  ++knowledge.trials[static_cast<size_t>(choice.job.trial)].begun;
}

const FinishedRung* result_of(const Knowledge& knowledge, const Job& job) {
  const auto found = std::ranges::find_if(knowledge.finished, [&](const FinishedRung& finished) {
    return finished.job.trial == job.trial && finished.job.rung == job.rung;
  });
  return found != knowledge.finished.end() ? &*found : nullptr;
}

/// Whether the budget is enough for the job, too, if each of the jobs before it that are not finished leads
/// on to the highest rung.
bool surely_affordable(const SearchTask& task, const Knowledge& begun, std::span<const Job> unfinished,
                       const Job& job) {
  if (task.spec.budget_samples_h == 0) return true;
  const auto& halving = task.spec.halving;
  int64_t epochs = halving.epochs_of(job.rung);
  for (const auto& before : unfinished)
    epochs += halving.epochs_at(halving.rungs - 1) - halving.epochs_at(before.rung);
  const double share = task.spec.trainings > 1 ? 0.5 : 1;
  return samples_h(task, begun) + hours_of(task, epochs) <= share * task.spec.budget_samples_h;
}

}  // namespace

std::optional<SearchStore::Choice> Sequence::next(const Knowledge& knowledge, double elapsed_s) {
  if (!has_order(task_.spec)) return next_job(task_, knowledge, elapsed_s);
  auto choice = next_job(task_, done_, elapsed_s);
  for (; choice; choice = next_job(task_, done_, elapsed_s)) {
    if (!is_begun(knowledge, choice->job)) return choice;
    const auto* finished = result_of(knowledge, choice->job);
    if (finished == nullptr) break;
    begin(done_, *choice);
    done_.finished.push_back(*finished);
  }
  // What a job comes to decides of jobs of higher rungs alone, and those that are due there come first. So
  // what is due on its rung or a lower one comes whatever that is, and so do new networks, which come when
  // nothing is due; and results of lower rungs count, as they do in the order. Of networks that are trained
  // again each decides of itself alone.
  auto begun = done_;
  std::vector<Job> unfinished;
  auto lowest = task_.spec.halving.rungs;  // rung of a job that is not finished
  for (; choice; choice = next_job(task_, begun, elapsed_s)) {
    const auto& job = choice->job;
    if (!is_begun(knowledge, job))
      return surely_affordable(task_, begun, unfinished, job) ? choice : std::nullopt;
    begin(begun, *choice);
    const bool is_again = begun.trials[static_cast<size_t>(job.trial)].configuration.is_again();
    const auto* finished = result_of(knowledge, job);
    if (finished != nullptr && (is_again || job.rung < lowest)) {
      begun.finished.push_back(*finished);
      continue;
    }
    unfinished.push_back(job);
    if (!is_again) lowest = std::min(lowest, job.rung);
  }
  return std::nullopt;
}

}  // namespace nt::search

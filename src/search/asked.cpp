#include "search/detail/asked.hpp"

#include "search/detail/trial_network.hpp"
#include "statistics/bootstrap.hpp"

namespace nt::search {

const Answers& Asked::operator[](size_t point) {
  if (const auto known = answers_.find(point); known != answers_.end()) return known->second;
  if (!valid_) valid_ = task_.open("valid");
  return answers_.emplace(point, of_network(*valid_, point)).first->second;
}

Answers Asked::of_network(const dataset::Split& split, size_t point) const {
  const auto& p = points_[point];
  std::vector<Answers> each;
  for (const auto& training : p.trainings) each.push_back(of_training(split, p, training.job));
  std::vector<const Answers*> all;
  for (const auto& answers : each) all.push_back(&answers);
  return mean_of(all, task_.seed + 1 + static_cast<uint64_t>(p.job.trial));
}

Answers Asked::of_training(const dataset::Split& split, const TriedNetwork& p, const Job& job) const {
  task_.watcher.stop_here_if_asked("judging the search");
  auto configuration = p.configuration;
  configuration.again_of = job.trial == p.job.trial ? -1 : p.job.trial;
  auto twin = finished_network(task_, job, configuration, store_.trial_folder(job.trial));
  return measure(evaluate::compare(twin, split), task_.skip_ms,
                 statistics::resampling_weights(split.trials(), resamples(), task_.seed), resamples());
}

}  // namespace nt::search

#include "search/detail/networks.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace nt::search {
namespace {

std::vector<Outcome> outcomes_of(std::span<const TriedNetwork> points, Size measure) {
  std::vector<Outcome> outcomes;
  for (const auto& p : points) outcomes.push_back({p.of(measure), p.trained_enough ? p.score : std::nan("")});
  return outcomes;
}

}  // namespace

TriedNetwork tried_network(const SearchTask& task, const Knowledge& knowledge, const FinishedRung& finished) {
  const auto& configuration = knowledge.trials[finished.job.trial].configuration;
  const auto twin = twin_of(task, configuration);
  TriedNetwork p{finished.job,
                 configuration,
                 finished.result,
                 score_of(task, finished.result),
                 {},
                 twin.network->window_ms(),
                 {finished}};
  for (const auto size : kSizes)
    p.size[static_cast<size_t>(size)] = static_cast<double>(size_of(twin, task.channels, size));
  return p;
}

std::vector<TriedNetwork> tried_networks(const SearchTask& task, const Knowledge& knowledge) {
  std::map<int64_t, TriedNetwork> last;
  for (const auto& finished : knowledge.finished) {  // a trial's rungs in their order
    if (finished.result.failure.empty())
      last.insert_or_assign(finished.job.trial, tried_network(task, knowledge, finished));
  }
  std::vector<TriedNetwork> points;
  for (auto& [trial, point] : last) points.push_back(std::move(point));
  return points;
}

size_t controls_last(std::vector<TriedNetwork>& points) {
  const auto first = std::stable_partition(
      points.begin(), points.end(), [](const TriedNetwork& p) { return !p.configuration.is_control(); });
  return static_cast<size_t>(first - points.begin());
}

std::vector<TriedNetwork> networks_of(const SearchTask& task, std::span<const TriedNetwork> trials) {
  std::vector<TriedNetwork> networks;
  std::map<int64_t, size_t> place;
  for (const auto& p : trials) {
    if (p.configuration.is_again()) continue;
    place[p.job.trial] = networks.size();
    networks.push_back(p);
  }
  for (const auto& p : trials) {
    const auto at = place.find(p.configuration.again_of);
    if (at == place.end() || networks[at->second].job.rung != p.job.rung) continue;
    networks[at->second].trainings.push_back(p.trainings.front());
  }
  for (auto& p : networks) {
    const auto n = static_cast<double>(p.trainings.size());
    if (p.trainings.size() == 1) continue;
    p.result.auc = p.result.variance_explained = p.result.rmse_mV = 0;
    for (const auto& [job, result] : p.trainings) {
      p.result.auc += result.auc / n;
      p.result.variance_explained += result.variance_explained / n;
      p.result.rmse_mV += result.rmse_mV / n;
    }
    p.score = score_of(task, p.result);
  }
  return networks;
}

void compare_like_with_like(const SearchTask& task, std::span<TriedNetwork> points) {
  int64_t rung = 0;
  for (const auto& p : points) rung = std::max(rung, p.job.rung);
  std::vector<Outcome> first;
  for (const auto& p : points) {
    const double score = score_of(task, p.trainings.front().result);
    const double size = p.configuration.is_control() ? 0 : p.of(task.spec.size);
    first.push_back({size, p.job.rung == rung ? score : std::nan("")});
  }
  size_t enough = static_cast<size_t>(task.spec.trainings);
  for (const auto i : contenders(first, task.spec.size))
    enough = std::min(enough, points[i].trainings.size());
  for (auto& p : points) p.trained_enough = p.trainings.size() >= enough;
}

std::optional<size_t> best_of(std::span<const TriedNetwork> points) {
  std::optional<size_t> best;
  for (size_t i = 0; i < points.size(); ++i) {
    if (points[i].trained_enough && !std::isnan(points[i].score) &&
        (!best || points[i].score > points[*best].score)) {
      best = i;
    }
  }
  return best;
}

std::vector<size_t> front_by(std::span<const TriedNetwork> points, Size measure) {
  return front_of(outcomes_of(points, measure));
}

std::vector<size_t> candidates_by(std::span<const TriedNetwork> points, Size measure) {
  if (measure != Size::depth) return front_by(points, measure);
  auto outcomes = outcomes_of(points, measure);
  for (size_t i = 0; i < points.size(); ++i) {
    const bool alone = std::none_of(points.begin(), points.end(), [&](const TriedNetwork& p) {
      return p.trained_enough && p.of(measure) == points[i].of(measure);
    });
    if (alone) outcomes[i].score = points[i].score;
  }
  return best_of_every_size(outcomes);
}

}  // namespace nt::search

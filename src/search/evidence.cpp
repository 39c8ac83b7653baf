// What the results of a search say beside its answers.
#include "search/detail/evidence.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "search/detail/networks.hpp"

namespace nt::search {
namespace {

double median(std::vector<double> values) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

RateScores of_rates(std::vector<std::pair<double, double>> points) {
  std::sort(points.begin(), points.end());
  RateScores of{.best_rate = std::nan(""), .best = -INFINITY};
  std::vector<double> scores;
  for (const auto& [rate, score] : points) {
    scores.push_back(score);
    if (score > of.best) std::tie(of.best_rate, of.best) = std::pair(rate, score);
  }
  of.median = median(std::move(scores));
  of.rate_and_score = std::move(points);
  return of;
}

}  // namespace

std::vector<RungWidthOrDepth> width_or_depth_by_rung(const SearchTask& task, const Knowledge& knowledge) {
  std::vector<RungWidthOrDepth> rungs;
  for (int64_t rung = 0; rung < task.spec.halving.rungs; ++rung) {
    std::vector<TrainedNetwork> networks;
    for (const auto& finished : knowledge.finished) {
      if (finished.job.rung != rung || !finished.result.failure.empty()) continue;
      const auto p = tried_network(task, knowledge, finished);
      if (p.configuration.is_control() || p.configuration.is_again()) continue;
      networks.push_back({p.score, p.of(Size::depth), p.of(Size::parameters), p.configuration.learning_rate,
                          p.configuration.family == Family::fully_connected});
    }
    const auto fit = width_or_depth(networks, task.spec.confidence, task.seed);
    if (!std::isnan(fit.error_factor_of_depth.value)) rungs.push_back({rung, fit});
  }
  return rungs;
}

std::vector<RateScores> rate_scores(const SearchTask& task, const Knowledge& knowledge) {
  std::map<int64_t, std::vector<std::pair<double, double>>> of_depth;
  std::map<int64_t, int64_t> diverged;
  for (const auto& [job, result] : knowledge.finished) {
    if (job.rung != 0) continue;
    const auto& c = knowledge.trials[job.trial].configuration;
    if (c.is_again()) continue;
    diverged[c.depth()] += result.failure.empty() ? 0 : 1;
    if (result.failure.empty()) of_depth[c.depth()].emplace_back(c.learning_rate, score_of(task, result));
  }
  std::vector<RateScores> all;
  for (auto& [depth, points] : of_depth) {
    auto& of = all.emplace_back(of_rates(std::move(points)));
    if (depth > 0) of.depth = depth;
    of.diverged = diverged[depth];
  }
  return all;
}

std::vector<TestLook> look_at_test(const SearchTask& task, SearchStore& store,
                                   std::span<const TriedNetwork> points, const Asked& asked,
                                   const std::set<size_t>& chosen) {
  auto looks = store.test_looks();
  std::optional<dataset::Split> test;
  const auto look_at = [&](const TriedNetwork& p, const Job& job) {
    const bool known = std::any_of(looks.begin(), looks.end(), [&](const TestLook& look) {
      return look.job.trial == job.trial && look.job.rung == job.rung;
    });
    if (known) return;
    if (!test) test = task.open("test");
    const auto answers = asked.of_training(*test, p, job);
    looks.push_back({job, statistics::estimate(answers.auc, task.spec.confidence),
                     statistics::estimate(answers.variance_explained, task.spec.confidence),
                     answers.rmse_mV});
    store.keep(looks.back());
  };
  for (const auto i : chosen) {
    for (const auto& training : points[i].trainings) look_at(points[i], training.job);
  }
  return looks;
}

std::vector<ShiftedAnswers> shifted_answers(const SearchTask& task, std::span<const TriedNetwork> points,
                                            const Asked& asked, std::vector<size_t> candidates,
                                            std::optional<size_t> control) {
  std::vector<ShiftedAnswers> sets;
  if (!task.spec.generalise) return sets;
  const size_t answers = candidates.size();
  if (control) candidates.push_back(*control);
  for (const auto& shifted : task.shifted()) {
    std::vector<Answers> all;
    for (const auto i : candidates) all.push_back(asked.of_network(shifted.trials, i));
    size_t best = 0;
    for (size_t k = 1; k < answers; ++k) {
      if (asked.pick(all[k]).value > asked.pick(all[best]).value) best = k;
    }
    ShiftedAnswers set{shifted.name, shifted.words, shifted.trials.trials(), {}};
    for (size_t k = 0; k < all.size(); ++k) {
      const auto comparison = compare_with_best(asked.pick(all[best]), asked.pick(all[k]), task.spec.epsilon,
                                                task.spec.confidence);
      set.networks.push_back({points[candidates[k]], all[k].auc.value, all[k].variance_explained.value,
                              all[k].rmse_mV, comparison.difference});
    }
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace nt::search

// What a search came to: the front, the criteria's answers, and what the results say of the readers'
// questions.
#include <set>

#include "search/detail/criteria.hpp"
#include "search/detail/evidence.hpp"
#include "search/detail/networks.hpp"
#include "search/search.hpp"

namespace nt::search {
namespace {

SearchEffort effort_of(const SearchTask& task, const Knowledge& knowledge, const SearchStore& store) {
  SearchEffort effort{{},
                      knowledge.trials.size(),
                      knowledge.finished.size(),
                      samples_h(task, knowledge),
                      store.elapsed_s() / 60};
  const auto& halving = task.spec.halving;
  for (int64_t r = 0; r < halving.rungs; ++r)
    effort.rung_samples_h.push_back(hours_of(task, halving.epochs_at(r)));
  return effort;
}

std::vector<FailedRung> failed_rungs(const Knowledge& knowledge) {
  std::vector<FailedRung> failed;
  for (const auto& [job, result] : knowledge.finished)
    if (!result.failure.empty()) failed.push_back({job, result.failure});
  return failed;
}

ControlNetwork control_of(const SearchTask& task, std::span<const TriedNetwork> points, Asked& asked,
                          size_t best, size_t control) {
  const auto comparison = compare_with_best(asked.measured(best), asked.measured(control), task.spec.epsilon,
                                            task.spec.confidence);
  return {points[control], twin_of(task, points[control].configuration).network->words(),
          comparison.difference};
}

/// The answers of all criteria; the one that was asked for adds what it chose to `to_test`.
void add_answers(SearchAnswers& out, const SearchTask& task, std::span<const TriedNetwork> networks,
                 Asked& asked, size_t best, std::set<size_t>& to_test) {
  const auto& spec = task.spec;
  if (spec.criterion == Criterion::complexity_index) {
    out.complexity_index = complexity_index_of(task, networks, asked, best);
    return;
  }
  const auto add = [&](CriterionAnswer found) {
    if (found.answer.criterion == spec.criterion && found.answer.size == spec.size) {
      out.answer = out.answers.size();
      if (found.chosen) to_test.insert(*found.chosen);
    }
    out.answers.push_back(std::move(found.answer));
  };
  for (const auto size : kSizes) add(answer_not_worse(task, networks, asked, best, size));
  if (spec.target_auc == 0 && spec.target_variance_explained == 0) return;
  for (const auto size : kSizes) add(answer_target(task, networks, asked, best, size));
}

}  // namespace

SearchAnswers judge(const SearchTask& task, SearchStore& store, const std::string& stopped_by) {
  const auto knowledge = store.knowledge();
  SearchAnswers out{.spec = task.spec,
                    .seed = task.seed,
                    .effort = effort_of(task, knowledge, store),
                    .stopped_by = stopped_by,
                    .trials = tried_networks(task, knowledge),
                    .failed = failed_rungs(knowledge),
                    .width_or_depth = width_or_depth_by_rung(task, knowledge),
                    .learning_rate = rate_scores(task, knowledge)};
  // Only networks with layers are answers; the recurrent ones are a control.
  auto points = networks_of(task, out.trials);
  const size_t answers = controls_last(points);
  const auto networks = std::span(points).first(answers), controls = std::span(points).subspan(answers);
  compare_like_with_like(task, networks);
  compare_like_with_like(task, controls);
  for (const auto size : kSizes) {
    for (const auto i : front_by(networks, size))
      out.front[static_cast<size_t>(size)].push_back(networks[i].job.trial);
  }
  const auto best = best_of(networks);
  if (!best) return out;
  out.best = networks[*best];
  Asked asked(task, store, points);
  std::set<size_t> to_test{*best};
  std::optional<size_t> control;
  if (const auto place = best_of(controls)) {
    control = networks.size() + *place;
    out.control = control_of(task, points, asked, *best, *control);
    to_test.insert(*control);
  }
  add_answers(out, task, networks, asked, *best, to_test);
  out.test = look_at_test(task, store, points, asked, to_test);
  out.generalisation = shifted_answers(task, points, asked, candidates_by(networks, Size::depth), control);
  return out;
}

}  // namespace nt::search

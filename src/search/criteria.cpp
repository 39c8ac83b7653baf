#include "search/detail/criteria.hpp"

#include <algorithm>

#include "search/detail/networks.hpp"

namespace nt::search {
namespace {

/// What a criterion says of one network.
struct Opinion {
  size_t point = 0;
  Verdict good = Verdict::undecided;
  Comparison comparison;  // with the best
};

/// The smallest that is good. `no` of a network trained to a lower rung than `rung` is no evidence, and
/// nothing is that one training of it says where others have several.
CriterionAnswer smallest_good(std::span<const TriedNetwork> points, std::vector<Opinion> opinions,
                              Criterion criterion, Size size, int64_t rung) {
  std::stable_sort(opinions.begin(), opinions.end(), [&](const auto& a, const auto& b) {
    return points[a.point].of(size) < points[b.point].of(size);
  });
  CriterionAnswer found;
  auto& answer = found.answer;
  answer.criterion = criterion;
  answer.size = size;
  for (const auto& opinion : opinions) {
    const auto& p = points[opinion.point];
    JudgedNetwork judged{p, opinion.comparison.difference, opinion.good};
    if ((opinion.good == Verdict::no && p.job.rung < rung) || !p.trained_enough) {
      judged.trained_less = true;
      judged.good = Verdict::undecided;
    }
    if (judged.good == Verdict::yes && !found.chosen) {
      found.chosen = opinion.point;
      answer.smallest = p;
    }
    answer.networks.push_back(std::move(judged));
  }
  for (const auto& [p, below_best, good, trained_less] : answer.networks) {
    const bool smaller = !answer.smallest || p.of(size) < answer.smallest->of(size);
    if (smaller && good == Verdict::undecided) answer.undecided_below.push_back(p.whole(size));
  }
  return found;
}

std::vector<double> sizes_of(std::span<const TriedNetwork> points, std::span<const size_t> which, Size size) {
  std::vector<double> sizes;
  for (const auto i : which) sizes.push_back(points[i].of(size));
  return sizes;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  return verdict == Verdict::yes ? "yes" : verdict == Verdict::no ? "no" : "undecided";
}

CriterionAnswer answer_not_worse(const SearchTask& task, std::span<const TriedNetwork> points, Asked& asked,
                                 size_t best, Size size) {
  const auto& spec = task.spec;
  const auto candidates = candidates_by(points, size);
  std::vector<Opinion> opinions;
  std::vector<const Measured*> measured;
  for (const auto i : candidates) {
    const auto comparison =
        compare_with_best(asked.measured(best), asked.measured(i), spec.epsilon, spec.confidence);
    opinions.push_back({i, comparison.not_worse, comparison});
    measured.push_back(&asked.measured(i));
  }
  auto found =
      smallest_good(points, std::move(opinions), Criterion::smallest_not_worse, size, points[best].job.rung);
  found.answer.interval = size_interval(
      smallest_not_worse(sizes_of(points, candidates, size), measured, spec.epsilon), spec.confidence);
  return found;
}

CriterionAnswer answer_target(const SearchTask& task, std::span<const TriedNetwork> points, Asked& asked,
                              size_t best, Size size) {
  const auto& spec = task.spec;
  const auto candidates = candidates_by(points, size);
  std::vector<Opinion> opinions;
  std::vector<const Answers*> answers;
  for (const auto i : candidates) {
    auto good = Verdict::yes;
    if (spec.target_auc > 0) good = std::min(good, reaches(asked[i].auc, spec.target_auc, spec.confidence));
    if (spec.target_variance_explained > 0) {
      good = std::min(good,
                      reaches(asked[i].variance_explained, spec.target_variance_explained, spec.confidence));
    }
    opinions.push_back(
        {i, good, compare_with_best(asked.measured(best), asked.measured(i), spec.epsilon, spec.confidence)});
    answers.push_back(&asked[i]);
  }
  auto found = smallest_good(points, std::move(opinions), Criterion::target, size, spec.halving.rungs - 1);
  found.answer.interval = size_interval(smallest_on_target(sizes_of(points, candidates, size), answers,
                                                           spec.target_auc, spec.target_variance_explained),
                                        spec.confidence);
  return found;
}

ComplexityIndex complexity_index_of(const SearchTask& task, std::span<const TriedNetwork> points,
                                    Asked& asked, size_t best) {
  auto index = asked[best].auc;
  index.value = complexity_index(index.value);
  for (double& resampled : index.resampled) resampled = complexity_index(resampled);
  return {statistics::estimate(std::move(index), task.spec.confidence), points[best].job.trial};
}

}  // namespace nt::search

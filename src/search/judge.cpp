// What a search came to: the front, the criteria's answers, and what the results say of the readers'
// questions.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "evaluate/estimate_json.hpp"
#include "search/detail/criterion.hpp"
#include "search/detail/networks.hpp"
#include "search/detail/trial_network.hpp"
#include "search/search.hpp"
#include "statistics/bootstrap.hpp"

namespace nt::search {
namespace {

using Json = nlohmann::ordered_json;

const char* name_of(Verdict verdict) {
  return verdict == Verdict::yes ? "yes" : verdict == Verdict::no ? "no" : "undecided";
}

Json depth_json(const Configuration& configuration) {
  return configuration.is_control() ? Json(nullptr) : Json(configuration.depth());
}

Json network_json(const SearchTask& task, const TriedNetwork& p) {
  Json json{{"trial", p.job.trial}, {"rung", p.job.rung}};
  for (const auto size : kSizes) json[std::string(name_of(size))] = static_cast<int64_t>(p.of(size));
  json[std::string(name_of(Size::depth))] = depth_json(p.configuration);
  json["window_ms"] = twin_of(task, p.configuration).network->window_ms();
  json["auc"] = evaluate::number_json(p.result.auc);
  json["variance_explained"] = evaluate::number_json(p.result.variance_explained);
  json["rmse_mV"] = evaluate::number_json(p.result.rmse_mV);
  if (p.trainings.size() > 1) json["trainings"] = p.trainings.size();
  json["configuration"] = to_json(p.configuration);
  return json;
}

/// The networks that a criterion may choose, asked about all validation trials.
class Asked {
 public:
  Asked(const SearchTask& task, const SearchStore& store, std::span<const TriedNetwork> points)
      : task_(task), store_(store), points_(points) {}

  const Answers& operator[](size_t point) {
    if (const auto known = answers_.find(point); known != answers_.end()) return known->second;
    if (!valid_) valid_ = task_.open("valid");
    return answers_.emplace(point, of_network(*valid_, point)).first->second;
  }
  const Measured& measured(size_t point) { return pick((*this)[point]); }
  const Measured& pick(const Answers& answers) const {
    return task_.spec.measure == Measure::auc ? answers.auc : answers.variance_explained;
  }
  /// Of all of its trainings. Resamples of trials are the same ones for every network.
  Answers of_network(const dataset::Split& split, size_t point) const {
    const auto& p = points_[point];
    std::vector<Answers> each;
    for (const auto& training : p.trainings) each.push_back(of_training(split, p, training.job));
    std::vector<const Answers*> all;
    for (const auto& answers : each) all.push_back(&answers);
    return mean_of(all, task_.seed + 1 + static_cast<uint64_t>(p.job.trial));
  }
  Answers of_training(const dataset::Split& split, const TriedNetwork& p, const Job& job) const {
    task_.watcher.stop_here_if_asked("judging the search");
    auto configuration = p.configuration;
    configuration.again_of = job.trial == p.job.trial ? -1 : p.job.trial;
    auto twin = finished_network(task_, job, configuration, store_.trial_folder(job.trial));
    return measure(evaluate::compare(twin, split), task_.skip_ms,
                   statistics::resampling_weights(split.trials(), resamples(), task_.seed), resamples());
  }
  size_t resamples() const { return static_cast<size_t>(task_.spec.resamples); }

 private:
  const SearchTask& task_;
  const SearchStore& store_;
  std::span<const TriedNetwork> points_;
  std::optional<dataset::Split> valid_;
  std::map<size_t, Answers> answers_;
};

/// What a criterion says of one network.
struct Opinion {
  size_t point = 0;
  Verdict good = Verdict::undecided;
  bool trained_less = false;  // than it takes to decide
  Comparison comparison;      // with the best
};

struct CriterionAnswer {
  std::optional<size_t> chosen;
  std::vector<Opinion> opinions;  // by size
  std::pair<double, double> interval;
};

/// The smallest that is good. `no` of a network trained to a lower rung than `rung` is no evidence, and
/// nothing is that one training of it says where others have several.
CriterionAnswer smallest_good(std::span<const TriedNetwork> points, std::vector<Opinion> opinions, Size size,
                              int64_t rung) {
  std::stable_sort(opinions.begin(), opinions.end(), [&](const auto& a, const auto& b) {
    return points[a.point].of(size) < points[b.point].of(size);
  });
  CriterionAnswer answer;
  for (auto& opinion : opinions) {
    const auto& p = points[opinion.point];
    if ((opinion.good == Verdict::no && p.job.rung < rung) || !p.trained_enough) {
      opinion.trained_less = true;
      opinion.good = Verdict::undecided;
    }
    if (opinion.good == Verdict::yes && !answer.chosen) answer.chosen = opinion.point;
  }
  answer.opinions = std::move(opinions);
  return answer;
}

std::vector<double> sizes_of(std::span<const TriedNetwork> points, std::span<const size_t> which, Size size) {
  std::vector<double> sizes;
  for (const auto i : which) sizes.push_back(points[i].of(size));
  return sizes;
}

CriterionAnswer answer_not_worse(const SearchTask& task, std::span<const TriedNetwork> points, Asked& asked,
                                 size_t best, Size size) {
  const auto& spec = task.spec;
  auto candidates = candidates_by(points, size);
  std::vector<Opinion> opinions;
  std::vector<const Measured*> measured;
  for (const auto i : candidates) {
    const auto comparison =
        compare_with_best(asked.measured(best), asked.measured(i), spec.epsilon, spec.confidence);
    opinions.push_back({i, comparison.not_worse, false, comparison});
    measured.push_back(&asked.measured(i));
  }
  auto answer = smallest_good(points, std::move(opinions), size, points[best].job.rung);
  answer.interval = size_interval(
      smallest_not_worse(sizes_of(points, candidates, size), measured, spec.epsilon), spec.confidence);
  return answer;
}

CriterionAnswer answer_target(const SearchTask& task, std::span<const TriedNetwork> points, Asked& asked,
                              size_t best, Size size) {
  const auto& spec = task.spec;
  auto candidates = candidates_by(points, size);
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
        {i, good, false,
         compare_with_best(asked.measured(best), asked.measured(i), spec.epsilon, spec.confidence)});
    answers.push_back(&asked[i]);
  }
  auto answer = smallest_good(points, std::move(opinions), size, task.spec.halving.rungs - 1);
  answer.interval = size_interval(smallest_on_target(sizes_of(points, candidates, size), answers,
                                                     spec.target_auc, spec.target_variance_explained),
                                  spec.confidence);
  return answer;
}

Json each_training_json(const TriedNetwork& p) {
  Json each = Json::array();
  for (const auto& [job, result] : p.trainings) {
    each.push_back({{"trial", job.trial},
                    {"auc", evaluate::number_json(result.auc)},
                    {"variance_explained", evaluate::number_json(result.variance_explained)}});
  }
  return each;
}

Json answer_json(std::span<const TriedNetwork> points, Criterion criterion, Size size,
                 const CriterionAnswer& answer) {
  Json rows = Json::array(), open = Json::array();
  for (const auto& o : answer.opinions) {
    const auto& p = points[o.point];
    const bool smaller = !answer.chosen || p.of(size) < points[*answer.chosen].of(size);
    if (smaller && o.good == Verdict::undecided) open.push_back(static_cast<int64_t>(p.of(size)));
    rows.push_back({{"size", static_cast<int64_t>(p.of(size))},
                    {"trial", p.job.trial},
                    {"rung", p.job.rung},
                    {"auc", evaluate::number_json(p.result.auc)},
                    {"variance_explained", evaluate::number_json(p.result.variance_explained)},
                    {"trainings", each_training_json(p)},
                    {"below_best", evaluate::number_json(o.comparison.difference.value)},
                    {"below_best_interval", evaluate::interval_json(o.comparison.difference)},
                    {"good", name_of(o.good)},
                    {"trained_less", o.trained_less}});
  }
  Json json{{"criterion", name_of(criterion)}, {"size", name_of(size)}};
  json["smallest"] =
      answer.chosen ? Json(static_cast<int64_t>(points[*answer.chosen].of(size))) : Json(nullptr);
  json["interval"] = evaluate::interval_json(answer.interval.first, answer.interval.second);
  json["trial"] = answer.chosen ? Json(points[*answer.chosen].job.trial) : Json(nullptr);
  json["undecided_below"] = open;  // smaller sizes for which the budget was too small to say no
  json["networks"] = rows;
  return json;
}

/// The best recurrent network, beside the best of those that may be chosen.
Json control_json(const SearchTask& task, std::span<const TriedNetwork> points, Asked& asked, size_t best,
                  size_t control) {
  auto json = network_json(task, points[control]);
  json["network"] = twin_of(task, points[control].configuration).network->words();
  const auto comparison = compare_with_best(asked.measured(best), asked.measured(control), task.spec.epsilon,
                                            task.spec.confidence);
  json["below_best"] = evaluate::number_json(comparison.difference.value);
  json["below_best_interval"] = evaluate::interval_json(comparison.difference);
  return json;
}

/// Twice the depth, or twice the parameters: from the networks that finished a rung, rung by rung.
Json width_or_depth_json(const SearchTask& task, const Knowledge& knowledge) {
  Json json = Json::array();
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
    if (std::isnan(fit.error_factor_of_depth.value)) continue;
    json.push_back(
        {{"rung", rung},
         {"networks", fit.networks},
         {"error_factor_of_twice_the_depth", evaluate::number_json(fit.error_factor_of_depth.value)},
         {"depth_interval", evaluate::interval_json(fit.error_factor_of_depth)},
         {"error_factor_of_twice_the_parameters",
          evaluate::number_json(fit.error_factor_of_parameters.value)},
         {"parameters_interval", evaluate::interval_json(fit.error_factor_of_parameters)}});
  }
  return json;
}

double median(std::vector<double> values) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

/// For each depth, and for the control, how the first rung's score depends on the learning rate.
Json rates_json(const SearchTask& task, const Knowledge& knowledge) {
  std::map<int64_t, std::vector<std::pair<double, double>>> of_depth;
  std::map<int64_t, int64_t> diverged;
  for (const auto& [job, result] : knowledge.finished) {
    if (job.rung != 0) continue;
    const auto& c = knowledge.trials[static_cast<size_t>(job.trial)].configuration;
    if (c.is_again()) continue;
    diverged[c.depth()] += result.failure.empty() ? 0 : 1;
    if (result.failure.empty()) of_depth[c.depth()].emplace_back(c.learning_rate, score_of(task, result));
  }
  Json json = Json::array();
  for (auto& [depth, points] : of_depth) {
    std::sort(points.begin(), points.end());
    std::vector<double> scores;
    std::pair<double, double> best{std::nan(""), -INFINITY};
    Json list = Json::array();
    for (const auto& [rate, score] : points) {
      scores.push_back(score);
      if (score > best.second) best = {rate, score};
      list.push_back(Json::array({rate, evaluate::number_json(score)}));
    }
    json.push_back({{"depth", depth == 0 ? Json(nullptr) : Json(depth)},
                    {"best_learning_rate", evaluate::number_json(best.first)},
                    {"best", evaluate::number_json(best.second)},
                    {"median", evaluate::number_json(median(scores))},
                    {"diverged", diverged[depth]},
                    {"learning_rate_and_score", list}});
  }
  return json;
}

/// One line for each training of a network that is looked at, once for all time.
Json test_json(const SearchTask& task, SearchStore& store, std::span<const TriedNetwork> points,
               const Asked& asked, const std::set<size_t>& chosen) {
  auto looks = store.test_looks();
  std::optional<dataset::Split> test;
  const auto look_at = [&](const TriedNetwork& p, const Job& job) {
    const bool known = std::any_of(looks.begin(), looks.end(), [&](const TestLook& look) {
      return look.job.trial == job.trial && look.job.rung == job.rung;
    });
    if (known) return;
    if (!test) test = task.open("test");
    const auto answers = asked.of_training(*test, p, job);
    const auto auc = statistics::estimate(answers.auc, task.spec.confidence);
    const auto explained = statistics::estimate(answers.variance_explained, task.spec.confidence);
    looks.push_back({job,
                     {{"auc", evaluate::number_json(auc.value)},
                      {"auc_interval", evaluate::interval_json(auc)},
                      {"variance_explained", evaluate::number_json(explained.value)},
                      {"variance_explained_interval", evaluate::interval_json(explained)},
                      {"rmse_mV", evaluate::number_json(answers.rmse_mV)}}});
    store.keep(looks.back());
  };
  for (const auto i : chosen) {
    for (const auto& training : points[i].trainings) look_at(points[i], training.job);
  }
  Json json = Json::array();
  for (const auto& look : looks) {
    Json row{{"trial", look.job.trial}, {"rung", look.job.rung}};
    row.update(look.scores);
    json.push_back(row);
  }
  return json;
}

/// How networks of each depth, and the control, do on inputs that none was trained on; each set's best of the
/// depths is what its others are compared with.
Json generalisation_json(const SearchTask& task, std::span<const TriedNetwork> points, const Asked& asked,
                         std::vector<size_t> candidates, std::optional<size_t> control) {
  Json sets = Json::array();
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
    Json rows = Json::array();
    for (size_t k = 0; k < all.size(); ++k) {
      const auto& p = points[candidates[k]];
      const auto comparison = compare_with_best(asked.pick(all[best]), asked.pick(all[k]), task.spec.epsilon,
                                                task.spec.confidence);
      rows.push_back({{"depth", depth_json(p.configuration)},
                      {"trial", p.job.trial},
                      {"trainings", p.trainings.size()},
                      {"auc", evaluate::number_json(all[k].auc.value)},
                      {"variance_explained", evaluate::number_json(all[k].variance_explained.value)},
                      {"rmse_mV", evaluate::number_json(all[k].rmse_mV)},
                      {"below_best", evaluate::number_json(comparison.difference.value)},
                      {"below_best_interval", evaluate::interval_json(comparison.difference)}});
    }
    sets.push_back({{"name", shifted.name},
                    {"words", shifted.words},
                    {"trials", shifted.trials.trials()},
                    {"networks", rows}});
  }
  return sets;
}

Json spec_json(const SearchTask& task, const Knowledge& knowledge, const SearchStore& store) {
  const auto& s = task.spec;
  return {{"criterion", name_of(s.criterion)},
          {"size", name_of(s.size)},
          {"measure", name_of(s.measure)},
          {"epsilon", s.epsilon},
          {"confidence", s.confidence},
          {"target_auc", s.target_auc},
          {"target_variance_explained", s.target_variance_explained},
          {"quiet_rungs", s.quiet_rungs},
          {"budget_samples_h", s.budget_samples_h},
          {"budget_minutes", s.budget_minutes},
          {"trainings", s.trainings},
          {"rungs", s.halving.rungs},
          {"eta", s.halving.eta},
          {"rung_samples_h",
           [&] {
             Json hours = Json::array();
             for (int64_t r = 0; r < s.halving.rungs; ++r)
               hours.push_back(hours_of(task, s.halving.epochs_at(r)));
             return hours;
           }()},
          {"seed", task.seed},
          {"trials", knowledge.trials.size()},
          {"finished_rungs", knowledge.finished.size()},
          {"samples_h", samples_h(task, knowledge)},
          {"wall_minutes", store.elapsed_s() / 60}};
}

Json published_json(const SearchTask& task) {
  Json json = Json::array();
  for (const auto& p : task.spec.published) {
    json.push_back({{"name", p.name}, {"depth", p.depth}, {"parameters", p.parameters}, {"auc", p.auc}});
  }
  return json;
}

}  // namespace

nlohmann::ordered_json judge(const SearchTask& task, SearchStore& store, const std::string& stopped_by) {
  const auto knowledge = store.knowledge();
  const auto trials_done = tried_networks(task, knowledge);
  Json out;
  out["search"] = spec_json(task, knowledge, store);
  out["stopped_by"] = stopped_by;
  out["published"] = published_json(task);

  Json trials = Json::array(), curves = Json::array();
  for (const auto& p : trials_done) {
    trials.push_back(network_json(task, p));
    curves.push_back(
        {{"trial", p.job.trial}, {"depth", depth_json(p.configuration)}, {"epochs", p.result.curve}});
  }
  Json failures = Json::array();
  for (const auto& [job, result] : knowledge.finished) {
    if (!result.failure.empty())
      failures.push_back({{"trial", job.trial}, {"rung", job.rung}, {"why", result.failure}});
  }
  out["trials"] = trials;
  out["failed"] = failures;
  // Only networks with layers are answers; the recurrent ones are a control.
  auto points = networks_of(task, trials_done);
  const size_t answers = controls_last(points);
  const auto networks = std::span(points).first(answers), controls = std::span(points).subspan(answers);
  compare_like_with_like(task, networks);
  compare_like_with_like(task, controls);
  for (const auto size : kSizes) {
    Json front = Json::array();
    for (const auto i : front_by(networks, size)) front.push_back(networks[i].job.trial);
    out["front"][std::string(name_of(size))] = front;
  }

  out["best"] = nullptr;
  out["control"] = nullptr;
  out["answer"] = nullptr;
  out["answers"] = Json::array();
  out["test"] = Json::array();
  out["generalisation"] = Json::array();
  if (const auto best = best_of(networks)) {
    out["best"] = network_json(task, networks[*best]);
    Asked asked(task, store, points);
    std::set<size_t> to_test{*best};
    std::optional<size_t> control;
    if (const auto place = best_of(controls)) {
      control = networks.size() + *place;
      out["control"] = control_json(task, points, asked, *best, *control);
      to_test.insert(*control);
    }
    const auto& spec = task.spec;
    const auto add = [&](Criterion criterion, Size size, const CriterionAnswer& answer) {
      const auto json = answer_json(networks, criterion, size, answer);
      out["answers"].push_back(json);
      if (criterion != spec.criterion || size != spec.size) return;
      out["answer"] = json;
      if (answer.chosen) to_test.insert(*answer.chosen);
    };
    if (spec.criterion == Criterion::complexity_index) {
      auto index = asked[*best].auc;
      index.value = complexity_index(index.value);
      for (double& resampled : index.resampled) resampled = complexity_index(resampled);
      const auto with_interval = statistics::estimate(std::move(index), spec.confidence);
      out["answer"] = {{"criterion", name_of(spec.criterion)},
                       {"complexity_index", evaluate::number_json(with_interval.value)},
                       {"interval", evaluate::interval_json(with_interval)},
                       {"trial", networks[*best].job.trial}};
    } else {
      for (const auto size : kSizes)
        add(Criterion::smallest_not_worse, size, answer_not_worse(task, networks, asked, *best, size));
      if (spec.target_auc > 0 || spec.target_variance_explained > 0) {
        for (const auto size : kSizes)
          add(Criterion::target, size, answer_target(task, networks, asked, *best, size));
      }
    }
    out["test"] = test_json(task, store, points, asked, to_test);
    out["generalisation"] =
        generalisation_json(task, points, asked, candidates_by(networks, Size::depth), control);
  }
  out["width_or_depth"] = width_or_depth_json(task, knowledge);
  out["learning_rate"] = rates_json(task, knowledge);
  out["curves"] = curves;
  return out;
}

}  // namespace nt::search

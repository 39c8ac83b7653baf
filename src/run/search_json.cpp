#include "run/detail/search_json.hpp"

#include "run/detail/estimate_json.hpp"

namespace nt::run {
namespace {

using Json = nlohmann::ordered_json;

Json depth_json(const search::Configuration& configuration) {
  return configuration.is_control() ? Json(nullptr) : Json(configuration.depth());
}

void put_below_best(Json& json, const statistics::Estimate& below_best) {
  json["below_best"] = number_json(below_best.value);
  json["below_best_interval"] = interval_json(below_best);
}

Json network_json(const search::TriedNetwork& p) {
  Json json{{"trial", p.job.trial}, {"rung", p.job.rung}};
  for (const auto size : search::kSizes) json[std::string(name_of(size))] = p.whole(size);
  json[std::string(name_of(search::Size::depth))] = depth_json(p.configuration);
  json["window_ms"] = p.window_ms;
  json["auc"] = number_json(p.result.auc);
  json["variance_explained"] = number_json(p.result.variance_explained);
  json["rmse_mV"] = number_json(p.result.rmse_mV);
  if (p.trainings.size() > 1) json["trainings"] = p.trainings.size();
  json["configuration"] = Json::parse(text_of(p.configuration));
  return json;
}

Json spec_json(const search::SearchAnswers& answers) {
  const auto& s = answers.spec;
  const auto& effort = answers.effort;
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
          {"rung_samples_h", effort.rung_samples_h},
          {"seed", answers.seed},
          {"trials", effort.trials},
          {"finished_rungs", effort.finished_rungs},
          {"samples_h", effort.samples_h},
          {"wall_minutes", effort.wall_minutes}};
}

Json published_json(std::span<const search::PublishedNetwork> published) {
  auto json = Json::array();
  for (const auto& p : published)
    json.push_back({{"name", p.name}, {"depth", p.depth}, {"parameters", p.parameters}, {"auc", p.auc}});
  return json;
}

Json each_training_json(std::span<const search::FinishedRung> trainings) {
  auto each = Json::array();
  for (const auto& [job, result] : trainings) {
    each.push_back({{"trial", job.trial},
                    {"auc", number_json(result.auc)},
                    {"variance_explained", number_json(result.variance_explained)}});
  }
  return each;
}

Json judged_json(const search::JudgedNetwork& judged, search::Size size) {
  const auto& p = judged.network;
  Json json{{"size", p.whole(size)},
            {"trial", p.job.trial},
            {"rung", p.job.rung},
            {"auc", number_json(p.result.auc)},
            {"variance_explained", number_json(p.result.variance_explained)},
            {"trainings", each_training_json(p.trainings)}};
  put_below_best(json, judged.below_best);
  json["good"] = name_of(judged.good);
  json["trained_less"] = judged.trained_less;
  return json;
}

Json answer_json(const search::SizeAnswer& answer) {
  auto networks = Json::array();
  for (const auto& judged : answer.networks) networks.push_back(judged_json(judged, answer.size));
  const auto& smallest = answer.smallest;
  return {{"criterion", name_of(answer.criterion)},
          {"size", name_of(answer.size)},
          {"smallest", smallest ? Json(smallest->whole(answer.size)) : Json(nullptr)},
          {"interval", interval_json(answer.interval.first, answer.interval.second)},
          {"trial", smallest ? Json(smallest->job.trial) : Json(nullptr)},
          {"undecided_below", answer.undecided_below},
          {"networks", networks}};
}

/// That which was asked for; null where no network was trained.
Json asked_answer_json(const search::SearchAnswers& answers) {
  if (answers.answer) return answer_json(answers.answers[*answers.answer]);
  const auto& index = answers.complexity_index;
  if (!index) return nullptr;
  return {{"criterion", name_of(search::Criterion::complexity_index)},
          {"complexity_index", number_json(index->index.value)},
          {"interval", interval_json(index->index)},
          {"trial", index->trial}};
}

Json control_json(const search::ControlNetwork& control) {
  auto json = network_json(control.network);
  json["network"] = control.words;
  put_below_best(json, control.below_best);
  return json;
}

Json test_json(const search::TestLook& look) {
  return {{"trial", look.job.trial},
          {"rung", look.job.rung},
          {"auc", number_json(look.auc.value)},
          {"auc_interval", interval_json(look.auc)},
          {"variance_explained", number_json(look.variance_explained.value)},
          {"variance_explained_interval", interval_json(look.variance_explained)},
          {"rmse_mV", number_json(look.rmse_mV)}};
}

Json shifted_json(const search::ShiftedAnswers& set) {
  auto networks = Json::array();
  for (const auto& n : set.networks) {
    Json json{{"depth", depth_json(n.network.configuration)},
              {"trial", n.network.job.trial},
              {"trainings", n.network.trainings.size()},
              {"auc", number_json(n.auc)},
              {"variance_explained", number_json(n.variance_explained)},
              {"rmse_mV", number_json(n.rmse_mV)}};
    put_below_best(json, n.below_best);
    networks.push_back(std::move(json));
  }
  return {{"name", set.name}, {"words", set.words}, {"trials", set.trials}, {"networks", networks}};
}

Json width_or_depth_json(const search::RungWidthOrDepth& of) {
  const auto &depth = of.fit.error_factor_of_depth, &parameters = of.fit.error_factor_of_parameters;
  return {{"rung", of.rung},
          {"networks", of.fit.networks},
          {"error_factor_of_twice_the_depth", number_json(depth.value)},
          {"depth_interval", interval_json(depth)},
          {"error_factor_of_twice_the_parameters", number_json(parameters.value)},
          {"parameters_interval", interval_json(parameters)}};
}

Json rates_json(const search::RateScores& of) {
  auto list = Json::array();
  for (const auto& [rate, score] : of.rate_and_score) list.push_back(Json::array({rate, number_json(score)}));
  return {{"depth", of.depth ? Json(*of.depth) : Json(nullptr)},
          {"best_learning_rate", number_json(of.best_rate)},
          {"best", number_json(of.best)},
          {"median", number_json(of.median)},
          {"diverged", of.diverged},
          {"learning_rate_and_score", list}};
}

Json curve_json(const search::TriedNetwork& p) {
  auto epochs = Json::array();
  for (const auto& point : p.result.curve) {
    epochs.push_back({{"epoch", point.epoch},
                      {"seen_s", number_json(point.seen_s)},
                      {"learning_rate", number_json(point.learning_rate)},
                      {"train_loss", number_json(point.train_loss)},
                      {"valid_loss", number_json(point.valid_loss)},
                      {"valid_auc", number_json(point.valid_auc)}});
  }
  return {{"trial", p.job.trial}, {"depth", depth_json(p.configuration)}, {"epochs", epochs}};
}

/// A list of what `json_of` makes of each.
template <class All, class F>
Json list_of(const All& all, F&& json_of) {
  auto list = Json::array();
  for (const auto& one : all) list.push_back(json_of(one));
  return list;
}

}  // namespace

Json search_json(const search::SearchAnswers& answers) {
  Json out;
  out["search"] = spec_json(answers);
  out["stopped_by"] = answers.stopped_by;
  out["published"] = published_json(answers.spec.published);
  out["trials"] = list_of(answers.trials, network_json);
  out["failed"] = list_of(answers.failed, [](const search::FailedRung& failed) -> Json {
    return {{"trial", failed.job.trial}, {"rung", failed.job.rung}, {"why", failed.why}};
  });
  for (const auto size : search::kSizes)
    out["front"][std::string(name_of(size))] = answers.front[static_cast<size_t>(size)];
  out["best"] = answers.best ? network_json(*answers.best) : Json(nullptr);
  out["control"] = answers.control ? control_json(*answers.control) : Json(nullptr);
  out["answer"] = asked_answer_json(answers);
  out["answers"] = list_of(answers.answers, answer_json);
  out["test"] = list_of(answers.test, test_json);
  out["generalisation"] = list_of(answers.generalisation, shifted_json);
  out["width_or_depth"] = list_of(answers.width_or_depth, width_or_depth_json);
  out["learning_rate"] = list_of(answers.learning_rate, rates_json);
  out["curves"] = list_of(answers.trials, curve_json);
  return out;
}

}  // namespace nt::run

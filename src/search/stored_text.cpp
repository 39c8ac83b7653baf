#include "search/detail/stored_text.hpp"

#include <cmath>

#include "files/json.hpp"

namespace nt::search {
namespace {

using Json = nlohmann::ordered_json;

/// JSON has no word for what is not finite: null.
Json number_json(double x) {
  return std::isfinite(x) ? Json(x) : Json(nullptr);
}
double number_from(const Json& json) {
  return json.is_null() ? std::nan("") : json.get<double>();
}

void put(Json& json, const char* key, const char* interval, const statistics::Estimate& estimate) {
  json[key] = number_json(estimate.value);
  json[interval] = Json::array({number_json(estimate.low), number_json(estimate.high)});
}
statistics::Estimate estimate_from(const Json& json, const char* key, const char* interval) {
  const auto& ends = json.at(interval);
  return {number_from(json.at(key)), number_from(ends.at(0)), number_from(ends.at(1))};
}

/// What `read` makes of the JSON; nothing where a value is missing or of another type.
template <class F>
auto if_it_fits(F&& read) -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const Json::exception&) {
    return {};
  }
}

}  // namespace

std::string text_of(const LearningCurve& curve) {
  auto json = Json::array();
  for (const auto& point : curve) {
    json.push_back({{"epoch", point.epoch},
                    {"seen_s", point.seen_s},
                    {"learning_rate", point.learning_rate},
                    {"train_loss", point.train_loss},
                    {"valid_loss", point.valid_loss},
                    {"valid_auc", point.valid_auc}});
  }
  return json.dump();
}

std::optional<LearningCurve> curve_from(const std::string& text, const std::filesystem::path& file) {
  const auto json = files::parse_json(text, file);
  if (!json.is_array()) return {};
  return if_it_fits([&] {
    LearningCurve curve;
    for (const auto& point : json) {
      curve.push_back({point.at("epoch").get<int64_t>(), number_from(point.at("seen_s")),
                       number_from(point.at("learning_rate")), number_from(point.at("train_loss")),
                       number_from(point.at("valid_loss")), number_from(point.at("valid_auc"))});
    }
    return curve;
  });
}

std::string text_of_scores(const TestLook& look) {
  Json json;
  put(json, "auc", "auc_interval", look.auc);
  put(json, "variance_explained", "variance_explained_interval", look.variance_explained);
  json["rmse_mV"] = number_json(look.rmse_mV);
  return json.dump();
}

std::optional<TestLook> test_look_from(const Job& job, const std::string& scores,
                                       const std::filesystem::path& file) {
  const auto json = files::parse_json(scores, file);
  return if_it_fits([&] {
    return TestLook{job, estimate_from(json, "auc", "auc_interval"),
                    estimate_from(json, "variance_explained", "variance_explained_interval"),
                    number_from(json.at("rmse_mV"))};
  });
}

}  // namespace nt::search

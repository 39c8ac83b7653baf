#include "run/metrics_json.hpp"

#include "config/error.hpp"
#include "run/detail/estimate_json.hpp"
#include "run/detail/json_kinds.hpp"

namespace nt::run {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(std::nullptr_t) {
  return nullptr;
}
Json json_of(int64_t count) {
  return count;
}
Json json_of(double number) {
  return number_json(number);
}
Json json_of(const std::string& words) {
  return words;
}
Json json_of(const evaluate::MetricValue::Interval& interval) {
  return interval_json(interval[0], interval[1]);
}
template <class T>
Json json_of(const std::vector<T>& all) {
  auto list = Json::array();
  for (const auto& one : all) list.push_back(json_of(one));
  return list;
}

}  // namespace

Json metrics_json(const evaluate::Metrics& metrics) {
  auto json = Json::object();
  for (const auto& [name, value] : metrics)
    json[name] = std::visit([](const auto& kind) { return json_of(kind); }, value.kinds());
  return json;
}

Json read_metrics(const std::filesystem::path& run_folder) {
  const auto file = run_folder / "metrics.json";
  if (!std::filesystem::exists(file))
    fail_input("{}: has no metrics.json; expected the folder of a run that was evaluated ('neurontwin run')",
               run_folder.string());
  return read_run_json(file);
}

std::optional<evaluate::MetricValue::Interval> interval_in(const Json& metrics, const std::string& key) {
  const auto it = metrics.find(key + "_ci95");
  if (it == metrics.end() || !it->is_array() || it->size() != 2) return {};
  if (!(*it)[0].is_number() || !(*it)[1].is_number()) return {};
  return evaluate::MetricValue::Interval{(*it)[0].get<double>(), (*it)[1].get<double>()};
}

}  // namespace nt::run

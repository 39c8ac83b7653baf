#include "run/detail/json_kinds.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "files/json.hpp"

namespace nt::run {
namespace {

using Json = nlohmann::ordered_json;

/// `name`: in a run folder; empty: it may have any. `of_each`: a member of each element of the first member,
/// which is a list.
struct JsonKind {
  std::string_view words, name;
  std::vector<std::string_view> members;
  std::string_view of_each = {};
};

const std::vector<JsonKind>& kinds() {
  static const std::vector<JsonKind> all{
      {"scores of a run", "metrics.json", {"twin.parameters", "data.train_s"}},
      {"curves of a run", "curves.json", {"voltage", "examples"}},
      {"losses of a training", "learning.json", {"epochs"}, "train_loss"},
      {"interpretation of a twin", "interpretation.json", {"lag_ms", "units"}},
      {"neuron of a report", "neuron.json", {"compartments", "synapses"}},
      {"title and machine of a run", "run.json", {"title", "command", "machine", "twin"}},
      {"results of a search", "search.json", {"search", "trials", "answers"}},
      {"stages of a run", "stages.json", {"format", "words", "stages"}},
      {"calibration of the input", "calibration.json", {"factor", "output_hz", "configuration"}},
      {kComparisonOfRuns, "", {"test_digest", "resamples", "comparisons"}},
      {"activity of a network", "metrics.json", {"identity", "transient_ms", "populations"}},
      {"comparison of networks", "", {"perturbation_mV", "transient_ms", "courses"}},
  };
  return all;
}

bool is_of(const JsonKind& kind, const Json& json) {
  if (!json.is_object() || !std::ranges::all_of(kind.members, [&](auto key) { return json.contains(key); }))
    return false;
  const auto& first = json.at(kind.members.front());
  return kind.of_each.empty() || (first.is_array() && std::ranges::all_of(first, [&](const Json& element) {
                                    return element.is_object() && element.contains(kind.of_each);
                                  }));
}

/// What 'list --json' prints.
bool is_list_of_runs(const Json& json) {
  return json.is_array() && !json.empty() && std::ranges::all_of(json, [](const Json& run) {
           return run.is_object() && run.contains("folder") && run.contains("finished");
         });
}

}  // namespace

std::string_view kind_of_json(const Json& json) {
  if (is_list_of_runs(json)) return "list of runs";
  const auto kind = std::ranges::find_if(kinds(), [&](const JsonKind& k) { return is_of(k, json); });
  return kind != kinds().end() ? kind->words : "";
}

std::string kinds_of_json() {
  std::vector<std::string_view> words;
  for (const auto& kind : kinds()) words.push_back(kind.words);
  return fmt::format("{}", fmt::join(words, ", "));
}

Json read_run_json(const std::filesystem::path& file) {
  auto json = files::read_json(file);
  const auto name = file.filename().string();
  const auto kind =
      std::ranges::find(kinds(), name, &JsonKind::name);  // a run's; a network's file has the same name
  if (kind == kinds().end() ||
      std::ranges::any_of(kinds(), [&](const JsonKind& k) { return k.name == name && is_of(k, json); }))
    return json;
  fail_input("{}: is damaged: it does not hold the {}; {}", file.string(), kind->words,
             files::how_to_make_again(file));
}

}  // namespace nt::run

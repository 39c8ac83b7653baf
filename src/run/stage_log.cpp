#include "run/stage_log.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "files/files.hpp"
#include "files/json.hpp"

namespace nt::run {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kFormat = 2;  // 1: a digest of the inputs alone

/// Format 1 had no number: the digest of its inputs for each stage.
bool is_of_an_older_program(const Json& log) {
  return log.is_object() && !log.empty() && std::ranges::all_of(log, [](const Json& stage) {
           return stage.is_object() && stage.contains("inputs");
         });
}

StageRecord record_of(const Json& json) {
  const auto& made_from = json.at("made_from");
  return {{made_from.at("settings").get<config::ValuesByKey>(), made_from.at("files").get<Contents>()},
          json.at("results").get<Contents>(),
          json.at("seconds").get<double>()};
}

Json json_of(const StageRecord& record) {
  return {{"seconds", record.seconds},
          {"results", record.outputs},
          {"made_from", {{"settings", record.inputs.settings}, {"files", record.inputs.files}}}};
}

}  // namespace

StageLog::StageLog(const std::filesystem::path& folder) : file_(folder / "stages.json") {
  std::error_code hidden;
  const bool there = std::filesystem::exists(file_, hidden);
  if (hidden) fail_input("{}: {}", file_.string(), hidden.message());
  if (!there) return;
  try {
    const auto log = files::read_json(file_);
    was_older_ = is_of_an_older_program(log);
    if (was_older_) return;
    if (log.at("format").get<int>() != kFormat)
      fail_input("{}: is of a newer neurontwin (format {}, expected {}); use that one, or another --out",
                 file_.string(), log.at("format").get<int>(), kFormat);
    for (const auto& [stage, json] : log.at("stages").items()) records_.emplace(stage, record_of(json));
    words_ = log.at("words").get<std::map<std::string, std::string>>();
  } catch (const Json::exception&) {
    fail_input("{}: is damaged: it does not hold what neurontwin wrote; {}", file_.string(),
               files::how_to_make_again(file_));
  }
}

const StageRecord* StageLog::find(const std::string& stage) const {
  const auto found = records_.find(stage);
  return found != records_.end() ? &found->second : nullptr;
}

double StageLog::seconds(const std::string& stage) const {
  const auto* record = find(stage);
  return record != nullptr ? record->seconds : 0;
}

void StageLog::finish(const std::string& stage, StageRecord record) {
  records_.insert_or_assign(stage, std::move(record));
  write();
}

std::string StageLog::word(const std::string& name) const {
  const auto found = words_.find(name);
  return found != words_.end() ? found->second : "";
}

void StageLog::set_words(const std::map<std::string, std::string>& words) {
  if (words == words_) return;
  words_ = words;
  write();
}

void StageLog::write() const {
  auto stages = Json::object();
  for (const auto& [stage, record] : records_) stages[stage] = json_of(record);
  const Json log{{"format", kFormat}, {"words", words_}, {"stages", stages}};
  files::write_file_atomically(file_, log.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::string why_again(const StageRecord& record, const StageInputs& inputs, const Contents& outputs) {
  if (const auto found = config::differences(record.inputs.settings, inputs.settings); !found.empty())
    return words_for(found, "then", "now");
  for (const auto& [name, content] : inputs.files) {
    const auto then = record.inputs.files.find(name);
    if (then == record.inputs.files.end() || then->second != content)
      return name + (content.empty() ? " is missing" : " has another content now");
  }
  for (const auto& [name, content] : outputs) {
    if (content.empty()) return fmt::format("{} is missing", name);
    const auto then = record.outputs.find(name);
    if (then == record.outputs.end() || then->second != content)
      return fmt::format("{} was changed after it was made", name);
  }
  return "";
}

}  // namespace nt::run

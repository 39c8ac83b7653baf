#include "run/list_runs.hpp"

#include <algorithm>
#include <cmath>

#include "files/json.hpp"
#include "run/detail/json_kinds.hpp"
#include "run/stage_log.hpp"

namespace nt::run {
namespace {

using neurontwin::ListedRun;

bool is_run(const std::filesystem::path& folder) {
  std::error_code unreadable;
  return std::filesystem::is_directory(folder, unreadable) &&
         std::filesystem::exists(folder / "experiment.toml", unreadable) &&
         std::filesystem::exists(folder / "stages.json", unreadable);
}

double score(const nlohmann::ordered_json& metrics, const char* key) {
  const auto found = metrics.find(key);
  return found != metrics.end() && found->is_number() ? found->get<double>() : NAN;
}

ListedRun read_run(const std::filesystem::path& folder) {
  const StageLog log(folder);
  ListedRun run{.folder = folder, .title = log.word("title"), .profile = log.word("profile")};
  for (const auto stage : neurontwin::kAllStages)
    if (log.find(std::string(name_of(stage))) != nullptr) run.finished.push_back(stage);
  if (const auto file = folder / "metrics.json"; std::filesystem::exists(file)) {
    const auto metrics = read_run_json(file);
    run.spike_auc = score(metrics, "spike.auc");
    run.variance_explained = score(metrics, "soma.variance_explained");
    if (const double parameters = score(metrics, "twin.parameters"); std::isfinite(parameters))
      run.parameters = static_cast<int64_t>(parameters);
  }
  return run;
}

/// A run that cannot be read does not hide the others.
ListedRun read_or_say_why_not(const std::filesystem::path& folder) {
  try {
    return read_run(folder);
  } catch (const InputError& error) {
    return {.folder = folder, .trouble = error.what()};
  } catch (const RunError& error) {
    return {.folder = folder, .trouble = error.what()};
  }
}

}  // namespace

std::vector<ListedRun> list_runs(std::span<const std::filesystem::path> folders) {
  std::vector<std::filesystem::path> found;
  for (const auto& folder : folders) {
    if (!std::filesystem::is_directory(folder))
      fail_input("{}: there is no such folder; expected run folders, or a folder that holds them",
                 folder.string());
    if (is_run(folder)) found.push_back(folder);
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (is_run(entry.path())) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::vector<ListedRun> runs;
  for (const auto& folder : found) runs.push_back(read_or_say_why_not(folder));
  return runs;
}

}  // namespace nt::run

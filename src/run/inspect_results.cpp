#include "run/detail/inspect_results.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "config/printable.hpp"
#include "files/files.hpp"
#include "files/free_space.hpp"
#include "files/hdf5.hpp"
#include "files/json.hpp"
#include "run/detail/json_kinds.hpp"
#include "run/list_runs.hpp"
#include "run/stage_log.hpp"

namespace nt::run {
namespace {

constexpr auto kReplayed = "neurontwin replay", kCheckpoint = "neurontwin network checkpoint";

Hdf5Result kind_of(const files::Hdf5File& file) {
  if (file.has_attribute("format")) {
    const auto format = file.text_attribute("format");
    return format.starts_with(kReplayed)     ? Hdf5Result::trial
           : format.starts_with(kCheckpoint) ? Hdf5Result::network_checkpoint
                                             : Hdf5Result::none;
  }
  if (file.has_attribute("magic") && file.has("/spikes")) return Hdf5Result::network_spikes;
  if (file.has_attribute("magic") && file.has("/report")) return Hdf5Result::network_soma;
  if (file.has_attribute("twin") && file.has_attribute("input")) return Hdf5Result::predictions;
  if (file.has("/description")) return Hdf5Result::weights;
  return file.has("/input") ? Hdf5Result::replay_input : Hdf5Result::none;
}

std::string_view words_for(Hdf5Result kind) {
  constexpr std::array<std::string_view, 8> kWords{"",
                                                   "one trial of a cell",
                                                   "what a twin predicts",
                                                   "a twin's weights",
                                                   "input of one trial",
                                                   "spikes of populations (SONATA)",
                                                   "values of populations (SONATA)",
                                                   "a network's checkpoint"};
  return kWords[static_cast<size_t>(kind)];
}

void print_json(Lines& out, const std::string& name, const nlohmann::ordered_json& value) {
  constexpr size_t kShort = 8;
  if (value.is_object()) {
    for (const auto& [key, below] : value.items())
      print_json(out, name.empty() ? key : name + "." + key, below);
  } else if (value.is_array() && value.size() > kShort) {
    out.print("{:<56} a list of {}\n", name, value.size());
  } else {
    out.print("{:<56} {}\n", name, value.dump());
  }
}

void print_scores(Lines& out, const neurontwin::ListedRun& run) {
  if (run.parameters > 0) out.print("{:<12} {} weights\n", "twin", run.parameters);
  if (!std::isnan(run.spike_auc)) out.print("{:<12} {:.5f}\n", "spike AUC", run.spike_auc);
  if (!std::isnan(run.variance_explained))
    out.print("{:<12} {:.2f} % explained\n", "voltage", 100 * run.variance_explained);
}

double bytes_in(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return static_cast<double>(std::filesystem::file_size(path));
  double bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
    if (entry.is_regular_file()) bytes += static_cast<double>(entry.file_size());
  return bytes;
}

}  // namespace

Hdf5Result hdf5_result(const std::filesystem::path& file) {
  return kind_of(files::Hdf5File(file));
}

bool is_hdf5_result(const std::filesystem::path& file) {
  return hdf5_result(file) != Hdf5Result::none;
}

void inspect_hdf5_result(Lines& out, const std::filesystem::path& path) {
  const files::Hdf5File file(path);
  out.print("# {}\n", words_for(kind_of(file)));
  for (const auto* name :
       {"twin", "input", "program_version", "scheme", "precision", "dt_ms", "identity", "ms"})
    if (file.has_attribute(name)) out.print("{:<16} {}\n", name, file.text_attribute(name));
  for (const auto& line : file.listing()) out.print("{}\n", line);
}

bool is_run_folder(const std::filesystem::path& path) {
  std::error_code unreadable;
  return std::filesystem::is_directory(path, unreadable) &&
         std::filesystem::exists(path / "experiment.toml", unreadable);
}

void inspect_run(Lines& out, const std::filesystem::path& folder) {
  const StageLog log(folder);
  out.print("# a run: {}\n", config::printable_line(log.word("title")));
  if (!log.word("profile").empty()) out.print("{:<12} {}\n", "profile", log.word("profile"));
  if (!log.word("command").empty())
    out.print("{:<12} {}\n", "made by", config::printable_line(log.word("command")));
  for (const auto stage : neurontwin::kAllStages) {
    const auto* record = log.find(std::string(name_of(stage)));
    out.print("{:<12} {}\n", name_of(stage),
              record == nullptr ? "not done" : fmt::format("done in {:.0f} s", record->seconds));
  }
  for (const auto& run : list_runs(std::array{folder})) print_scores(out, run);
  out.print("\n");
  print_files(out, folder);
}

void print_files(Lines& out, const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> there(std::filesystem::directory_iterator(folder), {});
  std::ranges::sort(there);
  for (const auto& path : there)
    out.print("{:<28} {:>10}\n", path.filename().string(), files::words_for_bytes(bytes_in(path)));
}

void inspect_json(Lines& out, const std::filesystem::path& file) {
  const auto json = read_run_json(file);
  const auto kind = kind_of_json(json);
  if (kind.empty())
    fail_input("{}: is JSON, but none that neurontwin writes; expected one of: {}", file.string(),
               kinds_of_json());
  out.print("# {}: {}\n", config::printable_line(file.filename().string()), kind);
  print_json(out, "", json);
}

nlohmann::ordered_json data_of_page(const std::filesystem::path& file) {
  constexpr std::string_view kBegin = "<script type=\"application/json\" id=\"data\">", kEnd = "</script>";
  const auto page = files::read_file(file);
  const auto begin = page.find(kBegin);
  const auto end = begin == page.npos ? begin : page.find(kEnd, begin);
  if (end == page.npos) fail_input("{}: is not a page that neurontwin wrote", file.string());
  return files::parse_json(page.substr(begin + kBegin.size(), end - begin - kBegin.size()), file);
}

void inspect_report(Lines& out, const std::filesystem::path& file) {
  const auto data = data_of_page(file);
  out.print("# a report\n");
  for (const auto* part : {"run", "metrics"})
    if (data.contains(part)) print_json(out, "", data[part]);
  if (data.contains("courses")) print_json(out, "", data);  // of a network
}

}  // namespace nt::run

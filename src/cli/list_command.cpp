#include "cli/list_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/show.hpp"
#include "cli/terminal.hpp"
#include "config/printable.hpp"
#include "config/shown.hpp"
#include "neurontwin/run.hpp"

namespace nt::cli {
namespace {

using neurontwin::ListedRun;

std::string how_far(const ListedRun& run) {
  if (!run.trouble.empty()) return "damaged";
  if (run.finished.size() == neurontwin::kAllStages.size()) return "finished";
  return run.finished.empty() ? "begun" : fmt::format("up to {}", name_of(run.finished.back()));
}

void print_table(const std::vector<ListedRun>& runs) {
  size_t longest = 6;
  for (const auto& run : runs) longest = std::max(longest, run.folder.string().size());
  fmt::print("{}\n", bold(fmt::format("{:<{}}  {:<8} {:<18} {:>9} {:>10} {:>8}  {}", "folder", longest,
                                      "profile", "stages", "weights", "spike AUC", "voltage", "title"),
                          STDOUT_FILENO));
  for (const auto& run : runs) {
    const auto voltage = config::shown(100 * run.variance_explained, "{:.1f}");
    show("{:<{}}  {:<8} {:<18} {:>9} {:>10} {:>8}  {}\n", run.folder.string(), longest, run.profile,
         how_far(run), run.parameters, config::shown(run.spike_auc, "{:.5f}"),
         voltage == "-" ? voltage : voltage + " %",
         config::printable_line(run.trouble.empty() ? run.title : run.trouble));
  }
}

void print_json(const std::vector<ListedRun>& runs) {
  auto json = nlohmann::ordered_json::array();
  for (const auto& run : runs) {
    auto finished = nlohmann::ordered_json::array();
    for (const auto stage : run.finished) finished.push_back(name_of(stage));
    // JSON has no NaN: such a score is null. In ASCII: no terminal obeys it.
    json.push_back({{"folder", run.folder.string()},
                    {"title", run.title},
                    {"profile", run.profile},
                    {"finished", std::move(finished)},
                    {"parameters", run.parameters},
                    {"spike_auc", run.spike_auc},
                    {"variance_explained", run.variance_explained},
                    {"trouble", run.trouble}});
  }
  show("{}\n", json.dump(1, ' ', true, nlohmann::ordered_json::error_handler_t::replace));
}

void list(std::vector<std::filesystem::path> folders, bool json) {
  if (folders.empty()) folders = {"runs"};
  const auto runs = neurontwin::list_runs(folders);
  if (json) return print_json(runs);
  if (runs.empty()) {
    show("no runs in {}; 'neurontwin run EXPERIMENT.toml' makes one\n", folders.front().string());
    return;
  }
  print_table(runs);
}

}  // namespace

Command list_command() {
  return {"list", "list runs, their finished stages and their scores", [](CLI::App& app) {
            struct Options {
              std::vector<std::filesystem::path> folders;
              bool json = false;
            };
            const auto o = std::make_shared<Options>();
            app.add_option("folders", o->folders, "run folders, or folders of them (default: runs)");
            app.add_flag("--json", o->json, "print them as JSON");
            return [o] { list(o->folders, o->json); };
          }};
}

}  // namespace nt::cli

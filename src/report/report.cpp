#include "report/report.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "files/base64.hpp"
#include "files/files.hpp"
#include "files/json.hpp"
#include "report/assets.hpp"

namespace nt::report {
namespace {

std::string_view page_asset(std::string_view name) {
  for (const auto& asset : page_assets()) {
    if (asset.name == name) return asset.content;
  }
  fail_run("the program was built without its page '{}'", name);
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

std::string html_text(std::string text) {
  replace_all(text, "&", "&amp;");
  replace_all(text, "<", "&lt;");
  replace_all(text, ">", "&gt;");
  replace_all(text, "\"", "&quot;");
  return text;
}

/// JSON that may stand inside a script element: no '<' can end the element or open a comment.
std::string embedded(const nlohmann::ordered_json& json) {
  auto text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  replace_all(text, "<", "\\u003c");
  return text;
}

/// A matrix as 16-bit integers: a value is its integer times most / 32767. A tenth of the page of a layer-5
/// twin, whose first layer has a million weights, and read at once.
nlohmann::ordered_json packed(const nlohmann::ordered_json& rows) {
  double most = 0;
  for (const auto& row : rows)
    for (const auto& v : row) most = std::max(most, std::fabs(v.get<double>()));
  std::vector<uint8_t> bytes;
  for (const auto& row : rows) {
    for (const auto& v : row) {
      const auto level = static_cast<uint16_t>(std::lround(most > 0 ? 32767 * v.get<double>() / most : 0));
      bytes.push_back(static_cast<uint8_t>(level & 255));
      bytes.push_back(static_cast<uint8_t>(level >> 8));
    }
  }
  return {
      {"rows", rows.size()}, {"columns", rows[0].size()}, {"most", most}, {"int16", files::base64(bytes)}};
}

bool is_matrix(const nlohmann::ordered_json& rows) {
  return rows.is_array() && !rows.empty() && std::ranges::all_of(rows, [&](const auto& row) {
           return row.is_array() && row.size() == rows[0].size() &&
                  std::ranges::all_of(row, [](const auto& v) { return v.is_number(); });
         });
}

/// The filters of interpretation.json, unit by unit and kind by kind, packed.
void pack_filters(nlohmann::ordered_json& interpretation) {
  if (!interpretation.is_object() || !interpretation.contains("units")) return;
  for (auto& unit : interpretation["units"]) {
    if (!unit.contains("filters")) continue;
    for (auto& filters : unit["filters"])
      if (is_matrix(filters)) filters = packed(filters);
  }
}

/// Libraries are written for a module loader; each becomes a function that page/modules.js calls when it is
/// asked for.
std::string module_script(std::span<const Asset> libraries) {
  std::string script;
  for (const auto& [name, content] : libraries) {
    std::string code(content);
    if (const auto map = code.find("//# sourceMappingURL"); map != std::string::npos)
      code.resize(map);  // would be fetched
    replace_all(code, "</script", "<\\/script");
    script += fmt::format("modules['{}'] = function (exports, require, module) {{{}\n}};\n", name, code);
  }
  return script;
}

}  // namespace

std::string make_report(const std::filesystem::path& run_directory, bool with_search) {
  nlohmann::ordered_json data;
  for (const auto* name : {"run", "metrics"})
    data[name] = files::read_json(run_directory / fmt::format("{}.json", name));
  for (const auto* name : {"curves", "learning", "interpretation", "search", "neuron"}) {
    const auto file = run_directory / fmt::format("{}.json", name);
    const bool wanted = std::filesystem::exists(file) && (with_search || std::string_view(name) != "search");
    data[name] = wanted ? files::read_json(file) : nlohmann::ordered_json(nullptr);
  }
  const auto interpretation = run_directory / "interpretation.json";
  files::using_json(interpretation, [&] { pack_filters(data["interpretation"]); });
  data["experiment"] = files::read_file(run_directory / "experiment.toml");

  // From the outside in: what is put in later may hold anything, also one of these marks.
  std::string page(page_asset("page.html"));
  const auto put = [&](std::string_view mark, std::string_view text) {
    const auto at = page.find(mark);
    if (at != std::string::npos) page.replace(at, mark.size(), text);
  };
  std::string script(page_asset("modules.js"));
  script += module_script(vega_modules());
  if (!data["neuron"].is_null()) script += module_script(three_modules());
  for (const auto* name :
       {"specs.js", "search.js", "interpretation.js", "probes.js", "generalisation.js", "charts.js",
        "neuron_view.js", "neuron_picture.js", "neuron_trial.js", "neuron.js", "verdict.js", "page.js"})
    script += page_asset(name);
  put("@DATA@", embedded(data));
  put("@SCRIPT@", script);
  put("@STYLE@", page_asset("style.css"));
  put("@TITLE@", html_text(files::using_json(run_directory / "run.json",
                                             [&] { return data["run"].value("title", "neurontwin"); })));
  return page;
}

}  // namespace nt::report

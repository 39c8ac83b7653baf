#include "report/report.hpp"

#include <nlohmann/json.hpp>
#include <optional>

#include "files/files.hpp"
#include "report/assets.hpp"

namespace neurontwin {
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

nlohmann::ordered_json read_json(const std::filesystem::path& file) {
  try {
    return nlohmann::ordered_json::parse(read_file(file));
  } catch (const nlohmann::json::exception& error) {
    fail_input("{}: is damaged ({}); remove it and run the same command again", file.string(), error.what());
  }
}

/// Vega's modules are written for a module loader; each becomes a function that page/modules.js calls when it
/// is asked for.
std::string vega_script() {
  std::string script;
  for (const auto& [name, content] : vega_modules()) {
    std::string code(content);
    if (const auto map = code.find("//# sourceMappingURL"); map != std::string::npos)
      code.resize(map);  // would be fetched
    replace_all(code, "</script", "<\\/script");
    script += fmt::format("modules['{}'] = function (exports, require, module) {{{}\n}};\n", name, code);
  }
  return script;
}

}  // namespace

std::string make_report(const std::filesystem::path& run_directory) {
  nlohmann::ordered_json data;
  for (const auto* name : {"run", "metrics"})
    data[name] = read_json(run_directory / fmt::format("{}.json", name));
  for (const auto* name : {"curves", "learning", "interpretation", "search"}) {
    const auto file = run_directory / fmt::format("{}.json", name);
    data[name] = std::filesystem::exists(file) ? read_json(file) : nlohmann::ordered_json(nullptr);
  }
  data["experiment"] = read_file(run_directory / "experiment.toml");

  // From the outside in: what is put in later may hold anything, also one of these marks.
  std::string page(page_asset("page.html"));
  const auto put = [&](std::string_view mark, std::string_view text) {
    const auto at = page.find(mark);
    if (at != std::string::npos) page.replace(at, mark.size(), text);
  };
  std::string script(page_asset("modules.js"));
  script += vega_script();
  for (const auto* name : {"specs.js", "search.js", "interpretation.js", "charts.js", "page.js"}) script += page_asset(name);
  put("@DATA@", embedded(data));
  put("@SCRIPT@", script);
  put("@STYLE@", page_asset("style.css"));
  put("@TITLE@", html_text(data["run"].value("title", "neurontwin")));
  return page;
}

}  // namespace neurontwin

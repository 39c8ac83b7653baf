#include "report/report.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "files/files.hpp"
#include "files/hdf5.hpp"
#include "files/json.hpp"
#include "files/markup.hpp"
#include "report/assets.hpp"
#include "report/packed.hpp"

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

/// JSON that may stand inside a script element: no '<' can end the element or open a comment.
std::string embedded(const nlohmann::ordered_json& json) {
  auto text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  replace_all(text, "<", "\\u003c");
  return text;
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

/// The page that `show`, a function of the scripts, makes of the data.
std::string page_of(const nlohmann::ordered_json& data, const std::string& title, std::string_view show,
                    std::span<const std::string_view> scripts, bool with_three) {
  // From the outside in: what is put in later may hold anything, also one of these marks.
  std::string page(page_asset("page.html"));
  const auto put = [&](std::string_view mark, std::string_view text) {
    const auto at = page.find(mark);
    if (at != std::string::npos) page.replace(at, mark.size(), text);
  };
  std::string script(page_asset("modules.js"));
  script += module_script(vega_modules());
  if (with_three) script += module_script(three_modules());
  for (const auto name : scripts) script += page_asset(name);
  put("@SHOW@", show);
  put("@DATA@", embedded(data));
  put("@SCRIPT@", script);
  put("@STYLE@", page_asset("style.css"));
  put("@TITLE@", files::markup_text(title));
  return page;
}

/// The spikes of the first neurons of each population, over a time that is seen on a screen.
nlohmann::ordered_json raster_of(const std::filesystem::path& path, double from_ms, double until_ms) {
  constexpr uint32_t kMostNeurons = 120;
  const files::Hdf5File file(path);
  auto populations = nlohmann::ordered_json::array();
  for (const auto& name : file.groups_in("/spikes")) {
    const auto time = file.read<double>("/spikes/" + name + "/timestamps");
    const auto node = file.read<uint64_t>("/spikes/" + name + "/node_ids");
    std::vector<double> time_ms;
    std::vector<uint64_t> neuron;
    uint64_t neurons = 0;
    for (size_t k = 0; k < time.size() && k < node.size(); ++k) {
      if (node[k] >= kMostNeurons) continue;
      neurons = std::max(neurons, node[k] + 1);
      if (time[k] < from_ms || time[k] >= until_ms) continue;
      time_ms.push_back(time[k]);
      neuron.push_back(node[k]);
    }
    populations.push_back({{"name", name},
                           {"neurons", std::max<uint64_t>(1, neurons)},
                           {"time_ms", time_ms},
                           {"neuron", neuron}});
  }
  return {{"from_ms", from_ms}, {"until_ms", until_ms}, {"populations", std::move(populations)}};
}

}  // namespace

std::string make_network_report(const std::filesystem::path& folder) {
  constexpr double kRaster_ms = 1500;
  const bool compared = std::filesystem::exists(folder / "compare.json");
  const auto file = folder / (compared ? "compare.json" : "metrics.json");
  auto data = files::read_json(file);
  return files::using_json(file, [&] {
    const auto from_ms = data.at("transient_ms").get<double>();
    const double until_ms = std::min(from_ms + kRaster_ms, data.at("ms").get<double>());
    if (!compared) {
      nlohmann::ordered_json course{{"name", "network"}, {"populations", data.at("populations")}};
      data.erase("populations");
      data["courses"] = nlohmann::ordered_json::array({std::move(course)});
    }
    // How long it took is no result: the same spikes make the same page.
    const auto forget_times = [](nlohmann::ordered_json& of) {
      for (const auto* key : {"timing.threads", "timing.computed_ms", "timing.seconds"}) of.erase(key);
    };
    forget_times(data);
    for (auto& course : data.at("courses")) {
      forget_times(course);
      const auto name = course.at("name").get<std::string>();
      const auto of_course = compared ? folder / name.substr(0, name.find(' ')) : folder;
      course["raster"] = raster_of(of_course / "spikes.h5", from_ms, until_ms);
    }
    data["network"] = files::read_file(folder / "network.toml");
    constexpr std::array<std::string_view, 3> kScripts{"specs.js", "page.js", "network.js"};
    return page_of(data, data.at("title").get<std::string>(), "showNetwork", kScripts, false);
  });
}

std::string make_compare_page(const std::string& comparison, std::span<const std::filesystem::path> folders) {
  auto runs = nlohmann::ordered_json::array();
  for (const auto& folder : folders) {
    const auto part = [&](const char* name, const char* key) {
      const auto file = folder / name;
      return std::filesystem::exists(file)
                 ? files::read_json(file).value(key, nlohmann::ordered_json(nullptr))
                 : nlohmann::ordered_json(nullptr);
    };
    auto epochs = part("learning.json", "epochs");
    runs.push_back({{"name", folder.string()},
                    {"roc", part("curves.json", "roc")},
                    {"epochs", epochs.is_array() ? epochs : nlohmann::ordered_json::array()}});
  }
  const nlohmann::ordered_json data{{"comparison", nlohmann::ordered_json::parse(comparison)},
                                    {"runs", std::move(runs)}};
  constexpr std::array<std::string_view, 4> kScripts{"specs.js", "verdict.js", "page.js", "compare.js"};
  return page_of(data, "Twins compared", "showCompare", kScripts, false);
}

std::string make_watch_page(const std::string& title, const std::string& learning, int64_t epochs,
                            bool finished) {
  const nlohmann::ordered_json data{{"title", title},
                                    {"learning", nlohmann::ordered_json::parse(learning)},
                                    {"epochs", epochs},
                                    {"finished", finished}};
  constexpr std::array<std::string_view, 5> kScripts{"specs.js", "charts.js", "verdict.js", "page.js",
                                                     "watch.js"};
  return page_of(data, title, "showWatch", kScripts, false);
}

std::string make_report(const std::filesystem::path& run_directory, bool with_search) {
  nlohmann::ordered_json data;
  for (const auto* name : {"run", "metrics"})
    data[name] = files::read_json(run_directory / fmt::format("{}.json", name));
  for (const auto* name : {"curves", "learning", "interpretation", "search", "neuron"}) {
    const auto file = run_directory / fmt::format("{}.json", name);
    const bool wanted = std::filesystem::exists(file) && (with_search || std::string_view(name) != "search");
    data[name] = wanted ? files::read_json(file) : nlohmann::ordered_json(nullptr);
  }
  const auto pack = [&](const std::string& name, void (*packing)(nlohmann::ordered_json&)) {
    files::using_json(run_directory / (name + ".json"), [&] { packing(data[name]); });
  };
  pack("interpretation", pack_filters);
  pack("curves", pack_examples);
  pack("neuron", pack_trial);
  data["experiment"] = files::read_file(run_directory / "experiment.toml");

  const auto title =
      files::using_json(run_directory / "run.json", [&] { return data["run"].value("title", "neurontwin"); });
  constexpr std::array<std::string_view, 15> kScripts{
      "specs.js",       "search.js",      "interpretation.js", "probes.js",       "generalisation.js",
      "charts.js",      "neuron_view.js", "neuron_picture.js", "neuron_trial.js", "live_twin.js",
      "added_input.js", "neuron.js",      "verdict.js",        "page.js",         "unpack.js"};
  return page_of(data, title, "showReport", kScripts, !data["neuron"].is_null());
}

}  // namespace nt::report

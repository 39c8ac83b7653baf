// search.json in words.
#include <cmath>
#include <map>

#include "search/search.hpp"

namespace nt::search {
namespace {

using Json = nlohmann::ordered_json;

double value(const Json& json, const char* key) {
  return json.contains(key) && json[key].is_number() ? json[key].get<double>() : std::nan("");
}

std::string in_words(const Json& interval, const char* format) {
  const auto end = [&](size_t i) {
    return interval[i].is_number() ? fmt::format(fmt::runtime(format), interval[i].get<double>()) : "none";
  };
  return fmt::format("[{}, {}]", end(0), end(1));
}

std::string size_word(const std::string& size) {
  static const std::map<std::string, std::string> kWords{{"depth", "layers"},
                                                         {"units", "units"},
                                                         {"parameters", "parameters"},
                                                         {"multiply_adds", "multiply-adds per ms"}};
  return kWords.at(size);
}

std::string criterion_words(const Json& s) {
  const auto name = s["criterion"].get<std::string>();
  const auto measure =
      s["measure"] == "auc" ? "validation AUC" : "explained variance of the validation voltage";
  if (name == "complexity_index")
    return "functional complexity index: log10(1000 (1 - AUC)) / log10(100) of the 3 x 128 probe";
  if (name == "target") {
    std::string words = "the smallest network";
    if (value(s, "target_auc") > 0)
      words += fmt::format(", validation AUC at least {:g}", value(s, "target_auc"));
    if (value(s, "target_variance_explained") > 0)
      words += fmt::format(", variance explained at least {:g}", value(s, "target_variance_explained"));
    return words + fmt::format(", at {:g} % confidence", 100 * value(s, "confidence"));
  }
  return fmt::format(
      "the smallest network whose {} is not worse than the best found by more than {:g}, at {:g} % "
      "confidence (paired bootstrap over trials{})",
      measure, value(s, "epsilon"), 100 * value(s, "confidence"),
      value(s, "trainings") > 1 ? " and trainings" : "");
}

std::string stop_words(const Json& answers) {
  const auto& s = answers["search"];
  const auto by = answers["stopped_by"].get<std::string>();
  const auto spent =
      fmt::format("{} trials, {} rungs, {:.3g} h of simulated neuron, {:.3g} min", s["trials"].get<int64_t>(),
                  s["finished_rungs"].get<int64_t>(), value(s, "samples_h"), value(s, "wall_minutes"));
  if (by == "front") {
    return fmt::format("the front has not moved by more than {:g} in the last {} rungs ({})",
                       value(s, "epsilon"), s["quiet_rungs"].get<int64_t>(), spent);
  }
  if (by == "budget_minutes")
    return fmt::format("the budget of {:g} min ended ({})", value(s, "budget_minutes"), spent);
  if (by == "budget_samples_h")
    return fmt::format("the budget of {:g} h of simulated neuron ended ({})", value(s, "budget_samples_h"),
                       spent);
  if (by == "trainings") {
    return fmt::format(
        "half of the budget went into trying networks, and those that may be the answer were trained "
        "{} times ({})",
        s["trainings"].get<int64_t>(), spent);
  }
  return fmt::format("all configurations asked for were tried ({})", spent);
}

/// Nothing of a single one.
std::string trainings_words(const Json& trainings, const std::string& measure) {
  if (trainings.size() < 2) return "";
  double least = INFINITY, most = -INFINITY;
  for (const auto& training : trainings) {
    least = std::fmin(least, value(training, measure.c_str()));
    most = std::fmax(most, value(training, measure.c_str()));
  }
  return fmt::format("; mean of {} trainings, {:.5f} to {:.5f}", trainings.size(), least, most);
}

std::string answer_line(const Json& answer) {
  const auto size = answer["size"].get<std::string>();
  std::string line = fmt::format(
      "  {:<20} {:<21}", answer["criterion"] == "target" ? "target" : "not worse than best", size_word(size));
  line += answer["smallest"].is_number() ? fmt::format("{:>10}", answer["smallest"].get<int64_t>())
                                         : fmt::format("{:>10}", "none");
  line += "  " + in_words(answer["interval"], "{:.0f}");
  if (!answer["undecided_below"].empty()) {
    std::vector<int64_t> open = answer["undecided_below"].get<std::vector<int64_t>>();
    line += fmt::format("   not decided for {}", fmt::join(open, ", "));
  }
  return line + "\n";
}

std::string depth_lines(const Json& answer, const std::string& measure) {
  std::string text =
      "\n  layers  trial  rung       AUC  variance explained  below the best            good enough\n";
  for (const auto& n : answer["networks"]) {
    text += fmt::format("  {:>6}  {:>5}  {:>4}  {:>8.5f}  {:>17.4f}  {:>8.5f} {:<20}  {}{}{}\n",
                        n["size"].get<int64_t>(), n["trial"].get<int64_t>(), n["rung"].get<int64_t>(),
                        value(n, "auc"), value(n, "variance_explained"), value(n, "below_best"),
                        in_words(n["below_best_interval"], "{:.5f}"), n["good"].get<std::string>(),
                        n["trained_less"].get<bool>() ? " (trained less than the best)" : "",
                        trainings_words(n["trainings"], measure));
  }
  return text;
}

std::string control_line(const Json& answers) {
  const auto& control = answers["control"];
  return fmt::format(
      "\n  control: {}, {} parameters (trial {} after rung {}{}): AUC {:.5f}, variance explained {:.4f}, "
      "below "
      "the best {:.5f} {}\n",
      control["network"].get<std::string>(), control["parameters"].get<int64_t>(),
      control["trial"].get<int64_t>(), control["rung"].get<int64_t>(),
      control["rung"] < answers["best"]["rung"] ? ", trained less than the best" : "", value(control, "auc"),
      value(control, "variance_explained"), value(control, "below_best"),
      in_words(control["below_best_interval"], "{:.5f}"));
}

std::string generalisation_lines(const Json& set) {
  std::string text = fmt::format("\n  {} ({}; {} trials)\n", set["name"].get<std::string>(),
                                 set["words"].get<std::string>(), set["trials"].get<int64_t>());
  for (const auto& n : set["networks"]) {
    text += fmt::format("  {:>9}  AUC {:.5f}, variance explained {:.4f}, below the best {:.5f} {}\n",
                        n["depth"].is_null() ? "recurrent" : fmt::format("{} layers", n["depth"].get<int>()),
                        value(n, "auc"), value(n, "variance_explained"), value(n, "below_best"),
                        in_words(n["below_best_interval"], "{:.5f}"));
  }
  return text;
}

}  // namespace

std::string table_of(const Json& answers) {
  std::string text = fmt::format("\nsearch: {}\n", criterion_words(answers["search"]));
  text += fmt::format("  stopped: {}\n", stop_words(answers));
  if (answers["best"].is_null()) return text + "  no network was trained to the end of a rung\n";
  if (answers["answer"].contains("complexity_index")) {
    text += fmt::format("  complexity index     {:.3f}  {}\n", value(answers["answer"], "complexity_index"),
                        in_words(answers["answer"]["interval"], "{:.3f}"));
  } else {
    text += "\n  criterion            size                   smallest  interval\n";
    for (const auto& answer : answers["answers"]) text += answer_line(answer);
    text += depth_lines(answers["answers"][0], answers["search"]["measure"].get<std::string>());
  }
  if (!answers["control"].is_null()) text += control_line(answers);
  for (const auto& fit : answers["width_or_depth"]) {
    text += fmt::format(
        "\n  rung {}, {} networks: at the same number of parameters twice the depth makes the error {:.3f} "
        "times as large {};\n  at the same depth twice the parameters {:.3f} times {}\n",
        fit["rung"].get<int64_t>(), fit["networks"].get<int64_t>(),
        value(fit, "error_factor_of_twice_the_depth"), in_words(fit["depth_interval"], "{:.3f}"),
        value(fit, "error_factor_of_twice_the_parameters"), in_words(fit["parameters_interval"], "{:.3f}"));
  }
  for (const auto& set : answers["generalisation"]) text += generalisation_lines(set);
  text += fmt::format("\n  test set, looked at for the chosen networks{} only:\n",
                      answers["control"].is_null() ? "" : " and the control");
  for (const auto& look : answers["test"]) {
    text += fmt::format(
        "    trial {} after rung {}: AUC {:.5f} {}, variance explained {:.4f}, RMSE {:.3f} mV\n",
        look["trial"].get<int64_t>(), look["rung"].get<int64_t>(), value(look, "auc"),
        in_words(look["auc_interval"], "{:.5f}"), value(look, "variance_explained"), value(look, "rmse_mV"));
  }
  return text;
}

}  // namespace nt::search

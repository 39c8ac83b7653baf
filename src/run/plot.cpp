#include "run/plot.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "config/nearest_word.hpp"
#include "files/files.hpp"
#include "files/json.hpp"
#include "report/chart_svg.hpp"
#include "run/detail/json_kinds.hpp"
#include "run/output_file.hpp"

namespace nt::run {
namespace {

using report::Chart;
using report::Series;
using Json = nlohmann::ordered_json;
using Look = Series::Look;

// The colours of the report: what is the neuron's and what is the twin's.
constexpr auto kNeuron = "#1d2329", kTwin = "#00705a", kOther = "#9aa7b2";

std::vector<double> numbers_in(const Json& json) {
  std::vector<double> numbers;
  for (const auto& value : json) numbers.push_back(value.is_number() ? value.get<double>() : NAN);
  return numbers;
}

std::vector<double> count_up(size_t n) {
  std::vector<double> numbers(n);
  for (size_t i = 0; i < n; ++i) numbers[i] = static_cast<double>(i);
  return numbers;
}

/// The middles of bins from their edges.
std::vector<double> middles(const Json& edges) {
  const auto edge = numbers_in(edges);
  std::vector<double> middle;
  for (size_t i = 0; i + 1 < edge.size(); ++i) middle.push_back((edge[i] + edge[i + 1]) / 2);
  return middle;
}

Series marks(const std::string& name, const std::vector<double>& at, double y, const char* colour) {
  return {name, at, std::vector<double>(at.size(), y), colour, Look::bars};
}

/// The example of most spikes that both have.
const Json& clearest_example(const Json& examples) {
  return *std::ranges::max_element(examples, {}, [](const Json& e) {
    return std::min(e.at("true_spikes_ms").size(), e.at("predicted_spikes_ms").size());
  });
}

std::vector<Chart> trial_charts(const Json& curves) {
  const auto& e = clearest_example(curves.at("examples"));
  const auto neuron_mV = numbers_in(e.at("soma_mV")), twin_mV = numbers_in(e.at("predicted_soma_mV"));
  Chart voltage{"Somatic voltage", "time (ms)", "mV", {}};
  voltage.series = {{"neuron", count_up(neuron_mV.size()), neuron_mV, kNeuron},
                    {"twin", count_up(twin_mV.size()), twin_mV, kTwin}};
  const double top = *std::ranges::max_element(neuron_mV);
  voltage.series.push_back(marks("", numbers_in(e.at("true_spikes_ms")), top + 6, kNeuron));
  voltage.series.push_back(marks("", numbers_in(e.at("predicted_spikes_ms")), top + 3, kTwin));
  const auto chance = numbers_in(e.at("spike_probability"));
  Chart probability{"The twin's chance of a spike in each ms", "time (ms)", "probability", {}};
  probability.series = {{"twin", count_up(chance.size()), chance, kTwin}};
  if (e.at("threshold").is_number())
    probability.series.push_back({"threshold",
                                  {0, static_cast<double>(chance.size())},
                                  std::vector<double>(2, e.at("threshold").get<double>()),
                                  kOther,
                                  Look::dashed});
  return {voltage, probability};
}

std::vector<Chart> roc_charts(const Json& curves) {
  const auto& roc = curves.at("roc");
  Chart chart{"Spikes found at each rate of false alarms", "false-positive rate", "spikes found", {}};
  chart.series = {{"twin", numbers_in(roc.at("fpr")), numbers_in(roc.at("tpr")), kTwin},
                  {"chance", {0, 1}, {0, 1}, kOther, Look::dashed}};
  chart.x_range = chart.y_range = {0, 1};
  return {chart};
}

std::vector<Chart> precision_charts(const Json& curves) {
  const auto& curve = curves.at("precision_recall");
  Chart chart{"How many predicted spikes are right", "spikes found", "right ones", {}};
  chart.series = {{"twin", numbers_in(curve.at("recall")), numbers_in(curve.at("precision")), kTwin}};
  chart.x_range = chart.y_range = {0, 1};
  return {chart};
}

std::vector<Chart> correlation_charts(const Json& curves) {
  const auto& c = curves.at("cross_correlation");
  const double base = c.at("base_rate_hz").get<double>();
  Chart chart{
      "The twin's spikes around the neuron's", "twin's spike after the neuron's (ms)", "rate (Hz)", {}};
  const auto lag = numbers_in(c.at("lag_ms"));
  chart.series = {{"twin", lag, numbers_in(c.at("predicted_rate_hz")), kTwin},
                  {"mean rate", {lag.front(), lag.back()}, {base, base}, kOther, Look::dashed}};
  return {chart};
}

std::vector<Chart> calibration_charts(const Json& curves) {
  const auto& groups = curves.at("calibration_groups");
  Chart chart{"Predicted chance and what happened", "predicted probability", "share with a spike", {}};
  const auto predicted = numbers_in(groups.at("predicted"));
  const double most = predicted.empty() ? 1 : *std::ranges::max_element(predicted);
  chart.series = {{"twin", predicted, numbers_in(groups.at("observed")), kTwin, Look::points},
                  {"equal", {0, most}, {0, most}, kOther, Look::dashed}};
  return {chart};
}

std::vector<Chart> histogram_charts(const Json& table, const char* edges, const std::string& title,
                                    const std::string& x_title) {
  Chart chart{title, x_title, "count", {}};
  const auto x = middles(table.at(edges));
  chart.series = {{"neuron", x, numbers_in(table.at("true")), kNeuron},
                  {"twin", x, numbers_in(table.at("predicted")), kTwin}};
  return {chart};
}

std::vector<Chart> rate_charts(const Json& curves) {
  const auto& rates = curves.at("rates");
  const auto actual = numbers_in(rates.at("true_hz"));
  const double most = actual.empty() ? 1 : *std::ranges::max_element(actual);
  Chart chart{"Rate of each test trial", "neuron (Hz)", "twin (Hz)", {}};
  chart.series = {{"trials", actual, numbers_in(rates.at("predicted_hz")), kTwin, Look::points},
                  {"equal", {0, most}, {0, most}, kOther, Look::dashed}};
  return {chart};
}

std::vector<Chart> learning_charts(const Json& learning) {
  const auto& epochs = learning.at("epochs");
  std::vector<double> number, train, valid;
  const auto value = [](const Json& epoch, const char* key) {
    return epoch.at(key).is_number() ? epoch.at(key).get<double>() : NAN;
  };
  for (const auto& epoch : epochs) {
    number.push_back(value(epoch, "epoch"));
    train.push_back(value(epoch, "train_loss"));
    valid.push_back(value(epoch, "valid_loss"));
  }
  Chart chart{"Learning", "epoch", "loss", {}};
  chart.series = {{"training", number, train, kOther}, {"validation", number, valid, kTwin}};
  return {chart};
}

/// A figure, the file of the run folder that it shows, and how.
struct Figure {
  std::string_view name, file;
  std::vector<Chart> (*draw)(const Json&);
};
constexpr std::array kFigures{
    Figure{"trial", "curves.json", trial_charts},
    Figure{"roc", "curves.json", roc_charts},
    Figure{"precision", "curves.json", precision_charts},
    Figure{"correlation", "curves.json", correlation_charts},
    Figure{"calibration", "curves.json", calibration_charts},
    Figure{"intervals", "curves.json",
           [](const Json& c) {
             return histogram_charts(c.at("isi"), "edge_ms", "Intervals between spikes", "interval (ms)");
           }},
    Figure{"voltage", "curves.json",
           [](const Json& c) {
             return histogram_charts(c.at("voltage"), "edge_mV", "Voltages", "somatic voltage (mV)");
           }},
    Figure{"rates", "curves.json", rate_charts},
    Figure{"learning", "learning.json", learning_charts},
};

}  // namespace

std::vector<std::string> figures() {
  std::vector<std::string> names;
  for (const auto& figure : kFigures) names.emplace_back(figure.name);
  return names;
}

void plot(const std::filesystem::path& folder, const std::string& name, const std::filesystem::path& svg) {
  const auto figure = std::ranges::find(kFigures, name, &Figure::name);
  if (figure == kFigures.end())
    fail_input("unknown figure '{}'; known: {}{}", name, fmt::join(figures(), ", "),
               config::did_you_mean(name, figures()));
  require_ending(svg, ".svg");
  const auto file = folder / figure->file;
  if (!std::filesystem::exists(file))
    fail_input("{}: there is no such file; expected the folder of a run that was trained and evaluated",
               file.string());
  const auto json = read_run_json(file);
  std::vector<Chart> charts;
  try {
    charts = figure->draw(json);
  } catch (const nlohmann::json::exception&) {
    fail_input("{}: holds no data for the figure '{}'; a neuron without spikes has none", file.string(),
               name);
  }
  files::write_file_atomically(svg, report::charts_as_svg(charts));
}

}  // namespace nt::run

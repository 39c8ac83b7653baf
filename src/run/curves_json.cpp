#include "run/detail/curves_json.hpp"

#include <fmt/format.h>

#include <cmath>

#include "evaluate/estimate_json.hpp"
#include "files/base64.hpp"

namespace nt::run {
namespace {

using Json = nlohmann::ordered_json;

/// Enough digits for a picture: six significant ones.
double short_number(double x) {
  return x == 0 || !std::isfinite(x) ? x : std::stod(fmt::format("{:.6g}", x));
}

Json short_numbers(std::span<const double> values) {
  auto out = Json::array();
  for (const double v : values) out.push_back(short_number(v));
  return out;
}

Json with_decimals(std::span<const float> values, int digits) {
  auto out = Json::array();
  const double scale = std::pow(10.0, digits);
  for (const float v : values) out.push_back(std::round(v * scale) / scale);
  return out;
}

Json events_json(const stimulus::Events& events) {
  return {{"synapse", events.synapse}, {"time_ms", events.time_ms}};
}

Json histogram_json(const evaluate::PairedHistogram& h, const char* edge) {
  return {{edge, short_numbers(h.edge)}, {"true", h.actual}, {"predicted", h.predicted}};
}

Json cross_correlation_json(const evaluate::CrossCorrelation& correlation) {
  Json lags = Json::array();
  for (int64_t lag = -correlation.kReach_ms; lag <= correlation.kReach_ms; ++lag) lags.push_back(lag);
  return {{"lag_ms", lags},
          {"predicted_rate_hz", correlation.predicted_rate_hz},
          {"base_rate_hz", correlation.base_rate_hz},
          {"spikes", correlation.spikes}};
}

Json operating_points_json(std::span<const evaluate::OperatingPoint> points) {
  auto json = Json::array();
  for (const auto& point : points) {
    json.push_back({{"target_fpr", point.target_fpr},
                    {"threshold", point.threshold},
                    {"tpr", point.tpr},
                    {"fpr", point.fpr},
                    {"false_positives_per_s", point.false_positives_per_s},
                    {"tpr_at_test_fpr", point.tpr_at_test_fpr}});
  }
  return json;
}

Json groups_json(const evaluate::CalibrationGroups& groups) {
  auto observed = Json::array(), intervals = Json::array();
  for (const auto& share : groups.observed) {
    observed.push_back(share.value);
    intervals.push_back(evaluate::interval_json(share));
  }
  return {{"predicted", groups.predicted},
          {"observed", observed},
          {"observed_ci95", intervals},
          {"bins", groups.bins}};
}

Json trial_rates_json(const evaluate::TrialRates& rates) {
  Json json{{"spikes_per_bin", rates.spikes_per_bin},
            {"edge_hz", short_numbers(rates.edge_hz)},
            {"most_spikes", rates.most_spikes},
            {"most_hz", rates.most_hz},
            {"share", rates.share}};
  for (const auto& split : rates.splits) {
    json["splits"][split.name] = {{"trials", split.trials},
                                  {"mean_hz", split.mean_hz},
                                  {"quantile_hz", split.quantile_hz},
                                  {"counts", split.counts},
                                  {"trials_above_most", split.trials_above_most}};
  }
  return json;
}

void add_spike_curves(Json& json, const evaluate::SpikeCurves& curves) {
  const auto tpr = short_numbers(curves.roc.true_positive_rate);
  json["roc"] = {{"fpr", short_numbers(curves.roc.false_positive_rate)}, {"tpr", tpr}};
  json["precision_recall"] = {{"recall", tpr}, {"precision", short_numbers(curves.roc.precision)}};
  json["cross_correlation"] = cross_correlation_json(curves.cross_correlation);
  json["calibration"] = {{"predicted", short_numbers(curves.calibration.predicted)},
                         {"observed", short_numbers(curves.calibration.observed)},
                         {"bins", curves.calibration.bins}};
  json["isi"] = histogram_json(curves.interval_ms, "edge_ms");
  json["rates"] = {{"true_hz", short_numbers(curves.rate_hz)},
                   {"predicted_hz", short_numbers(curves.expected_rate_hz)}};
  json["operating_points"] = operating_points_json(curves.operating_points);
}

Json example_json(const evaluate::ExampleTrial& example) {
  return {{"trial", example.trial},
          {"duration_ms", example.soma_mV.size()},
          {"excitatory", events_json(example.input.excitatory)},
          {"inhibitory", events_json(example.input.inhibitory)},
          {"true_spikes_ms", example.spikes_ms},
          {"predicted_spikes_ms", example.predicted_spikes_ms},
          {"soma_mV", with_decimals(example.soma_mV, 2)},
          {"predicted_soma_mV", with_decimals(example.predicted_soma_mV, 2)},
          {"spike_probability", with_decimals(example.spike_probability, 4)},
          {"threshold", example.threshold}};
}

}  // namespace

Json curves_json(const evaluate::Curves& curves) {
  Json json;
  if (curves.spikes) add_spike_curves(json, *curves.spikes);
  json["voltage"] = histogram_json(curves.voltage_mV, "edge_mV");
  auto& examples = json["examples"] = Json::array();
  for (const auto& example : curves.examples) examples.push_back(example_json(example));
  if (curves.spikes) {
    json["calibration_groups"] = groups_json(curves.spikes->calibration_groups);
    json["trial_rates"] = trial_rates_json(curves.spikes->trial_rates);
  }
  if (!curves.other_inputs.empty()) {
    auto& sets = json["generalisation"]["sets"] = Json::array();
    for (const auto& set : curves.other_inputs) sets.push_back({{"name", set.name}, {"words", set.words}});
  }
  if (curves.sequences) {
    json["sequences"] = {{"directionality", curves.sequences->directionality},
                         {"peak_mV", curves.sequences->peak_mV},
                         {"twin_peak_mV", curves.sequences->twin_peak_mV}};
  }
  return json;
}

Json played_trial_json(const evaluate::PlayedTrial& played) {
  return {{"trial", played.trial},
          {"duration_ms", played.duration_ms},
          {"opens_ms", played.opens_ms},
          {"excitatory", events_json(played.input.excitatory)},
          {"inhibitory", events_json(played.input.inhibitory)},
          {"spikes_ms", with_decimals(played.spikes_ms, 3)},
          {"soma_mV", with_decimals(played.soma_mV, 2)},
          {"predicted_soma_mV", with_decimals(played.predicted_soma_mV, 2)},
          {"predicted_spike_probability", with_decimals(played.predicted_spike_probability, 4)},
          {"voltages",
           {{"step_ms", played.step_ms},
            {"samples", played.samples},
            {"lowest_mV", evaluate::kLowestPlayed_mV},
            {"highest_mV", evaluate::kHighestPlayed_mV},
            {"base64", files::base64(played.levels)}}}};
}

}  // namespace nt::run

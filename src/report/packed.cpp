#include "report/packed.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "config/error.hpp"
#include "files/base64.hpp"

namespace nt::report {
namespace {

using Json = nlohmann::ordered_json;
using Bytes = std::vector<uint8_t>;

std::string deflated(const Bytes& bytes) {
  auto size = compressBound(bytes.size());
  Bytes packed(size);
  if (compress2(packed.data(), &size, bytes.data(), bytes.size(), Z_BEST_COMPRESSION) != Z_OK)
    fail_run("the data of the report cannot be compressed");
  packed.resize(size);
  return files::base64(packed);
}

/// First the lowest bytes of all numbers, then the next ones: what is alike stands together.
void append_planes(Bytes& bytes, const std::vector<uint32_t>& numbers) {
  for (int shift = 0; shift < 32; shift += 8)
    for (const uint32_t n : numbers) bytes.push_back(static_cast<uint8_t>(n >> shift & 255));
}

/// A matrix as 16-bit integers: a value is its integer times most / 32767. A tenth of the page of a layer-5
/// twin, whose first layer has a million weights, and read at once.
Json of_integers(const Json& rows) {
  double most = 0;
  for (const auto& row : rows)
    for (const auto& v : row) most = std::max(most, std::fabs(v.get<double>()));
  Bytes bytes;
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

bool is_matrix(const Json& rows) {
  return rows.is_array() && !rows.empty() && std::ranges::all_of(rows, [&](const auto& row) {
           return row.is_array() && row.size() == rows[0].size() &&
                  std::ranges::all_of(row, [](const auto& v) { return v.is_number(); });
         });
}

/// Input spikes: the microseconds since the one before, and the synapses. Times are then true to half a
/// microsecond.
void pack_events(Json& events) {
  if (!events.is_object() || !events.contains("time_ms") || !events.contains("synapse")) return;
  const auto& synapses = events["synapse"];
  std::vector<uint32_t> waits_us, numbers;
  double before_us = 0;
  for (const auto& time : events["time_ms"]) {
    const double us = std::round(1000 * time.get<double>());
    if (us < before_us || us > std::numeric_limits<uint32_t>::max()) return;  // stays as it is
    waits_us.push_back(static_cast<uint32_t>(us - before_us));
    before_us = us;
  }
  if (waits_us.size() != synapses.size()) return;
  for (const auto& synapse : synapses) numbers.push_back(synapse.get<uint32_t>());
  Bytes bytes;
  append_planes(bytes, waits_us);
  append_planes(bytes, numbers);
  events = {{"spikes", numbers.size()}, {"deflated", deflated(bytes)}};
}

void pack_inputs(Json& trial) {
  for (const auto* kind : {"excitatory", "inhibitory"})
    if (trial.contains(kind)) pack_events(trial[kind]);
}

/// Levels of a byte, time by time: each as the difference from the one before at its place.
void pack_voltages(Json& voltages) {
  auto levels = files::from_base64(voltages.at("base64").get<std::string>());
  const auto samples = voltages.at("samples").get<size_t>();
  const size_t places = samples > 0 ? levels.size() / samples : 0;
  for (size_t i = levels.size(); i-- > places;)
    levels[i] = static_cast<uint8_t>(levels[i] - levels[i - places]);
  voltages.erase("base64");
  voltages["deflated"] = deflated(levels);
}

}  // namespace

void pack_filters(Json& interpretation) {
  if (!interpretation.is_object() || !interpretation.contains("units")) return;
  for (auto& unit : interpretation["units"]) {
    if (!unit.contains("filters")) continue;
    for (auto& filters : unit["filters"])
      if (is_matrix(filters)) filters = of_integers(filters);
  }
}

void pack_examples(Json& curves) {
  if (!curves.is_object() || !curves.contains("examples")) return;
  for (auto& example : curves["examples"]) pack_inputs(example);
}

void pack_trial(Json& neuron) {
  if (!neuron.is_object() || !neuron.contains("trial") || !neuron["trial"].is_object()) return;
  auto& trial = neuron["trial"];
  pack_inputs(trial);
  if (trial.contains("voltages")) pack_voltages(trial["voltages"]);
}

}  // namespace nt::report

#include "report/neuron.hpp"

#include <cmath>

#include "config/error.hpp"
#include "dataset/cell_table.hpp"
#include "morphology/lines.hpp"
#include "morphology/parts.hpp"

namespace nt::report {
namespace {

using Json = nlohmann::ordered_json;

/// Hundredths are enough for a picture in um.
Json hundredths(std::span<const double> values) {
  auto out = Json::array();
  for (const double v : values) out.push_back(std::round(100 * v) / 100);
  return out;
}

Json lines_json(const morphology::Compartments& geometry) {
  std::vector<double> x, y, z, diameter;
  std::vector<size_t> points;
  for (const auto& line : morphology::lines_of(geometry)) {
    points.push_back(line.size());
    for (const auto& p : line) {
      x.push_back(p.x_um);
      y.push_back(p.y_um);
      z.push_back(p.z_um);
      diameter.push_back(p.diameter_um);
    }
  }
  return {{"points", points},
          {"x_um", hundredths(x)},
          {"y_um", hundredths(y)},
          {"z_um", hundredths(z)},
          {"diameter_um", hundredths(diameter)}};
}

Json quantity_json(const std::string& name, const std::string& unit, const std::string& per, Json values) {
  return {{"name", name}, {"unit", unit}, {"per", per}, {"values", std::move(values)}};
}

/// What the interpretation lists under a key such as "per_synapse".
void add_listed(Json& quantities, const Json& interpretation, const std::string& per, size_t expected) {
  const auto key = "per_" + per;
  if (!interpretation.is_object() || !interpretation.contains(key)) return;
  for (const auto& listed : interpretation[key]) {
    const auto name = listed.at("name").get<std::string>();
    if (listed.at("values").size() != expected) {
      fail_input("interpretation.json: '{}' of {} holds {} values, the neuron has {} {}s", name, key,
                 listed.at("values").size(), expected, per);
    }
    quantities.push_back(quantity_json(name, listed.value("unit", ""), per, listed.at("values")));
  }
}

/// The peaks of every synapse's mean response.
void add_responses(Json& quantities, const Json& interpretation) {
  const auto at = [&](const char* pointer) {
    const Json::json_pointer path(pointer);
    return interpretation.contains(path) ? interpretation.at(path) : Json();
  };
  const auto add = [&](const char* name, const char* unit, Json values) {
    if (!values.is_null()) quantities.push_back(quantity_json(name, unit, "synapse", std::move(values)));
  };
  add("effect of a spike on the twin's voltage", "mV", at("/response/synapses/soma_mV/peak"));
  add("time from a spike to that effect", "ms", at("/response/synapses/soma_mV/peak_lag_ms"));
  add("effect of a spike on the chance of an output spike", "log-odds",
      at("/response/synapses/spike_log_odds/peak"));
}

/// How much the filters of each branch are made of each template. Branches are sections; where they are not,
/// as of a neuron with a single one, there is nothing to tell apart by section.
void add_templates(Json& quantities, const Json& interpretation, const morphology::Compartments& geometry) {
  if (!interpretation.contains("templates")) return;
  const auto& branches = interpretation["templates"]["branches"];
  std::vector<int> branch_of(geometry.sections.size(), -1);
  for (size_t b = 0; b < branches.size(); ++b) {
    auto& branch = branch_of.at(branches[b].at("section").get<size_t>());
    if (branch >= 0) return;
    branch = static_cast<int>(b);
  }
  size_t number = 0;
  for (const auto& found : interpretation["templates"]["templates"]) {
    auto values = Json::array();
    for (const auto& c : geometry.compartments) {
      const int branch = branch_of[c.section];
      values.push_back(branch < 0 ? Json() : found.at("by_branch").at(branch));
    }
    quantities.push_back(
        quantity_json(fmt::format("loading of template {}", ++number), "", "compartment", std::move(values)));
  }
}

}  // namespace

Json neuron_json(const cell::DetailedCell& cell, std::span<const NeuronQuantity> quantities,
                 const Json& interpretation) {
  const auto table = dataset::cell_table(cell);
  const size_t synapses = table.excitatory_compartment.size() + table.inhibitory_compartment.size();
  auto all = Json::array();
  const auto parts = parts_of(cell.geometry.sections);
  auto part = Json::array();
  for (const auto& c : cell.geometry.compartments) part.push_back(name_of(parts[c.section]));
  all.push_back(quantity_json("part", "", "compartment", std::move(part)));
  for (const auto& q : quantities) {
    auto values = Json::array();
    for (const double v : q.values)
      values.push_back(std::isfinite(v) ? Json(std::stod(fmt::format("{:.5g}", v))) : Json(nullptr));
    all.push_back(quantity_json(q.name, q.unit,
                                q.per == NeuronQuantity::Per::synapse ? "synapse" : "compartment",
                                std::move(values)));
  }
  if (interpretation.is_object()) {
    add_responses(all, interpretation);
    add_templates(all, interpretation, cell.geometry);
  }
  add_listed(all, interpretation, "synapse", synapses);
  add_listed(all, interpretation, "compartment", table.section.size());
  return {{"compartments",
           {{"section", table.section},
            {"region", table.region},
            {"x", table.x},
            {"length_um", hundredths(table.length_um)},
            {"diameter_um", hundredths(table.diameter_um)},
            {"area_um2", hundredths(table.area_um2)},
            {"path_um", hundredths(table.path_um)}}},
          {"lines", lines_json(cell.geometry)},
          {"synapses",
           {{"excitatory_compartment", table.excitatory_compartment},
            {"inhibitory_compartment", table.inhibitory_compartment}}},
          {"quantities", std::move(all)}};
}

}  // namespace nt::report

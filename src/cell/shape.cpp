#include "cell/detail/shape.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "cell/detail/selection.hpp"
#include "cell/formula.hpp"
#include "cell/physical.hpp"
#include "mechanism/pace.hpp"
#include "morphology/axon.hpp"
#include "morphology/layer_five_tree.hpp"

namespace nt::cell {
namespace {

constexpr config::Range kCapacitances_uF_cm2{1e-6, 1e6}, kResistivities_ohm_cm{1e-6, 1e9};

/// A number or a formula of each compartment that a table selects.
std::vector<double> read_values(const config::Settings& table, std::string_view key, config::Range range,
                                const morphology::Compartments& geometry,
                                const std::vector<int>& compartments) {
  const auto where = fmt::format("{}: '{}'", table.where(key), table.full_key(key));
  auto values = evaluate_formula(table.formula(key), where, geometry, compartments);
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= range.low && values[i] <= range.high) continue;
    const auto& c = geometry.compartments[compartments[i]];
    fail_input("{} is {} in {}, expected from {} to {}", where, values[i], geometry.sections[c.section].name,
               range.low, range.high);
  }
  return values;
}

/// Tables with selections and one value each, the later over the earlier; `otherwise` where none is.
std::vector<double> read_list(const config::Settings& settings, std::string_view list, std::string_view key,
                              double otherwise, config::Range range,
                              const morphology::Compartments& geometry) {
  std::vector<double> all(geometry.compartments.size(), otherwise);
  for (const auto& table : settings.tables(list)) {
    const auto compartments = select_compartments(table, geometry);
    const auto values = read_values(table, key, range, geometry, compartments);
    for (size_t i = 0; i < compartments.size(); ++i) all[compartments[i]] = values[i];
  }
  return all;
}

int section_named(const config::Settings& settings, std::string_view key,
                  const morphology::Morphology& morphology) {
  const auto name = settings.text(key);
  for (size_t s = 0; s < morphology.sections.size(); ++s) {
    if (morphology.sections[s].name != name) continue;
    if (morphology.sections[s].region == morphology::Region::axon)
      fail_input("{}: '{}' is {}, which is part of the axon that is removed", settings.where(key),
                 settings.full_key(key), name);
    return static_cast<int>(s);
  }
  fail_input("{}: '{}' is \"{}\", but the neuron has no such section", settings.where(key),
             settings.full_key(key), name);
}

/// What `axon_stub` says: equal pieces, or as many as `diameters_um` has, each with a length of its own where
/// `lengths_um` says them.
morphology::AxonStub read_stub(const config::Settings& stub, const morphology::Morphology& morphology) {
  const auto count = stub.integer("sections", 0, {0, 1000});
  const double length_um = stub.number("length_um", 30, config::kPositive),
               diameter_um = stub.number("diameter_um", 1, config::kPositive);
  morphology::AxonStub axon{std::vector<morphology::AxonStub::Piece>(count, {length_um, diameter_um}),
                            morphology::soma_of(morphology.sections), 0.5};
  if (stub.has("diameters_um")) {
    const auto diameters = stub.numbers("diameters_um", {}, config::kPositive);
    if (stub.has("sections") && static_cast<size_t>(count) != diameters.size())
      fail_input("{}: '{}' has {} diameters, expected one for each of the {} sections",
                 stub.where("diameters_um"), stub.full_key("diameters_um"), diameters.size(), count);
    axon.pieces.assign(diameters.size(), {length_um, 0});
    for (size_t k = 0; k < diameters.size(); ++k) axon.pieces[k].diameter_um = diameters[k];
  }
  if (stub.has("lengths_um")) {
    const auto lengths = stub.numbers("lengths_um", {}, config::kPositive);
    if (lengths.size() != axon.pieces.size())
      fail_input("{}: '{}' has {} lengths, expected one for each of the {} sections",
                 stub.where("lengths_um"), stub.full_key("lengths_um"), lengths.size(), axon.pieces.size());
    for (size_t k = 0; k < lengths.size(); ++k) axon.pieces[k].length_um = lengths[k];
  }
  if (stub.has("on")) axon.on = section_named(stub, "on", morphology);
  if (stub.has("x")) axon.x = stub.number("x", {}, {0, 1});
  return axon;
}

morphology::Morphology read_axon(const config::Settings& settings, const morphology::Morphology& morphology) {
  const auto stub = read_stub(settings.table("axon_stub"), morphology);
  if (settings.has("axon")) {
    static constexpr std::array<std::string_view, 5> kWays{"reconstructed", "none", "bluepyopt",
                                                           "bluepyopt-hoc", "allen"};
    const auto way = settings.choice("axon", kWays);
    if (!stub.pieces.empty())
      fail_input("{}: '{}' and axon_stub both replace the axon; leave one out", settings.where("axon"),
                 settings.full_key("axon"));
    if (way.starts_with("bluepyopt")) {
      const auto from = way == "bluepyopt" ? morphology::FromSoma::middle : morphology::FromSoma::start;
      return morphology::with_axon(morphology, morphology::bluepyopt_stub(morphology, from));
    }
    if (way == "allen") return morphology::with_axon(morphology, morphology::allen_stub(morphology));
    if (way == "none") return morphology::with_axon(morphology, {});
    return morphology;
  }
  return stub.pieces.empty() ? morphology : morphology::with_axon(morphology, stub);
}

/// The length constant of a section at a frequency, as NEURON's lambda_f has it: its length over its length
/// in length constants.
double lambda_um(const morphology::Section& s, double frequency_hz, double resistivity_ohm_cm,
                 double capacitance_uF_cm2) {
  const auto of = [&](double diameter_um) {
    return 1e5 * std::sqrt(diameter_um /
                           (4 * 3.141592653589793 * frequency_hz * resistivity_ohm_cm * capacitance_uF_cm2));
  };
  if (s.points.size() < 2) return of(s.diameter_um);
  double in_lambdas = 0;
  for (size_t i = 1; i < s.points.size(); ++i) {
    const auto &p = s.points[i - 1], &q = s.points[i];
    const double dx = q.x_um - p.x_um, dy = q.y_um - p.y_um, dz = q.z_um - p.z_um;
    in_lambdas += std::sqrt(dx * dx + dy * dy + dz * dz) /
                  of(0.5 * (static_cast<double>(p.diameter_um) + q.diameter_um));
  }
  return morphology::length_um(s) / in_lambdas;
}

/// How many compartments each section has.
class Rule {
 public:
  /// `coarse`: the tree with one compartment for each section, and there resistivities and capacitances.
  Rule(const config::Settings& settings, const morphology::Compartments& coarse,
       const std::vector<double>& resistivity_ohm_cm, const std::vector<double>& capacitance_uF_cm2) {
    static constexpr std::array<std::string_view, 3> kRules{"spacing", "d_lambda", "formula"};
    const auto rule = settings.choice("compartment_rule", kRules, "spacing");
    const double spacing_um = settings.number("compartment_spacing_um", 40, config::kPositive);
    const double fraction = settings.number("d_lambda", 0.1, config::kPositive);
    const double frequency_hz =
        settings.has("d_lambda_hz") ? settings.number("d_lambda_hz", {}, config::kPositive) : 100;
    const double rounding =
        settings.has("d_lambda_rounding") ? settings.number("d_lambda_rounding", {}, {0, 0.999999}) : 0.999;
    if (settings.has("compartments") != (rule == "formula"))
      fail_input(
          "{}: 'compartments' needs compartment_rule = \"formula\", and that rule needs 'compartments'",
          settings.where(settings.has("compartments") ? "compartments" : "compartment_rule"));
    if (rule == "formula") {
      read_formula(settings, coarse, resistivity_ohm_cm, capacitance_uF_cm2, frequency_hz);
      return;
    }
    for (size_t s = 0; s < coarse.sections.size(); ++s) {
      const auto& section = coarse.sections[s];
      if (rule == "spacing") {
        numbers_.push_back(morphology::by_spacing(section, spacing_um));
      } else if (!settings.has("d_lambda_rounding")) {
        numbers_.push_back(morphology::by_d_lambda(section, fraction, frequency_hz, resistivity_ohm_cm[s],
                                                   capacitance_uF_cm2[s]));
      } else {
        const double lambda = lambda_um(section, frequency_hz, resistivity_ohm_cm[s], capacitance_uF_cm2[s]);
        numbers_.push_back(
            whole(2 * std::floor((morphology::length_um(section) / (fraction * lambda) + rounding) / 2) + 1,
                  settings, section));
      }
    }
  }

  const std::vector<int>& numbers() const { return numbers_; }

 private:
  /// A number of compartments; cut() refuses too many.
  static int whole(double x, const config::Settings& settings, const morphology::Section& section) {
    if (!(x >= 1))
      fail_input("{}: the rule makes {} compartments of {}, expected 1 or more",
                 settings.where("compartment_rule"), x, section.name);
    return static_cast<int>(std::min(std::floor(x), 1e9));
  }

  /// `compartments`: a formula of length, diameter (um) and lambda (the length constant at d_lambda_hz, um);
  /// or tables with selections and such a `number` each, the others having one compartment.
  void read_formula(const config::Settings& settings, const morphology::Compartments& coarse,
                    const std::vector<double>& resistivity_ohm_cm,
                    const std::vector<double>& capacitance_uF_cm2, double frequency_hz) {
    numbers_.assign(coarse.sections.size(), 1);
    const auto apply = [&](const config::Settings& table, std::string_view key,
                           const std::vector<bool>& chosen) {
      const Formula formula(table.formula(key),
                            fmt::format("{}: '{}'", table.where(key), table.full_key(key)),
                            {"length", "diameter", "lambda"});
      for (size_t s = 0; s < chosen.size(); ++s) {
        if (!chosen[s]) continue;
        const auto& section = coarse.sections[s];
        numbers_[s] =
            whole(formula({morphology::length_um(section), coarse.compartments[s].diameter_um,
                           lambda_um(section, frequency_hz, resistivity_ohm_cm[s], capacitance_uF_cm2[s])}),
                  settings, section);
      }
    };
    if (!settings.is_array("compartments"))
      return apply(settings, "compartments", std::vector<bool>(coarse.sections.size(), true));
    for (const auto& table : settings.tables("compartments"))
      apply(table, "number", select_sections(table, coarse.sections));
  }

  std::vector<int> numbers_;  // of each section
};

/// A compartment without membrane has no voltage of its own.
void require_membrane(const morphology::Compartments& geometry) {
  for (const auto& c : geometry.compartments) {
    if (c.area_um2 > 0) continue;
    fail_input(
        "{}({:.3g}) has no membrane: the reconstruction gives it radii of 0; expected more than 0 somewhere "
        "in each compartment",
        geometry.sections[c.section].name, c.x);
  }
}

std::vector<double> read_resistivities(const config::Settings& settings,
                                       const morphology::Compartments& coarse) {
  constexpr auto kKey = "axial_resistivity_ohm_cm";
  constexpr double kUsual_ohm_cm = 100;
  if (settings.is_array(kKey))
    return read_list(settings, kKey, "ohm_cm", kUsual_ohm_cm, kResistivities_ohm_cm, coarse);
  return std::vector<double>(coarse.sections.size(),
                             settings.number(kKey, kUsual_ohm_cm, kResistivities_ohm_cm));
}

}  // namespace

void read_shape(const config::Settings& settings, const std::filesystem::path& folder,
                const CellChoices& choices, DetailedCell& cell) {
  const auto named = settings.text("morphology");
  const bool built_in = !choices.morphology && named == "layer-5-tree";
  const auto whole =
      built_in ? morphology::layer_five_tree()
               : morphology::read_morphology(choices.morphology ? *choices.morphology
                                                                : settings.file("morphology", folder));
  const auto morphology = read_axon(settings, whole);
  // Values that the number of compartments depends on are those in the middle of each section.
  const auto coarse = morphology::cut(
      morphology, [](const morphology::Section&) { return 1; }, 100);
  const auto resistivity = read_resistivities(settings, coarse);
  const auto capacitance_there =
      read_list(settings, "capacitance", "uF_cm2", 1, kCapacitances_uF_cm2, coarse);
  const Rule rule(settings, coarse, resistivity, capacitance_there);
  size_t number = 0, resistance = 0;  // sections come in their order
  cell.geometry = morphology::cut(
      morphology, [&](const morphology::Section&) { return rule.numbers()[number++]; },
      [&](const morphology::Section&) { return resistivity[resistance++]; });
  require_membrane(cell.geometry);
  cell.capacitance_uF_cm2 =
      read_list(settings, "capacitance", "uF_cm2", 1, kCapacitances_uF_cm2, cell.geometry);
  cell.notes = morphology.notes;
}

bool is_leak(const mechanism::Mechanism& m) {
  return m.stored.empty() && m.initial_concentration.empty() && is_ohmic(m) && !m.point_process;
}

void add_spines(const config::Settings& settings, DetailedCell& cell) {
  if (!settings.has("spines")) return;
  const auto factor = read_list(settings, "spines", "factor", 1, {1e-3, 1e3}, cell.geometry);
  for (size_t c = 0; c < factor.size(); ++c) cell.capacitance_uF_cm2[c] *= factor[c];
  for (auto& p : cell.placements) {
    const auto& m = p.mechanism();
    if (!is_leak(m)) continue;
    for (size_t k = 0; k < m.parameters.size(); ++k) {
      if (!is_density(m.parameters[k])) continue;
      for (size_t i = 0; i < p.compartments.size(); ++i) p.parameters[i][k] *= factor[p.compartments[i]];
    }
  }
}

void read_reversals(const config::Settings& settings, DetailedCell& cell) {
  if (!settings.has("reversal")) return;
  for (const auto& table : settings.tables("reversal")) {
    const auto compartments = select_compartments(table, cell.geometry);
    for (const auto& [name, ion] : cell.ions) {
      if (!table.has(name)) continue;
      auto& mV = cell.ion_places[name].reversal_mV;
      mV.resize(cell.geometry.compartments.size(), ion.reversal_mV);
      const auto values = read_values(table, name, kVoltages_mV, cell.geometry, compartments);
      for (size_t i = 0; i < values.size(); ++i) mV[compartments[i]] = values[i];
    }
  }
}

}  // namespace nt::cell

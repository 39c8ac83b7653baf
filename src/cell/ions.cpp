#include "cell/ions.hpp"

#include <algorithm>
#include <array>

#include "cell/physical.hpp"

namespace nt::cell {
namespace {

constexpr config::Range kConcentrations_mM{1e-12, 1e5};

/// Asked for in every description, so that those that are known stay known as the same.
constexpr std::array<const char*, 3> kAlwaysAskedFor{"na", "k", "ca"};

bool is_always_asked_for(const std::string& ion) {
  return std::find(kAlwaysAskedFor.begin(), kAlwaysAskedFor.end(), ion) != kAlwaysAskedFor.end();
}

bool uses_concentration(const mechanism::Mechanism& m, const std::string& ion) {
  return std::any_of(m.ions.begin(), m.ions.end(), [&](const mechanism::IonVariable& variable) {
    return variable.is_concentration() && variable.ion == ion;
  });
}

bool writes_reversal(const mechanism::Mechanism& m, const std::string& ion) {
  return std::any_of(m.ions.begin(), m.ions.end(), [&](const mechanism::IonVariable& variable) {
    return variable.quantity == mechanism::IonQuantity::reversal_mV && variable.written &&
           variable.ion == ion;
  });
}

/// The ions that mechanisms use, with the valences of their files.
std::map<std::string, mechanism::Ion> used_ions(const std::vector<Placement>& placements) {
  std::map<std::string, mechanism::Ion> ions;
  for (const auto* name : kAlwaysAskedFor) ions[name] = mechanism::usual_ion(name);
  for (const auto& placement : placements) {
    const auto& m = placement.mechanism();
    for (const auto& variable : m.ions) {
      auto& ion = ions.try_emplace(variable.ion, mechanism::usual_ion(variable.ion)).first->second;
      if (!variable.valence) continue;
      if (*variable.valence == 0) fail_input("{}: ion {} has VALENCE 0", m.path, ion.name);
      if (!ion.valence) ion.valence = variable.valence;
      if (*ion.valence != *variable.valence)
        fail_input("{}: ion {} has VALENCE {}, but elsewhere it is {}", m.path, ion.name, *variable.valence,
                   *ion.valence);
    }
  }
  return ions;
}

/// Nernst's equation needs valences.
void require_valences(const std::map<std::string, mechanism::Ion>& ions,
                      const std::vector<Placement>& placements) {
  for (const auto& placement : placements) {
    const auto& m = placement.mechanism();
    for (const auto& [name, ion] : ions)
      if (!ion.valence && uses_concentration(m, name))
        fail_input("{}: the valence of ion {} is unknown; add VALENCE to USEION {} in one of the files",
                   m.path, name, name);
  }
}

void read_concentrations(const config::Settings& settings, mechanism::Ion& ion) {
  ion.inside_mM = settings.number("inside_mM", ion.inside_mM, kConcentrations_mM);
  ion.outside_mM = settings.number("outside_mM", ion.outside_mM, kConcentrations_mM);
}

}  // namespace

std::map<std::string, mechanism::Ion> read_ions(const config::Settings& settings,
                                                const std::vector<Placement>& placements) {
  auto all = used_ions(placements);
  require_valences(all, placements);
  const auto reversals = settings.table("reversal_mV");
  for (auto& [name, ion] : all)
    if (is_always_asked_for(name) || reversals.has(name))
      ion.reversal_mV = reversals.number(name, ion.reversal_mV, kVoltages_mV);
  read_concentrations(settings.table("calcium"), all.at("ca"));
  if (!settings.has("ions")) return all;
  const auto concentrations = settings.table("ions");
  for (auto& [name, ion] : all) {
    if (!concentrations.has(name)) continue;
    if (name == "ca" && settings.has("calcium"))
      fail_input("{}: '{}' and 'calcium' set the same; leave one out", concentrations.where(name),
                 concentrations.full_key(name));
    const auto said = concentrations.table(name);
    read_concentrations(said, ion);
    if (said.has("fixed_reversal")) ion.fixed_reversal = said.flag("fixed_reversal", {});
  }
  return all;
}

bool follows_nernst(const DetailedCell& cell, const std::string& ion, int compartment) {
  if (cell.ions.contains(ion) && ion_at(cell, ion, compartment).fixed_reversal) return false;
  bool follows = false;
  for (const auto& placement : cell.placements) {
    const auto& m = placement.mechanism();
    const bool concentration = uses_concentration(m, ion), reversal = writes_reversal(m, ion);
    if ((!concentration && !reversal) ||
        !std::binary_search(placement.compartments.begin(), placement.compartments.end(), compartment))
      continue;
    if (reversal) return false;
    follows = true;
  }
  return follows;
}

mechanism::Ion ion_at(const DetailedCell& cell, const std::string& name, int compartment) {
  mechanism::Ion ion = cell.ions.at(name);
  const auto places = cell.ion_places.find(name);
  if (places == cell.ion_places.end()) return ion;
  const auto take = [&](const std::vector<double>& values, double& value) {
    if (!values.empty()) value = values[compartment];
  };
  const auto& fixed = places->second.fixed_reversal;
  if (!fixed.empty()) ion.fixed_reversal = fixed[compartment] != 0;
  take(places->second.inside_mM, ion.inside_mM);
  take(places->second.outside_mM, ion.outside_mM);
  take(places->second.reversal_mV, ion.reversal_mV);
  return ion;
}

double resting_reversal_mV(const DetailedCell& cell, const std::string& name, int compartment) {
  const auto ion = ion_at(cell, name, compartment);
  if (!follows_nernst(cell, name, compartment)) return ion.reversal_mV;
  return mechanism::nernst_mV(ion, cell.celsius, ion.inside_mM, ion.outside_mM);
}

}  // namespace nt::cell

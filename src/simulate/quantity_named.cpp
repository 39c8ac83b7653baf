#include <algorithm>
#include <charconv>

#include "simulate/quantity.hpp"

namespace nt::simulate {
namespace {

/// A name cut at the dot after its place: a place may have a dot of its own, between brackets.
std::pair<std::string, std::string> place_and_what(const std::string& name) {
  const auto open = name.find('(');
  const auto first_dot = name.find('.');
  const auto from = open != std::string::npos && open < first_dot ? name.find(')', open) : 0;
  const auto dot = from == std::string::npos ? from : name.find('.', from);
  if (dot == std::string::npos || dot == 0 || dot + 1 == name.size())
    fail_input("quantity '{}': expected PLACE.WHAT, as soma.v, nexus.Ih.m or apic[3](0.5).cai", name);
  return {name.substr(0, dot), name.substr(dot + 1)};
}

int section_place(const cell::DetailedCell& cell, const std::string& name, const std::string& place) {
  const auto open = place.find('(');
  double x = 0.5;
  if (open != std::string::npos) {
    const auto* first = place.data() + open + 1;
    const auto* last = place.data() + place.size() - 1;
    const auto [end, error] = std::from_chars(first, last, x);
    if (place.back() != ')' || error != std::errc{} || end != last || !(x >= 0 && x <= 1))
      fail_input("quantity '{}': '{}' is no section and x from 0 to 1, as in apic[3](0.5)", name, place);
  }
  const auto section = place.substr(0, open);
  const auto& sections = cell.geometry.sections;
  for (size_t s = 0; s < sections.size(); ++s)
    if (sections[s].name == section) return cell.geometry.at(static_cast<int>(s), x);
  fail_input(
      "quantity '{}': the neuron has no place '{}'; expected soma, nexus, a recording site or SECTION(x)",
      name, place);
}

int compartment_of(const cell::DetailedCell& cell, const std::string& name, const std::string& place) {
  if (place == "nexus" && cell.nexus) return *cell.nexus;
  for (const auto& site : cell.sites)
    if (site.name == place) return site.compartment;
  if (place == "soma") return cell.geometry.at(0, 0.5);
  return section_place(cell, name, place);
}

}  // namespace

Quantity quantity_named(const cell::DetailedCell& cell, const std::string& name) {
  const auto [place, what] = place_and_what(name);
  const auto all = quantities_at(cell, place, compartment_of(cell, name, place));
  const auto found = std::ranges::find(all, what, &Quantity::what);
  if (found != all.end()) return *found;
  std::vector<std::string> known;
  for (const auto& quantity : all) known.push_back(quantity.what);
  fail_input("quantity '{}': there is no '{}' at {}; there are {}", name, what, place,
             fmt::join(known, ", "));
}

}  // namespace nt::simulate

#include "cell/place.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "cell/detail/selection.hpp"

namespace nt::cell {
namespace {

constexpr std::array<std::string_view, 9> kRegions{"soma",    "axon",   "basal", "apical", "other",
                                                   "somatic", "axonal", "dend",  "apic"};

/// The sections by kind, for messages: "soma[0], dend[0] to dend[83]".
std::string section_names(const morphology::Compartments& geometry) {
  std::vector<std::pair<std::string, std::pair<std::string, std::string>>> kinds;  // kind, first and last
  for (const auto& section : geometry.sections) {
    const auto kind = section.name.substr(0, section.name.find('['));
    const auto same =
        std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.first == kind; });
    if (same == kinds.end())
      kinds.push_back({kind, {section.name, section.name}});
    else
      same->second.second = section.name;
  }
  std::vector<std::string> all;
  for (const auto& [kind, ends] : kinds)
    all.push_back(ends.first == ends.second ? ends.first : fmt::format("{} to {}", ends.first, ends.second));
  return fmt::format("{}", fmt::join(all, ", "));
}

int read_section(const config::Settings& settings, const morphology::Compartments& geometry) {
  const auto name = settings.text("section");
  for (size_t s = 0; s < geometry.sections.size(); ++s)
    if (geometry.sections[s].name == name) return static_cast<int>(s);
  fail_input("{}: '{}' is \"{}\", but the neuron has no such section; it has {}", settings.where("section"),
             settings.full_key("section"), name, section_names(geometry));
}

double read_x(const config::Settings& settings) {
  return settings.number("x", 0.5, {0, 1});
}

}  // namespace

int compartment_at(const morphology::Compartments& geometry, morphology::Region region, double distance_um) {
  int found = -1;
  for (size_t c = 0; c < geometry.compartments.size(); ++c) {
    const auto& here = geometry.compartments[c];
    if (geometry.region(static_cast<int>(c)) != region ||
        std::fabs(here.path_um - distance_um) > here.length_um / 2)
      continue;
    if (found < 0 || here.diameter_um > geometry.compartments[found].diameter_um) found = static_cast<int>(c);
  }
  return found;
}

int read_place(const config::Settings& settings, const morphology::Compartments& geometry) {
  const bool by_section = settings.has("section");
  if (by_section == settings.has("region")) {
    fail_input("{}: a place needs 'section' and 'x', or 'region' and 'distance_um'; here {}",
               settings.where(by_section ? "section" : "mechanism"),
               by_section ? "'section' and 'region' are given" : "neither 'section' nor 'region' is");
  }
  if (by_section) return geometry.at(read_section(settings, geometry), read_x(settings));
  const auto name = settings.choice("region", kRegions);
  const auto region = *regions_named(name).begin();
  const double distance_um = settings.number("distance_um", {}, config::kNotNegative);
  const int found = compartment_at(geometry, region, distance_um);
  if (found >= 0) return found;
  double nearest = std::numeric_limits<double>::infinity(), farthest = 0;
  for (size_t c = 0; c < geometry.compartments.size(); ++c) {
    const auto& here = geometry.compartments[c];
    if (geometry.region(static_cast<int>(c)) != region) continue;
    nearest = std::min(nearest, here.path_um - here.length_um / 2);
    farthest = std::max(farthest, here.path_um + here.length_um / 2);
  }
  fail_input("{}: '{}' is {} um, but no {} compartment is that far from the soma; {}",
             settings.where("distance_um"), settings.full_key("distance_um"), distance_um, name,
             farthest > 0 ? fmt::format("they are at {:.0f} to {:.0f} um", std::max(0.0, nearest), farthest)
                          : "the neuron has none");
}

int read_place_of_process(const config::Settings& settings, const morphology::Compartments& geometry) {
  if (!settings.has("section") || settings.has("region")) return read_place(settings, geometry);
  const double x = read_x(settings);
  if (x > 0 && x < 1) return read_place(settings, geometry);
  const auto& section = geometry.sections[read_section(settings, geometry)];
  if (x == 0 && section.parent >= 0 && section.parent_x > 0 && section.parent_x < 1)
    return geometry.at(section.parent, section.parent_x);
  fail_input(
      "{}: '{}' is {}, the end of {}, where NEURON has a point without membrane, which no compartment is; "
      "choose {}",
      settings.where("x"), settings.full_key("x"), x, section.name, x == 0 ? "0.01" : "0.99");
}

}  // namespace nt::cell

#include "cell/detail/selection.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace nt::cell {
namespace {

constexpr std::array<std::string_view, 5> kRegions{"soma", "axon", "basal", "apical", "other"};

/// * stands for any text, ? for any letter; brackets for themselves.
bool matches(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = pattern.npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

/// The type of its points in an SWC file: that of its region, or what its name says (dend_7, minus_2).
int64_t swc_type(const morphology::Section& section) {
  switch (section.region) {
    case morphology::Region::soma:
      return 1;
    case morphology::Region::axon:
      return 2;
    case morphology::Region::basal:
      return 3;
    case morphology::Region::apical:
      return 4;
    case morphology::Region::other:
      break;
  }
  const auto number = section.name.find('_');
  int64_t type = 0;
  if (number != section.name.npos)
    std::from_chars(section.name.data() + number + 1, section.name.data() + section.name.size(), type);
  return section.name.starts_with("minus") ? -type : type;
}

void keep(std::vector<bool>& chosen, const std::vector<morphology::Section>& sections, auto passes) {
  for (size_t s = 0; s < sections.size(); ++s) chosen[s] = chosen[s] && passes(sections[s], s);
}

void keep_names(const config::Settings& settings, const std::vector<morphology::Section>& sections,
                std::vector<bool>& chosen) {
  const auto patterns = settings.texts("sections");
  for (const auto& pattern : patterns) {
    if (std::none_of(sections.begin(), sections.end(),
                     [&](const morphology::Section& s) { return matches(pattern, s.name); }))
      fail_input("{}: '{}' names the section \"{}\", which the neuron does not have",
                 settings.where("sections"), settings.full_key("sections"), pattern);
  }
  keep(chosen, sections, [&](const morphology::Section& s, size_t) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const auto& pattern) { return matches(pattern, s.name); });
  });
}

}  // namespace

std::set<morphology::Region> regions_named(std::string_view word) {
  static const std::map<std::string_view, std::set<morphology::Region>> kAliases{
      {"somatic", {morphology::Region::soma}},
      {"axonal", {morphology::Region::axon}},
      {"dend", {morphology::Region::basal}},
      {"apic", {morphology::Region::apical}},
      {"all",
       {morphology::Region::soma, morphology::Region::axon, morphology::Region::basal,
        morphology::Region::apical, morphology::Region::other}}};
  if (const auto alias = kAliases.find(word); alias != kAliases.end()) return alias->second;
  const auto it = std::find(kRegions.begin(), kRegions.end(), word);
  if (it == kRegions.end()) return {};
  return {static_cast<morphology::Region>(it - kRegions.begin())};
}

std::set<morphology::Region> read_regions(const config::Settings& settings, std::string_view key) {
  std::set<morphology::Region> regions;
  for (const auto& name : settings.texts(key)) {
    const auto named = regions_named(name);
    if (named.empty()) {
      fail_input(
          "{}: '{}' names the region \"{}\", expected some of: {}; or somatic, axonal, dend, apic, all",
          settings.where(key), settings.full_key(key), name, fmt::join(kRegions, ", "));
    }
    regions.insert(named.begin(), named.end());
  }
  return regions;
}

std::vector<int> branch_orders(const std::vector<morphology::Section>& sections) {
  std::vector<int> children(sections.size()), order(sections.size());
  for (const auto& s : sections)
    if (s.parent >= 0) ++children[s.parent];
  for (size_t s = 0; s < sections.size(); ++s) {
    const auto parent = static_cast<size_t>(std::max(0, sections[s].parent));
    if (sections[s].region == morphology::Region::soma)
      order[s] = 0;
    else if (sections[s].parent < 0 || sections[parent].region == morphology::Region::soma)
      order[s] = 1;
    else
      order[s] = order[parent] + (children[parent] > 1 ? 1 : 0);
  }
  return order;
}

std::vector<bool> select_sections(const config::Settings& settings,
                                  const std::vector<morphology::Section>& sections) {
  std::vector<bool> chosen(sections.size(), true);
  const bool names = settings.has("sections"), types = settings.has("swc_types"),
             orders = settings.has("branch_order");
  if (settings.has("regions") || !(names || types || orders)) {
    const auto regions = read_regions(settings);
    keep(chosen, sections, [&](const morphology::Section& s, size_t) { return regions.contains(s.region); });
  }
  if (names) keep_names(settings, sections, chosen);
  if (types) {
    const auto wanted = settings.integers("swc_types");
    keep(chosen, sections, [&](const morphology::Section& s, size_t) {
      return std::find(wanted.begin(), wanted.end(), swc_type(s)) != wanted.end();
    });
  }
  if (orders) {
    const auto [low, high] = settings.low_high("branch_order", {}, config::kNotNegative);
    const auto order = branch_orders(sections);
    keep(chosen, sections, [&, from = low, to = high](const morphology::Section&, size_t s) {
      return order[s] >= from && order[s] <= to;
    });
  }
  return chosen;
}

std::vector<int> select_compartments(const config::Settings& settings,
                                     const morphology::Compartments& geometry) {
  const auto chosen = select_sections(settings, geometry.sections);
  // Asked for only where it is there, so that descriptions without it stay known as the same.
  config::Range distance_um;
  if (settings.has("distance_um"))
    std::tie(distance_um.low, distance_um.high) = settings.low_high("distance_um", {}, config::kNotNegative);
  std::vector<int> all;
  for (size_t c = 0; c < geometry.compartments.size(); ++c) {
    const auto& here = geometry.compartments[c];
    if (chosen[here.section] && here.path_um >= distance_um.low && here.path_um <= distance_um.high)
      all.push_back(static_cast<int>(c));
  }
  if (all.empty()) {
    const auto* key = settings.has("regions")     ? "regions"
                      : settings.has("sections")  ? "sections"
                      : settings.has("swc_types") ? "swc_types"
                                                  : "branch_order";
    fail_input("{}: no compartment is in these {}{}", settings.where(key),
               std::string_view(key) == "regions" ? "regions" : "sections",
               settings.has("distance_um") ? " at this distance" : "");
  }
  return all;
}

}  // namespace nt::cell

#include <algorithm>
#include <cmath>
#include <map>

#include "config/error.hpp"
#include "config/ordinary_file.hpp"
#include "morphology/detail/stored_point.hpp"
#include "morphology/detail/swc_points.hpp"
#include "morphology/detail/swc_sections.hpp"
#include "morphology/morphology.hpp"

namespace nt::morphology {
namespace {

/// Points closer than this are in one place: hoc_epsilon.
constexpr double kSamePlace_um = 1e-11;

Region region_of(int type) {
  return type == 1   ? Region::soma
         : type == 2 ? Region::axon
         : type == 3 ? Region::basal
         : type == 4 ? Region::apical
                     : Region::other;
}

std::string base_name(int type) {
  return type == 1   ? "soma"
         : type == 2 ? "axon"
         : type == 3 ? "dend"
         : type == 4 ? "apic"
         : type < 0  ? fmt::format("minus_{}", -int64_t{type})
                     : fmt::format("dend_{}", type);
}

/// The sections of a file, to be put in order and given names.
struct Import {
  std::vector<SwcPoint> points;
  std::vector<SwcSection> sections;

  const SwcPoint& first(size_t section) const { return points[sections[section].first]; }
};

/// As NEURON reads the file; where it would join points that are no neighbours (parents after their children,
/// or branches mixed up), as it reads the same points branch after branch.
Import import_points(std::vector<SwcPoint> points) {
  if (parents_come_first(points)) {
    if (auto sections = sections_as_neuron(points)) return {std::move(points), std::move(*sections)};
  }
  auto sorted = depth_first(points);
  auto sections = sections_as_neuron(sorted);
  return {std::move(sorted), std::move(sections.value())};
}

bool same_place(const SwcPoint& a, const SwcPoint& b) {
  return std::fabs(a.x_um - b.x_um) <= kSamePlace_um && std::fabs(a.y_um - b.y_um) <= kSamePlace_um &&
         std::fabs(a.z_um - b.z_um) <= kSamePlace_um;
}

/// Whether a section has two points and both are in one place, or one alone behind a wire.
bool is_empty(const Import& import, const SwcSection& s) {
  if (s.parent < 0) return false;
  const int from = s.by_wire ? s.first : s.begins_at;
  const int to = s.by_wire ? s.first + 1 : s.first;
  if (to + 1 != s.end) return to == s.end;
  return same_place(import.points[from], import.points[to]);
}

/// Such sections disappear (chk_valid of import3d_gui.hoc); what hangs on them moves
/// up. Returns which are left.
std::vector<size_t> remove_empty(Import& import) {
  std::vector<bool> removed(import.sections.size());
  std::vector<size_t> left;
  for (size_t i = 0; i < import.sections.size(); ++i) {
    auto& s = import.sections[i];
    if (s.parent >= 0 && removed[s.parent]) {
      const auto& parent = import.sections[s.parent];
      s.parent_x = parent.parent_x;
      s.parent = parent.parent;
    }
    removed[i] = is_empty(import, s);
    if (!removed[i]) left.push_back(i);
  }
  return left;
}

/// As sweeps over `order` would come by them, each taking the sections whose parents were taken before. A
/// section is in the sweep of its parent if it comes after it in the order, else in the next.
std::vector<size_t> parents_first(const Import& import, std::vector<size_t> order) {
  std::vector<size_t> place(import.sections.size()), sweep(import.sections.size());
  for (size_t k = 0; k < order.size(); ++k) place[order[k]] = k;
  for (size_t i = 0; i < import.sections.size(); ++i) {  // each after its parent
    if (import.sections[i].parent < 0) continue;
    const auto parent = static_cast<size_t>(import.sections[i].parent);
    sweep[i] = sweep[parent] + (place[i] < place[parent] ? 1 : 0);
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(sweep[a], place[a]) < std::pair(sweep[b], place[b]);
  });
  return order;
}

/// A section of one point is a ball there. One that begins at its parent's point has that first.
std::vector<Point> points_of(const Import& import, size_t section) {
  const auto& s = import.sections[section];
  const auto& head = import.first(section);
  const bool begins = s.begins_at >= 0 && !s.by_wire;
  if (!begins && s.end - s.first == 1) return ball(head.x_um, head.y_um, head.z_um, head.diameter_um);
  std::vector<Point> all;
  if (begins) {
    const auto& on = import.points[s.begins_at];
    all.push_back(stored_point(on.x_um, on.y_um, on.z_um, s.begins_um));
  }
  for (int i = s.first; i < s.end; ++i) {
    const auto& p = import.points[i];
    all.push_back(stored_point(p.x_um, p.y_um, p.z_um, p.diameter_um));
  }
  return all;
}

/// What is unusual about the file, and what was made of it.
std::vector<std::string> notes_of(const Import& import, const std::string& name) {
  std::vector<std::string> notes;
  std::vector<int> zero_lines;
  bool soma = false;
  int roots = 0;
  for (const auto& p : import.points) {
    if (p.diameter_um == 0) zero_lines.push_back(p.line);
    soma = soma || p.type == 1;
    roots += p.parent < 0;
  }
  if (!zero_lines.empty())
    notes.push_back(fmt::format(
        "{}:{}: a radius of 0{}; left so, as NEURON does: no membrane and no current "
        "along the tree there",
        name, *std::min_element(zero_lines.begin(), zero_lines.end()),
        zero_lines.size() == 1 ? "" : fmt::format(", the first of {} such points", zero_lines.size())));
  if (roots > 1)
    notes.push_back(
        fmt::format("{}: {} points have no parent; all but the first hang on the first section, as in NEURON",
                    name, roots));
  if (!soma)
    notes.push_back(fmt::format(
        "{}: has no soma (points of type 1); its first section stands for it, and distances count from that "
        "section's start",
        name));
  return notes;
}

/// By kind and in the order of the points, as NEURON numbers them. A branch may carry another kind than its
/// parent, so parents first.
Morphology assemble(Import import, const std::string& name) {
  auto order = remove_empty(import);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(region_of(import.first(a).type), a) < std::pair(region_of(import.first(b).type), b);
  });
  std::map<std::string, int> numbers;
  std::vector<std::string> names(import.sections.size());
  for (const size_t i : order) {
    const auto base = base_name(import.first(i).type);
    names[i] = fmt::format("{}[{}]", base, numbers[base]++);
  }
  Morphology m;
  m.notes = notes_of(import, name);
  std::vector<int> moved(import.sections.size(), -1);
  for (const size_t i : parents_first(import, order)) {
    moved[i] = static_cast<int>(m.sections.size());
    Section s;
    s.name = names[i];
    s.region = region_of(import.first(i).type);
    s.parent = import.sections[i].parent < 0 ? -1 : moved[import.sections[i].parent];
    s.parent_x = import.sections[i].parent_x;
    s.points = points_of(import, i);
    m.sections.push_back(std::move(s));
  }
  return m;
}

}  // namespace

Morphology read_swc(std::string_view text, const std::string& name) {
  return assemble(import_points(read_swc_points(config::with_line_feeds(std::string(text)), name)), name);
}

}  // namespace nt::morphology

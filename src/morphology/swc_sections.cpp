#include "morphology/detail/swc_sections.hpp"

#include <algorithm>
#include <cmath>

namespace nt::morphology {
namespace {

constexpr int kSoma = 1;

/// One file. Names in comments are those of read_swc.hoc.
class Sectioner {
 public:
  explicit Sectioner(std::vector<SwcPoint> points) : points_(std::move(points)) {}

  std::optional<std::vector<SwcSection>> sections() {
    mark_branches();
    count_soma();
    find_ball();
    keep_soma_together();
    map_points();
    for (size_t first = 0; first < points_.size();) {
      size_t end = first + 1;
      while (end < points_.size() && section_of_[end] == section_of_[first]) ++end;
      if (!is_chain(first, end)) return {};
      add_section(static_cast<int>(first), static_cast<int>(end));
      first = end;
    }
    return sections_;
  }

 private:
  /// Parents of all roots but the first are -1, and so are their indices in read_swc.hoc, where hoc rounds
  /// -1 to 0 when it indexes a Vector: such a root hangs on the section of the first point.
  static size_t index(int point) { return static_cast<size_t>(std::max(point, 0)); }
  int type(int point) const { return points_[index(point)].type; }
  int parent(size_t point) const { return points_[point].parent; }

  /// mark_branch: a point that has not 1 here is the last of its section.
  void mark_branches() {
    children_.assign(points_.size(), 0);
    begins_with_parent_.assign(points_.size(), false);
    for (size_t i = 0; i < points_.size(); ++i) {
      const int p = parent(i);
      if (p < 0) continue;
      auto& children = children_[index(p)];
      children += 100;  // in hundredths
      if (p != static_cast<int>(i) - 1) {
        children += 1;
        // The parent is the first point of a dendrite on the soma, or of a tree without a soma: a branch
        // from there begins where the dendrite does. (The second point of a file is overlooked.)
        const bool at_start = type(p) != kSoma && (p == 0 || (p > 1 && type(parent(index(p))) == kSoma));
        if (at_start) {
          begins_with_parent_[i] = true;
          children = 100;
        }
      }
      if (type(p) != points_[i].type) children += 1;
    }
  }

  /// nchild_soma
  void count_soma() {
    soma_children_.assign(points_.size(), 0);
    for (size_t i = 0; i < points_.size(); ++i) {
      if (points_[i].type != kSoma) continue;
      ++soma_points_;
      if (parent(i) >= 0 && type(parent(i)) == kSoma) ++soma_children_[index(parent(i))];
    }
  }

  /// neuromorph_3point_soma: a centre and two points at its surface that nothing hangs on.
  void find_ball() {
    if (soma_points_ != 3 || parent(1) != 0 || parent(2) != 0) return;
    if (children_[1] != 0 || children_[2] != 0) return;
    const auto &c = points_[0], &a = points_[1], &b = points_[2];
    if (a.diameter_um != c.diameter_um || b.diameter_um != c.diameter_um) return;
    const auto away = [&](const SwcPoint& p) {
      return std::hypot(p.x_um - c.x_um, p.y_um - c.y_um, p.z_um - c.z_um);
    };
    if (!(std::fabs((away(a) + away(b)) / c.diameter_um - 1) < 0.01)) return;
    ball_ = true;
    points_[2].parent = 1;
  }

  /// Soma points in a row are one section, but where several hang on one.
  void keep_soma_together() {
    for (size_t i = 0; i + 1 < points_.size(); ++i) {
      const bool row =
          points_[i].type == kSoma && points_[i + 1].type == kSoma && parent(i + 1) == static_cast<int>(i);
      if (row && (i == 0 || soma_children_[i] <= 1)) children_[i] = 100;
    }
  }

  /// point2sec
  void map_points() {
    int section = 0;
    for (size_t i = 0; i < points_.size(); ++i) {
      section_of_.push_back(section);
      if (children_[i] != 100) ++section;
    }
  }

  bool is_chain(size_t first, size_t end) const {
    for (size_t i = first + 1; i < end; ++i)
      if (parent(i) != static_cast<int>(i) - 1) return false;
    return true;
  }

  /// mksection
  void add_section(int first, int end) {
    SwcSection s;
    s.first = first;
    s.end = end;
    if (sections_.empty()) {
      if (ball_) s.end = 1;
      sections_.push_back(s);
      return;
    }
    const int on = points_[index(first)].parent;
    s.parent = section_of_[index(on)];
    s.begins_at = std::max(on, 0);
    hang(s, on);
    const bool dendrite_of_soma = type(sections_[index(s.parent)].first) == kSoma && type(first) != kSoma;
    // A dendrite does not begin as thick as the soma.
    s.begins_um = points_[index(dendrite_of_soma ? first : on)].diameter_um;
    if (begins_with_parent_[index(first)]) s.parent_x = 0;
    sections_.push_back(s);
  }

  void hang(SwcSection& s, int on) const {
    const auto& parent = sections_[index(s.parent)];
    const bool soma = type(s.first) == kSoma, several = s.end - s.first > 1;
    if (type(parent.first) != kSoma && (s.parent > 0 || on != parent.first)) return;
    if (s.parent == 0) {
      if (type(parent.first) == kSoma && !soma && parent.end - parent.first == 1) {
        s.parent_x = 0.5;
        s.by_wire = several;
        return;
      }
      if (on == parent.first) {
        s.parent_x = 0;
        s.by_wire = !soma && soma_children_[index(on)] > 1;
        return;
      }
    }
    if (on < parent.end - 1) {  // inside the soma
      s.parent_x = 0.5;
      s.by_wire = !soma && several;
    } else {
      s.by_wire = !soma && several && soma_children_[index(on)] > 1;
    }
  }

  std::vector<SwcPoint> points_;
  std::vector<int> children_;             // of each point, in hundredths
  std::vector<bool> begins_with_parent_;  // connect2prox
  std::vector<int> soma_children_;
  int soma_points_ = 0;
  bool ball_ = false;  // soma3geom
  std::vector<int> section_of_;
  std::vector<SwcSection> sections_;
};

}  // namespace

std::optional<std::vector<SwcSection>> sections_as_neuron(std::vector<SwcPoint> points) {
  return Sectioner(std::move(points)).sections();
}

}  // namespace nt::morphology

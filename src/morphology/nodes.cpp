#include <algorithm>
#include <cmath>

#include "config/error.hpp"
#include "morphology/compartments.hpp"

namespace nt::morphology {
namespace {

struct Attachment {
  int section = -1;
  double x = 1;
};

/// Where each section hangs. What begins where its parent begins hangs where the parent does; only the root
/// has a beginning of its own.
std::vector<Attachment> attachments(const std::vector<Section>& sections) {
  std::vector<Attachment> all;
  for (size_t s = 0; s < sections.size(); ++s) {
    Attachment a{sections[s].parent, sections[s].parent_x};
    if (s > 0 && a.section < 0) fail_input("section {} is connected to nothing", sections[s].name);
    if (a.section > 0 && a.x <= 0) a = all[a.section];
    all.push_back(a);
  }
  return all;
}

/// The nodes of one cell.
class Joiner {
 public:
  Joiner(Compartments& all, const std::vector<Attachment>& attached) : all_(all), attached_(attached) {
    const size_t n = all.sections.size();
    children_at_end_.resize(n);
    end_node_.assign(n, -1);
    for (const auto& [section, x] : attached) {
      if (section < 0) continue;
      if (x >= 1) ++children_at_end_[section];
      if (x <= 0) ++children_at_start_;
    }
  }

  void join() {
    all_.nodes.clear();
    all_.node_of.assign(all_.compartments.size(), -1);
    for (size_t s = 0; s < all_.sections.size(); ++s) add_section(s);
  }

 private:
  /// Of a half of a compartment, in Mohm.
  double before(int compartment) const {
    return resistivity(compartment) * at(compartment).resistance_before;
  }
  double after(int compartment) const { return resistivity(compartment) * at(compartment).resistance_after; }
  const Compartment& at(int compartment) const { return all_.compartments[compartment]; }
  double resistivity(int compartment) const { return all_.axial_resistivity_ohm_cm[at(compartment).section]; }

  struct Start {
    int node = -1;
    double resistance = 0;  // from the node to the section's start
  };

  Start start_of(size_t section) const {
    const auto [on, x] = attached_[section];
    if (on < 0) return {};
    if (x <= 0) return {start_node_, children_at_start_ == 1 ? before(0) : 0};
    const auto p = static_cast<size_t>(on);
    // Alone at its parent's end: the two half resistances in series.
    if (x >= 1)
      return {end_node_[p], children_at_end_[p] == 1 ? after(all_.first_compartment[p + 1] - 1) : 0};
    return {all_.node_of[all_.at(on, x)], 0};
  }

  int add_node(int parent, int compartment, double resistance) {
    all_.nodes.push_back({parent, compartment, parent < 0 ? 0 : 1 / resistance});
    return static_cast<int>(all_.nodes.size()) - 1;
  }

  void add_section(size_t s) {
    auto [node, resistance] = start_of(s);
    for (int i = all_.first_compartment[s]; i < all_.first_compartment[s + 1]; ++i) {
      node = add_node(node, i, resistance + before(i));
      all_.node_of[i] = node;
      resistance = after(i);
    }
    end_node_[s] = node;
    if (s == 0) start_node_ = all_.node_of[0];
    if (s == 0 && children_at_start_ > 1) start_node_ = add_node(all_.node_of[0], -1, before(0));
    if (children_at_end_[s] > 1) end_node_[s] = add_node(node, -1, resistance);
  }

  Compartments& all_;
  const std::vector<Attachment>& attached_;
  std::vector<int> children_at_end_, end_node_;
  int children_at_start_ = 0, start_node_ = -1;  // of the root
};

/// Distances along the tree, as NEURON's distance() has them: between the centres of compartments, and the
/// sections' ends.
class Distances {
 public:
  Distances(const Compartments& all, const std::vector<Attachment>& attached)
      : all_(all), attached_(attached), toward_(all.sections.size(), -1), at_start_(all.sections.size()) {}

  void measure(std::vector<Compartment>& compartments) {
    walk_to_the_root();
    for (size_t s = 0; s < all_.sections.size(); ++s) {
      const auto [on, x] = attached_[s];
      if (toward_[s] < 0) at_start_[s] = distance(static_cast<size_t>(on), x);
      for (int i = all_.first_compartment[s]; i < all_.first_compartment[s + 1]; ++i)
        compartments[i].path_um = distance(s, all_.compartments[i].x);
    }
  }

 private:
  double length(size_t section) const {
    const auto first = static_cast<size_t>(all_.first_compartment[section]);
    return all_.compartments[first].length_um * all_.count(static_cast<int>(section));
  }
  /// x where the compartment at x has its centre; the ends are their own.
  double centre(size_t section, double x) const {
    if (x <= 0 || x >= 1) return std::clamp(x, 0.0, 1.0);
    return all_.compartments[all_.at(static_cast<int>(section), x)].x;
  }
  double distance(size_t section, double x) const {
    const double here = centre(section, x);
    if (toward_[section] < 0) return at_start_[section] + here * length(section);
    return at_start_[section] + std::fabs(here - toward_[section]) * length(section);
  }

  /// From the soma's middle to the root's start: `toward_` is where that way enters a section, `at_start_`
  /// the distance there.
  void walk_to_the_root() {
    auto s = static_cast<size_t>(soma_of(all_.sections));
    double x = all_.sections[s].region == Region::soma ? centre(s, 0.5) : 0, so_far = 0;
    for (;;) {
      toward_[s] = x;
      at_start_[s] = so_far;
      const auto& next = attached_[s];
      if (next.section < 0) return;
      so_far += x * length(s);
      s = static_cast<size_t>(next.section);
      x = centre(s, next.x);
    }
  }

  const Compartments& all_;
  const std::vector<Attachment>& attached_;
  std::vector<double> toward_;    // of sections on the way to the root, else -1
  std::vector<double> at_start_;  // of the others, the distance of their start
};

}  // namespace

void connect(Compartments& all) {
  const auto attached = attachments(all.sections);
  Joiner(all, attached).join();
  Distances(all, attached).measure(all.compartments);
}

}  // namespace nt::morphology

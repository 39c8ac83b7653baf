#include "morphology/layer_five_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace nt::morphology {
namespace {

using Vector = std::array<double, 3>;

Vector along(const Vector& from, const Vector& direction, double length) {
  return {from[0] + length * direction[0], from[1] + length * direction[1], from[2] + length * direction[2]};
}

Vector unit(const Vector& v) {
  const double norm = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
  return {v[0] / norm, v[1] / norm, v[2] / norm};
}

Vector cross(const Vector& a, const Vector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

/// `direction` bent by `angle`, towards `turn` around itself.
Vector bent(const Vector& direction, double angle, double turn) {
  const Vector aside =
      unit(cross(direction, std::fabs(direction[2]) < 0.9 ? Vector{0, 0, 1} : Vector{1, 0, 0}));
  const Vector other = cross(direction, aside);
  Vector out{};
  for (size_t k = 0; k < 3; ++k)
    out[k] = std::cos(angle) * direction[k] +
             std::sin(angle) * (std::cos(turn) * aside[k] + std::sin(turn) * other[k]);
  return unit(out);
}

class Grower {
 public:
  Morphology morphology;

  int add(Region region, int parent, double parent_x, const Vector& start, const Vector& direction,
          double length_um, double first_diameter_um, double last_diameter_um) {
    Section s;
    auto& count = counts_[static_cast<size_t>(region)];
    constexpr std::array<std::string_view, 5> kNames{"soma", "axon", "dend", "apic", "other"};
    s.name = fmt::format("{}[{}]", kNames[static_cast<size_t>(region)], count++);
    s.region = region;
    s.parent = parent;
    s.parent_x = parent_x;
    // A point every 10 um or so: a taper is then one of every compartment.
    const int pieces = std::max(1, static_cast<int>(length_um / 10));
    for (int i = 0; i <= pieces; ++i) {
      const double x = static_cast<double>(i) / pieces;
      const Vector at = along(start, direction, x * length_um);
      s.points.push_back(
          {static_cast<float>(at[0]), static_cast<float>(at[1]), static_cast<float>(at[2]),
           static_cast<float>(first_diameter_um + x * (last_diameter_um - first_diameter_um))});
    }
    morphology.sections.push_back(std::move(s));
    return static_cast<int>(morphology.sections.size()) - 1;
  }

  /// A tree with so many endings. Lengths vary by fixed patterns around those of the kind, as they do in
  /// cells: those of endings much, those of inner sections less.
  void grow(Region region, int parent, double parent_x, const Vector& start, const Vector& direction,
            int endings, const BranchKind& kind, int order) {
    constexpr std::array<double, 5> kInner{1.0, 0.7, 1.3, 0.85, 1.15};
    constexpr std::array<double, 7> kEnding{1.0, 0.4, 1.9, 0.25, 1.3, 0.7, 1.45};
    ++grown_;
    if (endings == 1) {
      const double length = kEnding[static_cast<size_t>(ended_++) % kEnding.size()] * kind.ending_length_um;
      add(region, parent, parent_x, start, direction, length, 1.3 * kind.ending_diameter_um,
          0.7 * kind.ending_diameter_um);
      return;
    }
    const double length = kInner[static_cast<size_t>(forked_++) % kInner.size()] * kind.inner_length_um *
                          std::pow(kind.shortening, order);
    const double diameter =
        std::max(kind.inner_diameter_um * std::pow(kind.thinning, order), kind.ending_diameter_um);
    const int section = add(region, parent, parent_x, start, direction, length, diameter, diameter);
    const Vector end = along(start, direction, length);
    const double turn = 2.4 * static_cast<double>(grown_);  // the golden angle: neighbours point elsewhere
    const int first = (endings + 1) / 2;
    grow(region, section, 1, end, bent(direction, 0.45, turn), first, kind, order + 1);
    grow(region, section, 1, end, bent(direction, 0.45, turn + std::numbers::pi), endings - first, kind,
         order + 1);
  }

 private:
  std::array<int, 5> counts_{};
  int grown_ = 0, forked_ = 0, ended_ = 0;
};

}  // namespace

Morphology layer_five_tree(const LayerFiveTree& t) {
  Grower g;
  const Vector up{0, 1, 0}, below{0, -t.soma_length_um / 2, 0}, centre{0, 0, 0};
  const int soma =
      g.add(Region::soma, -1, 0, below, up, t.soma_length_um, t.soma_diameter_um, t.soma_diameter_um);
  for (size_t stem = 0; stem < t.basal_endings.size(); ++stem) {
    const double around =
        2 * std::numbers::pi * static_cast<double>(stem) / static_cast<double>(t.basal_endings.size());
    const Vector out = unit({std::cos(around), -0.5, std::sin(around)});
    g.grow(Region::basal, soma, 0.5, along(centre, out, t.soma_diameter_um / 2), out, t.basal_endings[stem],
           t.basal, 0);
  }
  const auto diameter = [&](double at) {
    if (at < t.trunk_taper_um)
      return t.trunk_start_diameter_um +
             at / t.trunk_taper_um * (t.trunk_diameter_um - t.trunk_start_diameter_um);
    return t.trunk_diameter_um + (at - t.trunk_taper_um) / (t.trunk_length_um - t.trunk_taper_um) *
                                     (t.trunk_end_diameter_um - t.trunk_diameter_um);
  };
  double at = 0;
  int trunk = soma;
  const auto extend = [&](double to) {
    trunk = g.add(Region::apical, trunk, trunk == soma ? 0.5 : 1,
                  along(centre, up, t.soma_length_um / 2 + at), up, to - at, diameter(at), diameter(to));
    at = to;
  };
  for (size_t k = 0; k < t.oblique_um.size(); ++k) {
    extend(t.oblique_um[k]);
    g.grow(Region::apical, trunk, 1, along(centre, up, t.soma_length_um / 2 + at),
           bent(up, 1.2, 2.4 * static_cast<double>(k)), t.oblique_endings[k], t.oblique, 0);
  }
  extend(t.trunk_length_um);
  for (size_t k = 0; k < t.tuft_endings.size(); ++k)
    g.grow(Region::apical, trunk, 1, along(centre, up, t.soma_length_um / 2 + at),
           bent(up, 0.4, std::numbers::pi * static_cast<double>(k)), t.tuft_endings[k], t.tuft, 0);
  return g.morphology;
}

}  // namespace nt::morphology

#include "morphology/compartments.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "config/error.hpp"

namespace nt::morphology {
namespace {

/// Arc lengths at the traced points. Differences in single precision, sums in double, as in NEURON.
std::vector<double> arc_of(const std::vector<Point>& points) {
  std::vector<double> arc{0};
  for (size_t i = 1; i < points.size(); ++i) {
    const auto &p = points[i - 1], &q = points[i];
    const double dx = q.x_um - p.x_um, dy = q.y_um - p.y_um, dz = q.z_um - p.z_um;
    arc.push_back(arc.back() + std::sqrt(dx * dx + dy * dy + dz * dz));
  }
  return arc;
}

/// What NEURON puts for 4/pi times the resistance of a frustum that ends in a point.
constexpr double kClosed = 1e15;

struct Half {
  double diameter_sum = 0, area = 0, resistance = 0;
};

/// Sums over the piece of the traced cone frusta between two arc lengths.
class Tracing {
 public:
  explicit Tracing(const std::vector<Point>& points) : points_(points), arc_(arc_of(points)) {}
  double length() const { return arc_.back(); }

  /// From where the last call ended up to `to`.
  Half up_to(double to) {
    Half sum;
    double x1 = from_, d1 = diameter_at(from_);
    for (;;) {
      const bool piece_ends = next_ + 1 < points_.size() && arc_[next_] <= to;
      const double x2 = piece_ends ? arc_[next_] : to;
      const double d2 = piece_ends ? static_cast<double>(points_[next_].diameter_um) : diameter_at(to);
      double delta = x2 - x1;
      sum.diameter_sum += (d1 + d2) * delta;
      delta = std::max(delta, 1e-15);
      sum.area += (d1 + d2) * std::sqrt(delta * delta + 0.25 * (d2 - d1) * (d2 - d1));
      sum.resistance += d1 * d2 > 0 ? delta / (d1 * d2) : kClosed;
      x1 = x2;
      d1 = d2;
      if (!piece_ends) break;
      ++next_;
    }
    from_ = to;
    return sum;
  }

 private:
  double diameter_at(double x) const {
    const double span = arc_[next_] - arc_[next_ - 1];
    const double fraction = span < 1e-10 ? 1 : (x - arc_[next_ - 1]) / span;
    const double a = points_[next_ - 1].diameter_um, b = points_[next_].diameter_um;
    return a + fraction * (b - a);
  }

  const std::vector<Point>& points_;
  std::vector<double> arc_;
  double from_ = 0;
  size_t next_ = 1;  // the traced point that ends the current frustum
};

void cut_traced(const Section& section, int n, std::vector<Compartment>& into) {
  Tracing tracing(section.points);
  const double ds = tracing.length() / n;
  for (int i = 0; i < n; ++i) {
    Compartment c;
    const auto before = tracing.up_to((i + 0.5) * ds),
               after = tracing.up_to(i + 1 == n ? tracing.length() : (i + 1) * ds);
    c.x = (i + 0.5) / n;
    c.length_um = ds;
    c.diameter_um = (before.diameter_sum + after.diameter_sum) / (2 * ds);
    c.area_um2 = std::numbers::pi / 2 * (before.area + after.area);
    c.resistance_before = before.resistance * 0.04 / std::numbers::pi;
    c.resistance_after = after.resistance * 0.04 / std::numbers::pi;
    into.push_back(c);
  }
}

void cut_cylinder(const Section& section, int n, std::vector<Compartment>& into) {
  const double d = section.diameter_um, dx = section.length_um / n;
  for (int i = 0; i < n; ++i) {
    const double half = 0.01 * (dx / 2) / (std::numbers::pi * d * d / 4);
    into.push_back({0, (i + 0.5) / n, dx, d, std::numbers::pi * d * dx, half, half, 0});
  }
}

}  // namespace

double length_um(const Section& section) {
  return section.points.size() > 1 ? arc_of(section.points).back() : section.length_um;
}

namespace {

/// No neuron needs more compartments than this: what asks for more has its lengths in the wrong unit.
constexpr int kMostCompartments = 2'000'000;

/// 1 + 2 int(x); where x is out of bounds, a number that `cut` refuses.
int one_and_two(double x) {
  return 1 + 2 * static_cast<int>(std::min(x, 1.0 * kMostCompartments));
}

}  // namespace

int by_spacing(const Section& section, double spacing_um) {
  return one_and_two(length_um(section) / spacing_um);
}

int by_d_lambda(const Section& section, double fraction, double frequency_hz, double axial_resistivity_ohm_cm,
                double capacitance_uF_cm2) {
  // The length constant at a frequency, in um: 1e5 / 2 sqrt(d / (pi f Ra cm)).
  const auto lambda = [&](double d) {
    return 1e5 * std::sqrt(d / (4 * std::numbers::pi * frequency_hz * axial_resistivity_ohm_cm *
                                capacitance_uF_cm2));
  };
  double in_lambdas = 0;
  if (section.points.size() > 1) {
    const auto arc = arc_of(section.points);
    for (size_t i = 1; i < arc.size(); ++i) {
      const double d =
          0.5 * (static_cast<double>(section.points[i - 1].diameter_um) + section.points[i].diameter_um);
      in_lambdas += (arc[i] - arc[i - 1]) / lambda(d);
    }
  } else {
    in_lambdas = section.length_um / lambda(section.diameter_um);
  }
  return one_and_two((in_lambdas / fraction + 0.999) / 2);
}

int Compartments::at(int section, double x) const {
  const int n = count(section);
  return first_compartment[section] + std::clamp(static_cast<int>(x * n), 0, n - 1);
}

namespace {

void require_shape(const Section& section) {
  if (!(length_um(section) > 0))
    fail_input(
        "section {} has no length: all its points are at one place; take it out of the reconstruction, "
        "or move one of them",
        section.name);
  for (const auto& p : section.points) {
    if (!(p.diameter_um >= 0))
      fail_input("section {} has a point of diameter {} um", section.name, p.diameter_um);
  }
  if (section.points.empty() && !(section.diameter_um > 0))
    fail_input("section {} has a diameter of {} um", section.name, section.diameter_um);
}

}  // namespace

Compartments cut(const Morphology& morphology, const std::function<int(const Section&)>& number,
                 const std::function<double(const Section&)>& axial_resistivity_ohm_cm) {
  Compartments all;
  all.sections = morphology.sections;
  for (size_t s = 0; s < all.sections.size(); ++s) {
    const auto& section = all.sections[s];
    require_shape(section);
    all.axial_resistivity_ohm_cm.push_back(axial_resistivity_ohm_cm(section));
    all.first_compartment.push_back(static_cast<int>(all.compartments.size()));
    const int n = number(section);
    if (n > kMostCompartments - all.first_compartment.back())
      fail_input("section {} is {} um long: the neuron would have more than {} compartments", section.name,
                 length_um(section), kMostCompartments);
    if (section.points.size() > 1)
      cut_traced(section, n, all.compartments);
    else
      cut_cylinder(section, n, all.compartments);
    for (size_t i = static_cast<size_t>(all.first_compartment.back()); i < all.compartments.size(); ++i)
      all.compartments[i].section = static_cast<int>(s);
  }
  all.first_compartment.push_back(static_cast<int>(all.compartments.size()));
  connect(all);
  return all;
}

Compartments cut(const Morphology& morphology, const std::function<int(const Section&)>& number,
                 double axial_resistivity_ohm_cm) {
  return cut(morphology, number, [&](const Section&) { return axial_resistivity_ohm_cm; });
}

}  // namespace nt::morphology

#include "morphology/lines.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace nt::morphology {
namespace {

using Vector = std::array<double, 3>;

Vector place(const Point& p) {
  return {p.x_um, p.y_um, p.z_um};
}

double distance_um(const Point& p, const Point& q) {
  const auto a = place(p), b = place(q);
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

Point between(const Point& p, const Point& q, double fraction) {
  const auto mix = [&](float a, float b) { return static_cast<float>(a + fraction * (b - a)); };
  return {mix(p.x_um, q.x_um), mix(p.y_um, q.y_um), mix(p.z_um, q.z_um), mix(p.diameter_um, q.diameter_um)};
}

/// A line cut into `n` pieces of one length.
std::vector<std::vector<Point>> pieces_of(const std::vector<Point>& line, int n) {
  std::vector<double> arc{0};
  for (size_t i = 1; i < line.size(); ++i) arc.push_back(arc.back() + distance_um(line[i - 1], line[i]));
  const auto at = [&](double s) {
    const auto after = std::lower_bound(arc.begin() + 1, arc.end() - 1, s);
    const auto i = static_cast<size_t>(after - arc.begin());
    const double span = arc[i] - arc[i - 1];
    return between(line[i - 1], line[i], span > 0 ? std::min(1.0, (s - arc[i - 1]) / span) : 1);
  };
  std::vector<std::vector<Point>> pieces;
  size_t next = 1;
  for (int k = 0; k < n; ++k) {
    const double start = arc.back() * k / n, end = arc.back() * (k + 1) / n;
    auto& piece = pieces.emplace_back(1, at(start));
    for (; next + 1 < line.size() && arc[next] < end; ++next)
      if (arc[next] > start) piece.push_back(line[next]);
    piece.push_back(at(end));
  }
  return pieces;
}

/// From the middle of all traced points to the start of `from`: there a stub is in nobody's way. Down if
/// there is no such direction.
Vector away_from_the_tree(const std::vector<Section>& sections, const Point& from) {
  Vector middle{};
  double points = 0;
  for (const auto& section : sections) {
    for (const auto& p : section.points) {
      const auto at = place(p);
      for (size_t k = 0; k < 3; ++k) middle[k] += at[k];
      ++points;
    }
  }
  auto direction = place(from);
  for (size_t k = 0; k < 3; ++k) direction[k] -= middle[k] / std::max(points, 1.0);
  const double length = std::hypot(direction[0], direction[1], direction[2]);
  if (length < 1) return {0, -1, 0};
  for (double& d : direction) d /= length;
  return direction;
}

}  // namespace

std::vector<std::vector<Point>> lines_of(const Compartments& geometry) {
  const auto& sections = geometry.sections;
  std::vector<std::vector<Point>> line_of_section, lines;
  std::vector<Vector> direction(sections.size(), Vector{0, 1, 0});  // of cylinders
  for (size_t s = 0; s < sections.size(); ++s) {
    const auto& section = sections[s];
    auto line = section.points;
    if (line.size() < 2) {
      Point start{0, 0, 0, 0};
      if (section.parent >= 0) {
        const auto parent = static_cast<size_t>(section.parent);
        const auto& on = line_of_section[parent];
        const auto halves = pieces_of(on, 2);
        start = section.parent_x >= 1 ? on.back()
                : section.parent_x <= 0
                    ? on.front()
                    : halves[0].back();  // what hangs between the ends hangs in the middle
        const bool on_cylinder = sections[parent].points.size() < 2 && section.parent_x >= 1;
        direction[s] = on_cylinder ? direction[parent] : away_from_the_tree(sections, start);
      }
      const auto d = static_cast<float>(section.diameter_um);
      const auto along = [&](size_t k) { return static_cast<float>(section.length_um * direction[s][k]); };
      line = {{start.x_um, start.y_um, start.z_um, d},
              {start.x_um + along(0), start.y_um + along(1), start.z_um + along(2), d}};
    }
    for (auto& piece : pieces_of(line, geometry.count(static_cast<int>(s))))
      lines.push_back(std::move(piece));
    line_of_section.push_back(std::move(line));
  }
  return lines;
}

}  // namespace nt::morphology

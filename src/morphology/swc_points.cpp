#include "morphology/detail/swc_points.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "config/error.hpp"
#include "config/printable.hpp"

namespace nt::morphology {
namespace {

[[noreturn]] void refuse(const std::string& name, int line, const std::string& what) {
  fail_input("{}:{}: {}", name, line, what);
}

/// The first seven numbers of a line without its comment; fewer where it has fewer.
std::vector<double> numbers_of(std::string_view row, const std::string& name, int line) {
  std::vector<double> numbers;
  while (numbers.size() < 7) {
    const auto start = row.find_first_not_of(" \t\r\f\v,");
    if (start == row.npos) break;
    row.remove_prefix(start);
    const auto stop = std::min(row.find_first_of(" \t\r\f\v,"), row.size());
    double x = 0;
    const auto* first = row.data() + (row[0] == '+' ? 1 : 0);
    const auto [rest, error] = std::from_chars(first, row.data() + stop, x);
    if (error != std::errc() || rest != row.data() + stop || !std::isfinite(x))
      refuse(name, line, fmt::format("'{}' is not a number", config::printable_line(row.substr(0, stop))));
    numbers.push_back(x);
    row.remove_prefix(stop);
  }
  return numbers;
}

std::optional<SwcPoint> read_point(std::string_view row, const std::string& name, int line) {
  const auto numbers = numbers_of(row, name, line);
  if (numbers.empty()) return {};
  if (numbers.size() < 7)
    refuse(name, line, fmt::format("{} numbers; expected id, type, x, y, z, radius, parent", numbers.size()));
  for (const size_t k : {0u, 1u, 6u}) {
    if (numbers[k] != std::floor(numbers[k]) || std::fabs(numbers[k]) > 1e9)
      refuse(name, line, fmt::format("'{}' is no whole number", numbers[k]));
  }
  for (size_t k = 2; k < 6; ++k) {
    if (std::fabs(numbers[k]) > 1e6) refuse(name, line, fmt::format("a coordinate of {} um", numbers[k]));
  }
  if (numbers[5] < 0) refuse(name, line, fmt::format("a radius of {} um; expected 0 or more", numbers[5]));
  SwcPoint p;
  p.id = static_cast<int64_t>(numbers[0]);
  p.type = static_cast<int>(numbers[1]);
  // NEURON's reader keeps single precision: what it adds to a point, it adds to that.
  p.x_um = static_cast<float>(numbers[2]);
  p.y_um = static_cast<float>(numbers[3]);
  p.z_um = static_cast<float>(numbers[4]);
  p.diameter_um = 2 * static_cast<double>(static_cast<float>(numbers[5]));
  p.parent_id = static_cast<int64_t>(numbers[6]);
  p.line = line;
  if (p.id < 0) refuse(name, line, fmt::format("a point {}; expected a number from 0 on", p.id));
  return p;
}

void find_parents(std::vector<SwcPoint>& points, const std::string& name) {
  std::unordered_map<int64_t, int> place;
  for (size_t i = 0; i < points.size(); ++i) place[points[i].id] = static_cast<int>(i);
  for (auto& p : points) {
    const auto it = place.find(p.parent_id);
    if (p.parent_id < 0 || (p.parent_id == 0 && it == place.end())) continue;
    if (it == place.end()) refuse(name, p.line, fmt::format("the parent {} is not there", p.parent_id));
    if (p.parent_id == p.id) refuse(name, p.line, "a point that is its own parent");
    p.parent = it->second;
  }
}

struct Order {
  std::vector<int> roots;
  std::vector<std::vector<int>> children;  // of each point
};

Order order_of(const std::vector<SwcPoint>& points) {
  Order order;
  order.children.resize(points.size());
  for (size_t i = 0; i < points.size(); ++i) {
    const int parent = points[i].parent;
    (parent < 0 ? order.roots : order.children[parent]).push_back(static_cast<int>(i));
  }
  return order;
}

/// The places of the points in depth-first order. Those that go in circles are not among them.
std::vector<int> depth_first_places(const std::vector<SwcPoint>& points) {
  const auto order = order_of(points);
  std::vector<int> waiting(order.roots.rbegin(), order.roots.rend()), places;
  while (!waiting.empty()) {
    const int i = waiting.back();
    waiting.pop_back();
    places.push_back(i);
    const auto& children = order.children[i];
    waiting.insert(waiting.end(), children.rbegin(), children.rend());
  }
  return places;
}

void refuse_circles(const std::vector<SwcPoint>& points, const std::string& name) {
  const auto reached = depth_first_places(points);
  if (reached.size() == points.size()) return;
  std::vector<bool> seen(points.size());
  for (const int i : reached) seen[i] = true;
  const SwcPoint* first = nullptr;  // in the file
  for (size_t i = 0; i < points.size(); ++i)
    if (!seen[i] && (first == nullptr || points[i].line < first->line)) first = &points[i];
  refuse(name, first->line, fmt::format("point {} is its own ancestor", first->id));
}

}  // namespace

std::vector<SwcPoint> read_swc_points(std::string_view text, const std::string& name) {
  std::vector<SwcPoint> points;
  int line = 0;
  while (!text.empty()) {
    ++line;
    const auto end = std::min(text.find('\n'), text.size());
    const auto row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (auto p = read_point(row.substr(0, std::min(row.find('#'), row.size())), name, line))
      points.push_back(*p);
  }
  if (points.empty()) fail_input("{}: holds no points", name);
  std::stable_sort(points.begin(), points.end(),
                   [](const SwcPoint& a, const SwcPoint& b) { return a.id < b.id; });
  for (size_t i = 1; i < points.size(); ++i) {
    if (points[i].id == points[i - 1].id)
      refuse(name, points[i].line,
             fmt::format("a second point {}; the first is in line {}", points[i].id, points[i - 1].line));
  }
  find_parents(points, name);
  refuse_circles(points, name);
  return points;
}

bool parents_come_first(const std::vector<SwcPoint>& points) {
  for (size_t i = 0; i < points.size(); ++i)
    if (points[i].parent >= static_cast<int>(i)) return false;
  return true;
}

std::vector<SwcPoint> depth_first(const std::vector<SwcPoint>& points) {
  const auto places = depth_first_places(points);
  std::vector<int> moved(points.size());
  for (size_t k = 0; k < places.size(); ++k) moved[places[k]] = static_cast<int>(k);
  std::vector<SwcPoint> sorted;
  for (const int i : places) {
    sorted.push_back(points[i]);
    auto& parent = sorted.back().parent;
    if (parent >= 0) parent = moved[parent];
  }
  return sorted;
}

}  // namespace nt::morphology

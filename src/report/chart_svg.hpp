#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nt::report {

/// Points joined by a line, or each by itself.
struct Series {
  std::string name;  // in the legend; empty: not there
  std::vector<double> x, y;
  std::string colour = "#1d2329";
  enum class Look { line, dashed, points, bars } look = Look::line;
};

/// A chart of lines over numbers.
struct Chart {
  std::string title, x_title, y_title;
  std::vector<Series> series;
  std::optional<std::pair<double, double>> x_range = {}, y_range = {};  // empty: as the points need it
};

/// Charts below each other as one SVG file, 720 pixels wide. Points that are no finite numbers interrupt
/// their line. Text is escaped.
std::string charts_as_svg(const std::vector<Chart>& charts);

/// Round numbers from `low` to `high`, about `count` of them, of which the axis has labels.
std::vector<double> round_ticks(double low, double high, int count);

}  // namespace nt::report

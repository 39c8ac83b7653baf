#include "report/chart_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "files/markup.hpp"

namespace nt::report {
namespace {

constexpr double kWidth = 720, kHeight = 300, kLeft = 68, kRight = 16, kTop = 40, kBottom = 46;
constexpr auto kQuiet = "#5b6670", kGrid = "#dfe4e8";

using Range = std::pair<double, double>;

/// The range of the points, a little wider where it is empty.
Range range_of(const std::vector<Series>& series, std::vector<double> Series::*of) {
  double low = INFINITY, high = -INFINITY;
  for (const auto& one : series) {
    for (const double value : one.*of) {
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  if (low > high) return {0, 1};
  return low < high ? Range{low, high} : Range{low - 0.5, high + 0.5};
}

/// Where a chart's numbers lie in the picture.
struct Frame {
  Range x, y;
  double top;

  double x_at(double value) const {
    return kLeft + (value - x.first) / (x.second - x.first) * (kWidth - kLeft - kRight);
  }
  double y_at(double value) const {
    return top + kHeight - kBottom - (value - y.first) / (y.second - y.first) * (kHeight - kTop - kBottom);
  }
};

void add_text(std::string& out, double x, double y, const std::string& anchor, const std::string& text,
              const std::string& more = "") {
  out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", x, y, anchor, more,
                     files::markup_text(text));
}

void add_axes(std::string& out, const Chart& chart, const Frame& frame) {
  const double bottom = frame.y_at(frame.y.first), right = kWidth - kRight;
  for (const double tick : round_ticks(frame.y.first, frame.y.second, 5)) {
    const double y = frame.y_at(tick);
    out += fmt::format("<path d=\"M{} {:.1f}H{}\" stroke=\"{}\"/>\n", kLeft, y, right, kGrid);
    add_text(out, kLeft - 8, y + 4, "end", fmt::format("{:g}", tick));
  }
  for (const double tick : round_ticks(frame.x.first, frame.x.second, 8)) {
    const double x = frame.x_at(tick);
    out += fmt::format("<path d=\"M{:.1f} {:.1f}v5\" stroke=\"{}\"/>\n", x, bottom, kQuiet);
    add_text(out, x, bottom + 18, "middle", fmt::format("{:g}", tick));
  }
  out += fmt::format("<path d=\"M{} {:.1f}H{}\" stroke=\"{}\"/>\n", kLeft, bottom, right, kQuiet);
  add_text(out, (kLeft + right) / 2, bottom + 36, "middle", chart.x_title);
  const double middle = (frame.y_at(frame.y.first) + frame.y_at(frame.y.second)) / 2;
  add_text(out, 16, middle, "middle", chart.y_title,
           fmt::format("transform=\"rotate(-90 16 {:.1f})\"", middle));
  add_text(out, kLeft, frame.top + 18, "start", chart.title, "font-weight=\"600\" font-size=\"14\"");
}

void add_line(std::string& out, const Series& series, const Frame& frame) {
  std::string path;
  bool pen_is_down = false;
  for (size_t i = 0; i < std::min(series.x.size(), series.y.size()); ++i) {
    const bool known = std::isfinite(series.x[i]) && std::isfinite(series.y[i]);
    if (known)
      path += fmt::format("{}{:.2f} {:.2f}", pen_is_down ? "L" : "M", frame.x_at(series.x[i]),
                          frame.y_at(std::clamp(series.y[i], frame.y.first, frame.y.second)));
    pen_is_down = known;
  }
  out += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\"{}/>\n", path,
                     series.colour, series.look == Series::Look::dashed ? " stroke-dasharray=\"5 4\"" : "");
}

void add_points(std::string& out, const Series& series, const Frame& frame) {
  for (size_t i = 0; i < std::min(series.x.size(), series.y.size()); ++i)
    if (std::isfinite(series.x[i]) && std::isfinite(series.y[i]))
      out += fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"3.2\" fill=\"{}\"/>\n",
                         frame.x_at(series.x[i]), frame.y_at(series.y[i]), series.colour);
}

/// Short strokes upwards from y.
void add_bars(std::string& out, const Series& series, const Frame& frame) {
  for (size_t i = 0; i < std::min(series.x.size(), series.y.size()); ++i)
    out += fmt::format("<path d=\"M{:.2f} {:.2f}v-14\" stroke=\"{}\" stroke-width=\"1.6\"/>\n",
                       frame.x_at(series.x[i]), frame.y_at(series.y[i]), series.colour);
}

void add_legend(std::string& out, const Chart& chart, const Frame& frame) {
  double x = kWidth - kRight;
  for (auto series = chart.series.rbegin(); series != chart.series.rend(); ++series) {
    if (series->name.empty()) continue;
    add_text(out, x, frame.top + 18, "end", series->name, fmt::format("fill=\"{}\"", series->colour));
    constexpr double kLetter = 6.6, kBetween = 18;
    x -= kLetter * static_cast<double>(series->name.size()) + kBetween;
  }
}

void add_chart(std::string& out, const Chart& chart, double top) {
  const Frame frame{chart.x_range.value_or(range_of(chart.series, &Series::x)),
                    chart.y_range.value_or(range_of(chart.series, &Series::y)), top};
  add_axes(out, chart, frame);
  for (const auto& series : chart.series) {
    switch (series.look) {
      case Series::Look::line:
      case Series::Look::dashed:
        add_line(out, series, frame);
        break;
      case Series::Look::points:
        add_points(out, series, frame);
        break;
      case Series::Look::bars:
        add_bars(out, series, frame);
        break;
    }
  }
  add_legend(out, chart, frame);
}

}  // namespace

std::vector<double> round_ticks(double low, double high, int count) {
  const double raw = (high - low) / std::max(1, count);
  if (!(raw > 0)) return {low};
  const double power = std::pow(10, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  const auto first = static_cast<int64_t>(std::ceil(low / step - 1e-9));
  for (int64_t k = first; static_cast<double>(k) * step <= high + 1e-9 * step; ++k)
    ticks.push_back(static_cast<double>(k) * step);
  return ticks;
}

std::string charts_as_svg(const std::vector<Chart>& charts) {
  const double height = kHeight * static_cast<double>(charts.size());
  auto out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:g}\" height=\"{1:g}\" viewBox=\"0 0 {0:g} "
      "{1:g}\" "
      "font-family=\"sans-serif\" font-size=\"12\" fill=\"{2}\">\n<rect width=\"100%\" height=\"100%\" "
      "fill=\"#ffffff\"/>\n",
      kWidth, height, kQuiet);
  for (size_t i = 0; i < charts.size(); ++i) add_chart(out, charts[i], kHeight * static_cast<double>(i));
  return out + "</svg>\n";
}

}  // namespace nt::report

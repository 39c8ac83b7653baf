#include "morphology/drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "files/markup.hpp"
#include "morphology/lines.hpp"

namespace nt::morphology {
namespace {

constexpr double kLongestSide_px = 900, kMargin_px = 40;
constexpr double kThinnest_px = 0.6;  // what is thinner could not be seen

std::string_view colour_of(Region region) {
  switch (region) {
    case Region::soma:
      return "#222222";
    case Region::axon:
      return "#4477aa";
    case Region::basal:
      return "#228833";
    case Region::apical:
      return "#cc6677";
    case Region::other:
      break;
  }
  return "#888888";
}

/// From um to pixels.
struct Frame {
  double left_um = std::numeric_limits<double>::infinity(), right_um = -left_um, bottom_um = left_um,
         top_um = -left_um;
  double px_per_um = 1;

  explicit Frame(const std::vector<std::vector<Point>>& lines) {
    for (const auto& line : lines) {
      for (const auto& p : line) {
        const double r = p.diameter_um / 2;
        left_um = std::min(left_um, p.x_um - r);
        right_um = std::max(right_um, p.x_um + r);
        bottom_um = std::min(bottom_um, p.y_um - r);
        top_um = std::max(top_um, p.y_um + r);
      }
    }
    px_per_um = kLongestSide_px / std::max({right_um - left_um, top_um - bottom_um, 1e-6});
  }
  double x(const Point& p) const { return kMargin_px + (p.x_um - left_um) * px_per_um; }
  double y(const Point& p) const { return kMargin_px + (top_um - p.y_um) * px_per_um; }
  double width() const { return 2 * kMargin_px + std::max(200.0, (right_um - left_um) * px_per_um); }
  double height() const { return 3 * kMargin_px + (top_um - bottom_um) * px_per_um; }
};

/// The greatest of 1, 2, 5, 10, 20, 50 um and so on that is at most a quarter of the picture.
double scale_bar_um(const Frame& frame) {
  const double most = kLongestSide_px / 4 / frame.px_per_um;
  const double power = std::pow(10, std::floor(std::log10(most)));
  for (const double factor : {5, 2})
    if (factor * power <= most) return factor * power;
  return power;
}

/// One stroke for each piece between two traced points, as wide as it is thick on average.
void add_strokes(const std::vector<Point>& line, const Frame& frame, std::string& svg) {
  for (size_t i = 1; i < line.size(); ++i) {
    const auto &a = line[i - 1], &b = line[i];
    const double width =
        std::max(kThinnest_px, 0.5 * (static_cast<double>(a.diameter_um) + b.diameter_um) * frame.px_per_um);
    fmt::format_to(std::back_inserter(svg),
                   "<path d=\"M{:.2f} {:.2f}L{:.2f} {:.2f}\" stroke-width=\"{:.2f}\"/>", frame.x(a),
                   frame.y(a), frame.x(b), frame.y(b), width);
  }
}

}  // namespace

std::string drawn_as_svg(const Compartments& geometry, const std::string& title) {
  const auto lines = lines_of(geometry);
  const Frame frame(lines);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" "
      "height=\"100%\" fill=\"white\"/>\n<text x=\"{2}\" y=\"22\">{3}</text>\n<g fill=\"none\">\n",
      frame.width(), frame.height(), kMargin_px, files::markup_text(title));
  for (size_t s = 0; s < geometry.sections.size(); ++s) {
    const auto& section = geometry.sections[s];
    // A soma is a cylinder; round ends would make it longer.
    fmt::format_to(
        std::back_inserter(svg),
        "<g stroke=\"{}\" stroke-linecap=\"{}\"><title>{}: {}, {:.1f} um, {} compartment{}</title>",
        colour_of(section.region), section.region == Region::soma ? "butt" : "round",
        files::markup_text(section.name), name_of(section.region), length_um(section),
        geometry.count(static_cast<int>(s)), geometry.count(static_cast<int>(s)) == 1 ? "" : "s");
    for (int c = geometry.first_compartment[s]; c < geometry.first_compartment[s + 1]; ++c)
      add_strokes(lines[c], frame, svg);
    svg += "</g>\n";
  }
  const double bar_um = scale_bar_um(frame), y = frame.height() - kMargin_px;
  svg += fmt::format(
      "</g>\n<path d=\"M{0} {1:.1f}h{2:.2f}\" stroke=\"black\" stroke-width=\"2\"/>\n<text x=\"{0}\" "
      "y=\"{3:.1f}\">{4:g} um</text>\n</svg>\n",
      kMargin_px, y, bar_um * frame.px_per_um, y + 18, bar_um);
  return svg;
}

}  // namespace nt::morphology

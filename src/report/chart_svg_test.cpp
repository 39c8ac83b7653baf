#include "report/chart_svg.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace nt::report {
namespace {

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Chart, HasTicksAtRoundNumbersWithinItsRange) {
  EXPECT_EQ(round_ticks(0, 1, 5), (std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1}));
  EXPECT_EQ(round_ticks(-73.2, -55, 4), (std::vector<double>{-70, -65, -60, -55}));
  EXPECT_EQ(round_ticks(3, 3, 4), (std::vector<double>{3}));
}

TEST(Chart, InterruptsALineWhereANumberIsMissing) {
  const Chart chart{"t", "x", "y", {{"a", {0, 1, 2, 3, 4}, {0, 1, NAN, 1, 0}}}};
  const auto svg = charts_as_svg({chart});
  const auto line = svg.substr(svg.find("fill=\"none\"") - 120, 130);
  EXPECT_EQ(count_of(line, "M"), 2u) << line;
}

TEST(Chart, PutsItsFirstPointAtTheLeftAndItsLastAtTheRight) {
  const auto svg = charts_as_svg({{"t", "x", "y", {{"", {10, 20}, {1, 2}}}}});
  EXPECT_NE(svg.find("M68.00 254.00L704.00 40.00"), svg.npos) << svg;
}

TEST(Chart, EscapesWordsThatAreNoMarkup) {
  EXPECT_NE(charts_as_svg({{"a < b & c", "x", "y", {}}}).find("a &lt; b &amp; c"), std::string::npos);
}

TEST(Chart, DrawsEachOfSeveralBelowTheOneBefore) {
  const Chart chart{"t", "x", "y", {{"", {0, 1}, {0, 1}}}};
  EXPECT_NE(charts_as_svg({chart, chart}).find("height=\"600\""), std::string::npos);
}

}  // namespace
}  // namespace nt::report

#include "morphology/drawing.hpp"

#include <gtest/gtest.h>

namespace nt::morphology {
namespace {

std::string drawing_of(std::string_view text) {
  return drawn_as_svg(
      cut(
          read_swc(text, "cell.swc"), [](const Section& s) { return by_spacing(s, 40); }, 100),
      "a <cell> & more");
}

TEST(Drawing, NamesEverySectionAndIsAsWideAsTheTree) {
  // 10 um wide and 190 um high: the longest side of 900 pixels is y, so that 1 um is 4.7 pixels.
  const auto svg =
      drawing_of("1 1 0 0 0 5 -1\n2 3 0 5 0 0.5 1\n3 3 0 95 0 0.5 2\n4 4 0 -5 0 1 1\n5 4 0 -95 0 1 4\n");
  for (const auto* text : {"<title>soma[0]: soma, 10.0 um, 1 compartment</title>",
                           "<title>dend[0]: basal, 90.0 um, 5 compartments</title>", "apic[0]: apical",
                           "a &lt;cell&gt; &amp; more", "</svg>", ">20 um</text>"})
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(Drawing, OfATreeInOneLineAlongTheViewHasASize) {
  const auto svg = drawing_of("1 1 0 0 0 5 -1\n2 3 0 0 5 0.5 1\n3 3 0 0 95 0.5 2\n");
  EXPECT_EQ(svg.find("inf"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

}  // namespace
}  // namespace nt::morphology

#include "morphology/axon.hpp"

#include <gtest/gtest.h>

#include "config/error.hpp"

namespace nt::morphology {
namespace {

/// A ball, a dendrite, and an axon of two sections of 50 um: 2 um thick, then 1.
constexpr auto kCell =
    "1 1 0 0 0 5 -1\n"
    "2 3 0 5 0 0.5 1\n"
    "3 3 0 95 0 0.5 2\n"
    "4 2 0 -5 0 1 1\n"
    "5 2 0 -55 0 1 4\n"
    "6 2 0 -105 0 0.5 5\n"
    "7 2 20 -55 0 0.5 5\n";

TEST(Axon, AStubMayHaveUnlikePiecesAndHangAnywhere) {
  const auto whole = read_swc(kCell, "cell.swc");
  int dendrite = 0;
  while (whole.sections[dendrite].name != "dend[0]") ++dendrite;
  const auto m = with_axon(whole, {{{30, 2}, {70, 0.7}, {10, 5}}, /*on=*/dendrite, 0.25});
  ASSERT_EQ(m.sections.size(), 5u);  // soma, dendrite, three pieces
  EXPECT_EQ(m.sections[1].name, "dend[0]");
  for (const size_t k : {0u, 1u, 2u}) {
    EXPECT_EQ(m.sections[2 + k].name, fmt::format("axon[{}]", k));
    EXPECT_EQ(m.sections[2 + k].parent, static_cast<int>(1 + k));
  }
  EXPECT_EQ(m.sections[2].parent_x, 0.25);
  EXPECT_EQ(m.sections[3].length_um, 70);
  EXPECT_EQ(m.sections[4].diameter_um, 5);
}

TEST(Axon, BluePyOptsStubIsAsThickAsTheAxonWas) {
  const auto stub = bluepyopt_stub(read_swc(kCell, "cell.swc"), FromSoma::start);
  ASSERT_EQ(stub.pieces.size(), 2u);
  EXPECT_NEAR(stub.pieces[0].diameter_um, 2, 1e-6);
  // axon[1] begins 55 um from the soma's middle, so that its own is 85 um from the soma's start; it tapers.
  EXPECT_NEAR(stub.pieces[1].diameter_um, 1.5, 1e-6);
  EXPECT_EQ(stub.x, 1);
  EXPECT_EQ(bluepyopt_stub(read_swc("1 1 0 0 0 5 -1\n", "cell.swc"), FromSoma::middle).pieces[1].diameter_um,
            1);
}

TEST(Axon, BluePyOptsHocFilesMeasureFromTheSomasStartAndItsPythonCodeFromTheMiddle) {
  // The middle of axon[0] is 61 um from the soma's start, but 56 um from its middle; that of axon[1] is far.
  const auto m = read_swc(
      "1 1 0 0 0 5 -1\n"
      "2 2 0 -5 0 1 1\n"
      "3 2 0 -117 0 1 2\n"
      "4 2 0 -217 0 0.5 3\n"
      "5 2 9 -117 0 0.5 3\n",
      "cell.swc");
  EXPECT_NEAR(bluepyopt_stub(m, FromSoma::start).pieces[1].diameter_um, 2, 1e-6);
  EXPECT_NEAR(bluepyopt_stub(m, FromSoma::middle).pieces[1].diameter_um, 1.5, 1e-6);
}

TEST(Axon, AllensStubIsTwoCylindersOfOneMicrometre) {
  const auto m = read_swc(kCell, "cell.swc");
  const auto with = with_axon(m, allen_stub(m));
  ASSERT_EQ(with.sections.size(), 4u);
  EXPECT_EQ(with.sections[1].parent_x, 0.5);
  EXPECT_EQ(with.sections[2].length_um, 30);
  EXPECT_EQ(with.sections[2].diameter_um, 1);
}

TEST(Axon, OfATreeThatBeginsWithItCannotBeReplaced) {
  const auto m = read_swc("1 2 0 0 0 1 -1\n2 2 0 10 0 1 1\n3 1 0 20 0 6 2\n", "cell.swc");
  EXPECT_THROW(with_axon(m, allen_stub(m)), InputError);
}

}  // namespace
}  // namespace nt::morphology

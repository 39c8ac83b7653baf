#include "interpret/templates.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "twin/twin.hpp"

namespace nt::interpret {
namespace {

TEST(Templates, ProximalFastAndDistalSlowFiltersAreToldApartAndAssigned) {
  // Two branches with two excitatory and one inhibitory synapse each; the basal one's filters are short, the
  // tuft's late.
  std::vector<SynapsePlace> places;
  for (const bool excitatory : {true, true, false})
    for (const auto part : {morphology::Part::basal, morphology::Part::tuft})
      places.push_back({excitatory, part, part == morphology::Part::basal ? 1 : 2,
                        part == morphology::Part::basal ? 50.0 : 900.0});
  twin::FirstFilters filters{6, 30, 4, {}, std::vector<double>(4, 1.0)};
  for (size_t c = 0; c < 6; ++c) {
    for (int k = 0; k < 30; ++k) {
      const double shape =
          places[c].part == morphology::Part::basal ? std::exp(-k / 3.0) : k / 8.0 * std::exp(1 - k / 8.0);
      for (int unit = 0; unit < 4; ++unit)
        filters.weight.push_back((c < 4 ? 1.0 : -0.5) * (1 + unit) * shape);
    }
  }
  const auto found = filter_templates(filters, places, 2, 1);
  EXPECT_LT(found.unexplained, 1e-3);
  ASSERT_EQ(found.templates.size(), 2u);
  for (const auto& one : found.templates) {
    const auto peak = std::ranges::max_element(one.excitatory) - one.excitatory.begin();
    ASSERT_TRUE(one.part) << one.part_note;
    EXPECT_EQ(peak, one.part == morphology::Part::basal ? 0 : 8);
    const auto at = static_cast<size_t>(peak);
    EXPECT_NEAR(one.inhibitory[at] / one.excitatory[at], -0.5, 0.01);
    EXPECT_GT(one.by_part.at(*one.part), 0.5);
  }
  EXPECT_NE(found.templates[0].part, found.templates[1].part);
}

/// Filters of one shape on four basal and four tuft branches; how strong, by part, with a spread from branch
/// to branch.
FilterTemplate one_template(double basal, double tuft) {
  std::vector<SynapsePlace> places;
  for (int branch = 0; branch < 8; ++branch)
    places.push_back(
        {true, branch < 4 ? morphology::Part::basal : morphology::Part::tuft, branch, 10.0 * branch});
  twin::FirstFilters filters{8, 30, 6, {}, std::vector<double>(6, 1.0)};
  constexpr std::array<double, 4> kSpread{0.8, 1.2, 0.9, 1.1};
  for (size_t c = 0; c < 8; ++c) {
    const double strength = (c < 4 ? basal : tuft) * kSpread[c % 4];
    for (int k = 0; k < 30; ++k)
      filters.weight.insert(filters.weight.end(), 6, strength * std::exp(-k / 5.0));
  }
  return filter_templates(filters, places, 1, 1).templates[0];
}

TEST(Templates, BelongToAPartOnlyWhereItIsToldFromTheNext) {
  const auto clear = one_template(1, 0.3);
  EXPECT_EQ(clear.part, morphology::Part::basal);
  EXPECT_GT(clear.part_difference->low, 0);
  const auto close = one_template(0.30, 0.29);
  EXPECT_FALSE(close.part);
  EXPECT_LT(close.part_difference->low, 0);
  EXPECT_NE(close.part_note.find("basal "), std::string::npos) << close.part_note;
  EXPECT_NE(close.part_note.find(" against tuft "), std::string::npos);
}

TEST(Templates, OfAnUnbranchedNeuronSetItsSynapsesApart) {
  std::vector<SynapsePlace> places;
  for (int s = 0; s < 9; ++s) places.push_back({true, morphology::Part::basal, 1, 20.0 * s});
  const twin::Twin twin(twin::TwinSpec(twin::ConvolutionalSpec({{10, 4}})), 9, 1);
  const auto filters = twin.network().filters(twin.layout(), twin.numbers, 9);
  EXPECT_EQ(filter_templates(*filters, places, 3, 1).branches.size(), 9u);
}

}  // namespace
}  // namespace nt::interpret

#include "produce/dendritic_basis.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "config/temporary_folder.hpp"
#include "files/files.hpp"
#include "random/random.hpp"

namespace nt::produce {
namespace {

/// Voltages of ten compartments that follow three sources of unlike strength.
std::vector<std::vector<float>> three_sources(size_t samples) {
  random::Random random(2, random::Stage::test_cases, 0, random::StreamName::test_case);
  std::vector<std::vector<float>> all;
  for (size_t i = 0; i < samples; ++i) {
    const double s[3] = {8 * random.uniform(-1, 1), 4 * random.uniform(-1, 1), random.uniform(-1, 1)};
    auto& mV = all.emplace_back();
    for (int c = 0; c < 10; ++c)
      mV.push_back(static_cast<float>(-60 + c + s[0] + s[1] * std::cos(0.6 * c) + s[2] * std::sin(1.1 * c)));
  }
  return all;
}

TEST(DendriticBasis, WhitensTheDataItWasFittedOn) {
  const auto samples = three_sources(5000);
  VoltageMoments moments(10);
  for (const auto& mV : samples) moments.add(mV);
  const auto basis = fit_dendritic_basis(moments, 3);
  double kept = 0;
  for (const double v : basis.variance_mV2) kept += v;
  EXPECT_NEAR(kept, basis.total_variance_mV2, 1e-6 * kept);  // three sources, three directions
  double mean[3] = {}, covariance[3][3] = {};
  for (const auto& mV : samples) {
    float pc[3];
    basis.project(mV, pc);
    for (int i = 0; i < 3; ++i) {
      mean[i] += pc[i] / 5000;
      for (int j = 0; j < 3; ++j) covariance[i][j] += double{pc[i]} * pc[j] / 5000;
    }
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(mean[i], 0, 1e-5);
    for (int j = 0; j < 3; ++j) EXPECT_NEAR(covariance[i][j], i == j, 1e-4) << i << j;
  }
}

TEST(DendriticBasis, GivesTheVoltagesBackThatItsComponentsSay) {
  const auto samples = three_sources(1000);
  VoltageMoments moments(10);
  for (const auto& mV : samples) moments.add(mV);
  const auto basis = fit_dendritic_basis(moments, 3);  // three sources: nothing is left out
  for (size_t i = 0; i < samples.size(); i += 50) {
    float pc[3];
    basis.project(samples[i], pc);
    for (size_t c = 0; c < 10; ++c) EXPECT_NEAR(basis.voltage_mV(pc, c), samples[i][c], 1e-4) << c;
  }
}

TEST(DendriticBasis, IsTheSameFromTheMomentsOfParts) {
  const auto samples = three_sources(1000);
  VoltageMoments whole(10), first(10), second(10);
  for (size_t i = 0; i < samples.size(); ++i) {
    whole.add(samples[i]);
    (i < 333 ? first : second).add(samples[i]);
  }
  first.add(second);
  EXPECT_EQ(first.samples(), whole.samples());
  const auto a = whole.covariance_mV2(), b = first.covariance_mV2();
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-9);
}

TEST(DendriticBasis, SpikesAreClippedAndSoAreFarComponents) {
  VoltageMoments moments(10);
  for (const auto& mV : three_sources(1000)) moments.add(mV);
  const auto basis = fit_dendritic_basis(moments, 2);
  std::vector<float> at_ceiling(10, 2.0f), spike(10, 40.0f);
  float a[2], b[2];
  basis.project(at_ceiling, a);
  basis.project(spike, b);
  EXPECT_EQ(a[0], b[0]);
  EXPECT_EQ(std::abs(a[0]), 3);
}

TEST(DendriticBasis, ReadsBackAsWrittenAndOnlyByItsOwnConfiguration) {
  VoltageMoments moments(10);
  for (const auto& mV : three_sources(1000)) moments.add(mV);
  const auto basis = fit_dendritic_basis(moments, 2);
  const auto file = config::own_temporary_folder() / "basis.h5";
  files::write_file_atomically(file, dendritic_basis_bytes(basis, "mine", 4, 1000));
  const auto again = read_dendritic_basis(file, "mine");
  EXPECT_EQ(again.mean_mV, basis.mean_mV);
  EXPECT_EQ(again.direction, basis.direction);
  EXPECT_EQ(again.variance_mV2, basis.variance_mV2);
  EXPECT_THROW(read_dendritic_basis(file, "another's"), InputError);
}

}  // namespace
}  // namespace nt::produce

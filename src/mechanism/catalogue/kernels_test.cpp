#include "mechanism/catalogue.hpp"
#include "mechanism/user/kernels_against_reference.hpp"

namespace nt::mechanism {
namespace {

TEST(Catalogue, EveryKernelComputesWhatItsExpressionsSay) {
  ASSERT_GE(catalogue().size(), 16u);
  for (const auto& entry : catalogue()) {
    const auto loaded = load_mechanism(std::string(entry.name), "", "here");
    expect_kernels_equal_reference(loaded->mechanism, loaded->layout, loaded->kernels);
  }
}

TEST(Catalogue, LanesFillAVector) {
  const auto loaded = load_mechanism("leak", "", "here");
  EXPECT_EQ(loaded->kernels.in_float.lanes, 2 * loaded->kernels.in_double.lanes);
  EXPECT_GE(loaded->kernels.in_double.lanes, 1u);
}

TEST(Catalogue, AnUnknownNameIsToldTheNearest) {
  try {
    load_mechanism("NaTa", "", "cell.toml:7");
    ADD_FAILURE();
  } catch (const InputError& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find("cell.toml:7: there is no mechanism 'NaTa'; did you mean 'NaTa_t'?"), 0u)
        << message;
    EXPECT_NE(message.find("leak"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace nt::mechanism

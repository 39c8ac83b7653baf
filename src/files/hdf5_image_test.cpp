#include <gtest/gtest.h>

#include "files/hdf5.hpp"

namespace nt::files {
namespace {

TEST(Hdf5Image, RefusesValuesThatDoNotFitTheirShape) {
  const std::vector<float> five(5);
  Hdf5Image image;
  EXPECT_THROW(image.write<float>("/short", five, "mV", {2, 3}), RunError);
  EXPECT_THROW(image.write<float>("/long", five, "mV", {2, 2}), RunError);
  EXPECT_THROW(image.write<float>("/none", {}, "mV", {1}), RunError);
  image.write<float>("/fits", five, "mV", {5, 1});
  image.write<float>("/empty", {}, "mV", {0, 7});
}

}  // namespace
}  // namespace nt::files

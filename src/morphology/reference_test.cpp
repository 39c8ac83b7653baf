// The published reconstruction against NEURON's own tables, where they are at hand.
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cmath>

#include "morphology/compartments.hpp"

namespace nt::morphology {
namespace {

namespace fs = std::filesystem;

fs::path shared() {
  for (fs::path folder = fs::path(__FILE__).parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    if (fs::exists(folder / "../shared/reference")) return folder / "../shared";
  }
  return {};
}

std::vector<double> column(hid_t file, const std::string& path) {
  const hid_t set = H5Dopen2(file, path.c_str(), H5P_DEFAULT);
  const hid_t space = H5Dget_space(set);
  std::vector<double> values(H5Sget_simple_extent_npoints(space));
  H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Sclose(space);
  H5Dclose(set);
  return values;
}

std::vector<std::string> names(hid_t file, const std::string& path) {
  const hid_t set = H5Dopen2(file, path.c_str(), H5P_DEFAULT);
  const hid_t space = H5Dget_space(set), type = H5Dget_type(set);
  const size_t width = H5Tget_size(type);
  std::string bytes(width * static_cast<size_t>(H5Sget_simple_extent_npoints(space)), '\0');
  H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data());
  std::vector<std::string> all;
  for (size_t i = 0; i < bytes.size(); i += width) all.emplace_back(bytes.substr(i, width).c_str());
  H5Tclose(type);
  H5Sclose(space);
  H5Dclose(set);
  return all;
}

class Reconstruction : public testing::Test {
 protected:
  void SetUp() override {
    if (shared().empty()) GTEST_SKIP() << "the reconstruction and NEURON's tables are not at hand";
    file_ = H5Fopen((shared() / "reference/l5pc_nmda_seed3.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    ASSERT_GE(file_, 0);
    cell_ = cut(
        with_axon_stub(read_morphology(shared() / "morphologies/cell1.asc"), 2, 30, 1),
        [](const Section& s) { return by_spacing(s, 40); }, 100);
  }
  void TearDown() override {
    if (file_ >= 0) H5Fclose(file_);
  }
  hid_t file_ = -1;
  Compartments cell_;
};

TEST_F(Reconstruction, HasNeuronsSections) {
  // Tables are in the order soma, axon, dend, apic, whatever order /sections has.
  const auto section = names(file_, "/sections/name"), parent = names(file_, "/sections/parent");
  const auto nseg = column(file_, "/sections/nseg"), length = column(file_, "/sections/length_um"),
             parent_x = column(file_, "/sections/parent_x");
  ASSERT_EQ(cell_.sections.size(), section.size());
  for (size_t i = 0; i < section.size(); ++i) {
    size_t s = 0;
    while (s < cell_.sections.size() && cell_.sections[s].name != section[i] &&
           cell_.sections[s].name != section[i] + "[0]")
      ++s;
    ASSERT_LT(s, cell_.sections.size()) << section[i];
    EXPECT_EQ(cell_.count(static_cast<int>(s)), nseg[i]) << section[i];
    EXPECT_NEAR(length_um(cell_.sections[s]), length[i], 1e-9 * length[i]) << section[i];
    if (cell_.sections[s].parent < 0) continue;
    const auto& name = cell_.sections[cell_.sections[s].parent].name;
    EXPECT_TRUE(name == parent[i] || name == parent[i] + "[0]")
        << section[i] << ": " << name << " " << parent[i];
    EXPECT_EQ(cell_.sections[s].parent_x, parent_x[i]) << section[i];
  }
}

TEST_F(Reconstruction, HasNeuronsCompartments) {
  const auto length = column(file_, "/compartments/length_um"),
             diameter = column(file_, "/compartments/diam_um"),
             area = column(file_, "/compartments/area_um2");
  const auto ri = column(file_, "/compartments/ri_megaohm"),
             path = column(file_, "/compartments/path_distance_from_soma0_um"),
             x = column(file_, "/compartments/x");
  ASSERT_EQ(cell_.compartments.size(), 642u);
  // Relative, with the float32 points' exact arithmetic: rounding only.
  const auto near = [](double a, double b) { return std::fabs(a - b) <= 1e-9 * std::fabs(b); };
  for (size_t i = 0; i < 642; ++i) {
    const auto& c = cell_.compartments[i];
    EXPECT_TRUE(near(c.x, x[i]));
    EXPECT_TRUE(near(c.length_um, length[i])) << i << " " << c.length_um << " " << length[i];
    EXPECT_TRUE(near(c.diameter_um, diameter[i])) << i << " " << c.diameter_um << " " << diameter[i];
    EXPECT_TRUE(near(c.area_um2, area[i])) << i << " " << c.area_um2 << " " << area[i];
    EXPECT_NEAR(c.path_um + length_um(cell_.sections[0]) / 2, path[i], 1e-9 * path[i]) << i;
    if (i == 0) continue;  // the soma's halves depend on an eigenvector's sign, and nothing on them
    const bool first = c.x < 1.0 / cell_.count(c.section);
    const double before = first ? 0 : 100 * cell_.compartments[i - 1].resistance_after;
    EXPECT_TRUE(near(100 * c.resistance_before + before, ri[i]))
        << i << " " << 100 * c.resistance_before + before << " " << ri[i];
  }
}

}  // namespace
}  // namespace nt::morphology

#include "morphology/morphology.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "config/error.hpp"
#include "config/ordinary_file.hpp"
#include "morphology/detail/stored_point.hpp"

namespace nt::morphology {

std::string_view name_of(Region region) {
  switch (region) {
    case Region::soma:
      return "soma";
    case Region::axon:
      return "axon";
    case Region::basal:
      return "basal";
    case Region::apical:
      return "apical";
    case Region::other:
      break;
  }
  return "other";
}

int soma_of(const std::vector<Section>& sections) {
  for (size_t i = 0; i < sections.size(); ++i)
    if (sections[i].region == Region::soma) return static_cast<int>(i);
  return 0;
}

Point stored_point(double x_um, double y_um, double z_um, double diameter_um) {
  const auto stored = [](double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.8g", value);
    return static_cast<float>(std::strtod(text, nullptr));
  };
  return {stored(x_um), stored(y_um), stored(z_um), stored(diameter_um)};
}

std::vector<Point> ball(double x, double y, double z, double d) {
  return {stored_point(x - d / 2, y, z, d), stored_point(x, y, z, d), stored_point(x + d / 2, y, z, d)};
}

Morphology read_morphology(const std::filesystem::path& file) {
  auto extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (extension == ".asc") return read_asc(config::read_text(file), file.string());
  if (extension == ".swc") return read_swc(config::read_text(file), file.string());
  fail_input("{}: unknown kind of morphology, expected .swc or .asc", file.string());
}

Morphology with_axon_stub(const Morphology& morphology, int count, double length_um, double diameter_um) {
  Morphology out;
  std::vector<int> moved(morphology.sections.size(), -1);
  const auto copy = [&](size_t i) {
    Section s = morphology.sections[i];
    if (s.parent >= 0) {
      if (moved[s.parent] < 0) return;  // grew on the axon
      s.parent = moved[s.parent];
    }
    moved[i] = static_cast<int>(out.sections.size());
    out.sections.push_back(std::move(s));
  };
  copy(0);
  for (int k = 0; k < count; ++k) {
    Section s;
    s.name = fmt::format("axon[{}]", k);
    s.region = Region::axon;
    s.parent = k == 0 ? 0 : static_cast<int>(out.sections.size()) - 1;
    s.parent_x = k == 0 ? 0.5 : 1;
    s.length_um = length_um;
    s.diameter_um = diameter_um;
    out.sections.push_back(s);
  }
  for (size_t i = 1; i < morphology.sections.size(); ++i)
    if (morphology.sections[i].region != Region::axon) copy(i);
  return out;
}

}  // namespace nt::morphology

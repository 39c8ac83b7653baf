#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace nt::morphology {

/// Part of what a result is known by. Raise it when the same file comes to another tree; kSwcVersion when
/// only SWC files do, kAscVersion when only Neurolucida's do.
inline constexpr int kMorphologyVersion = 1;
inline constexpr int kSwcVersion = 3;
inline constexpr int kAscVersion = 2;

enum class Region : uint8_t { soma, axon, basal, apical, other };
std::string_view name_of(Region region);

/// A traced point. Single precision, as NEURON stores its 3-D points: areas come out the same only so.
struct Point {
  float x_um, y_um, z_um, diameter_um;
};

/// An unbranched piece of a neuron.
struct Section {
  std::string name;  // "dend[3]", as NEURON would call it
  Region region = Region::other;
  int parent = -1;            // -1: the root
  double parent_x = 1;        // where on the parent it begins, 0 to 1
  std::vector<Point> points;  // empty: a cylinder
  double length_um = 0;       // of a cylinder
  double diameter_um = 0;
};

/// Sections, each after its parent. The first is the root: the soma, but in files that begin elsewhere.
struct Morphology {
  std::vector<Section> sections;
  std::vector<std::string> notes = {};  // what a user should know of how the file was read
};

/// The first section of the soma; that of the root where there is no soma.
int soma_of(const std::vector<Section>& sections);

/// Reads a reconstruction by its extension: .swc, or .asc (Neurolucida). InputError naming file:line.
Morphology read_morphology(const std::filesystem::path& file);

/// Neurolucida ASC, as NEURON's Import3d reads it. `name` stands for the file in messages.
Morphology read_asc(std::string_view text, const std::string& name);
/// SWC, as NEURON's Import3d reads it.
Morphology read_swc(std::string_view text, const std::string& name);

/// Takes the axon away and puts `count` cylinders in its place, in a row, the first at the middle of the
/// soma.
Morphology with_axon_stub(const Morphology& morphology, int count, double length_um, double diameter_um);

}  // namespace nt::morphology

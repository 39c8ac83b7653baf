#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "twin/spec.hpp"

namespace nt::search {

/// Where a network's memory sits: in every layer; in the first alone with 1x1 layers after it; or in units
/// that keep it (RecurrentSpec). These have no depth: they are no answer to how deep a neuron is but a
/// control, what a network does that need not spell out memory in layers.
enum class Family { convolutional, fully_connected, recurrent };
inline constexpr std::array<std::string_view, 3> kFamilyNames{"convolutional", "fully_connected",
                                                              "recurrent"};
/// How the width goes from the first layer to the last: the same; falling to a quarter; rising from one.
enum class WidthShape { rectangular, tapering, widening };
inline constexpr std::array<std::string_view, 3> kShapeNames{"rectangular", "tapering", "widening"};
/// How far apart the taps of the layers after the first lie: 1 ms; or 1, 2, 4, ... ms, twice as far in every
/// layer as in the one before (van den Oord et al. 2016, arXiv:1609.03499).
enum class Dilation { none, doubling };

struct Between {
  double low = 0, high = 0;
};

/// The networks and their rates and weights of learning that are tried. Reads [search].
struct SearchSpace {
  std::vector<Family> families;
  int64_t least_depth = 1, most_depth = 8;
  std::vector<int64_t> widths;  // of the widest layer
  std::vector<WidthShape> shapes;
  std::vector<int64_t> window_ms;        // of input that one output depends on
  std::vector<int64_t> deeper_taps;      // of a convolutional network's layers after the first
  std::vector<int64_t> temporal_shapes;  // of the first layer, see TwinSpec; 0: every tap is free
  std::vector<bool> residual;
  std::vector<Dilation> dilation;
  // Of recurrent networks, where they are asked for.
  std::vector<int64_t> memory_units, branches;
  std::vector<bool> learn_time_constants;
  Between learning_rate;  // evenly in the logarithm
  Between soma_weight;    // evenly in the logarithm, or one number
  double spike_weight = 1, dendrite_weight = 0;
  bool batch_norm = true;

  bool tries_residual() const { return residual != std::vector<bool>{false}; }
  bool tries_dilation() const { return dilation != std::vector{Dilation::none}; }
};
SearchSpace read_space(const config::Settings& settings);

/// The network of Aizenbud et al.'s functional complexity index: 3 layers of 128 units, taps 54, 12, 12. Only
/// its rate and weights of learning are left to search.
SearchSpace probe_space(SearchSpace space);

/// One point of the space. No two say the same network: what would change nothing is not in it, as residual
/// connections where no layer is as wide as the one before it, or a dilation of single taps.
struct Configuration {
  Family family = Family::convolutional;
  WidthShape shape = WidthShape::rectangular;
  std::vector<twin::LayerSpec> layers;
  int64_t temporal_shapes = 0;
  bool residual = false;
  bool batch_norm = true;
  // A recurrent network has these, and nothing of the above.
  int64_t memory_units = 0, branches = 0;
  bool learn_time_constants = false;
  double learning_rate = 1e-3;
  double spike_weight = 1, soma_weight = 0, dendrite_weight = 0;
  int64_t again_of = -1;  // the trial that is this one with another random start; -1: none

  bool is_again() const { return again_of >= 0; }
  bool is_control() const { return family == Family::recurrent; }
  int64_t depth() const { return static_cast<int64_t>(layers.size()); }  // a control has none: 0
};

/// The `number`-th configuration of a search, a function of these arguments alone. Families and depths take
/// turns, in a new random order each time, so that also a short search tries every depth; a control comes
/// once in all of these. All else is random.
Configuration draw(const SearchSpace& space, uint64_t seed, int64_t number);

/// One JSON object, as it is kept, and as its checkpoints are known by it.
std::string text_of(const Configuration& configuration);
/// InputError naming `file`, which the text is of, or what is wrong, where the values are none that a search
/// draws, or not there.
Configuration configuration_from(const std::string& text, const std::filesystem::path& file);

/// What a configuration does not say of its twin.
struct RestOfTwin {
  twin::ConvolutionalSpec convolutional = {};
  twin::RecurrentSpec recurrent = {};  // wired
  std::vector<twin::Head> heads = twin::usual_heads();
};
twin::TwinSpec twin_of(const Configuration& configuration, const RestOfTwin& rest);

/// Ways to say how large a network is.
enum class Size { depth, units, parameters, multiply_adds };
inline constexpr std::array<std::string_view, 4> kSizeNames{"depth", "units", "parameters", "multiply_adds"};
inline constexpr std::array<Size, 4> kSizes{Size::depth, Size::units, Size::parameters, Size::multiply_adds};
std::string_view name_of(Size size);
std::string_view name_of(Family family);
std::string_view name_of(WidthShape shape);

/// Layers; units in all layers (hidden ones and those of memory); numbers that are learned (heads included);
/// multiplications and additions for each millisecond of output, counted densely: a silent synapse costs as
/// much as one that fires. A recurrent network, which has no layers, counts as one.
int64_t size_of(const twin::TwinSpec& twin, int64_t channels, Size size);

/// Networks of one class are of about one size: of one depth, or within a factor of two in units, of four in
/// parameters or multiply-adds. Families are apart.
int64_t class_of(const Configuration& configuration, int64_t size, Size measure);

}  // namespace nt::search

#include "search/space.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "random/random.hpp"
#include "twin/temporal_basis.hpp"

namespace nt::search {
namespace {

constexpr size_t kUsualFamilies = 2;
constexpr std::array<std::string_view, 2> kDilations{"none", "doubling"};

/// Some of the known words; without the key the first `usual` ones.
template <class T, size_t n>
std::vector<T> choices(const config::Settings& settings, std::string_view key,
                       const std::array<std::string_view, n>& known, size_t usual = n) {
  std::vector<T> chosen;
  std::vector<std::string> words(known.begin(), known.begin() + usual);
  if (settings.has(key)) words = settings.texts(key);
  for (const auto& word : words) {
    const auto at = std::find(known.begin(), known.end(), word);
    if (at == known.end()) {
      fail_input("{}: '{}' holds '{}', expected some of {}", settings.where(key), settings.full_key(key),
                 word, fmt::join(known, ", "));
    }
    const auto value = static_cast<T>(at - known.begin());
    if (std::find(chosen.begin(), chosen.end(), value) == chosen.end()) chosen.push_back(value);
  }
  if (chosen.empty()) {
    fail_input("{}: '{}' is empty, expected some of {}", settings.where(key), settings.full_key(key),
               fmt::join(known, ", "));
  }
  return chosen;
}

/// [low, high], or [value].
Between between(const config::Settings& settings, std::string_view key, std::vector<double> otherwise,
                config::Range range) {
  const auto ends = settings.numbers(key, std::move(otherwise), range);
  if (ends.empty() || ends.size() > 2 || ends.front() > ends.back()) {
    fail_input("{}: '{}' is [{}], expected [lowest, highest] or [value]", settings.where(key),
               settings.full_key(key), fmt::join(ends, ", "));
  }
  if (ends.front() == 0 && ends.back() > 0) {
    fail_input("{}: '{}' begins at 0, expected a positive number: it is drawn evenly in its logarithm",
               settings.where(key), settings.full_key(key));
  }
  return {ends.front(), ends.back()};
}

std::vector<int64_t> some(const config::Settings& settings, std::string_view key,
                          std::vector<int64_t> otherwise, config::Range range) {
  auto values = settings.integers(key, std::move(otherwise), range);
  if (values.empty()) {
    fail_input("{}: '{}' is empty, expected at least one number", settings.where(key),
               settings.full_key(key));
  }
  return values;
}

/// Without the key [false].
std::vector<bool> some_flags(const config::Settings& settings, std::string_view key) {
  auto values = settings.flags(key, std::vector<bool>{false});
  if (values.empty()) {
    fail_input("{}: '{}' is empty, expected [false], [true] or both", settings.where(key),
               settings.full_key(key));
  }
  return values;
}

template <class T>
T one_of(const std::vector<T>& values, random::Random& random) {
  return values[random.integer(0, static_cast<int64_t>(values.size()) - 1)];
}

double draw_between(Between b, random::Random& random) {
  const double share = random.uniform();  // drawn also where there is no choice: the others stay as they are
  return b.low == b.high ? b.low : b.low * std::pow(b.high / b.low, share);
}

struct Cell {
  Family family;
  int64_t depth;
};

bool has(const SearchSpace& space, Family family) {
  return std::find(space.families.begin(), space.families.end(), family) != space.families.end();
}

/// Families and depths that make different networks: of one layer, or with 1x1 layers after it, a
/// convolutional network is a fully connected one; a recurrent one has no depth.
std::vector<Cell> cells_of(const SearchSpace& space) {
  const bool both = has(space, Family::convolutional) && has(space, Family::fully_connected);
  std::vector<Cell> cells;
  for (const auto family : space.families) {
    if (family == Family::recurrent) {
      cells.push_back({family, 0});
      continue;
    }
    for (auto depth = space.least_depth; depth <= space.most_depth; ++depth) {
      if (both && depth == 1 && family == Family::convolutional) continue;
      cells.push_back({family, depth});
    }
  }
  return cells;
}

/// Cell `number`: each once, in a random order, before any comes again.
Cell cell_of(const SearchSpace& space, uint64_t seed, int64_t number) {
  auto cells = cells_of(space);
  const auto count = static_cast<int64_t>(cells.size());
  random::Random random(seed, random::Stage::search_space, static_cast<uint64_t>(number / count),
                        random::StreamName::turns);
  for (int64_t i = count - 1; i > 0; --i)  // Fisher and Yates
    std::swap(cells[i], cells[random.integer(0, i)]);
  return cells[number % count];
}

/// Widths fall or rise by equal factors.
int64_t width_at(int64_t widest, WidthShape shape, int64_t layer, int64_t depth) {
  if (shape == WidthShape::rectangular || depth == 1) return widest;
  const double place = static_cast<double>(layer) / static_cast<double>(depth - 1);
  const double share = std::pow(0.25, shape == WidthShape::tapering ? place : 1 - place);
  return std::max<int64_t>(1, std::llround(static_cast<double>(widest) * share));
}

/// Layers but for their widths. The first has what the others leave of the window, and is no shorter than
/// they are, whose taps are cut for that. Where only one would be left of them, they are not dilated.
std::vector<twin::LayerSpec> layers_of(Family family, int64_t window_ms, int64_t deeper_taps, int64_t depth,
                                       Dilation dilation) {
  std::vector<twin::LayerSpec> layers(depth);
  int64_t sum = 0, next = 1;  // of the dilations after the first layer
  for (size_t i = 1; i < layers.size(); ++i) {
    layers[i].dilation = next;
    sum += next;
    if (dilation == Dilation::doubling) next = std::min(2 * next, window_ms);  // which is too far in any case
  }
  int64_t taps = family == Family::fully_connected ? 1 : deeper_taps;
  taps = std::min(taps, (window_ms - 1) / (1 + sum) + 1);
  if (taps == 1 && dilation != Dilation::none)
    return layers_of(family, window_ms, deeper_taps, depth, Dilation::none);
  for (auto& layer : layers) layer.taps = taps;
  layers.front().taps = window_ms - (taps - 1) * sum;
  return layers;
}

void read_families(const config::Settings& settings, SearchSpace& space) {
  space.families = choices<Family>(settings, "families", kFamilyNames, kUsualFamilies);
  if (!has(space, Family::recurrent)) {
    // So that a control can be left out without its settings.
    for (const auto* key : {"memory_units", "branches", "learn_time_constants"}) settings.pass_over(key);
    return;
  }
  if (space.families.size() == 1) {
    fail_input(
        "{}: '{}' holds \"recurrent\" alone, a control without anything to be compared with; expected "
        "\"convolutional\" or \"fully_connected\" beside it",
        settings.where("families"), settings.full_key("families"));
  }
  space.memory_units = some(settings, "memory_units", {10, 20, 50}, {1, 10000});
  space.branches = some(settings, "branches", {45}, {1, 100000});
  space.learn_time_constants = some_flags(settings, "learn_time_constants");
}

}  // namespace

SearchSpace read_space(const config::Settings& settings) {
  SearchSpace space;
  read_families(settings, space);
  const auto depth = settings.integers("depth", std::vector<int64_t>{1, 8}, {1, 100});
  if (depth.empty() || depth.size() > 2 || depth.front() > depth.back()) {
    fail_input("{}: '{}' is [{}], expected [least, most]", settings.where("depth"),
               settings.full_key("depth"), fmt::join(depth, ", "));
  }
  space.least_depth = depth.front();
  space.most_depth = depth.back();
  space.widths = some(settings, "widths", {32, 64, 128}, {1, 100000});
  space.shapes = choices<WidthShape>(settings, "shapes", kShapeNames);
  space.window_ms = some(settings, "window_ms", {80, 150}, {1, 10000});
  space.deeper_taps = some(settings, "deeper_taps", {5, 12, 19}, {1, 10000});
  space.temporal_shapes = some(settings, "temporal_shapes", {0}, {0, 1000});
  space.residual = some_flags(settings, "residual");
  space.dilation = choices<Dilation>(settings, "dilation", kDilations, 1);
  space.learning_rate = between(settings, "learning_rate", {1e-3, 3e-2}, config::kPositive);
  space.soma_weight = between(settings, "soma_weight", {0.003, 0.03}, config::kNotNegative);
  space.spike_weight = settings.number("spike_weight", space.spike_weight, config::kNotNegative);
  space.dendrite_weight = settings.number("dendrite_weight", space.dendrite_weight, config::kNotNegative);
  space.batch_norm = settings.flag("batch_norm", space.batch_norm);
  if (space.spike_weight == 0 && space.soma_weight.low == 0) {
    fail_input("{}: '{}' and spike_weight are both 0, expected something to learn",
               settings.where("soma_weight"), settings.full_key("soma_weight"));
  }
  return space;
}

SearchSpace probe_space(SearchSpace space) {
  space.families = {Family::convolutional};
  space.least_depth = space.most_depth = 3;
  space.widths = {128};
  space.shapes = {WidthShape::rectangular};
  space.window_ms = {54 + 11 + 11};
  space.deeper_taps = {12};
  space.temporal_shapes = {0};
  space.residual = {false};
  space.dilation = {Dilation::none};
  return space;
}

Configuration draw(const SearchSpace& space, uint64_t seed, int64_t number) {
  const auto [family, depth] = cell_of(space, seed, number);
  random::Random random(seed, random::Stage::search_space, static_cast<uint64_t>(number),
                        random::StreamName::network);
  const auto width = one_of(space.widths, random);
  const auto shape = one_of(space.shapes, random);
  const auto window_ms = one_of(space.window_ms, random);
  const auto deeper_taps = one_of(space.deeper_taps, random);
  const auto shapes = one_of(space.temporal_shapes, random);
  const double learning_rate = draw_between(space.learning_rate, random);
  const double soma_weight = draw_between(space.soma_weight, random);
  // Last what came to the space last: so all else is as in a space without it.
  const bool residual = one_of(space.residual, random);
  const auto dilation = one_of(space.dilation, random);

  Configuration c;
  c.family = family;
  c.learning_rate = learning_rate;
  c.soma_weight = soma_weight;
  c.spike_weight = space.spike_weight;
  c.dendrite_weight = space.dendrite_weight;
  if (c.is_control()) {
    c.memory_units = one_of(space.memory_units, random);
    c.branches = one_of(space.branches, random);
    c.learn_time_constants = one_of(space.learn_time_constants, random);
    return c;
  }
  c.shape = depth == 1 ? WidthShape::rectangular : shape;
  c.layers = layers_of(family, window_ms, deeper_taps, depth, dilation);
  for (int64_t i = 0; i < depth; ++i) c.layers[i].features = width_at(width, shape, i, depth);
  c.temporal_shapes = std::min(shapes, twin::most_shapes(c.layers.front().taps));
  c.residual = residual && can_be_residual(c.layers);
  c.batch_norm = space.batch_norm;
  return c;
}

twin::TwinSpec twin_of(const Configuration& c, const RestOfTwin& rest) {
  twin::TwinSpec twin;
  twin.heads = rest.heads;
  if (c.is_control()) {
    auto network = rest.recurrent;
    network.memory_units = c.memory_units;
    network.branches = c.branches;
    network.learn_time_constants = c.learn_time_constants;
    twin.network = std::make_shared<const twin::RecurrentSpec>(std::move(network));
    return twin;
  }
  auto network = rest.convolutional;
  network.layers = c.layers;
  network.temporal_shapes = c.temporal_shapes;
  network.residual = c.residual;
  network.batch_norm = c.batch_norm;
  twin.network = std::make_shared<const twin::ConvolutionalSpec>(std::move(network));
  return twin;
}

std::string_view name_of(Size size) {
  return kSizeNames[static_cast<size_t>(size)];
}
std::string_view name_of(Family family) {
  return kFamilyNames[static_cast<size_t>(family)];
}
std::string_view name_of(WidthShape shape) {
  return kShapeNames[static_cast<size_t>(shape)];
}

int64_t size_of(const twin::TwinSpec& twin, int64_t channels, Size size) {
  const auto& network = *twin.network;
  switch (size) {
    case Size::depth:
      return network.depth();
    case Size::units:
      return network.units();
    case Size::parameters:
      return twin.parameter_count(channels);
    case Size::multiply_adds:
      break;
  }
  return network.multiply_adds(channels) + network.features() * outputs_of(twin.heads);
}

int64_t class_of(const Configuration& configuration, int64_t size, Size measure) {
  const auto octave = static_cast<int64_t>(std::log2(static_cast<double>(size)));
  const int64_t bin = measure == Size::depth ? size : measure == Size::units ? octave : octave / 2;
  return bin * static_cast<int64_t>(kFamilyNames.size()) + static_cast<int64_t>(configuration.family);
}

}  // namespace nt::search

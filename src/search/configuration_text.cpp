// Configurations as search.sqlite keeps them: one JSON object each.
#include <algorithm>
#include <limits>

#include "files/json.hpp"
#include "search/space.hpp"
#include "twin/temporal_basis.hpp"

namespace nt::search {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Configuration& c) {
  if (c.is_control()) {
    Json json{{"family", name_of(c.family)},      {"memory_units", c.memory_units},
              {"branches", c.branches},           {"learn_time_constants", c.learn_time_constants},
              {"learning_rate", c.learning_rate}, {"spike_weight", c.spike_weight},
              {"soma_weight", c.soma_weight},     {"dendrite_weight", c.dendrite_weight}};
    if (c.is_again()) json["again_of"] = c.again_of;
    return json;
  }
  std::vector<int64_t> taps, width, dilation;
  for (const auto& layer : c.layers) {
    taps.push_back(layer.taps);
    width.push_back(layer.features);
    dilation.push_back(layer.dilation);
  }
  Json json{{"family", name_of(c.family)},
            {"shape", name_of(c.shape)},
            {"taps", taps},
            {"width", width},
            {"temporal_shapes", c.temporal_shapes},
            {"batch_norm", c.batch_norm},
            {"learning_rate", c.learning_rate},
            {"spike_weight", c.spike_weight},
            {"soma_weight", c.soma_weight},
            {"dendrite_weight", c.dendrite_weight}};
  // Where there is none, it is as before there was a choice, and so are the checkpoints known by it.
  if (*std::max_element(dilation.begin(), dilation.end()) > 1) json["dilation"] = dilation;
  if (c.residual) json["residual"] = true;
  if (c.is_again()) json["again_of"] = c.again_of;
  return json;
}

/// As read_space has them: what a search can have drawn.
void require_possible(const Configuration& c) {
  const auto require = [](std::string_view name, double value, double least, double most) {
    if (!(value >= least && value <= most))
      fail_input("a configuration's {} is {}, expected from {} to {}", name, value, least, most);
  };
  const auto count = [&](std::string_view name, int64_t value, double least, double most) {
    require(name, static_cast<double>(value), least, most);
  };
  constexpr double kMostWeight = std::numeric_limits<double>::max();
  require("learning_rate", c.learning_rate, std::numeric_limits<double>::min(), kMostWeight);
  for (const double weight : {c.spike_weight, c.soma_weight, c.dendrite_weight})
    require("loss weight", weight, 0, kMostWeight);
  count("again_of", c.again_of, -1, 1e9);
  if (c.is_control()) {
    count("memory_units", c.memory_units, 1, 10000);
    count("branches", c.branches, 1, 100000);
    return;
  }
  count("number of layers", c.depth(), 1, 100);
  for (const auto& layer : c.layers) {
    count("taps", layer.taps, 1, 10000);
    count("width", layer.features, 1, 100000);
    count("dilation", layer.dilation, 1, 10000);
  }
  count("temporal_shapes", c.temporal_shapes, 0,
        static_cast<double>(twin::most_shapes(c.layers.front().taps)));
  if (c.residual && !twin::can_be_residual(c.layers))
    fail_input("a configuration is residual, but its widths differ");
}

Configuration from_json(const Json& json) {
  const auto place = [](const auto& known, const std::string& word) {
    const auto at = std::find(known.begin(), known.end(), word);
    if (at == known.end()) fail_input("a search's file names '{}', which this program does not know", word);
    return at - known.begin();
  };
  Configuration c;
  c.family = static_cast<Family>(place(kFamilyNames, json.at("family").get<std::string>()));
  json.at("learning_rate").get_to(c.learning_rate);
  json.at("spike_weight").get_to(c.spike_weight);
  json.at("soma_weight").get_to(c.soma_weight);
  json.at("dendrite_weight").get_to(c.dendrite_weight);
  c.again_of = json.value("again_of", c.again_of);
  if (c.is_control()) {
    json.at("memory_units").get_to(c.memory_units);
    json.at("branches").get_to(c.branches);
    json.at("learn_time_constants").get_to(c.learn_time_constants);
    require_possible(c);
    return c;
  }
  c.shape = static_cast<WidthShape>(place(kShapeNames, json.at("shape").get<std::string>()));
  const auto taps = json.at("taps").get<std::vector<int64_t>>();
  const auto width = json.at("width").get<std::vector<int64_t>>();
  const auto dilation = json.value("dilation", std::vector<int64_t>(taps.size(), 1));
  for (size_t i = 0; i < taps.size(); ++i) c.layers.push_back({taps[i], width.at(i), dilation.at(i)});
  c.residual = json.value("residual", false);
  json.at("temporal_shapes").get_to(c.temporal_shapes);
  json.at("batch_norm").get_to(c.batch_norm);
  if (width.size() != taps.size() || dilation.size() != taps.size())
    fail_input("a configuration has {} taps, {} widths and {} dilations", taps.size(), width.size(),
               dilation.size());
  require_possible(c);
  return c;
}

}  // namespace

std::string text_of(const Configuration& configuration) {
  return to_json(configuration).dump();
}

Configuration configuration_from(const std::string& text, const std::filesystem::path& file) {
  return files::using_json(file, [&] { return from_json(files::parse_json(text, file)); });
}

}  // namespace nt::search

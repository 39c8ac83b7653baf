#include "twin/twin_file.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "files/checked_json.hpp"
#include "twin/temporal_basis.hpp"

namespace neurontwin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "neurontwin twin 1";
constexpr int64_t kMostSynapses = 100000;

/// TorchScript is a zip archive.
std::filesystem::path without_code(const std::filesystem::path& file) {
  std::string start(4, '\0');
  if (std::error_code none; std::filesystem::is_regular_file(file, none))
    std::ifstream(file, std::ios::binary).read(start.data(), 4);
  if (start == "PK\3\4") {
    fail_input(
        "{0}: is a TorchScript file, as neurontwin 0.1 wrote it. Loading one runs the code in it, so this "
        "program does not. If you trust its maker: python3 python/convert_twin.py --trust {0} "
        "twin.safetensors",
        file.string());
  }
  return file;
}

Json json_of(const RecurrentSpec& r) {
  return {{"memory_units", r.memory_units},
          {"memory_activation", r.activation == HiddenActivation::relu ? "relu" : "silu"},
          {"learn_time_constants", r.learn_time_constants},
          {"synapse_tau_ms", r.synapse_tau_ms},
          {"shortest_memory_ms", r.shortest_memory_ms},
          {"longest_memory_ms", r.longest_memory_ms},
          {"history_ms", r.history_ms}};
}

Json layers_json(const TwinSpec& spec) {
  Json layers = Json::array();
  for (const auto& l : spec.layers)
    layers.push_back({{"taps", l.taps}, {"features", l.features}, {"dilation", l.dilation}});
  return {{"layers", layers},
          {"activation", spec.activation == Activation::relu ? "relu" : "linear"},
          {"batch_norm", spec.batch_norm},
          {"residual", spec.residual},
          {"temporal_shapes", spec.temporal_shapes}};
}

Json specification_json(const TwinDescription& d) {
  Json json{{"kind", d.spec.recurrent ? "recurrent" : "convolutional"},
            {"excitatory_synapses", d.excitatory_synapses},
            {"inhibitory_synapses", d.inhibitory_synapses},
            {"window_ms", d.spec.window_ms()}};
  json.update(d.spec.recurrent ? json_of(*d.spec.recurrent) : layers_json(d.spec));
  json.update({{"soma_offset_mV", d.spec.soma_offset_mV},
               {"dendritic_components", d.spec.dendritic_components},
               {"near_spike", d.spec.near_spike},
               {"count", d.spec.count}});
  return json;
}

Json synapses_json(const CellTable& cell) {
  return {{"excitatory_compartment", cell.excitatory_compartment},
          {"inhibitory_compartment", cell.inhibitory_compartment},
          {"compartments",
           {{"section", cell.section},
            {"region", cell.region},
            {"x", cell.x},
            {"length_um", cell.length_um},
            {"diameter_um", cell.diameter_um},
            {"area_um2", cell.area_um2},
            {"path_um", cell.path_um}}}};
}

/// One of two words.
bool is_second(const JsonObject& json, const char* key, const char* first, const char* second) {
  const auto word = json.text(key);
  if (word != first && word != second)
    fail_input("{}: is \"{}\", expected \"{}\" or \"{}\"", json.where(key), word, first, second);
  return word == second;
}

void read_layers(const JsonObject& json, TwinSpec& spec) {
  for (const auto& layer : json.objects("layers")) {
    spec.layers.push_back({layer.integer("taps", 1, 10000), layer.integer("features", 1, 100000),
                           layer.integer("dilation", 1, spec.layers.empty() ? 1 : 10000)});
  }
  if (spec.layers.empty() || spec.layers.size() > kMostLayers)
    fail_input("{}: has {} layers, expected 1 to {}", json.where("layers"), spec.layers.size(), kMostLayers);
  spec.activation = is_second(json, "activation", "linear", "relu") ? Activation::relu : Activation::linear;
  spec.batch_norm = json.flag("batch_norm");
  spec.residual = json.flag("residual");
  if (spec.residual && !can_be_residual(spec.layers))
    fail_input("{}: is true, but no layer is as wide as the one before it", json.where("residual"));
  spec.temporal_shapes = json.integer("temporal_shapes", 0, most_shapes(spec.layers.front().taps));
}

RecurrentSpec read_recurrent(const JsonObject& json, const JsonObject& wiring, int64_t excitatory,
                             int64_t channels) {
  RecurrentSpec r;
  r.memory_units = json.integer("memory_units", 1, 10000);
  r.activation =
      is_second(json, "memory_activation", "relu", "silu") ? HiddenActivation::silu : HiddenActivation::relu;
  r.learn_time_constants = json.flag("learn_time_constants");
  r.synapse_tau_ms = json.number("synapse_tau_ms", kPositive);
  r.shortest_memory_ms = json.number("shortest_memory_ms", kPositive);
  r.longest_memory_ms = json.number("longest_memory_ms", {r.shortest_memory_ms});
  r.history_ms = json.integer("history_ms", 0, 100000);
  auto& w = r.wiring;
  w.branches = r.branches = wiring.integer("branches", 1, kMostSynapses);
  w.branch = wiring.integers("branch", 0, w.branches - 1);
  w.first = wiring.integers("first", 0, w.contacts());
  if (w.channels() != channels || w.first.front() != 0 || w.first.back() != w.contacts() ||
      !std::ranges::is_sorted(w.first)) {
    fail_input("{}: does not divide {} contacts among {} synapses", wiring.where("first"), w.contacts(),
               channels);
  }
  r.excitatory_channels = excitatory;
  return r;
}

std::vector<int> read_compartments(const JsonObject& json, const char* key, int64_t synapses,
                                   int64_t compartments) {
  const auto all = json.integers(key, 0, compartments - 1);
  if (std::ssize(all) != synapses)
    fail_input("{}: has {} numbers, expected one for each of {} synapses", json.where(key), all.size(),
               synapses);
  return {all.begin(), all.end()};
}

CellTable read_synapses(const JsonObject& json, int64_t excitatory, int64_t inhibitory) {
  CellTable cell;
  const auto table = json.object("compartments");
  cell.section = table.texts("section");
  cell.region = table.texts("region");
  const auto compartments = cell.section.size();
  const auto column = [&](const char* key, Range range) {
    auto values = table.numbers(key, range);
    if (values.size() != compartments)
      fail_input("{}: has {} numbers, 'section' {}", table.where(key), values.size(), compartments);
    return values;
  };
  if (cell.region.size() != compartments)
    fail_input("{}: has {} words, 'section' {}", table.where("region"), cell.region.size(), compartments);
  cell.x = column("x", {0, 1});
  cell.length_um = column("length_um", kNotNegative);
  cell.diameter_um = column("diameter_um", kNotNegative);
  cell.area_um2 = column("area_um2", kNotNegative);
  cell.path_um = column("path_um", {});
  if (compartments == 0) excitatory = inhibitory = 0;  // nobody knows where they are
  const auto most = static_cast<int64_t>(compartments);
  cell.excitatory_compartment = read_compartments(json, "excitatory_compartment", excitatory, most);
  cell.inhibitory_compartment = read_compartments(json, "inhibitory_compartment", inhibitory, most);
  return cell;
}

}  // namespace

std::vector<NamedShape> arrays_of(const TwinSpec& spec, int64_t channels) {
  std::vector<NamedShape> all;
  int64_t inputs = channels;
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const auto name = fmt::format("layer{}", i + 1);
    const auto [taps, features, dilation] = spec.layers[i];
    if (i == 0)
      all.push_back(
          {name + "_weight", {inputs, spec.temporal_shapes > 0 ? spec.temporal_shapes : taps, features}});
    else
      all.push_back({name + "_weight", {taps, inputs, features}});
    all.push_back({name + "_bias", {features}});
    if (spec.batch_norm) {
      for (const auto* what : {"_norm_scale", "_norm_shift", "_norm_mean", "_norm_variance"})
        all.push_back({name + what, {features}});
    }
    inputs = features;
  }
  if (spec.recurrent) {
    const auto& r = *spec.recurrent;
    const int64_t units = r.memory_units, hidden = r.hidden_units();
    all.push_back({"recurrent.synapse_weight", {r.wiring.contacts()}});
    all.push_back({"recurrent.branch_weight", {r.wiring.branches, hidden}});
    all.push_back({"recurrent.memory_weight", {units, hidden}});
    all.push_back({"recurrent.hidden_bias", {hidden}});
    all.push_back({"recurrent.delta_weight", {hidden, units}});
    all.push_back({"recurrent.delta_bias", {units}});
    all.push_back({"recurrent.log_time_constant", {units}});
    inputs = units;
  }
  for (const std::string name : {"spike", "soma"}) {
    all.push_back({name + "_weight", {inputs}});
    all.push_back({name + "_bias", {}});
  }
  const auto head = [&](const std::string& name, int64_t outputs) {
    if (outputs == 0) return;
    all.push_back({name + "_weight", {inputs, outputs}});
    all.push_back({name + "_bias", {outputs}});
  };
  head("dendrites", spec.dendritic_components);
  head("near_spike", spec.near_spike);
  head("count", spec.count);
  return all;
}

TextsByName texts_of(const TwinDescription& d) {
  TextsByName texts{{"format", std::string(kFormat)},
                    {"specification", specification_json(d).dump()},
                    {"synapses", synapses_json(d.cell).dump()},
                    {"thresholds", d.thresholds.dump()},
                    {"scores", d.scores.dump()},
                    {"provenance", d.provenance.dump()}};
  if (d.spec.recurrent) {
    const auto& w = d.spec.recurrent->wiring;
    texts["wiring"] = Json{{"branches", w.branches}, {"first", w.first}, {"branch", w.branch}}.dump();
  }
  return texts;
}

TwinDescription read_description(const TextsByName& texts, const std::string& file) {
  const auto text = [&](const char* key) -> const std::string& {
    const auto found = texts.find(key);
    if (found == texts.end())
      fail_input("{}: has no '{}'; it is a safetensors file, but not a twin of neurontwin", file, key);
    return found->second;
  };
  const auto parsed = [&](const char* key) {
    return parse_checked_json(text(key), fmt::format("{}: {}", file, key));
  };
  const auto object = [&](const nlohmann::json& json, const char* key) {
    return JsonObject(json, fmt::format("{}: {}", file, key));
  };
  if (text("format") != kFormat) fail_input("{}: is '{}', expected '{}'", file, text("format"), kFormat);

  TwinDescription d;
  const auto specification = parsed("specification");
  const auto s = object(specification, "specification");
  d.excitatory_synapses = s.integer("excitatory_synapses", 0, kMostSynapses);
  d.inhibitory_synapses = s.integer("inhibitory_synapses", 0, kMostSynapses);
  if (d.channels() == 0)
    fail_input("{}: is 0, and so are the inhibitory ones", s.where("excitatory_synapses"));
  if (is_second(s, "kind", "convolutional", "recurrent")) {
    const auto wiring = parsed("wiring");
    d.spec.recurrent = read_recurrent(s, object(wiring, "wiring"), d.excitatory_synapses, d.channels());
  } else {
    read_layers(s, d.spec);
  }
  d.spec.soma_offset_mV = s.number("soma_offset_mV");
  d.spec.dendritic_components = s.integer("dendritic_components", 0, 10000);
  d.spec.near_spike = s.flag("near_spike");
  d.spec.count = s.flag("count");
  const auto window_ms = s.integer("window_ms", 1, kMostWindow_ms);
  if (window_ms != d.spec.window_ms())
    fail_input("{}: is {}, but the layers make {}", s.where("window_ms"), window_ms, d.spec.window_ms());

  const auto synapses = parsed("synapses");
  d.cell = read_synapses(object(synapses, "synapses"), d.excitatory_synapses, d.inhibitory_synapses);
  const auto thresholds = parsed("thresholds");
  const auto t = object(thresholds, "thresholds");
  for (const auto& item : thresholds.items()) d.thresholds[item.key()] = t.number(item.key().c_str(), {0, 1});
  d.scores = object(parsed("scores"), "scores").value();
  d.provenance = object(parsed("provenance"), "provenance").value();
  return d;
}

std::string twin_file_bytes(const TwinDescription& description, std::span<const NamedFloats> arrays) {
  for (const auto& [array, values] : arrays) {
    if (!std::ranges::all_of(values, [](float x) { return std::isfinite(x); }))
      fail_run("the twin's '{}' holds a number that is not finite", array.name);
  }
  const auto texts = texts_of(description);
  read_description(texts, "the twin");  // nothing is written that could not be read again
  return safetensors_bytes(arrays, texts);
}

TwinFile::TwinFile(const std::filesystem::path& file)
    : path_(file),
      file_(without_code(file), "a twin"),
      description_(read_description(file_.texts(), file.string())) {
  file_.require_arrays(arrays_of(description_.spec, description_.channels()));
}

std::map<std::string, std::vector<float>> TwinFile::read() {
  auto all = file_.read();
  for (const auto& [name, values] : all) {
    const bool is_variance = name.ends_with("_norm_variance");
    for (const float x : values) {
      if (!std::isfinite(x) || (is_variance && x < 0))
        fail_input("{}: the array '{}' holds {}, expected {}", path_.string(), name, x,
                   is_variance ? "finite numbers of 0 or more" : "finite numbers");
    }
  }
  return all;
}

std::string TwinFile::identity() {
  Sha256 sum;
  for (const auto* key : {"specification", "wiring", "synapses"}) {
    if (file_.texts().contains(key)) sum.add(file_.text(key) + "\n");
  }
  for (const auto& [name, values] : read())
    sum.add({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  return sum.digits();
}

void TwinFile::require_network_of(const TwinDescription& expected) const {
  const auto ours = specification_json(description_), theirs = specification_json(expected);
  for (const auto& [key, value] : theirs.items()) {
    if (!ours.contains(key) || ours[key] != value) {
      fail_input("{}: is another network than this experiment's: {} is {}, expected {}", path_.string(), key,
                 ours.contains(key) ? ours[key].dump() : "not there", value.dump());
    }
  }
  const auto stored = texts_of(description_), wanted = texts_of(expected);
  const bool knows_synapses = !description_.cell.section.empty();
  for (const auto* key : {"wiring", "synapses"}) {
    if (!wanted.contains(key) || (key == std::string_view("synapses") && !knows_synapses)) continue;
    if (stored.at(key) != wanted.at(key)) {
      fail_input(
          "{}: is another network than this experiment's: its {} are other ones", path_.string(),
          key == std::string_view("wiring") ? "connections from synapses to branches" : "synapses' places");
    }
  }
}

}  // namespace neurontwin

#include "twin/twin_file.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "files/checked_json.hpp"

namespace nt::twin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "neurontwin twin 2", kFormerFormat = "neurontwin twin 1";
constexpr int64_t kMostSynapses = 100000, kMostOutputs = 10000;

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

/// Whether a text of the file says nothing of the network itself.
bool is_about_the_run(std::string_view key) {
  constexpr std::array<std::string_view, 5> kOthers{"format", "thresholds", "scores", "provenance", "sha256"};
  return std::ranges::find(kOthers, key) != kOthers.end();
}

Json specification_json(const TwinDescription& d) {
  Json json{{"kind", d.spec.network->kind()},
            {"excitatory_synapses", d.excitatory_synapses},
            {"inhibitory_synapses", d.inhibitory_synapses},
            {"window_ms", d.spec.network->window_ms()}};
  json.update(d.spec.network->to_json());
  auto& heads = json["heads"] = Json::array();
  for (const auto& head : d.spec.heads)
    heads.push_back({{"name", head.name}, {"outputs", head.outputs}, {"offset", head.offset}});
  return json;
}

Json synapses_json(const dataset::CellTable& cell) {
  Json json{{"excitatory_compartment", cell.excitatory_compartment},
            {"inhibitory_compartment", cell.inhibitory_compartment},
            {"compartments",
             {{"section", cell.section},
              {"region", cell.region},
              {"x", cell.x},
              {"length_um", cell.length_um},
              {"diameter_um", cell.diameter_um},
              {"area_um2", cell.area_um2},
              {"path_um", cell.path_um}}}};
  if (cell.groups.empty()) return json;
  auto& groups = json["groups"] = Json::array();
  for (const auto& group : cell.groups)
    groups.push_back({{"name", group.name},
                      {"kind", group.excitatory ? "excitatory" : "inhibitory"},
                      {"synapses", group.count}});
  return json;
}

NetworkSpecPointer read_network(const SpecificationFile& file) {
  const auto word = file.specification.text("kind");
  std::vector<std::string_view> known;
  for (const auto& kind : network_kinds()) {
    if (kind.name == word) return kind.from_file(file);
    known.push_back(kind.name);
  }
  fail_input("{}: is \"{}\", expected one of: {}", file.specification.where("kind"), word,
             fmt::join(known, ", "));
}

std::vector<Head> read_heads(const files::JsonObject& specification) {
  std::vector<Head> heads;
  const auto add = [&](const std::string& name, int64_t outputs, double offset) {
    heads.push_back(further_head(name, outputs));
    heads.back().offset = offset;
  };
  // Files of format 1 name each head that there was.
  if (!specification.has("heads")) {
    add("spike", 1, 0);
    add("soma", 1, specification.number("soma_offset_mV", {-1e6, 1e6}));
    if (const auto outputs = specification.integer("dendritic_components", 0, kMostOutputs); outputs > 0)
      add("dendrites", outputs, 0);
    if (specification.flag("near_spike")) add("near_spike", 1, 0);
    if (specification.flag("count")) add("count", 1, 0);
    return heads;
  }
  for (const auto& head : specification.objects("heads")) {
    const auto name = head.text("name");
    if (std::ranges::find(head_kinds(), name, &HeadKind::name) == head_kinds().end())
      fail_input("{}: is \"{}\", which this version does not know", head.where("name"), name);
    if (std::ranges::find(heads, name, &Head::name) != heads.end())
      fail_input("{}: is \"{}\" for the second time", head.where("name"), name);
    add(name, head.integer("outputs", 1, head_kind(name).single ? 1 : kMostOutputs),
        head.number("offset", {-1e6, 1e6}));
  }
  for (const auto* name : {"spike", "soma"}) {
    if (std::ranges::find(heads, name, &Head::name) == heads.end())
      fail_input("{}: has no '{}'", specification.where("heads"), name);
  }
  return heads;
}

std::vector<int> read_compartments(const files::JsonObject& json, const char* key, int64_t synapses,
                                   int64_t compartments) {
  const auto all = json.integers(key, 0, compartments - 1);
  if (std::ssize(all) != synapses)
    fail_input("{}: has {} numbers, expected one for each of {} synapses", json.where(key), all.size(),
               synapses);
  return {all.begin(), all.end()};
}

/// Blocks that follow each other and hold all synapses.
std::vector<cell::SynapseBlock> read_groups(const files::JsonObject& json, int64_t excitatory,
                                            int64_t inhibitory) {
  std::vector<cell::SynapseBlock> groups;
  if (!json.has("groups")) return groups;
  for (const auto& group : json.objects("groups")) {
    const auto kind = group.text("kind");
    if (kind != "excitatory" && kind != "inhibitory")
      fail_input("{}: is \"{}\", expected \"excitatory\" or \"inhibitory\"", group.where("kind"), kind);
    groups.push_back({group.text("name"), kind == "excitatory", 0,
                      static_cast<int>(group.integer("synapses", 0, kMostSynapses))});
  }
  if (!dataset::set_first(groups, static_cast<size_t>(excitatory), static_cast<size_t>(inhibitory)))
    fail_input("{}: expected groups, excitatory ones first, of {} excitatory and {} inhibitory synapses",
               json.where("groups"), excitatory, inhibitory);
  return groups;
}

dataset::CellTable read_synapses(const files::JsonObject& json, int64_t excitatory, int64_t inhibitory) {
  dataset::CellTable cell;
  const auto table = json.object("compartments");
  cell.section = table.texts("section");
  cell.region = table.texts("region");
  const auto compartments = cell.section.size();
  const auto column = [&](const char* key, config::Range range) {
    auto values = table.numbers(key, range);
    if (values.size() != compartments)
      fail_input("{}: has {} numbers, 'section' {}", table.where(key), values.size(), compartments);
    return values;
  };
  if (cell.region.size() != compartments)
    fail_input("{}: has {} words, 'section' {}", table.where("region"), cell.region.size(), compartments);
  cell.x = column("x", {0, 1});
  cell.length_um = column("length_um", config::kNotNegative);
  cell.diameter_um = column("diameter_um", config::kNotNegative);
  cell.area_um2 = column("area_um2", config::kNotNegative);
  cell.path_um = column("path_um", {});
  if (compartments == 0) excitatory = inhibitory = 0;  // nobody knows where they are
  const auto most = static_cast<int64_t>(compartments);
  cell.excitatory_compartment = read_compartments(json, "excitatory_compartment", excitatory, most);
  cell.inhibitory_compartment = read_compartments(json, "inhibitory_compartment", inhibitory, most);
  cell.groups = read_groups(json, excitatory, inhibitory);
  return cell;
}

}  // namespace

std::vector<files::NamedShape> arrays_of(const TwinSpec& spec, int64_t channels) {
  std::vector<files::NamedShape> all;
  for (auto& array : spec.arrays(channels)) all.push_back(std::move(array.array));
  return all;
}

files::TextsByName texts_of(const TwinDescription& d) {
  files::TextsByName texts{{"format", std::string(kFormat)},
                           {"specification", specification_json(d).dump()},
                           {"synapses", synapses_json(d.cell).dump()},
                           {"thresholds", d.thresholds.dump()},
                           {"scores", d.scores.dump()},
                           {"provenance", d.provenance.dump()}};
  texts.merge(d.spec.network->texts());
  return texts;
}

TwinDescription read_description(const files::TextsByName& texts, const std::string& file) {
  const auto text = [&](const char* key) -> const std::string& {
    const auto found = texts.find(key);
    if (found == texts.end())
      fail_input("{}: has no '{}'; it is a safetensors file, but not a twin of neurontwin", file, key);
    return found->second;
  };
  const auto parsed = [&](const char* key) {
    return files::parse_checked_json(text(key), fmt::format("{}: {}", file, key));
  };
  const auto object = [&](const nlohmann::json& json, const char* key) {
    return files::JsonObject(json, fmt::format("{}: {}", file, key));
  };
  if (text("format") != kFormat && text("format") != kFormerFormat)
    fail_input("{}: is '{}', expected '{}'", file, text("format"), kFormat);

  TwinDescription d;
  const auto specification = parsed("specification");
  const auto s = object(specification, "specification");
  d.excitatory_synapses = s.integer("excitatory_synapses", 0, kMostSynapses);
  d.inhibitory_synapses = s.integer("inhibitory_synapses", 0, kMostSynapses);
  if (d.channels() == 0)
    fail_input("{}: is 0, and so are the inhibitory ones", s.where("excitatory_synapses"));
  d.spec.network = read_network({s, d.excitatory_synapses, d.inhibitory_synapses,
                                 [&](const std::string& name) { return parsed(name.c_str()); }});
  d.spec.heads = read_heads(s);
  const auto window_ms = s.integer("window_ms", 1, kMostWindow_ms);
  if (window_ms != d.spec.network->window_ms())
    fail_input("{}: is {}, but the network makes {}", s.where("window_ms"), window_ms,
               d.spec.network->window_ms());

  const auto synapses = parsed("synapses");
  d.cell = read_synapses(object(synapses, "synapses"), d.excitatory_synapses, d.inhibitory_synapses);
  const auto thresholds = parsed("thresholds");
  const auto t = object(thresholds, "thresholds");
  for (const auto& item : thresholds.items()) d.thresholds[item.key()] = t.number(item.key().c_str(), {0, 1});
  d.scores = object(parsed("scores"), "scores").value();
  d.provenance = object(parsed("provenance"), "provenance").value();
  return d;
}

std::string twin_file_bytes(const TwinDescription& description, std::span<const files::NamedFloats> arrays) {
  for (const auto& [array, values] : arrays) {
    if (!std::ranges::all_of(values, [](float x) { return std::isfinite(x); }))
      fail_run("the twin's '{}' holds a number that is not finite", array.name);
  }
  const auto texts = texts_of(description);
  read_description(texts, "the twin");  // nothing is written that could not be read again
  return files::safetensors_bytes(arrays, texts);
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
  files::Sha256 sum;
  // All that says what the network is; not what is known of its scores and where it comes from.
  for (const auto& [key, text] : file_.texts()) {
    if (!is_about_the_run(key)) sum.add(text + "\n");
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
  for (const auto& [key, text] : wanted) {
    if (is_about_the_run(key) || key == "specification" || (key == "synapses" && !knows_synapses)) continue;
    const auto found = stored.find(key);
    if (found != stored.end() && found->second == text) continue;
    fail_input("{}: is another network than this experiment's: its {} are other ones", path_.string(),
               key == "wiring"     ? "connections from synapses to branches"
               : key == "synapses" ? "synapses' places"
                                   : key);
  }
}

}  // namespace nt::twin

#include "network/spec.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "config/nearest_word.hpp"
#include "network/synapses.hpp"
#include "twin/twin_file.hpp"

namespace nt::network {
namespace {

constexpr double kMostNeurons = 1 << 24;
constexpr double kMostDelay_ms = 10'000;

std::filesystem::path twin_file(const std::filesystem::path& path) {
  std::error_code unreadable;
  return std::filesystem::is_directory(path, unreadable) ? path / "twin.safetensors" : path;
}

/// A file that is there.
std::filesystem::path file_there(const config::Settings& s, std::string_view key) {
  auto file = s.file(key, s.folder());
  std::error_code unreadable;
  if (!std::filesystem::exists(file, unreadable))
    fail_input("{}: '{}' is {}, which is not there", s.where(key), s.full_key(key), file.string());
  return file;
}

void read_twin_keys(const config::Settings& s, Population& p) {
  p.twin_where = s.where("twin");
  p.twin = twin_file(file_there(s, "twin"));
  std::error_code unreadable;
  if (!std::filesystem::exists(p.twin, unreadable))
    fail_input(
        "{}: '{}' is a folder without twin.safetensors; expected the folder of a run whose training ended, "
        "or "
        "a twin's file",
        p.twin_where, s.full_key("twin"));
  p.spikes = s.choice("spikes", kSpikeRules, SpikeRule::threshold);
  if (s.has("threshold")) {
    p.threshold = s.number("threshold", {}, {0, 1});
    if (p.spikes == SpikeRule::draw)
      fail_input(
          "{}: '{}' means nothing beside spikes = \"draw\", which asks for no threshold; leave one out",
          s.where("threshold"), s.full_key("threshold"));
    if (!(*p.threshold > 0 && *p.threshold < 1))
      fail_input("{}: '{}' is {}, where a twin fires {}; expected more than 0 and less than 1",
                 s.where("threshold"), s.full_key("threshold"), *p.threshold,
                 *p.threshold > 0 ? "never" : "once and no more");
  }
  p.refractory_ms = s.integer("refractory_ms", 0, {0, 1000});
}

void read_places(const config::Settings& s, Population& p) {
  p.box_um = s.numbers("box_um", std::vector<double>{}, {0, 1e7});
  if (!p.box_um.empty() && p.box_um.size() != 3)
    fail_input(
        "{}: '{}' has {} numbers, expected the extent of the box in x, y and z, for example [200, 200, 500]",
        s.where("box_um"), s.full_key("box_um"), p.box_um.size());
  if (s.has("positions")) p.positions = file_there(s, "positions");
  if (!p.positions.empty() && !p.box_um.empty())
    fail_input("{}: '{}' and 'box_um' both place the neurons; leave one out", s.where("positions"),
               s.full_key("positions"));
}

/// A twin says the synapses of its neuron in the same order, so their numbers have to be the same.
void require_same_synapses(const Population& p) {
  const auto& of_twin = twin::TwinFile(p.twin).description();
  const auto of_cell = dataset::cell_table(*p.cell);
  const auto excitatory = std::ssize(of_cell.excitatory_compartment),
             inhibitory = std::ssize(of_cell.inhibitory_compartment);
  if (excitatory == of_twin.excitatory_synapses && inhibitory == of_twin.inhibitory_synapses) return;
  fail_input(
      "{}: the twin of '{}' is that of another neuron: it has {} excitatory and {} inhibitory synapses, the "
      "cell"
      " {} and {}",
      p.where, p.name, of_twin.excitatory_synapses, of_twin.inhibitory_synapses, excitatory, inhibitory);
}

Population read_population(const config::Settings& s) {
  Population p;
  p.where = s.where("name");
  p.name = s.text("name");
  if (p.name.empty() || p.name == "." || p.name.find('/') != std::string::npos)
    fail_input(
        "{}: '{}' is '{}', which cannot name a group of spikes.h5; expected a name without '/', for "
        "example \"e\"",
        p.where, s.full_key("name"), p.name);
  p.kind = static_cast<Kind>(std::ranges::find(kKinds, s.choice("kind", kKinds)) - kKinds.begin());
  p.neurons = s.integer("neurons", {}, {1, kMostNeurons});
  const bool fires = p.fires_by_itself();
  if (p.kind == Kind::cell || (!fires && s.has("cell"))) {
    const auto cell = s.table_or_file("cell");
    p.cell = std::make_shared<const cell::Neuron>(cell::read_neuron(cell));
  }
  if (p.kind == Kind::twin || (!fires && s.has("twin"))) read_twin_keys(s, p);
  if (p.kind == Kind::poisson) p.rate_hz = s.number("rate_hz", {}, {0, 1000});
  if (p.kind == Kind::recorded) {
    p.recording = file_there(s, "file");
    p.recorded_population = s.text("population", "");
  }
  if (p.cell && !p.twin.empty()) require_same_synapses(p);
  if (!fires) p.record_soma = s.integer("record_soma", 0, {0, static_cast<double>(p.neurons)});
  read_places(s, p);
  return p;
}

void require_no_synapse_twice(std::vector<int64_t> numbers, const std::string& where) {
  std::ranges::sort(numbers);
  const auto twice = std::ranges::adjacent_find(numbers);
  if (twice != numbers.end())
    fail_input("{}: synapse {} stands there twice; expected each once", where, *twice);
}

/// `synapses = "excitatory"`, `synapses = [0, 5]`, or `{ group, regions, distance_um }`.
SynapseChoice read_synapses(const config::Settings& s) {
  SynapseChoice choice;
  choice.where = s.where("synapses");
  if (s.is_array("synapses")) {
    choice.numbers = s.integers("synapses", {}, {0, 1e9});
    if (choice.numbers.empty())
      fail_input("{}: '{}' is empty, expected at least one synapse", choice.where, s.full_key("synapses"));
    require_no_synapse_twice(choice.numbers, choice.where);
  } else if (s.is_table("synapses")) {
    const auto table = s.table("synapses");
    choice.group = table.text("group");
    choice.regions = table.texts("regions", std::vector<std::string>{});
    if (table.has("distance_um"))
      std::tie(choice.nearest_um, choice.farthest_um) = table.low_high("distance_um", {}, {0, 1e6});
  } else {
    choice.group = s.text("synapses");
  }
  return choice;
}

void read_rule(const config::Settings& s, Projection& p) {
  p.rule = static_cast<Rule>(std::ranges::find(kRules, s.choice("rule", kRules)) - kRules.begin());
  if (p.rule == Rule::fixed_probability || p.rule == Rule::distance)
    p.probability = s.number("probability", {}, {0, 1});
  if (p.rule == Rule::fixed_indegree) p.indegree = s.integer("indegree", {}, {0, kMostNeurons});
  if (p.rule == Rule::distance) {
    p.length_um = s.number("length_um", {}, config::kPositive);
    p.falloff = s.choice("falloff", kFalloffs, Falloff::exponential);
  }
  if (p.rule == Rule::sonata) p.edges = s.text("edges", "");
  if (p.rule == Rule::sonata || (p.rule == Rule::list && s.has("file"))) {
    p.file = file_there(s, "file");
  } else if (p.rule == Rule::list) {
    if (!s.has("sources"))
      fail_input("{}: the rule 'list' needs 'file', or 'sources' and 'targets'", p.where);
    p.sources = s.integers("sources", {}, {0, kMostNeurons});
    p.targets = s.integers("targets", {}, {0, kMostNeurons});
    if (p.sources.empty())
      fail_input("{}: '{}' is empty, expected at least one connection", s.where("sources"),
                 s.full_key("sources"));
    if (p.sources.size() != p.targets.size())
      fail_input("{}: '{}' has {} neurons, but 'targets' has {}; expected one target for each source",
                 s.where("sources"), s.full_key("sources"), p.sources.size(), p.targets.size());
  }
}

Projection read_projection(const config::Settings& s, const std::vector<Population>& populations) {
  Projection p;
  p.where = s.where("from");
  p.from = population_named(populations, s.text("from"), p.where);
  p.to = population_named(populations, s.text("to"), s.where("to"));
  if (populations[p.to].fires_by_itself())
    fail_input("{}: '{}' is '{}', which receives no input; expected a population of the kind cell or twin",
               s.where("to"), s.full_key("to"), populations[p.to].name);
  read_rule(s, p);
  p.synapses = read_synapses(s);
  p.contacts = s.integer("contacts", 1, {1, kMostContacts});
  p.delay_ms =
      stimulus::read_number_or_range(s, "delay_ms", stimulus::NumberOrRange{1, 1}, {1, kMostDelay_ms});
  if (s.has("weight")) p.weight = s.number("weight", {}, {-kLargestWeight, kLargestWeight});
  p.autapses = s.flag("autapses", false);
  p.multapses = s.flag("multapses", false);
  return p;
}

Background read_background(const config::Settings& s, const std::vector<Population>& populations) {
  Background b;
  b.where = s.where("to");
  b.to = population_named(populations, s.text("to"), b.where);
  if (populations[b.to].fires_by_itself())
    fail_input("{}: '{}' is '{}', which receives no input; expected a population of the kind cell or twin",
               b.where, s.full_key("to"), populations[b.to].name);
  b.synapses = read_synapses(s);
  b.rate_hz = s.number("rate_hz", {}, {0, 900});
  b.from_ms = s.number("from_ms", 0.0, config::kNotNegative);
  if (s.has("until_ms")) b.until_ms = s.number("until_ms", {}, config::kNotNegative);
  if (!(b.from_ms < b.until_ms))
    fail_input("{}: '{}' is {}, expected more than from_ms, {}",
               s.where(s.has("until_ms") ? "until_ms" : "from_ms"), s.full_key("until_ms"), b.until_ms,
               b.from_ms);
  return b;
}

}  // namespace

size_t population_named(const std::vector<Population>& populations, const std::string& name,
                        const std::string& where) {
  std::vector<std::string> names;
  for (size_t i = 0; i < populations.size(); ++i) {
    if (populations[i].name == name) return i;
    names.push_back(populations[i].name);
  }
  fail_input("{}: there is no population '{}'; there are {}{}", where, name, fmt::join(names, ", "),
             config::did_you_mean(name, names));
}

Spec read_network(const config::Settings& s) {
  Spec spec;
  spec.title = s.text("title", "");
  spec.seed = static_cast<uint64_t>(s.integer("seed", 1, {0, 1e15}));
  spec.duration_ms = s.integer("ms", 1000, {1, 1e8});
  const auto simulation = s.table("simulation");
  spec.simulation = simulate::read_simulation(simulation);
  spec.whole_ms = simulation.flag("whole_ms", false);
  for (const auto& table : s.tables("populations")) {
    auto p = read_population(table);
    for (const auto& other : spec.populations)
      if (other.name == p.name)
        fail_input("{}: two populations are called '{}'; give each a name of its own", p.where, p.name);
    spec.populations.push_back(std::move(p));
  }
  if (spec.populations.empty())
    fail_input("{}: the file has no [[populations]]; expected at least one", s.where("populations"));
  for (const auto& table : s.tables("projections"))
    spec.projections.push_back(read_projection(table, spec.populations));
  for (const auto& table : s.tables("backgrounds"))
    spec.backgrounds.push_back(read_background(table, spec.populations));
  const auto measures = s.table("measures");
  spec.bin_ms = static_cast<double>(measures.integer("bin_ms", 5, {1, 1000}));
  spec.transient_ms = static_cast<double>(measures.integer("transient_ms", 0, {0, 1e8}));
  if (spec.transient_ms + spec.bin_ms > static_cast<double>(spec.duration_ms))
    fail_input(
        "{}: '{}' is {}, which leaves nothing of {} ms to measure in bins of {} ms; expected at most {}",
        measures.where("transient_ms"), measures.full_key("transient_ms"), spec.transient_ms,
        spec.duration_ms, spec.bin_ms, std::max(0.0, static_cast<double>(spec.duration_ms) - spec.bin_ms));
  return spec;
}

Spec with_all(Spec spec, Kind kind) {
  for (auto& p : spec.populations) {
    if (p.fires_by_itself()) continue;
    if (kind == Kind::cell && !p.cell)
      fail_input("{}: population '{}' does not name the neuron that its twin replaces; add cell = \"FILE\"",
                 p.where, p.name);
    if (kind == Kind::twin && p.twin.empty())
      fail_input("{}: population '{}' does not name a twin that can replace its neurons; add twin = \"FILE\"",
                 p.where, p.name);
    p.kind = kind;
  }
  return spec;
}

}  // namespace nt::network

#include "twin/recurrent.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "twin/branches.hpp"
#include "twin/recurrent_network.hpp"

namespace neurontwin {
namespace {

constexpr double kSynapseWeight = 0.5;  // where training starts, as published
constexpr int64_t kMostBranches = 100000;

NetworkSpecPointer from_settings(const Settings& settings, const CellTable& cell) {
  const auto made = std::make_shared<RecurrentSpec>();
  auto& spec = *made;
  spec.memory_units = settings.integer("memory_units", spec.memory_units, {1, 10000});
  spec.branches = settings.integer("branches", spec.branches, {1, kMostBranches});
  spec.branch_overlap = settings.flag("branch_overlap", spec.branch_overlap);
  constexpr std::array<std::string_view, 2> activations{"silu", "relu"};
  spec.activation = settings.choice("memory_activation", activations, "silu") == "relu"
                        ? HiddenActivation::relu
                        : HiddenActivation::silu;
  spec.learn_time_constants = settings.flag("learn_time_constants", spec.learn_time_constants);
  spec.synapse_tau_ms = settings.number("synapse_tau_ms", spec.synapse_tau_ms, kPositive);
  spec.shortest_memory_ms = settings.number("shortest_memory_ms", spec.shortest_memory_ms, kPositive);
  spec.longest_memory_ms = settings.number("longest_memory_ms", spec.longest_memory_ms, kPositive);
  spec.history_ms = settings.integer("history_ms", spec.history_ms, {0, 100000});
  if (spec.longest_memory_ms < spec.shortest_memory_ms) {
    fail_input("{}: '{}' is {}, expected at least 'shortest_memory_ms', {}",
               settings.where("longest_memory_ms"), settings.full_key("longest_memory_ms"),
               spec.longest_memory_ms, spec.shortest_memory_ms);
  }
  wire(spec, cell);
  return made;
}

NetworkSpecPointer from_file(const SpecificationFile& file) {
  const auto made = std::make_shared<RecurrentSpec>();
  auto& r = *made;
  const auto& json = file.specification;
  r.memory_units = json.integer("memory_units", 1, 10000);
  r.activation =
      json.is_second("memory_activation", "relu", "silu") ? HiddenActivation::silu : HiddenActivation::relu;
  r.learn_time_constants = json.flag("learn_time_constants");
  r.synapse_tau_ms = json.number("synapse_tau_ms", kPositive);
  r.shortest_memory_ms = json.number("shortest_memory_ms", kPositive);
  r.longest_memory_ms = json.number("longest_memory_ms", {r.shortest_memory_ms});
  r.history_ms = json.integer("history_ms", 0, 100000);
  const auto text = file.text("wiring");
  const JsonObject wiring(text, json.where("wiring"));
  auto& w = r.wiring;
  w.branches = r.branches = wiring.integer("branches", 1, kMostBranches);
  w.branch = wiring.integers("branch", 0, w.branches - 1);
  w.first = wiring.integers("first", 0, w.contacts());
  const int64_t channels = file.excitatory_synapses + file.inhibitory_synapses;
  if (w.channels() != channels || w.first.front() != 0 || w.first.back() != w.contacts() ||
      !std::ranges::is_sorted(w.first)) {
    fail_input("{}: does not divide {} contacts among {} synapses", wiring.where("first"), w.contacts(),
               channels);
  }
  r.excitatory_channels = file.excitatory_synapses;
  return made;
}

}  // namespace

NetworkKind recurrent_kind() {
  return {"recurrent",
          from_settings,
          from_file,
          {"memory_units", "branches", "branch_overlap", "memory_activation", "learn_time_constants",
           "synapse_tau_ms", "shortest_memory_ms", "longest_memory_ms", "history_ms"}};
}

void wire(RecurrentSpec& spec, const CellTable& cell) {
  spec.wiring = cell.section.empty() ? Wiring{} : wire_branches(cell, spec.branches, spec.branch_overlap);
  spec.excitatory_channels = std::ssize(cell.excitatory_compartment);
}

std::string RecurrentSpec::words() const {
  return fmt::format("{} leaky memory units ({:g} to {:g} ms{}) over {} branches", memory_units,
                     shortest_memory_ms, longest_memory_ms, learn_time_constants ? ", learned" : "",
                     wiring.branches);
}

int64_t RecurrentSpec::multiply_adds(int64_t) const {
  const int64_t hidden = hidden_units();
  // Each branch and unit decays, and each unit takes a share in.
  return wiring.contacts() + (wiring.branches + memory_units) * hidden + hidden * memory_units +
         wiring.branches + 2 * memory_units;
}

void RecurrentSpec::require_channels(int64_t channels) const {
  if (wiring.channels() != channels)
    fail_run("the twin's branches are wired to {} synapses, but there are {}", wiring.channels(), channels);
}

std::vector<ParameterArray> RecurrentSpec::arrays(int64_t) const {
  const int64_t units = memory_units, hidden = hidden_units();
  return {{{"recurrent.synapse_weight", {wiring.contacts()}}},
          {{"recurrent.branch_weight", {wiring.branches, hidden}}},
          {{"recurrent.memory_weight", {units, hidden}}},
          {{"recurrent.hidden_bias", {hidden}}},
          {{"recurrent.delta_weight", {hidden, units}}},
          {{"recurrent.delta_bias", {units}}},
          {.array = {"recurrent.log_time_constant", {units}}, .trained = learn_time_constants}};
}

void RecurrentSpec::draw(const ParameterLayout& layout, std::span<float> numbers, uint64_t seed,
                         uint32_t&) const {
  const int64_t units = memory_units, hidden = hidden_units();
  const auto array = [&](const char* name, int64_t count) {
    return numbers.subspan(static_cast<size_t>(layout.offset(std::string("recurrent.") + name)),
                           static_cast<size_t>(count));
  };
  uint32_t own_stream = 0;
  const auto drawn = [&](const char* name, int64_t inputs, int64_t outputs, int64_t all_inputs) {
    draw_weights(array(name, inputs * outputs), 1 / std::sqrt(3 * static_cast<double>(all_inputs)),
                 Random(seed, Stage::twin_weights, 1, {StreamName::weights, own_stream++}));
  };
  const auto synapses = array("synapse_weight", wiring.contacts());
  std::ranges::fill(synapses, static_cast<float>(-kSynapseWeight));
  const auto excitatory = wiring.first[static_cast<size_t>(excitatory_channels)];
  std::ranges::fill(synapses.first(static_cast<size_t>(excitatory)), static_cast<float>(kSynapseWeight));
  drawn("branch_weight", wiring.branches, hidden, wiring.branches + units);
  drawn("memory_weight", units, hidden, wiring.branches + units);
  std::ranges::fill(array("hidden_bias", hidden), 0.0f);
  drawn("delta_weight", hidden, units, hidden);
  std::ranges::fill(array("delta_bias", units), 0.0f);
  const auto times = array("log_time_constant", units);
  const double first = std::log(shortest_memory_ms), last = std::log(longest_memory_ms);
  for (int64_t i = 0; i < units; ++i) {
    const double share = units > 1 ? static_cast<double>(i) / static_cast<double>(units - 1) : 0;
    times[static_cast<size_t>(i)] = static_cast<float>(first + share * (last - first));
  }
}

std::unique_ptr<Network<float>> RecurrentSpec::network(const ParameterLayout& layout, int64_t, float) const {
  return std::make_unique<RecurrentNetwork<float>>(*this, layout);
}
std::unique_ptr<Network<double>> RecurrentSpec::network(const ParameterLayout& layout, int64_t,
                                                        double) const {
  return std::make_unique<RecurrentNetwork<double>>(*this, layout);
}

nlohmann::ordered_json RecurrentSpec::to_json() const {
  return {{"memory_units", memory_units},
          {"memory_activation", activation == HiddenActivation::relu ? "relu" : "silu"},
          {"learn_time_constants", learn_time_constants},
          {"synapse_tau_ms", synapse_tau_ms},
          {"shortest_memory_ms", shortest_memory_ms},
          {"longest_memory_ms", longest_memory_ms},
          {"history_ms", history_ms}};
}

TextsByName RecurrentSpec::texts() const {
  return {{"wiring",
           nlohmann::ordered_json{
               {"branches", wiring.branches}, {"first", wiring.first}, {"branch", wiring.branch}}
               .dump()}};
}

std::vector<double> RecurrentSpec::time_constants_ms(const ParameterLayout& layout,
                                                     std::span<const float> numbers) const {
  std::vector<double> tau_ms;
  const auto first = static_cast<size_t>(layout.offset("recurrent.log_time_constant"));
  for (const float log_tau : numbers.subspan(first, static_cast<size_t>(memory_units)))
    tau_ms.push_back(std::exp(static_cast<double>(log_tau)));
  return tau_ms;
}

}  // namespace neurontwin

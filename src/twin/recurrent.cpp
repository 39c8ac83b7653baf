#include "twin/recurrent.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "twin/branches.hpp"
#include "twin/detail/recurrent_network.hpp"

namespace nt::twin {
namespace {

constexpr double kSynapseWeight = 0.5;  // where training starts, as published
constexpr double kSynapseTau_ms = 5;
constexpr int64_t kMostBranches = 100000;

/// One number, or a list of them.
std::vector<double> taus(const config::Settings& settings, const char* key, std::vector<double> otherwise) {
  if (settings.is_array(key) || !settings.has(key))
    return settings.numbers(key, std::move(otherwise), config::kPositive);
  return {settings.number(key, {}, config::kPositive)};
}

NetworkSpecPointer from_settings(const config::Settings& settings, const dataset::CellTable& cell) {
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
  spec.hidden_count = settings.integer("hidden_units", spec.hidden_count, {0, 20000});
  spec.branch_times = {taus(settings, "synapse_tau_ms", spec.branch_times.tau_ms),
                       taus(settings, "inhibitory_tau_ms", {})};
  if (spec.branch_times.tau_ms.empty()) {
    fail_input("{}: '{}' is empty, expected a time constant in ms, or several",
               settings.where("synapse_tau_ms"), settings.full_key("synapse_tau_ms"));
  }
  spec.shortest_memory_ms = settings.number("shortest_memory_ms", spec.shortest_memory_ms, config::kPositive);
  spec.longest_memory_ms = settings.number("longest_memory_ms", spec.longest_memory_ms, config::kPositive);
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
  r.shortest_memory_ms = json.number("shortest_memory_ms", config::kPositive);
  r.longest_memory_ms = json.number("longest_memory_ms", {r.shortest_memory_ms});
  r.history_ms = json.integer("history_ms", 0, 100000);
  if (json.has("hidden_units")) r.hidden_count = json.integer("hidden_units", 1, 20000);
  const auto text = file.text("wiring");
  const files::JsonObject wiring(text, json.where("wiring"));
  auto& w = r.wiring;
  w.branches = r.branches = wiring.integer("branches", 1, kMostBranches);
  w.branch = wiring.integers("branch", 0, w.branches - 1);
  w.first = wiring.integers("first", 0, w.contacts());
  // Files of versions before 0.2 have one time constant for all.
  w.tau_ms = wiring.has("tau_ms")
                 ? wiring.numbers("tau_ms", config::kPositive)
                 : std::vector<double>(w.branches, json.number("synapse_tau_ms", config::kPositive));
  if (std::ssize(w.tau_ms) != w.branches) {
    fail_input("{}: has {} time constants for {} branches", wiring.where("tau_ms"), w.tau_ms.size(),
               w.branches);
  }
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
           "hidden_units", "synapse_tau_ms", "inhibitory_tau_ms", "shortest_memory_ms", "longest_memory_ms",
           "history_ms"}};
}

void wire(RecurrentSpec& spec, const dataset::CellTable& cell) {
  spec.wiring = cell.section.empty()
                    ? Wiring{}
                    : wire_branches(cell, spec.branches, spec.branch_overlap, spec.branch_times);
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
    return numbers.subspan(layout.offset(std::string("recurrent.") + name), count);
  };
  uint32_t own_stream = 0;
  const auto drawn = [&](const char* name, int64_t inputs, int64_t outputs, int64_t all_inputs) {
    draw_weights(
        array(name, inputs * outputs), 1 / std::sqrt(3 * static_cast<double>(all_inputs)),
        random::Random(seed, random::Stage::twin_weights, 1, {random::StreamName::weights, own_stream++}));
  };
  const auto synapses = array("synapse_weight", wiring.contacts());
  const auto excitatory = static_cast<size_t>(wiring.first[excitatory_channels]);
  for (size_t k = 0; k < synapses.size(); ++k) {
    // A sum that forgets slowly holds more spikes.
    const double weight = kSynapseWeight * std::min(1.0, kSynapseTau_ms / branch_tau_ms(wiring.branch[k]));
    synapses[k] = static_cast<float>(k < excitatory ? weight : -weight);
  }
  drawn("branch_weight", wiring.branches, hidden, wiring.branches + units);
  drawn("memory_weight", units, hidden, wiring.branches + units);
  std::ranges::fill(array("hidden_bias", hidden), 0.0f);
  drawn("delta_weight", hidden, units, hidden);
  std::ranges::fill(array("delta_bias", units), 0.0f);
  const auto times = array("log_time_constant", units);
  const double first = std::log(shortest_memory_ms), last = std::log(longest_memory_ms);
  for (int64_t i = 0; i < units; ++i) {
    const double share = units > 1 ? static_cast<double>(i) / static_cast<double>(units - 1) : 0;
    times[i] = static_cast<float>(first + share * (last - first));
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
          {"hidden_units", hidden_units()},
          {"shortest_memory_ms", shortest_memory_ms},
          {"longest_memory_ms", longest_memory_ms},
          {"history_ms", history_ms}};
}

files::TextsByName RecurrentSpec::texts() const {
  return {{"wiring", nlohmann::ordered_json{{"branches", wiring.branches},
                                            {"first", wiring.first},
                                            {"branch", wiring.branch},
                                            {"tau_ms", branch_taus_ms()}}
                         .dump()}};
}

double RecurrentSpec::branch_tau_ms(int64_t branch) const {
  return wiring.tau_ms.empty() ? branch_times.tau_ms.front() : wiring.tau_ms[branch];
}

std::vector<double> RecurrentSpec::branch_taus_ms() const {
  std::vector<double> all;
  for (int64_t b = 0; b < wiring.branches; ++b) all.push_back(branch_tau_ms(b));
  return all;
}

std::vector<double> RecurrentSpec::branch_keep() const {
  auto all = branch_taus_ms();
  for (double& x : all) x = std::exp(-1 / x);
  return all;
}

std::vector<double> RecurrentSpec::time_constants_ms(const ParameterLayout& layout,
                                                     std::span<const float> numbers) const {
  std::vector<double> tau_ms;
  const auto first = static_cast<size_t>(layout.offset("recurrent.log_time_constant"));
  for (const float log_tau : numbers.subspan(first, memory_units))
    tau_ms.push_back(std::exp(static_cast<double>(log_tau)));
  return tau_ms;
}

}  // namespace nt::twin

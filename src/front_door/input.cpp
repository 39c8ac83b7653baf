#include "neurontwin/input.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dataset/replay_input.hpp"
#include "front_door/models.hpp"
#include "run/experiment.hpp"
#include "simulate/dendritic_input.hpp"

namespace neurontwin {
namespace {

// What is published of the input (Beniaguev et al. 2021, Methods).
constexpr std::string_view kOfPointNeurons = R"(
excitatory_per_100ms = [0.0, 50.0]
inhibition_below_excitation = 50.0
inhibition_above_excitation = -15.0
interval_ms = [25, 30, 35, 40, 50, 60, 70, 80, 90, 100]
smoothing_sd_ms = [40, 60, 80, 100]
)";
constexpr std::string_view kOfDetailedNeurons = R"(
excitatory_per_100ms = [0.0, 800.0]
inhibition_below_excitation = 600.0
inhibition_above_excitation = 200.0
interval_ms = [25, 30, 35, 40, 45, 55, 60, 65, 70, 75, 80, 85, 90, 100, 150, 200, 300, 450]
smoothing_sd_ms = [25, 30, 35, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600]
)";

void require_lists(const Input& input, const std::string& what) {
  if (input.synapse.size() != input.time_ms.size())
    nt::fail_input("{}: has {} times but {} synapses, expected as many", what, input.time_ms.size(),
                   input.synapse.size());
  if (!input.weight.empty() && input.weight.size() != input.time_ms.size())
    nt::fail_input("{}: has {} times but {} weights, expected as many or none", what, input.time_ms.size(),
                   input.weight.size());
}

void require_spike(const Input& input, size_t k, int64_t synapses, const std::string& what) {
  if (input.synapse[k] >= static_cast<uint64_t>(synapses))
    nt::fail_input("{}: spike {} is of synapse {}, expected 0 to {}", what, k, input.synapse[k],
                   synapses - 1);
  if (!input.weight.empty() && !(input.weight[k] >= 0 && std::isfinite(input.weight[k])) &&
      !std::isnan(input.weight[k]))
    nt::fail_input("{}: spike {} has the weight {}, expected a number from 0 on", what, k, input.weight[k]);
  if (!(input.time_ms[k] >= 0) || !std::isfinite(input.time_ms[k]))
    nt::fail_input("{}: spike {} is at {} ms, expected a number from 0 on", what, k, input.time_ms[k]);
}

/// Their order in time, and of one time by synapse.
std::vector<size_t> order_of(const Input& input) {
  std::vector<size_t> order(input.time_ms.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {},
                           [&](size_t k) { return std::pair(input.time_ms[k], input.synapse[k]); });
  return order;
}

}  // namespace

int threads_or_cores(int threads) {
  if (threads < 0 || threads > 4096)
    nt::fail_input("threads is {}, expected 0 (one for each core) to 4096", threads);
  nt::run::Options options;
  options.threads = threads;
  return nt::run::threads_of(options);
}

nt::stimulus::TimedInput timed_input(const Input& input, int64_t excitatory, int64_t inhibitory,
                                     const std::string& what) {
  require_lists(input, what);
  nt::stimulus::TimedInput timed;
  for (const size_t k : order_of(input)) {
    require_spike(input, k, excitatory + inhibitory, what);
    const bool excites = input.synapse[k] < excitatory;
    auto& events = excites ? timed.excitatory : timed.inhibitory;
    events.time_ms.push_back(input.time_ms[k]);
    events.synapse.push_back(static_cast<uint32_t>(input.synapse[k] - (excites ? 0 : excitatory)));
    if (!input.weight.empty()) events.weight.push_back(input.weight[k]);
  }
  return timed;
}

nt::stimulus::SynapticInput synaptic_input(const Input& input, int64_t excitatory, int64_t inhibitory,
                                           const std::string& what) {
  if (!input.weight.empty())
    nt::fail_input("{}: has weights, which are for detailed neurons that are simulated; leave them out",
                   what);
  const auto timed = timed_input(input, excitatory, inhibitory, what);
  for (size_t k = 0; k < input.time_ms.size(); ++k)
    if (input.time_ms[k] > 1e9)
      nt::fail_input("{}: spike {} is at {} ms, expected at most 1e9", what, k, input.time_ms[k]);
  return nt::stimulus::at_whole_ms(timed);
}

Input input_of(const nt::stimulus::TimedInput& timed, int64_t excitatory) {
  Input input;
  for (const auto* events : {&timed.excitatory, &timed.inhibitory}) {
    const auto first = events == &timed.excitatory ? 0 : excitatory;
    for (const auto synapse : events->synapse)
      input.synapse.push_back(static_cast<uint32_t>(synapse + first));
    input.time_ms.insert(input.time_ms.end(), events->time_ms.begin(), events->time_ms.end());
    input.weight.insert(input.weight.end(), events->weight.begin(), events->weight.end());
  }
  return input;
}

Input read_input(const std::filesystem::path& file, const Neuron& neuron) {
  const auto& of = neuron.model().neuron;
  const auto* cell = nt::cell::compartmental(of);
  return input_of(cell != nullptr ? nt::dataset::read_replay_input(file, *cell)
                                  : nt::dataset::read_replay_input(file, neuron.excitatory_synapses(),
                                                                   neuron.inhibitory_synapses()),
                  neuron.excitatory_synapses());
}

InputModel random_rates(const Neuron& neuron, std::string_view settings) {
  const bool has_dendrites = nt::cell::compartmental(neuron.model().neuron) != nullptr;
  const auto read = nt::config::Settings::from_text(settings, "[stimulus]",
                                                    has_dendrites ? kOfDetailedNeurons : kOfPointNeurons);
  auto rates = nt::stimulus::read_stimulus(read, nt::simulate::pools_of(neuron.model().neuron),
                                           nt::simulate::group_synapses(neuron.model().neuron));
  if (rates.calibration)
    nt::fail_input("{}: '{}' is for experiments, whose neuron is simulated to find the factor",
                   read.where("calibrate"), read.full_key("calibrate"));
  read.reject_unread();
  return InputModel(std::make_shared<const InputModel::Model>(InputModel::Model{std::move(rates), read}));
}

std::vector<Input> draw_inputs(const InputModel& model, uint64_t seed, uint64_t first_trial, int64_t trials,
                               int64_t duration_ms, const std::stop_token& stop) {
  constexpr int64_t kMost = 100'000'000;
  if (trials < 0 || duration_ms < 1 || duration_ms > kMost)
    nt::fail_input("{} trials of {} ms, expected 0 or more trials of 1 to {} ms", trials, duration_ms, kMost);
  const auto& rates = model.model().rates;
  std::vector<Input> inputs;
  for (uint64_t i = first_trial; i < first_trial + static_cast<uint64_t>(trials); ++i) {
    if (stop.stop_requested()) throw nt::RunError("stopped while drawing inputs");
    const auto drawn =
        nt::stimulus::draw_input(rates, seed, nt::random::Stage::stimulus_train, i, duration_ms);
    inputs.push_back(input_of(nt::stimulus::timed(drawn), rates.excitatory_synapses));
  }
  return inputs;
}

}  // namespace neurontwin

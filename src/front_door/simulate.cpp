#include "neurontwin/simulate.hpp"

#include <algorithm>
#include <cmath>

#include "cell/place.hpp"
#include "front_door/models.hpp"
#include "random/random.hpp"
#include "run/output_file.hpp"
#include "run/replay.hpp"
#include "simulate/simulator.hpp"

namespace neurontwin {
namespace {

nt::simulate::SimulationSpec spec_of(const SimulateOptions& options) {
  nt::simulate::SimulationSpec spec;
  spec.cable.dt_ms = options.dt_ms;
  spec.cable.scheme = options.scheme == Scheme::backward_euler ? nt::simulate::Scheme::backward_euler
                                                               : nt::simulate::Scheme::crank_nicolson;
  spec.cable.dendrites = options.compartments;
  spec.precision = options.precision == Precision::in_float ? nt::simulate::Precision::in_float
                                                            : nt::simulate::Precision::in_double;
  spec.device = nt::device::kind_named(options.device);
  return spec;
}

nt::random::TrialKey draws_of(const SimulateOptions& options, uint64_t trial) {
  return nt::random::trial_key(options.seed, nt::random::Stage::given_input, trial);
}

std::vector<Recorded> sites_of(const nt::simulate::Recording& recording) {
  std::vector<Recorded> sites;
  if (!recording.nexus_mV.empty()) sites.push_back({"nexus", "mV", recording.nexus_mV});
  for (const auto& site : recording.sites) sites.push_back({site.name, "mV", site.mV});
  return sites;
}

Trial trial_of(nt::simulate::Recording recording, std::span<const nt::simulate::Quantity> quantities) {
  Trial trial;
  trial.soma_mV = nt::simulate::soma_at_whole_ms(recording);
  trial.sites = sites_of(recording);
  if (recording.samples_per_ms > 1) trial.soma_fine_mV = std::move(recording.soma_mV);
  trial.spike_times_ms = std::move(recording.spike_times_ms);
  trial.compartments_mV = std::move(recording.dendrites_mV);
  for (size_t q = 0; q < quantities.size(); ++q)
    trial.recorded.push_back({quantities[q].name(), quantities[q].unit, std::move(recording.quantities[q])});
  return trial;
}

std::vector<nt::simulate::Quantity> quantities_of(const nt::cell::Neuron& neuron,
                                                  std::span<const std::string> names) {
  if (names.empty()) return {};
  const auto* cell = nt::cell::compartmental(neuron);
  if (cell == nullptr)
    nt::fail_input("record: '{}' is asked of a point neuron, of which nothing but the soma can be recorded",
                   names[0]);
  std::vector<nt::simulate::Quantity> quantities;
  for (const auto& name : names) quantities.push_back(nt::simulate::quantity_named(*cell, name));
  return quantities;
}

}  // namespace

std::vector<Trial> simulate(const Neuron& neuron, std::span<const Input> inputs, int64_t duration_ms,
                            const SimulateOptions& options) {
  if (duration_ms < 1 || duration_ms > 100'000'000)
    nt::fail_input("duration_ms is {}, expected from 1 to 100000000", duration_ms);
  auto spec = spec_of(options);
  spec.cable.quantities = quantities_of(neuron.model().neuron, options.record);
  std::vector<nt::stimulus::TimedInput> timed;
  for (size_t i = 0; i < inputs.size(); ++i)
    timed
        .emplace_back(timed_input(inputs[i], neuron.excitatory_synapses(), neuron.inhibitory_synapses(),
                                  fmt::format("input {}", i)))
        .draws = draws_of(options, i);
  std::vector<Trial> trials;
  for (auto& recording : nt::simulate::simulate(neuron.model().neuron, spec, timed, duration_ms,
                                                threads_or_cores(options.threads), options.watcher))
    trials.push_back(trial_of(std::move(recording), spec.cable.quantities));
  return trials;
}

Trial simulate_to_file(const Neuron& neuron, const Input& input, int64_t duration_ms,
                       const SimulateOptions& options, const std::filesystem::path& out) {
  const auto& model = neuron.model();
  if (nt::cell::compartmental(model.neuron) == nullptr)
    nt::fail_input("{}: one trial is written of detailed neurons; this is a {}", out.string(),
                   nt::cell::words_for(model.neuron));
  nt::run::require_own(out, nt::run::Written::trial);
  auto timed = timed_input(input, neuron.excitatory_synapses(), neuron.inhibitory_synapses(), "the input");
  timed.draws = draws_of(options, 0);
  auto spec = spec_of(options);
  spec.cable.dendrites = true;
  return trial_of(nt::run::replay(model.neuron, model.settings.resolved(), timed, duration_ms, spec, out),
                  {});
}

}  // namespace neurontwin

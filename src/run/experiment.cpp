#include "run/experiment.hpp"

#include <algorithm>
#include <thread>

#include "produce/signal_sources.hpp"
#include "simulate/dendritic_input.hpp"

namespace nt::run {

int threads_of(const Options& options) {
  return options.threads > 0 ? options.threads
                             : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

Experiment read_experiment(const Options& options) {
  auto overrides = options.set;
  if (options.seed >= 0) overrides.push_back(fmt::format("seed={}", options.seed));
  const auto settings = config::Settings::from_file(options.experiment, options.profile, overrides);
  const auto cell = settings.table_or_file("cell");
  const auto stimulus = settings.table("stimulus");
  const auto data = settings.table("data");
  const auto twin = settings.table("twin");
  const auto train = settings.table("train");
  const auto evaluate = settings.table("evaluate");

  Experiment e;
  e.title = settings.text("title", options.experiment.stem().string());
  e.seed = static_cast<uint64_t>(settings.integer("seed", 1, {0, 9e15}));
  e.plan.cell = cell::read_neuron(cell);
  e.plan.stimulus = stimulus::read_stimulus(stimulus, simulate::pools_of(e.plan.cell),
                                            simulate::group_synapses(e.plan.cell));
  e.plan.breadth = stimulus::read_breadth(stimulus, cell::compartmental(e.plan.cell) != nullptr,
                                          cell::inhibitory_synapses(e.plan.cell) > 0);
  e.plan.data = produce::read_data(data);
  produce::check_targets(data, e.plan);
  const auto simulation = settings.table("simulation");
  const auto* detailed = cell::compartmental(e.plan.cell);
  if (detailed != nullptr) {
    e.plan.simulation = simulate::read_simulation(simulation);
  } else if (e.plan.data.dendritic_components > 0) {
    fail_input("{}: '{}' is {}, but a point neuron has no dendrites; leave it out",
               data.where("dendritic_components"), data.full_key("dendritic_components"),
               e.plan.data.dendritic_components);
  }
  e.plan.seed = e.seed;
  e.twin = twin::read_twin(twin, dataset::cell_table(e.plan.cell));
  if (const auto* own = e.twin.as<twin::ConvolutionalSpec>()) {
    e.convolutional = *own;
  } else if (twin.has("taps") && twin.has("width")) {
    // Networks of a search and the one-unit network start as these would.
    e.convolutional = twin::read_convolutional(twin);
  }
  e.train = train::read_train(train);
  const auto signals = produce::signals_of(e.plan);
  e.twin.heads = twin::heads_asked_for(e.twin.heads, e.train.heads, [&](std::string_view name) -> int64_t {
    const auto found = std::ranges::find(signals, name, &dataset::Signal::name);
    return found == signals.end() ? 0 : found->values_per_ms;
  });
  e.evaluate = evaluate::read_evaluate(evaluate);
  e.sequences = evaluate::read_sequences(evaluate.table("sequences"), e.plan.cell);
  e.interventions = interpret::read_interventions(evaluate.table("interventions"));
  e.generalisation = evaluate::read_generalisation(evaluate.table("generalisation"), e.plan.cell);
  const auto interpret = settings.table("interpret");
  e.interpret = interpret::read_interpret(interpret);
  e.probes = interpret::read_probes(interpret.table("probes"), e.plan.cell);
  e.dendritic_spikes = interpret::read_dendritic_spikes(interpret.table("dendritic_spikes"));
  std::optional<config::Settings> search;
  if (settings.has("search")) {
    search = settings.table("search");
    e.search = search::read_search(*search);
    if (e.search->generalise && e.generalisation.sets.empty()) {
      fail_input(
          "{}: '{}' asks about other inputs, of which evaluate.generalisation.sets names none; for example "
          "sets = [\"synchrony\", \"rates_high\"]",
          search->where("generalise"), search->full_key("generalise"));
    }
  }
  settings.reject_unread();
  if (e.plan.data.trial_ms < e.train.skip_ms + e.train.window_ms) {
    fail_input("{}: '{}' of {} ms after the first {} ms does not fit into trials of {} ms",
               train.where("window_ms"), train.full_key("window_ms"), e.train.window_ms, e.train.skip_ms,
               e.plan.data.trial_ms);
  }
  if (e.evaluate.skip_ms >= e.plan.data.trial_ms) {
    fail_input("{}: '{}' is {}, expected less than the trials' {} ms", evaluate.where("skip_ms"),
               evaluate.full_key("skip_ms"), e.evaluate.skip_ms, e.plan.data.trial_ms);
  }

  if (e.train.starts_with_trials > e.plan.data.train_trials) {
    fail_input("{}: '{}' is {}, expected at most data.train_trials, {}", train.where("starts_with_trials"),
               train.full_key("starts_with_trials"), e.train.starts_with_trials, e.plan.data.train_trials);
  }

  e.resolved = settings.resolved();
  const ExperimentTables tables{cell, stimulus, simulation, data, twin, train, evaluate, interpret, search};
  e.plan.identity = dataset_identity(e.plan, tables);
  e.determines =
      stage_settings(e.plan, tables, e.search && e.search->criterion == search::Criterion::complexity_index);
  return e;
}

}  // namespace nt::run

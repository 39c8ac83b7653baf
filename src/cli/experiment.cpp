#include "cli/experiment.hpp"

#include <sstream>

#include "files/files.hpp"
#include "simulate/dendritic_input.hpp"
#include "twin/branches.hpp"

namespace neurontwin {
namespace {

/// Drops the lines that set `keys`, which do not change the result.
std::string without(const std::string& toml, std::initializer_list<std::string_view> keys) {
  std::istringstream in(toml);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    bool dropped = false;
    for (const auto key : keys) dropped |= line.starts_with(fmt::format("{} = ", key));
    if (!dropped) out += line + "\n";
  }
  return out;
}

/// What a neuron's trials depend on, as TOML text. A file of a morphology counts by what it holds, not by
/// where it lies.
std::string determining_text(const DatasetPlan& plan, const Settings& cell, const Settings& stimulus,
                             const Settings& simulation) {
  auto text = fmt::format("seed = {}\ntrial_ms = {}\n", plan.seed, plan.data.trial_ms);
  if (plan.data.dendritic_components > 0) {
    text += fmt::format("dendritic_components = {}\ndendritic_fit_trials = {}\n",
                        plan.data.dendritic_components, plan.data.dendritic_fit_trials);
  }
  const bool detailed = std::holds_alternative<DetailedCell>(plan.cell);
  const auto morphology = detailed ? cell.file("morphology", cell.folder()) : std::filesystem::path();
  if (std::error_code none; std::filesystem::is_regular_file(morphology, none)) {
    text += fmt::format("morphology_digest = \"{}\"\n\n{}", digest(read_file(morphology)),
                        without(cell.resolved("cell"), {"morphology"}));
  } else {
    if (detailed) cell.text("morphology");  // built in: a name, no file
    text += fmt::format("\n{}", cell.resolved("cell"));
  }
  text += fmt::format("\n{}", stimulus.resolved("stimulus"));
  if (detailed) text += fmt::format("\n{}", simulation.resolved("simulation"));
  return text;
}

}  // namespace

void wire(RecurrentSpec& spec, const Neuron& cell) {
  spec.wiring = wire_branches(cell_table(cell), spec.branches, spec.branch_overlap);
  spec.excitatory_channels = excitatory_synapses(cell);
}

Experiment read_experiment(const Options& options) {
  auto overrides = options.set;
  if (options.seed >= 0) overrides.push_back(fmt::format("seed={}", options.seed));
  const auto settings = Settings::from_file(options.experiment, options.profile, overrides);
  const auto cell = settings.table_or_file("cell");
  const auto stimulus = settings.table("stimulus");
  const auto data = settings.table("data");
  const auto twin = settings.table("twin");
  const auto train = settings.table("train");
  const auto evaluate = settings.table("evaluate");

  Experiment e;
  e.title = settings.text("title", options.experiment.stem().string());
  e.seed = static_cast<uint64_t>(settings.integer("seed", 1, {0, 9e15}));
  e.plan.cell = read_neuron(cell);
  for (const auto& note : notes_of(e.plan.cell)) fmt::print(stderr, "note: {}\n", note);
  e.plan.stimulus = read_stimulus(stimulus, pools_of(e.plan.cell));
  e.plan.data = read_data(data);
  const auto simulation = settings.table("simulation");
  const auto* detailed = std::get_if<DetailedCell>(&e.plan.cell);
  if (detailed != nullptr) {
    e.plan.simulation = read_simulation(simulation);
  } else if (e.plan.data.dendritic_components > 0) {
    fail_input("{}: '{}' is {}, but a point neuron has no dendrites; leave it out",
               data.where("dendritic_components"), data.full_key("dendritic_components"),
               e.plan.data.dendritic_components);
  }
  e.plan.seed = e.seed;
  e.twin = read_twin(twin);
  if (e.twin.recurrent) wire(*e.twin.recurrent, e.plan.cell);
  e.train = read_train(train);
  e.twin.dendritic_components = e.plan.data.dendritic_components;
  e.twin.near_spike = e.train.questions.near_spike_ms > 0;
  e.twin.count = e.train.questions.rate_sd_ms > 0;
  e.evaluate = read_evaluate(evaluate);
  e.sequences = read_sequences(evaluate.table("sequences"), e.plan.cell);
  e.generalisation = read_generalisation(evaluate.table("generalisation"), e.plan.cell);
  const auto interpret = settings.table("interpret");
  e.interpret = read_interpret(interpret);
  e.probes = read_probes(interpret.table("probes"), e.plan.cell);
  e.dendritic_spikes = read_dendritic_spikes(interpret.table("dendritic_spikes"));
  std::optional<Settings> search;
  if (settings.has("search")) {
    search = settings.table("search");
    e.search = read_search(*search);
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
  e.plan.identity = {excitatory_synapses(e.plan.cell),
                     inhibitory_synapses(e.plan.cell),
                     e.plan.data.trial_ms,
                     e.seed,
                     determining_text(e.plan, cell, stimulus, simulation),
                     detailed != nullptr && detailed->nexus.has_value(),
                     e.plan.data.dendritic_components};
  // Where all trials are waited for, checkpoints are the same as before there was a choice.
  auto training = without(train.resolved(), {"epochs", "checkpoint_every_s"});
  if (e.train.starts_with_trials == 0) training = without(training, {"starts_with_trials"});
  if (e.train.clip_gradient == 0) training = without(training, {"clip_gradient"});
  if (!e.train.freezes_norm()) training = without(training, {"freeze_norm"});
  auto network = twin.resolved();
  if (!e.twin.recurrent) network = without(network, {"kind"});
  if (!e.twin.is_dilated()) network = without(network, {"dilation"});
  if (!e.twin.residual) network = without(network, {"residual"});
  e.training_identity = fmt::format(
      "{}\ntrain_trials = {}\nvalid_trials = {}\npublished_labels = {}\nsoma_ceiling_mV = {}\n\n"
      "[twin]\n{}\n[train]\n{}",
      e.plan.identity.configuration, e.plan.data.train_trials, e.plan.data.valid_trials,
      e.plan.data.labels.published, e.plan.data.labels.soma_ceiling_mV, network, training);
  if (e.search) {
    auto tried = search->resolved();
    if (!e.search->space.tries_residual()) tried = without(tried, {"residual"});
    if (!e.search->space.tries_dilation()) tried = without(tried, {"dilation"});
    e.search_identity = fmt::format(
        "{}\n[search]\n{}{}", e.training_identity,
        without(tried, {"criterion", "size", "measure", "epsilon", "confidence", "target_auc",
                        "target_variance_explained", "resamples", "budget_samples_h", "budget_minutes",
                        "trials", "quiet_rungs", "published", "trainings", "generalise"}),
        e.search->criterion == Criterion::complexity_index ? "probe = true\n" : "");
  }
  e.evaluate_settings = evaluate.resolved();
  e.interpret_settings = interpret.resolved();
  return e;
}

}  // namespace neurontwin

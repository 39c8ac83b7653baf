#include "neurontwin/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dataset/split.hpp"
#include "files/files.hpp"
#include "front_door/models.hpp"
#include "produce/dataset_size.hpp"
#include "produce/make_dataset.hpp"
#include "run/identity.hpp"

namespace neurontwin {
namespace {

constexpr int64_t kTrialsPerShard = 128;

using Split = nt::dataset::Split;

/// A split of it, opened. InputError where the data set says otherwise by now.
Split open_split(const Dataset& dataset, const std::string& split) {
  return Split::open(dataset.folder, split);
}

void require_trial(const DatasetTrial& trial, int64_t duration_ms, const std::string& what) {
  if (std::ssize(trial.soma_mV) != duration_ms)
    nt::fail_input("{}: has {} somatic voltages, expected one for each of {} ms", what, trial.soma_mV.size(),
                   duration_ms);
  // No membrane is beyond these; a wrong unit is.
  constexpr float kMost_mV = 500;
  for (size_t ms = 0; ms < trial.soma_mV.size(); ++ms) {
    const float mV = trial.soma_mV[ms];
    if (!std::isfinite(mV))
      nt::fail_input("{}: the somatic voltage at {} ms is {}, expected a number", what, ms, mV);
    if (std::abs(mV) > kMost_mV)
      nt::fail_input("{}: the somatic voltage at {} ms is {}, expected from -{} to {} mV", what, ms, mV,
                     kMost_mV, kMost_mV);
  }
  for (size_t k = 0; k < trial.spike_times_ms.size(); ++k) {
    const float t = trial.spike_times_ms[k];
    if (!(t >= 0 && t < static_cast<float>(duration_ms)))
      nt::fail_input("{}: output spike {} is at {} ms, expected from 0 to below {} ms", what, k, t,
                     duration_ms);
    if (k > 0 && t < trial.spike_times_ms[k - 1])
      nt::fail_input("{}: output spike {} comes before the one before it; sort them by time", what, k);
  }
  for (size_t k = 0; k < trial.input.time_ms.size(); ++k)
    if (!(trial.input.time_ms[k] < static_cast<double>(duration_ms)))
      nt::fail_input("{}: input spike {} is at {} ms, expected below {} ms", what, k, trial.input.time_ms[k],
                     duration_ms);
}

nt::simulate::Trial trial_of(const DatasetTrial& given, const GivenTrials& all, const std::string& what) {
  require_trial(given, all.duration_ms, what);
  nt::simulate::Trial trial;
  trial.input = synaptic_input(given.input, all.excitatory_synapses, all.inhibitory_synapses, what);
  trial.spike_times_ms = given.spike_times_ms;
  trial.soma_mV = given.soma_mV;
  return trial;
}

/// The voltages of neurons lie tens of mV from zero.
void require_millivolts(const GivenTrials& all) {
  constexpr float kLeast_mV = 1;
  for (const auto& split : {all.train, all.valid, all.test})
    for (const auto& trial : split)
      for (const float mV : trial.soma_mV)
        if (std::abs(mV) >= kLeast_mV) return;
  nt::fail_input("no somatic voltage is beyond {} mV on either side of 0; are these volts? give millivolts",
                 kLeast_mV);
}

void write_split(const GivenTrials& all, std::span<const DatasetTrial> trials, const std::string& split,
                 const nt::dataset::DatasetIdentity& identity, const std::filesystem::path& folder) {
  if (trials.empty()) nt::fail_input("the split '{}' has no trials, expected at least 1", split);
  nt::dataset::for_each_shard(std::ssize(trials), kTrialsPerShard, [&](const nt::dataset::ShardPlace& place) {
    std::vector<nt::simulate::Trial> of_shard;
    for (uint64_t i = place.first_trial; i < place.first_trial + place.trials; ++i)
      of_shard.push_back(trial_of(trials[i], all, fmt::format("{} trial {}", split, i)));
    nt::files::write_file_atomically(nt::dataset::shard_path(folder, split, place.number),
                                     shard_bytes(identity, {}, split, place.first_trial, of_shard));
  });
}

}  // namespace

Dataset open_dataset(const std::filesystem::path& folder) {
  Dataset dataset{.folder = folder};
  const auto train = Split::open(folder, "train"), valid = Split::open(folder, "valid"),
             test = Split::open(folder, "test");
  const auto& first = train.identity();
  for (const auto* split : {&valid, &test}) {
    const auto& id = split->identity();
    if (id.excitatory_synapses != first.excitatory_synapses ||
        id.inhibitory_synapses != first.inhibitory_synapses)
      nt::fail_input(
          "{}: its trials are of {} excitatory and {} inhibitory synapses, those of {} of {} and {}",
          split->place_of(0), id.excitatory_synapses, id.inhibitory_synapses, train.place_of(0),
          first.excitatory_synapses, first.inhibitory_synapses);
  }
  dataset.excitatory_synapses = first.excitatory_synapses;
  dataset.inhibitory_synapses = first.inhibitory_synapses;
  dataset.duration_ms = first.duration_ms;
  dataset.train_trials = static_cast<int64_t>(train.trials());
  dataset.valid_trials = static_cast<int64_t>(valid.trials());
  dataset.test_trials = static_cast<int64_t>(test.trials());
  return dataset;
}

DatasetTrial read_trial(const Dataset& dataset, const std::string& name, int64_t trial) {
  if (name != "train" && name != "valid" && name != "test")
    nt::fail_input("split '{}', expected train, valid or test", name);
  const auto split = open_split(dataset, name);
  if (trial < 0 || trial >= static_cast<int64_t>(split.trials()))
    nt::fail_input("{} trial {}, expected 0 to {}", name, trial, split.trials() - 1);
  const auto view = split.trial(static_cast<size_t>(trial));
  DatasetTrial read;
  for (const auto* events : {&view.excitatory, &view.inhibitory}) {
    const auto first = events == &view.excitatory ? 0 : dataset.excitatory_synapses;
    read.input.time_ms.insert(read.input.time_ms.end(), events->time_ms.begin(), events->time_ms.end());
    for (size_t k = 0; k < events->time_ms.size(); ++k)
      read.input.synapse.push_back(static_cast<uint32_t>(events->synapse[k] + first));
  }
  read.spike_times_ms.assign(view.spike_times_ms.begin(), view.spike_times_ms.end());
  read.soma_mV.assign(view.soma_mV.begin(), view.soma_mV.end());
  return read;
}

Dataset write_dataset(const GivenTrials& trials, const std::filesystem::path& folder) {
  if (trials.duration_ms < 2 || trials.duration_ms > 10'000'000)
    nt::fail_input("trials of {} ms, expected from 2 to 10000000 ms", trials.duration_ms);
  if (trials.excitatory_synapses < 0 || trials.inhibitory_synapses < 0 ||
      trials.excitatory_synapses + trials.inhibitory_synapses < 1)
    nt::fail_input("{} excitatory and {} inhibitory synapses, expected at least 1",
                   trials.excitatory_synapses, trials.inhibitory_synapses);
  nt::files::make_writable_folder(folder);
  const nt::files::FolderLock lock(folder);
  for (const auto* split : {"train", "valid", "test"})
    if (std::filesystem::exists(nt::dataset::shard_path(folder, split, 0)))
      nt::fail_input("{}: holds a data set, expected a folder without one", folder.string());
  nt::dataset::DatasetIdentity identity;
  identity.excitatory_synapses = trials.excitatory_synapses;
  identity.inhibitory_synapses = trials.inhibitory_synapses;
  identity.duration_ms = trials.duration_ms;
  // A JSON text is a TOML text, too, whatever the words hold.
  const auto source =
      nlohmann::json(trials.source).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  identity.configuration = fmt::format("source = {}\n", source);
  // Validated as a whole before the first file is written: a data set is there or it is not.
  for (const auto& [name, split] :
       {std::pair{"train", trials.train}, {"valid", trials.valid}, {"test", trials.test}})
    for (size_t i = 0; i < split.size(); ++i) trial_of(split[i], trials, fmt::format("{} trial {}", name, i));
  require_millivolts(trials);
  write_split(trials, trials.valid, "valid", identity, folder);
  write_split(trials, trials.test, "test", identity, folder);
  write_split(trials, trials.train, "train", identity, folder);
  return open_dataset(folder);
}

Dataset make_dataset(const Neuron& neuron, const InputModel& inputs, const std::filesystem::path& folder,
                     const MakeDatasetOptions& options) {
  const auto from = [](const std::string& text) { return nt::config::Settings::from_text(text, "options"); };
  const auto data =
      from(fmt::format("trial_ms = {}\ntrain_trials = {}\nvalid_trials = {}\ntest_trials = {}\n"
                       "trials_per_shard = {}\n",
                       options.trial_ms, options.train_trials, options.valid_trials, options.test_trials,
                       options.trials_per_shard));
  const auto simulation = from(fmt::format("dt_ms = {}\n", options.dt_ms));
  nt::produce::DatasetPlan plan;
  plan.cell = neuron.model().neuron;
  plan.stimulus = inputs.model().rates;
  plan.data = nt::produce::read_data(data);
  plan.simulation = nt::simulate::read_simulation(simulation);
  plan.simulation.device = nt::device::kind_named(options.device);
  nt::device::open_device(plan.simulation.device);  // before a folder is made: is there one?
  plan.seed = options.seed;
  const auto none = from("");
  plan.identity = nt::run::dataset_identity(
      plan, {neuron.model().settings, inputs.model().settings, simulation, data, none, none, none, none, {}});
  nt::files::make_writable_folder(folder);
  const nt::files::FolderLock lock(folder);
  nt::produce::require_room(plan, folder);
  nt::produce::make_dataset(plan, folder, threads_or_cores(options.threads), options.watcher);
  return open_dataset(folder);
}

}  // namespace neurontwin

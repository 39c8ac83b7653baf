#include "dataset/shard.hpp"

#include <algorithm>
#include <cmath>

namespace nt::dataset {
namespace {

constexpr std::string_view kFormat = "neurontwin dataset 1";

/// Numbers below `end`, in 16 bits where these hold them.
void write_numbers(files::Hdf5Image& image, const std::string& path, const std::vector<uint32_t>& numbers,
                   size_t end) {
  if (end > size_t{UINT16_MAX} + 1) return image.write<uint32_t>(path, numbers, "index");
  std::vector<uint16_t> narrow;
  for (const auto number : numbers) narrow.push_back(static_cast<uint16_t>(number));
  image.write<uint16_t>(path, narrow, "index");
}

SynapseNumbers view_numbers(const files::Hdf5File& file, const std::string& path) {
  if (file.holds<uint32_t>(path)) return file.view<uint32_t>(path);
  return file.view<uint16_t>(path);
}

void write_input(files::Hdf5Image& image, const std::string& group, std::span<const simulate::Trial> trials,
                 stimulus::Events stimulus::SynapticInput::*kind, int64_t synapses) {
  std::vector<uint64_t> offset{0};
  std::vector<uint32_t> synapse, time_ms;
  for (const auto& trial : trials) {
    const stimulus::Events& events = trial.input.*kind;
    time_ms.insert(time_ms.end(), events.time_ms.begin(), events.time_ms.end());
    synapse.insert(synapse.end(), events.synapse.begin(), events.synapse.end());
    offset.push_back(time_ms.size());
  }
  image.write<uint64_t>(group + "/offset", offset, "events");
  write_numbers(image, group + "/synapse", synapse, static_cast<size_t>(synapses));
  image.write<uint32_t>(group + "/time_ms", time_ms, "ms");
}

void write_groups(files::Hdf5Image& image, const CellTable& cell) {
  std::vector<std::string> name, kind;
  std::vector<int32_t> count;
  for (const auto& group : cell.groups) {
    name.push_back(group.name);
    kind.emplace_back(group.excitatory ? "excitatory" : "inhibitory");
    count.push_back(group.count);
  }
  image.write_texts("/cell/groups/name", name);
  image.write_texts("/cell/groups/kind", kind);
  image.write<int32_t>("/cell/groups/synapses", count, "1");
  image.write<double>("/cell/excitatory_weight", cell.excitatory_weight, "of the mechanism");
  image.write<double>("/cell/inhibitory_weight", cell.inhibitory_weight, "of the mechanism");
  image.write<double>("/cell/excitatory_delay_ms", cell.excitatory_delay_ms, "ms");
  image.write<double>("/cell/inhibitory_delay_ms", cell.inhibitory_delay_ms, "ms");
}

void write_cell(files::Hdf5Image& image, const CellTable& cell) {
  image.write_texts("/cell/section", cell.section);
  image.write_texts("/cell/region", cell.region);
  image.write<double>("/cell/x", cell.x, "1");
  image.write<double>("/cell/length_um", cell.length_um, "um");
  image.write<double>("/cell/diameter_um", cell.diameter_um, "um");
  image.write<double>("/cell/area_um2", cell.area_um2, "um2");
  image.write<double>("/cell/path_um", cell.path_um, "um");
  const auto write = [&](const char* path, const std::vector<int>& compartments) {
    write_numbers(image, path, {compartments.begin(), compartments.end()}, cell.section.size());
  };
  write("/cell/excitatory_compartment", cell.excitatory_compartment);
  write("/cell/inhibitory_compartment", cell.inhibitory_compartment);
  if (!cell.groups.empty()) write_groups(image, cell);
}

/// One kind of output of all trials, one after the other.
std::vector<float> joined(std::span<const simulate::Trial> trials,
                          std::vector<float> simulate::Trial::*output) {
  std::vector<float> all;
  for (const auto& trial : trials) all.insert(all.end(), (trial.*output).begin(), (trial.*output).end());
  return all;
}

void write_signals(files::Hdf5Image& image, const DatasetIdentity& identity,
                   std::span<const simulate::Trial> trials) {
  for (size_t s = 0; s < identity.signals.size(); ++s) {
    const auto& signal = identity.signals[s];
    std::vector<float> all;
    for (const auto& trial : trials) {
      if (s >= trial.signals.size()) fail_run("a trial has no values of the signal '{}'", signal.name);
      all.insert(all.end(), trial.signals[s].begin(), trial.signals[s].end());
    }
    std::vector<uint64_t> shape{trials.size(), static_cast<uint64_t>(identity.duration_ms)};
    if (signal.list) shape.push_back(static_cast<uint64_t>(signal.values_per_ms));
    image.write<float>("/output/" + signal.name, all, signal.unit, shape);
  }
}

}  // namespace

const Signal* DatasetIdentity::find_signal(std::string_view name) const {
  const auto found = std::ranges::find(signals, name, &Signal::name);
  return found == signals.end() ? nullptr : &*found;
}

int64_t DatasetIdentity::values_per_ms(std::string_view name) const {
  const auto* signal = find_signal(name);
  return signal == nullptr ? 0 : signal->values_per_ms;
}

std::span<const float> TrialView::signal(std::string_view name) const {
  for (const auto& [signal, values] : signals_of_all) {
    const size_t of_trial = soma_mV.size() * static_cast<size_t>(signal.values_per_ms);
    if (signal.name == name) return values.subspan(index * of_trial, of_trial);
  }
  return {};
}

std::string shard_bytes(const DatasetIdentity& identity, const CellTable& cell, const std::string& split,
                        uint64_t first_trial, std::span<const simulate::Trial> trials) {
  files::Hdf5Image image;
  image.attribute("format", kFormat);
  image.attribute("program_version", NEURONTWIN_VERSION);
  image.seal();
  image.attribute("configuration", identity.configuration);
  image.attribute("neuron", identity.neuron);
  image.attribute("recipe", identity.recipe);
  image.attribute("split", split);
  image.attribute("seed", static_cast<int64_t>(identity.seed));
  image.attribute("first_trial", static_cast<int64_t>(first_trial));
  image.attribute("trials", static_cast<int64_t>(trials.size()));
  image.attribute("duration_ms", identity.duration_ms);
  image.attribute("excitatory_synapses", identity.excitatory_synapses);
  image.attribute("inhibitory_synapses", identity.inhibitory_synapses);
  write_input(image, "/input/exc", trials, &stimulus::SynapticInput::excitatory,
              identity.excitatory_synapses);
  write_input(image, "/input/inh", trials, &stimulus::SynapticInput::inhibitory,
              identity.inhibitory_synapses);

  std::vector<uint64_t> offset{0};
  for (const auto& trial : trials) offset.push_back(offset.back() + trial.spike_times_ms.size());
  image.write<uint64_t>("/output/spikes/offset", offset, "events");
  image.write<float>("/output/spikes/time_ms", joined(trials, &simulate::Trial::spike_times_ms), "ms");
  const auto duration = static_cast<uint64_t>(identity.duration_ms);
  image.write<float>("/output/soma_mV", joined(trials, &simulate::Trial::soma_mV), "mV",
                     {trials.size(), duration});
  write_signals(image, identity, trials);
  if (!cell.section.empty()) write_cell(image, cell);
  return image.bytes();
}

EventsView EventsView::between(int64_t from_ms, int64_t to_ms) const {
  const auto begin =
      std::lower_bound(time_ms.begin(), time_ms.end(), static_cast<uint32_t>(std::max<int64_t>(from_ms, 0)));
  const auto end = std::lower_bound(begin, time_ms.end(), static_cast<uint32_t>(std::max<int64_t>(to_ms, 0)));
  const auto first = static_cast<size_t>(begin - time_ms.begin());
  const auto count = static_cast<size_t>(end - begin);
  return {time_ms.subspan(first, count), synapse.subspan(first, count)};
}

std::span<const uint64_t> Shard::read_offsets(const std::string& path, size_t end) const {
  const auto offset = file_.view<uint64_t>(path);
  if (offset.size() != trials_ + 1 || offset.front() != 0 || offset.back() != end ||
      !std::is_sorted(offset.begin(), offset.end())) {
    fail_input("{}: {} does not fit the arrays it divides; the file is damaged, remove it and simulate again",
               this->path().string(), path);
  }
  return offset;
}

Shard::Ragged Shard::read_input(const std::string& group, int64_t synapses) const {
  Ragged input;
  input.synapse = view_numbers(file_, group + "/synapse");
  input.time_ms = file_.view<uint32_t>(group + "/time_ms");
  input.offset = read_offsets(group + "/offset", input.time_ms.size());
  bool good = input.synapse.size() == input.time_ms.size();
  for (const auto s : input.synapse) good &= s < synapses;
  for (const auto t : input.time_ms) good &= t < static_cast<uint64_t>(identity_.duration_ms);
  for (size_t i = 0; good && i < trials_; ++i) {
    good = std::is_sorted(input.time_ms.begin() + static_cast<int64_t>(input.offset[i]),
                          input.time_ms.begin() + static_cast<int64_t>(input.offset[i + 1]));
  }
  if (!good) {
    fail_input(
        "{}: {} holds spikes out of order, after the end or of no synapse; the file is damaged, remove it "
        "and simulate again",
        path().string(), group);
  }
  return input;
}

DatasetIdentity identity_in(const files::Hdf5File& file) {
  if (const auto format = file.text_attribute("format"); format != kFormat)
    fail_input("{}: is '{}', expected '{}'", file.path().string(), format, kFormat);
  const auto if_there = [&](const std::string& name) {
    return file.has_attribute(name) ? file.text_attribute(name) : std::string();
  };
  DatasetIdentity identity;
  identity.configuration = file.text_attribute("configuration");
  identity.neuron = if_there("neuron");
  identity.recipe = if_there("recipe");
  identity.seed = static_cast<uint64_t>(file.number_attribute("seed"));
  identity.duration_ms = file.number_attribute("duration_ms");
  identity.excitatory_synapses = file.number_attribute("excitatory_synapses");
  identity.inhibitory_synapses = file.number_attribute("inhibitory_synapses");
  return identity;
}

std::string content_digest(const files::Hdf5File& file) {
  const bool ours = file.has_attribute("digest") || file.has_attribute("neuron");
  return ours ? file.verified_digest() : file.digest_of_bytes();
}

Shard::Shard(const std::filesystem::path& file) : file_(file), identity_(identity_in(file_)) {
  split_ = file_.text_attribute("split");
  first_trial_ = static_cast<uint64_t>(file_.number_attribute("first_trial"));
  trials_ = static_cast<size_t>(file_.number_attribute("trials"));
  // Beyond these no data set is made; within, no product of them exceeds its type.
  constexpr int64_t kMost = 1'000'000;
  for (const auto& [name, value, least, most] :
       {std::tuple{"trials", static_cast<int64_t>(trials_), int64_t{0}, kMost},
        {"first_trial", static_cast<int64_t>(first_trial_), 0, 1000 * kMost},
        {"duration_ms", identity_.duration_ms, 1, 10 * kMost},
        {"excitatory_synapses", identity_.excitatory_synapses, 0, kMost},
        {"inhibitory_synapses", identity_.inhibitory_synapses, 0, kMost}}) {
    if (value < least || value > most)
      fail_input("{}: its attribute '{}' is {}, expected from {} to {}; the file is damaged", file.string(),
                 name, value, least, most);
  }

  excitatory_ = read_input("/input/exc", identity_.excitatory_synapses);
  inhibitory_ = read_input("/input/inh", identity_.inhibitory_synapses);
  spike_time_ms_ = file_.view<float>("/output/spikes/time_ms");
  spike_offset_ = read_offsets("/output/spikes/offset", spike_time_ms_.size());
  for (const float t : spike_time_ms_) {
    if (!(t >= 0 && t < static_cast<float>(identity_.duration_ms))) {
      fail_input(
          "{}: /output/spikes/time_ms holds {}, which is not within a trial; the file is damaged, remove it "
          "and simulate again",
          file.string(), t);
    }
  }
  soma_mV_ = read_output("/output/soma_mV", 1);
  read_signals();
  digest_ = content_digest(file_);
  file_.close();  // a data set may have more shards than a program may open files
}

/// Every data set under /output that has values at each millisecond of each trial, known to this program or
/// not.
void Shard::read_signals() {
  constexpr uint64_t kMostValues = 10'000;
  for (const auto& name : file_.sets_in("/output")) {
    if (name == "soma_mV") continue;
    const auto path = "/output/" + name;
    const auto shape = file_.shape(path);
    if (shape.size() < 2 || shape.size() > 3 || shape[0] != trials_ ||
        shape[1] != static_cast<uint64_t>(identity_.duration_ms))
      continue;
    const uint64_t values = shape.size() == 3 ? shape[2] : 1;
    if (values == 0) continue;
    if (values > kMostValues) {
      fail_input("{}: {} has {} values each millisecond, expected at most {}; the file is damaged",
                 this->path().string(), path, values, kMostValues);
    }
    const Signal signal{name, file_.units(path), static_cast<int64_t>(values), shape.size() == 3};
    identity_.signals.push_back(signal);
    signals_.push_back({signal, read_output(path, values)});
  }
}

std::span<const float> Shard::read_output(const std::string& path, size_t values_per_ms) const {
  const auto values = file_.view<float>(path);
  if (values.size() != trials_ * static_cast<size_t>(identity_.duration_ms) * values_per_ms) {
    fail_input(
        "{}: {} has {} values, expected {} trials of {} ms{}; the file is damaged, remove it and simulate "
        "again",
        this->path().string(), path, values.size(), trials_, identity_.duration_ms,
        values_per_ms == 1 ? "" : fmt::format(" with {} each", values_per_ms));
  }
  require_finite(values, path, values_per_ms);
  return values;
}

void Shard::require_finite(std::span<const float> values, const std::string& path,
                           size_t values_per_ms) const {
  const auto found = std::ranges::find_if_not(values, [](float x) { return std::isfinite(x); });
  if (found == values.end()) return;
  const auto at = static_cast<size_t>(found - values.begin()) / values_per_ms;
  const auto duration = static_cast<size_t>(identity_.duration_ms);
  fail_input(
      "{}: {} is {} in trial {} of {} at {} ms, expected a finite number; the file is damaged or its neuron "
      "came to no number there; remove it and simulate again",
      this->path().string(), path, std::isnan(*found) ? "not a number (NaN)" : "infinite",
      first_trial_ + at / duration, split_, at % duration);
}

TrialView Shard::trial(size_t index) const {
  const auto events = [&](const Ragged& input) {
    const auto first = input.offset[index], count = input.offset[index + 1] - first;
    return EventsView{input.time_ms.subspan(first, count), input.synapse.subspan(first, count)};
  };
  const auto duration = static_cast<size_t>(identity_.duration_ms);
  const auto first_spike = spike_offset_[index];
  return {events(excitatory_),
          events(inhibitory_),
          spike_time_ms_.subspan(first_spike, spike_offset_[index + 1] - first_spike),
          soma_mV_.subspan(index * duration, duration),
          signals_,
          index,
          nullptr};
}

}  // namespace nt::dataset

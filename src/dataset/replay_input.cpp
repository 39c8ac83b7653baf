#include "dataset/replay_input.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "cell/physical.hpp"
#include "files/hdf5.hpp"

namespace nt::dataset {
namespace {

constexpr double kLatest_ms = 1e7;

/// What a replayed event may be of: the synapses of a kind.
struct Kind {
  size_t synapses = 0;
  std::vector<const mechanism::Mechanism*> mechanism;  // of each synapse; null: several; empty: not known
};

Kind kind_of(const cell::DetailedCell& cell, const cell::SynapseGroup& synapses) {
  Kind kind;
  for (const auto& connection : cell::connections_of(cell, synapses)) {
    const auto* m = &cell.placements[connection.placement].mechanism();
    if (static_cast<size_t>(connection.synapse) == kind.mechanism.size())
      kind.mechanism.push_back(m);
    else
      kind.mechanism.back() = nullptr;
  }
  kind.synapses = kind.mechanism.size();
  return kind;
}

/// Synapses of a kind that stand under one name in a replay file, read and checked: all of the kind, or a
/// group.
class Reader {
 public:
  Reader(const files::Hdf5File& file, const std::string& name, const Kind& kind, size_t first, size_t count)
      : file_(file),
        group_("/input/" + name),
        kind_(kind),
        first_(first),
        synapses_(count),
        owner_(kind.mechanism.empty() ? "twin" : "cell"),
        block_(name == "exc" || name == "inh" ? "of this kind" : "in this group") {}

  stimulus::TimedEvents events() const {
    refuse_unknown_sets();
    refuse_several_trials();
    const auto synapse = list(synapse_name()), time_ms = list("time_ms");
    const bool weighted = file_.has(group_ + "/weight");
    const auto weight = weighted ? list("weight") : std::vector<double>{};
    if (synapse.size() != time_ms.size())
      refuse("has {} synapses but {} times", synapse.size(), time_ms.size());
    if (weighted && weight.size() != time_ms.size())
      refuse("has {} weights but {} times", weight.size(), time_ms.size());
    for (size_t k = 0; k < time_ms.size(); ++k) {
      check_synapse(synapse[k], k);
      check_time(time_ms[k], k);
      if (weighted) check_weight(weight[k], k, static_cast<size_t>(synapse[k]));
    }
    std::vector<size_t> order(time_ms.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return time_ms[a] < time_ms[b]; });
    stimulus::TimedEvents events;
    for (const size_t k : order) {
      events.time_ms.push_back(time_ms[k]);
      events.synapse.push_back(static_cast<uint32_t>(first_ + static_cast<size_t>(synapse[k])));
      if (weighted) events.weight.push_back(weight[k]);
    }
    return events;
  }

 private:
  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    fail_input("{}: {} {}", file_.path().string(), group_, fmt::format(format, std::forward<Args>(args)...));
  }

  /// As doubles: they hold every number that may stand there, and what may not is not cut to fit.
  std::vector<double> list(const std::string& name) const {
    const auto path = group_ + "/" + name;
    if (!file_.has(path))
      refuse("has no '{}'; a replay file has /input/{{exc,inh}}/{{synapse,time_ms}}", name);
    if (file_.shape(path).size() != 1) refuse("has a '{}' that is no plain list", name);
    return file_.read<double>(path);
  }

  std::string synapse_name() const {
    const bool is_new = file_.has(group_ + "/synapse"), is_old = file_.has(group_ + "/compartment");
    if (is_new && is_old)
      refuse("has 'synapse' and 'compartment', which is an old name of the same; expected 'synapse' alone");
    return is_old ? "compartment" : "synapse";
  }

  void refuse_unknown_sets() const {
    constexpr std::array<std::string_view, 5> known{"synapse", "compartment", "time_ms", "weight", "offset"};
    if (!file_.has(group_)) return;  // what it lacks is said
    for (const auto& name : file_.sets_in(group_))
      if (std::ranges::find(known, name) == known.end())
        refuse("has a '{}', which would have no effect; known: synapse, time_ms, weight", name);
  }

  void refuse_several_trials() const {
    if (!file_.has(group_ + "/offset")) return;
    const auto offset = file_.shape(group_ + "/offset");
    if (offset != std::vector<uint64_t>{2})
      refuse("has an 'offset', as a data set of several trials; a replay is one trial");
  }

  void check_synapse(double synapse, size_t event) const {
    const bool whole = synapse >= 0 && synapse == std::floor(synapse);
    if (whole && synapse < static_cast<double>(synapses_)) return;
    refuse("event {} is of synapse {}; the {} has {} {}, counted from 0", event, synapse, owner_, synapses_,
           block_);
  }

  void check_time(double time_ms, size_t event) const {
    if (time_ms >= 0 && time_ms <= kLatest_ms) return;
    refuse("event {} is at {} ms, expected from 0 to {} ms", event, time_ms, kLatest_ms);
  }

  void check_weight(double weight, size_t event, size_t synapse) const {
    if (kind_.mechanism.empty())
      refuse("has weights, but the {}'s synapses have none that an event could change", owner_);
    if (std::isnan(weight)) return;  // that of the synapse
    if (kind_.mechanism[first_ + synapse] == nullptr)
      refuse("has weights, but synapse {} makes events of several, each with a weight of its own", synapse);
    const auto& m = *kind_.mechanism[first_ + synapse];
    if (!cell::uses_weight(m)) refuse("has weights, but {} does nothing with the weight of an event", m.name);
    const auto range = cell::weight_range(m);
    if (weight >= range.low && weight <= range.high) return;
    const auto& unit = m.receiving->weight_unit;
    refuse("event {} has the weight {}, expected from {} to {}{}", event, weight, range.low, range.high,
           unit.empty() || unit == "1" ? "" : " " + unit);
  }

  const files::Hdf5File& file_;
  std::string group_;
  const Kind& kind_;
  size_t first_, synapses_;
  std::string_view owner_, block_;
};

/// Adds events that come after each other. Where one part has weights and the other has not, the latter's are
/// those of its synapses.
void append(stimulus::TimedEvents& all, const stimulus::TimedEvents& more) {
  constexpr double kOfSynapse = std::numeric_limits<double>::quiet_NaN();
  const bool weighted = !all.weight.empty() || !more.weight.empty();
  if (weighted) all.weight.resize(all.time_ms.size(), kOfSynapse);
  all.time_ms.insert(all.time_ms.end(), more.time_ms.begin(), more.time_ms.end());
  all.synapse.insert(all.synapse.end(), more.synapse.begin(), more.synapse.end());
  all.weight.insert(all.weight.end(), more.weight.begin(), more.weight.end());
  if (weighted) all.weight.resize(all.time_ms.size(), kOfSynapse);
}

/// By time; events of one time in the order of their groups.
void sort_by_time(stimulus::TimedEvents& events) {
  std::vector<size_t> order(events.time_ms.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t k) { return events.time_ms[k]; });
  stimulus::TimedEvents sorted;
  for (const size_t k : order) {
    sorted.time_ms.push_back(events.time_ms[k]);
    sorted.synapse.push_back(events.synapse[k]);
    if (!events.weight.empty()) sorted.weight.push_back(events.weight[k]);
  }
  events = std::move(sorted);
}

/// Whether the file names the synapses by their groups. InputError where it does so in part, or names a group
/// that is not there.
bool is_by_groups(const files::Hdf5File& file, const std::vector<cell::SynapseBlock>& groups) {
  if (!file.has("/input")) return false;
  std::vector<std::string> others, known;
  for (const auto& name : file.groups_in("/input"))
    if (name != "exc" && name != "inh") others.push_back(name);
  if (others.empty()) return false;
  const bool both = file.has("/input/exc") || file.has("/input/inh");
  for (const auto& group : groups) known.push_back(group.name);
  for (const auto& name : others) {
    if (std::ranges::find(known, name) != known.end() && !both) continue;
    fail_input("{}: has /input/{}, expected {}", file.path().string(), name,
               known.empty() ? "/input/exc and /input/inh; these synapses have no named groups"
                             : fmt::format("/input/exc and /input/inh, or only groups that there are: {}",
                                           fmt::join(known, ", ")));
  }
  return true;
}

stimulus::TimedInput read_input(const std::filesystem::path& path, const Kind& excitatory,
                                const Kind& inhibitory, const std::vector<cell::SynapseBlock>& groups) {
  const files::Hdf5File file(path);
  if (!is_by_groups(file, groups))
    return {Reader(file, "exc", excitatory, 0, excitatory.synapses).events(),
            Reader(file, "inh", inhibitory, 0, inhibitory.synapses).events()};
  stimulus::TimedInput input;
  for (const auto& group : groups) {
    if (!file.has("/input/" + group.name)) continue;
    const Reader reader(file, group.name, group.excitatory ? excitatory : inhibitory,
                        static_cast<size_t>(group.first), static_cast<size_t>(group.count));
    append(group.excitatory ? input.excitatory : input.inhibitory, reader.events());
  }
  sort_by_time(input.excitatory);
  sort_by_time(input.inhibitory);
  return input;
}

}  // namespace

stimulus::TimedInput read_replay_input(const std::filesystem::path& path, const cell::DetailedCell& cell) {
  return read_input(path, kind_of(cell, cell.excitatory), kind_of(cell, cell.inhibitory), cell.groups);
}

stimulus::TimedInput read_replay_input(const std::filesystem::path& path, int64_t excitatory_synapses,
                                       int64_t inhibitory_synapses,
                                       const std::vector<cell::SynapseBlock>& groups) {
  return read_input(path, {static_cast<size_t>(excitatory_synapses), {}},
                    {static_cast<size_t>(inhibitory_synapses), {}}, groups);
}

}  // namespace nt::dataset

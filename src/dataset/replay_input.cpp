#include "dataset/replay_input.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "cell/physical.hpp"
#include "files/hdf5.hpp"

namespace nt::dataset {
namespace {

constexpr double kLatest_ms = 1e7;

/// One kind of synapse in a replay file, read and checked.
class Reader {
 public:
  Reader(const files::Hdf5File& file, const cell::DetailedCell& cell, const cell::SynapseGroup& synapses)
      : file_(file), group_("/input/" + synapses.name) {
    for (const auto& connection : cell::connections_of(cell, synapses)) {
      const bool more = synapses_ > static_cast<size_t>(connection.synapse);
      of_synapse_.push_back(&cell.placements[connection.placement].mechanism());
      if (more) several_ = connection.synapse;
      synapses_ = static_cast<size_t>(connection.synapse) + 1;
    }
  }

  Reader(const files::Hdf5File& file, const std::string& name, int64_t synapses)
      : file_(file), group_("/input/" + name), synapses_(static_cast<size_t>(synapses)), owner_("twin") {}

  stimulus::TimedEvents events() const {
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
      events.synapse.push_back(static_cast<uint32_t>(synapse[k]));
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

  void refuse_several_trials() const {
    if (!file_.has(group_ + "/offset")) return;
    const auto offset = file_.shape(group_ + "/offset");
    if (offset != std::vector<uint64_t>{2})
      refuse("has an 'offset', as a data set of several trials; a replay is one trial");
  }

  void check_synapse(double synapse, size_t event) const {
    const bool whole = synapse >= 0 && synapse == std::floor(synapse);
    if (whole && synapse < static_cast<double>(synapses_)) return;
    refuse("event {} is of synapse {}; the {} has {} of this kind, counted from 0", event, synapse, owner_,
           synapses_);
  }

  void check_time(double time_ms, size_t event) const {
    if (time_ms >= 0 && time_ms <= kLatest_ms) return;
    refuse("event {} is at {} ms, expected from 0 to {} ms", event, time_ms, kLatest_ms);
  }

  void check_weight(double weight, size_t event, size_t synapse) const {
    if (of_synapse_.empty())
      refuse("has weights, but the {}'s synapses have none that an event could change", owner_);
    if (several_)
      refuse("has weights, but synapse {} makes events of several, each with a weight of its own", *several_);
    const auto& m = *of_synapse_[synapse];
    if (!cell::uses_weight(m)) refuse("has weights, but {} does nothing with the weight of an event", m.name);
    const auto range = cell::weight_range(m);
    if (weight >= range.low && weight <= range.high) return;
    const auto& unit = m.receiving->weight_unit;
    refuse("event {} has the weight {}, expected from {} to {}{}", event, weight, range.low, range.high,
           unit.empty() || unit == "1" ? "" : " " + unit);
  }

  const files::Hdf5File& file_;
  std::string group_;
  std::vector<const mechanism::Mechanism*> of_synapse_;  // of each synapse, where each has one connection
  std::optional<int> several_;                           // a synapse with several
  size_t synapses_ = 0;
  std::string_view owner_ = "cell";
};

}  // namespace

stimulus::TimedInput read_replay_input(const std::filesystem::path& path, const cell::DetailedCell& cell) {
  const files::Hdf5File file(path);
  return {Reader(file, cell, cell.excitatory).events(), Reader(file, cell, cell.inhibitory).events()};
}

stimulus::TimedInput read_replay_input(const std::filesystem::path& path, int64_t excitatory_synapses,
                                       int64_t inhibitory_synapses) {
  const files::Hdf5File file(path);
  return {Reader(file, "exc", excitatory_synapses).events(),
          Reader(file, "inh", inhibitory_synapses).events()};
}

}  // namespace nt::dataset

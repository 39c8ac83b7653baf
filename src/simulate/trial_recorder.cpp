#include "simulate/detail/trial_recorder.hpp"

#include <utility>

#include "config/error.hpp"

namespace nt::simulate {

template <class T>
TrialRecorder<T>::TrialRecorder(const CablePlan<T>& plan, const CableLanes<T>& lanes,
                                QuantityRecorder<T>* quantities, size_t trials, int64_t duration_ms)
    : plan_(plan), lanes_(lanes), quantities_(quantities), duration_ms_(duration_ms), recordings_(trials) {
  const auto& cell = plan.cell;
  for (auto& r : recordings_) {
    if (plan.spec.dendrites)
      r.dendrites_mV.resize(cell.geometry.compartments.size() * static_cast<size_t>(duration_ms));
    r.quantities.assign(plan.spec.quantities.size(), std::vector<float>(duration_ms));
  }
  // soma(0.5), whatever the soma's compartments
  const int soma = cell.geometry.at(morphology::soma_of(cell.geometry.sections), 0.5);
  std::vector<int> recorded{soma, cell.nexus.value_or(0)};
  for (const auto& site : cell.sites) recorded.push_back(site.compartment);
  for (const int compartment : recorded) {
    const int node = plan.tree.order.node_of[compartment];
    const size_t L = plan.kernels.lanes;
    probes_.emplace_back(lanes.v.data() + static_cast<size_t>(node) * L, L, trials, duration_ms);
    probes_.back().start();
    zone_of_.push_back(node < plan.root_nodes() ? 0 : plan.zones.size() - 1);
  }
}

template <class T>
void TrialRecorder<T>::before_step(size_t zone) {
  for (size_t k = 0; k < probes_.size(); ++k)
    if (zone_of_[k] == zone) probes_[k].before_step();
}

template <class T>
void TrialRecorder<T>::after_step(size_t zone, double t_ms) {
  for (size_t k = 0; k < probes_.size(); ++k)
    if (zone_of_[k] == zone) probes_[k].after_step(t_ms, plan_.zones[zone].dt_ms);
}

template <class T>
void TrialRecorder<T>::at_millisecond(int64_t ms) {
  if (ms >= duration_ms_) return;
  const size_t L = plan_.kernels.lanes;
  if (plan_.spec.dendrites) {
    for (size_t c = 0; c < plan_.cell.geometry.compartments.size(); ++c) {
      const T* mV = lanes_.v.data() + static_cast<size_t>(plan_.tree.order.node_of[c]) * L;
      for (size_t lane = 0; lane < recordings_.size(); ++lane)
        recordings_[lane].dendrites_mV[c * static_cast<size_t>(duration_ms_) + static_cast<size_t>(ms)] =
            static_cast<float>(mV[lane]);
    }
  }
  if (!quantities_) return;
  const auto values = quantities_->read(static_cast<double>(ms));
  for (size_t k = 0; k < plan_.spec.quantities.size(); ++k)
    for (size_t lane = 0; lane < recordings_.size(); ++lane)
      recordings_[lane].quantities[k][ms] = static_cast<float>(values[k * L + lane]);
}

template <class T>
std::span<const float> TrialRecorder<T>::compartments_mV() {
  const size_t compartments = plan_.cell.geometry.compartments.size();
  told_mV_.resize(recordings_.size() * compartments);
  for (size_t c = 0; c < compartments; ++c) {
    const T* mV = lanes_.v.data() + static_cast<size_t>(plan_.tree.order.node_of[c]) * plan_.kernels.lanes;
    for (size_t lane = 0; lane < recordings_.size(); ++lane)
      told_mV_[lane * compartments + c] = static_cast<float>(mV[lane]);
  }
  return told_mV_;
}

template <class T>
std::vector<Recording> TrialRecorder<T>::finish() {
  for (size_t trial = 0; trial < recordings_.size(); ++trial) {
    auto& r = recordings_[trial];
    r.soma_mV = std::move(probes_[0].trace(trial));
    if (plan_.cell.nexus) r.nexus_mV = std::move(probes_[1].trace(trial));
    for (size_t k = 0; k < plan_.cell.sites.size(); ++k)
      r.sites.push_back({plan_.cell.sites[k].name, std::move(probes_[k + 2].trace(trial))});
    r.spike_times_ms = output_spikes(r.soma_mV, plan_.spec.spike_threshold_mV);
  }
  return std::move(recordings_);
}

template <class T>
RecorderMemory<T> recorder_memory(const CablePlan<T>& plan, const CableLanes<T>& lanes) {
  const auto stored_at = [&plan, &lanes](const cell::Placement& placement, size_t instance) -> const T* {
    for (size_t z = 0; z < plan.zones.size(); ++z) {
      for (size_t g = 0; g < plan.zones[z].groups.size(); ++g) {
        const auto& group = plan.zones[z].groups[g];
        if (group.placement != &placement) continue;
        for (size_t i = 0; i < group.instances(); ++i)
          if (group.instance[i] == instance)
            return lanes.zones[z].groups[g].stored.data() +
                   i * placement.mechanism().stored.size() * plan.kernels.lanes;
      }
    }
    fail_run("{}: instance {} is nowhere", placement.mechanism().name, instance);
  };
  const auto array = [&plan, &lanes](const std::string& name) {
    return name == "v" ? lanes.v.data() : lanes.array(plan, name);
  };
  return {plan.kernels.lanes, plan.tree.order.node_of, stored_at, array};
}

template class TrialRecorder<float>;
template class TrialRecorder<double>;
template RecorderMemory<float> recorder_memory(const CablePlan<float>&, const CableLanes<float>&);
template RecorderMemory<double> recorder_memory(const CablePlan<double>&, const CableLanes<double>&);

}  // namespace nt::simulate

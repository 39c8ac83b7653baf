#include "simulate/detail/voltage_check.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "cell/physical.hpp"
#include "simulate/detail/recorder.hpp"
#include "simulate/unphysical_voltage.hpp"

namespace nt::simulate {
namespace {

std::string words_for_mV(double mV) {
  return std::isnan(mV) ? "no number" : fmt::format("{:.3g} mV", mV);
}

}  // namespace

template <class T>
void VoltageCheck<T>::check_loops() const {
  for (size_t z = 0; z < plan_.zones.size(); ++z)
    for (size_t g = 0; g < plan_.zones[z].groups.size(); ++g)
      if (const int32_t endless = lanes_.zones[z].groups[g].endless; endless != 0)
        mechanism::fail_endless(
            plan_.zones[z].groups[g].mechanism().graph.place_of_loop(static_cast<size_t>(endless) - 1));
}

template <class T>
void VoltageCheck<T>::check(double t_ms) {
  check_loops();
  int bad = 0;
  for (int node = 0; node < plan_.tree.nodes(); ++node) {
    const T* mV = lanes_.v.data() + at(node, 0);
    for (size_t lane = 0; lane < trials_; ++lane)
      bad |= static_cast<int>(!(mV[lane] >= T(cell::kLowest_mV))) |
             static_cast<int>(!(mV[lane] <= T(cell::kHighest_mV)));
  }
  if (bad != 0 && !at_every_step_) throw Disbelief{};
  if (bad != 0) report(t_ms);
  believed_mV_.assign(lanes_.v.data(), lanes_.v.data() + lanes_.v.size());
}

/// Names the first trial's place where the voltage is farthest from belief, and the mechanism whose current
/// is.
template <class T>
void VoltageCheck<T>::report(double t_ms) const {
  for (size_t trial = 0; trial < trials_; ++trial) {
    const int node = least_believed(trial, t_ms);
    if (node < 0) continue;
    throw UnphysicalVoltage(trial,
                            fmt::format("the voltage of {} is {} at {:g} ms, expected from {} to {} mV; {}",
                                        place_of(node), words_for_mV(lanes_.v.data()[at(node, trial)]), t_ms,
                                        cell::kLowest_mV, cell::kHighest_mV, cause_at(node, trial, t_ms)));
  }
  fail_run("a voltage outside {} to {} mV, in no trial", cell::kLowest_mV, cell::kHighest_mV);
}

/// The node whose voltage is farthest out; of those that have none, one with a current that is none. -1: all
/// are believed.
template <class T>
int VoltageCheck<T>::least_believed(size_t lane, double t_ms) const {
  const T* v = lanes_.v.data();
  int worst = -1, without = -1;
  for (int node = 0; node < plan_.tree.nodes(); ++node) {
    const double mV = v[at(node, lane)];
    if (cell::is_physical_mV(mV)) continue;
    if (std::isnan(mV)) {
      if (without < 0) without = node;
      for (const auto& [name, current] : currents_at(node, lane, t_ms))
        if (!std::isfinite(current)) return node;
    } else if (worst < 0 || std::fabs(mV) > std::fabs(static_cast<double>(v[at(worst, lane)]))) {
      worst = node;
    }
  }
  return worst >= 0 ? worst : without;
}

template <class T>
std::string VoltageCheck<T>::place_of(int node) const {
  const int c = plan_.tree.order.nodes[node].compartment;
  if (c < 0) return "a branch point";
  const auto& geometry = plan_.cell.geometry;
  const auto& compartment = geometry.compartments[c];
  return fmt::format("{}({:.3g})", geometry.sections[compartment.section].name, compartment.x);
}

/// The current of each mechanism there at the last voltage that was believed, in mA/cm2.
template <class T>
typename VoltageCheck<T>::Currents VoltageCheck<T>::currents_at(int node, size_t lane, double t_ms) const {
  std::map<std::string, double> currents;
  const double mV =
      believed_mV_.empty() ? plan_.cell.initial_mV : static_cast<double>(believed_mV_[at(node, lane)]);
  for (size_t z = 0; z < plan_.zones.size(); ++z) {
    const auto& groups = plan_.zones[z].groups;
    for (size_t g = 0; g < groups.size(); ++g)
      for (size_t i = 0; i < groups[g].instances(); ++i)
        if (groups[g].node[i] == node)
          currents[groups[g].mechanism().name] +=
              current_of(groups[g], lanes_.zones[z].groups[g], i, mV, lane, t_ms);
  }
  return {currents.begin(), currents.end()};
}

template <class T>
double VoltageCheck<T>::current_of(const Group<T>& group, const GroupLanes<T>& state, size_t i, double mV,
                                   size_t lane, double t_ms) const {
  const auto& m = group.mechanism();
  if (m.total_current < 0) return 0;
  auto values = cell::known_values(plan_.cell, *group.placement, group.instance[i], plan_.spec.dt_ms);
  const auto set = [&](const std::string& name, double value) {
    if (const mechanism::Expr e = m.symbol(name); e >= 0) values[e] = value;
  };
  set("v", mV);
  set("t", t_ms);
  for (const auto& ion : m.ions) {
    const T* array = lanes_.array(plan_, ion.name);
    if (ion.quantity != mechanism::IonQuantity::current && array != nullptr)
      set(ion.name, array[at(group.node[i], lane)]);
  }
  for (size_t s = 0; s < m.stored.size(); ++s)
    set(m.stored[s], state.stored.data()[(i * m.stored.size() + s) * plan_.kernels.lanes + lane]);
  return m.graph.evaluate(m.total_current, values);
}

/// The mechanism with a current that no membrane carries, wherever it is; else the one that has none at the
/// node, else the one with the largest there.
template <class T>
std::string VoltageCheck<T>::cause_at(int node, size_t lane, double t_ms) const {
  const auto steps = fmt::format("steps of {:g} ms may be too long", plan_.spec.dt_ms);
  if (const auto absurd = absurd_current(lane, t_ms); !absurd.empty()) return absurd + "; " + steps;
  const auto currents = currents_at(node, lane, t_ms);
  std::vector<std::string> no_number;
  for (const auto& [name, current] : currents)
    if (!std::isfinite(current)) no_number.push_back(name);
  if (!no_number.empty())
    return fmt::format("there the current of {} is no number; {}", fmt::join(no_number, ", of "), steps);
  if (currents.empty()) return steps;
  const auto& [name, current] = *std::max_element(
      currents.begin(), currents.end(),
      [](const auto& a, const auto& b) { return std::fabs(a.second) < std::fabs(b.second); });
  return fmt::format("the largest current there is that of {}, {:.3g} mA/cm2; {}", name, current, steps);
}

/// The largest current of all, where it is more than 1000 S/cm2 carry at 1 V; else nothing.
template <class T>
std::string VoltageCheck<T>::absurd_current(size_t lane, double t_ms) const {
  constexpr double kMost_mA_cm2 = 1e6;
  double largest = kMost_mA_cm2;
  std::string words;
  for (int node = 0; node < plan_.tree.nodes(); ++node) {
    for (const auto& [name, current] : currents_at(node, lane, t_ms)) {
      if (!std::isfinite(current) || std::fabs(current) <= largest) continue;
      largest = std::fabs(current);
      words = fmt::format("the current of {} in {} is {:.3g} mA/cm2", name, place_of(node), current);
    }
  }
  return words;
}

template <class T>
void VoltageCheck<T>::check_traces(const std::vector<Recording>& recordings) const {
  for (size_t trial = 0; trial < recordings.size(); ++trial) {
    const auto check_one = [&](const std::string& place, const std::vector<float>& trace) {
      const auto bad = std::find_if_not(trace.begin(), trace.end(), cell::is_physical_mV);
      if (bad == trace.end()) return;
      throw UnphysicalVoltage(
          trial, fmt::format(
                     "the voltage of {} is {} at {:g} ms, expected from {} to {} mV; steps of {:g} ms may be "
                     "too long",
                     place, words_for_mV(*bad), static_cast<double>(bad - trace.begin()) * kSample_ms,
                     cell::kLowest_mV, cell::kHighest_mV, plan_.spec.dt_ms));
    };
    check_one("the soma", recordings[trial].soma_mV);
    check_one("the nexus", recordings[trial].nexus_mV);
    for (const auto& site : recordings[trial].sites) check_one("the site " + site.name, site.mV);
  }
}

template class VoltageCheck<float>;
template class VoltageCheck<double>;

}  // namespace nt::simulate

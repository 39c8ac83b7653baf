#pragma once
#include <vector>

#include "simulate/detail/cable_lanes.hpp"

namespace nt::simulate {

/// A voltage was found that no membrane has, up to a millisecond after the first.
struct Disbelief {};

/// Looks for voltages that no membrane has, and for their cause.
template <class T>
class VoltageCheck {
 public:
  /// `at_every_step`: with a search for the cause; else at whole milliseconds, which is quick. In a
  /// millisecond such a voltage spreads through the neuron.
  VoltageCheck(const CablePlan<T>& plan, const CableLanes<T>& lanes, size_t trials, bool at_every_step)
      : plan_(plan), lanes_(lanes), trials_(trials), at_every_step_(at_every_step) {}

  bool at_every_step() const { return at_every_step_; }
  /// Disbelief, or, at every step, UnphysicalVoltage with its source.
  void check(double t_ms);
  /// RunError where a mechanism's loop went on and on.
  void check_loops() const;
  /// The same for what has been recorded between whole milliseconds.
  void check_traces(const std::vector<Recording>& recordings) const;

 private:
  using Currents = std::vector<std::pair<std::string, double>>;  // of each mechanism, by name

  [[noreturn]] void report(double t_ms) const;
  int least_believed(size_t lane, double t_ms) const;
  std::string place_of(int node) const;
  Currents currents_at(int node, size_t lane, double t_ms) const;
  double current_of(const Group<T>& group, const GroupLanes<T>& state, size_t instance, double mV,
                    size_t lane, double t_ms) const;
  std::string cause_at(int node, size_t lane, double t_ms) const;
  std::string absurd_current(size_t lane, double t_ms) const;
  size_t at(int node, size_t lane) const { return static_cast<size_t>(node) * plan_.kernels.lanes + lane; }

  const CablePlan<T>& plan_;
  const CableLanes<T>& lanes_;
  size_t trials_;
  bool at_every_step_;
  std::vector<T> believed_mV_;  // v when it was last looked at, [node][lane]
};

}  // namespace nt::simulate

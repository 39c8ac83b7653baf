#pragma once
#include <optional>
#include <vector>

#include "simulate/detail/cable_lanes.hpp"
#include "simulate/detail/quantity_recorder.hpp"
#include "simulate/detail/recorder.hpp"

namespace nt::simulate {

/// Fills the recordings of trials side by side while they run.
template <class T>
class TrialRecorder {
 public:
  /// `quantities`: of plan.spec.quantities; null where there are none.
  TrialRecorder(const CablePlan<T>& plan, const CableLanes<T>& lanes, QuantityRecorder<T>* quantities,
                size_t trials, int64_t duration_ms);

  void before_step(size_t zone);
  void after_step(size_t zone, double t_ms);
  /// What is recorded at whole milliseconds; nothing at the end.
  void at_millisecond(int64_t ms);
  /// The voltage of every compartment, [trial][compartment], for a listener.
  std::span<const float> compartments_mV();
  std::vector<Recording> finish();

 private:
  const CablePlan<T>& plan_;
  const CableLanes<T>& lanes_;
  QuantityRecorder<T>* quantities_;
  int64_t duration_ms_;
  std::vector<Recording> recordings_;
  std::vector<Probe<T>> probes_;  // soma, nexus, sites
  std::vector<size_t> zone_of_;   // of each probe
  std::vector<float> told_mV_;
};

/// Where a quantity recorder finds what it reads. Plan and lanes must outlive it.
template <class T>
RecorderMemory<T> recorder_memory(const CablePlan<T>& plan, const CableLanes<T>& lanes);

}  // namespace nt::simulate

#include "evaluate/detail/input_of.hpp"

namespace nt::evaluate {
namespace {

stimulus::Events copy_of(const dataset::EventsView& view) {
  return {{view.time_ms.begin(), view.time_ms.end()}, {view.synapse.begin(), view.synapse.end()}};
}

}  // namespace

stimulus::SynapticInput input_of(const dataset::TrialView& trial, int64_t until_ms) {
  return {copy_of(trial.excitatory.between(0, until_ms)), copy_of(trial.inhibitory.between(0, until_ms))};
}

}  // namespace nt::evaluate

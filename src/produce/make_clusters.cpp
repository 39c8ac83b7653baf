#include "produce/make_clusters.hpp"

#include "files/files.hpp"
#include "produce/detail/simulation_progress.hpp"
#include "produce/trial_source.hpp"

namespace nt::produce {

std::filesystem::path synapse_clusters_path(const std::filesystem::path& folder) {
  return folder / "synapse_clusters.h5";
}

stimulus::SynapseClusters make_synapse_clusters(const DatasetPlan& plan, const ClusterSpec& spec,
                                                const std::filesystem::path& folder, int threads,
                                                const Watcher& watcher) {
  std::filesystem::create_directories(folder);
  const auto file = synapse_clusters_path(folder);
  const auto configuration = fmt::format("{}\n[clusters]\ncount = {}\nfit_trials = {}\n",
                                         plan.identity.configuration, spec.count, spec.fit_trials);
  if (std::filesystem::exists(file) &&
      files::Hdf5File(file).text_attribute("configuration") == configuration) {
    auto clusters = read_synapse_clusters(file, configuration);
    if (std::ssize(clusters.of_excitatory) != cell::excitatory_synapses(plan.cell) ||
        std::ssize(clusters.of_inhibitory) != cell::inhibitory_synapses(plan.cell)) {
      fail_input(
          "{}: has clusters of {} excitatory and {} inhibitory synapses, expected {} and {}; remove it",
          file.string(), clusters.of_excitatory.size(), clusters.of_inhibitory.size(),
          cell::excitatory_synapses(plan.cell), cell::inhibitory_synapses(plan.cell));
    }
    return clusters;
  }
  SimulationProgress progress("cluster", spec.fit_trials, 0, plan.data.trial_ms, watcher);
  const auto moments =
      voltage_moments(plan, spec.fit_trials, threads, [&](int64_t trial_ms) { progress.add(trial_ms); });
  auto clusters = cluster_synapses(moments, plan.cell, spec.count, plan.seed);
  files::write_file_atomically(file, synapse_clusters_bytes(clusters, configuration, spec.fit_trials));
  return clusters;
}

}  // namespace nt::produce

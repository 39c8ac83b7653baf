#pragma once
#include "produce/plan.hpp"
#include "produce/synapse_clusters.hpp"
#include "progress/watcher.hpp"

namespace nt::produce {

/// Where the clusters of synapses lie.
std::filesystem::path synapse_clusters_path(const std::filesystem::path& folder);

/// The clusters of the data set in `folder`: read, or found and written if they are not there as the spec
/// says. They are fitted on the training stream without the plan's breadth. For a detailed neuron.
stimulus::SynapseClusters make_synapse_clusters(const DatasetPlan& plan, const ClusterSpec& spec,
                                                const std::filesystem::path& folder, int threads,
                                                const Watcher& watcher);

}  // namespace nt::produce

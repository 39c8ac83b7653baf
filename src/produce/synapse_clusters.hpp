#pragma once
#include <filesystem>
#include <string>

#include "cell/neuron.hpp"
#include "produce/dendritic_basis.hpp"
#include "stimulus/shifted.hpp"

namespace nt::produce {

/// How a neuron's compartments are put into groups whose voltages go together.
struct ClusterSpec {
  int64_t count = 64;      // at most: no more than there are compartments with synapses
  int64_t fit_trials = 8;  // of the training stream
};

/// Groups of the compartments that have synapses: k-means on the rows of the matrix of their voltages'
/// correlations (after Beniaguev et al. 2021). A synapse is in its compartment's group.
stimulus::SynapseClusters cluster_synapses(const VoltageMoments& moments, const cell::Neuron& neuron,
                                           int64_t count, uint64_t seed);

/// How many clusters a neuron can have if `count` are asked for.
int64_t possible_clusters(const cell::Neuron& neuron, int64_t count);

/// The clusters as an HDF5 file: /excitatory_cluster and /inhibitory_cluster, of each synapse.
std::string synapse_clusters_bytes(const stimulus::SynapseClusters& clusters,
                                   const std::string& configuration, int64_t fit_trials);
/// InputError if the file is damaged, or was made by another configuration.
stimulus::SynapseClusters read_synapse_clusters(const std::filesystem::path& file,
                                                const std::string& configuration);

}  // namespace nt::produce

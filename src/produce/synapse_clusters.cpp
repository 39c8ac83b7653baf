#include "produce/synapse_clusters.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "files/hdf5.hpp"
#include "numerics/k_means.hpp"
#include "produce/detail/fitted_file.hpp"

namespace nt::produce {
namespace {

constexpr std::string_view kFormat = "neurontwin synapse clusters 1";

/// Ascending.
std::vector<int> compartments_with_synapses(const cell::Neuron& neuron) {
  std::set<int> all;
  for (const auto& compartments :
       {cell::excitatory_compartments(neuron), cell::inhibitory_compartments(neuron)})
    all.insert(compartments.begin(), compartments.end());
  return {all.begin(), all.end()};
}

/// [a][b] of the compartments named; 0 with one whose voltage stands still.
std::vector<double> correlations(const VoltageMoments& moments, const std::vector<int>& compartments) {
  const auto covariance = moments.covariance_mV2();
  const auto all = static_cast<size_t>(std::llround(std::sqrt(static_cast<double>(covariance.size()))));
  const auto at = [&](int a, int b) {
    return covariance[static_cast<size_t>(a) * all + static_cast<size_t>(b)];
  };
  std::vector<double> out;
  for (const int a : compartments) {
    for (const int b : compartments) {
      const double scale = std::sqrt(at(a, a) * at(b, b));
      out.push_back(scale > 0 ? at(a, b) / scale : 0.0);
    }
  }
  return out;
}

bool are_below(const std::vector<int>& clusters, int64_t count) {
  return std::ranges::all_of(clusters, [&](int c) { return c >= 0 && c < count; });
}

}  // namespace

int64_t possible_clusters(const cell::Neuron& neuron, int64_t count) {
  return std::min(count, static_cast<int64_t>(compartments_with_synapses(neuron).size()));
}

stimulus::SynapseClusters cluster_synapses(const VoltageMoments& moments, const cell::Neuron& neuron,
                                           int64_t count, uint64_t seed) {
  const auto compartments = compartments_with_synapses(neuron);
  stimulus::SynapseClusters clusters;
  clusters.count = possible_clusters(neuron, count);
  const auto groups = numerics::k_means(correlations(moments, compartments), compartments.size(),
                                        static_cast<size_t>(clusters.count), seed);
  const auto of = [&](const std::vector<int>& compartment_of) {
    std::vector<int> out;
    for (const int compartment : compartment_of) {
      const auto place = std::ranges::lower_bound(compartments, compartment) - compartments.begin();
      out.push_back(groups.of_point[place]);
    }
    return out;
  };
  clusters.of_excitatory = of(cell::excitatory_compartments(neuron));
  clusters.of_inhibitory = of(cell::inhibitory_compartments(neuron));
  return clusters;
}

std::string synapse_clusters_bytes(const stimulus::SynapseClusters& clusters,
                                   const std::string& configuration, int64_t fit_trials) {
  files::Hdf5Image image;
  begin_fitted_file(image, kFormat, configuration, fit_trials);
  image.attribute("clusters", clusters.count);
  image.attribute(
      "how", fmt::format("k-means on the rows of the matrix of correlations of the voltages of all "
                         "compartments with synapses, at whole milliseconds, clipped at {} mV; a synapse "
                         "is in the cluster of its compartment",
                         kDendriteCeiling_mV));
  image.write<int32_t>("/excitatory_cluster", clusters.of_excitatory, "index");
  image.write<int32_t>("/inhibitory_cluster", clusters.of_inhibitory, "index");
  return image.bytes();
}

stimulus::SynapseClusters read_synapse_clusters(const std::filesystem::path& file,
                                                const std::string& configuration) {
  const files::Hdf5File stored(file);
  require_fitted_file(stored, file, kFormat, configuration);
  stimulus::SynapseClusters clusters;
  clusters.count = stored.number_attribute("clusters");
  clusters.of_excitatory = stored.read<int32_t>("/excitatory_cluster");
  clusters.of_inhibitory = stored.read<int32_t>("/inhibitory_cluster");
  if (!are_below(clusters.of_excitatory, clusters.count) ||
      !are_below(clusters.of_inhibitory, clusters.count))
    fail_input("{}: names a cluster that there is not; the file is damaged, remove it", file.string());
  return clusters;
}

}  // namespace nt::produce

#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace nt::produce {

/// Voltages above this are spikes that come back from the soma: clipped before anything else is done with
/// them.
inline constexpr float kDendriteCeiling_mV = 2;
/// Components are clipped at so many standard deviations.
inline constexpr float kMostStandardDeviations = 3;

/// Sums over samples of the voltages of all compartments, from which their mean and covariance follow.
class VoltageMoments {
 public:
  explicit VoltageMoments(size_t compartments);
  /// One sample of every compartment, in mV.
  void add(std::span<const float> mV);
  void add(const VoltageMoments& other);

  size_t samples() const { return samples_; }
  std::vector<double> mean_mV() const;
  std::vector<double> covariance_mV2() const;  // [compartment][compartment]

 private:
  void take_in_block();
  size_t compartments_, samples_ = 0;
  std::vector<double> sum_,
      products_;               // of the distance from a fixed level; products below the diagonal and on it
  std::vector<double> block_;  // [sample][compartment] not yet in the products
};

/// The directions in which the voltages of a neuron's compartments vary most. A component is the distance
/// from the mean along its direction in standard deviations.
struct DendriticBasis {
  std::vector<double> mean_mV;       // [compartment]
  std::vector<double> direction;     // [component][compartment], of length 1
  std::vector<double> variance_mV2;  // of each component
  double total_variance_mV2 = 0;     // of all compartments

  size_t components() const { return variance_mV2.size(); }
  size_t compartments() const { return mean_mV.size(); }
  /// The components of one sample, clipped.
  void project(std::span<const float> mV, std::span<float> components) const;
  /// The way back: the voltage of one compartment that these components say.
  double voltage_mV(std::span<const float> components, size_t compartment) const;
};

/// The leading principal components. InputError if the voltages do not vary in so many directions.
DendriticBasis fit_dendritic_basis(const VoltageMoments& moments, int64_t components);

/// The basis as an HDF5 file: /mean_mV, /direction, /variance_mV2, with what made it as attributes.
std::string dendritic_basis_bytes(const DendriticBasis& basis, const std::string& configuration,
                                  int64_t fit_trials, int64_t samples);
/// InputError if the file is damaged, or was made by another configuration.
DendriticBasis read_dendritic_basis(const std::filesystem::path& file, const std::string& configuration);

/// Where the basis of the dendritic components lies.
std::filesystem::path dendritic_basis_path(const std::filesystem::path& folder);

}  // namespace nt::produce

#include "produce/dendritic_basis.hpp"

#include <algorithm>
#include <cmath>

#include "files/hdf5.hpp"
#include "numerics/symmetric_eigen.hpp"
#include "produce/detail/fitted_file.hpp"

namespace nt::produce {
namespace {

constexpr std::string_view kFormat = "neurontwin dendritic basis 1";
constexpr double kLevel_mV = -70;  // near the mean, so that sums of squares lose nothing
constexpr size_t kBlock = 64;      // samples; so that a row of the products is read once for all of them

float clipped(float mV) {
  return std::min(mV, kDendriteCeiling_mV);
}

}  // namespace

VoltageMoments::VoltageMoments(size_t compartments)
    : compartments_(compartments), sum_(compartments, 0.0), products_(compartments * compartments, 0.0) {
  block_.reserve(kBlock * compartments);
}

void VoltageMoments::add(std::span<const float> mV) {
  for (size_t c = 0; c < compartments_; ++c) {
    block_.push_back(clipped(mV[c]) - kLevel_mV);
    sum_[c] += block_.back();
  }
  ++samples_;
  if (block_.size() == kBlock * compartments_) take_in_block();
}

void VoltageMoments::take_in_block() {
  for (size_t i = 0; i < compartments_; ++i) {
    double* row = &products_[i * compartments_];
    for (size_t first = 0; first < block_.size(); first += compartments_) {
      const double* sample = &block_[first];
      const double own = sample[i];
      for (size_t j = 0; j <= i; ++j) row[j] += own * sample[j];
    }
  }
  block_.clear();
}

void VoltageMoments::add(const VoltageMoments& other) {
  auto whole = other;
  whole.take_in_block();
  take_in_block();
  samples_ += whole.samples_;
  for (size_t i = 0; i < sum_.size(); ++i) sum_[i] += whole.sum_[i];
  for (size_t i = 0; i < products_.size(); ++i) products_[i] += whole.products_[i];
}

std::vector<double> VoltageMoments::mean_mV() const {
  std::vector<double> mean;
  for (const double sum : sum_) mean.push_back(kLevel_mV + sum / static_cast<double>(samples_));
  return mean;
}

std::vector<double> VoltageMoments::covariance_mV2() const {
  auto whole = *this;
  whole.take_in_block();
  const auto n = static_cast<double>(samples_);
  std::vector<double> covariance(compartments_ * compartments_);
  for (size_t i = 0; i < compartments_; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      covariance[i * compartments_ + j] = covariance[j * compartments_ + i] =
          whole.products_[i * compartments_ + j] / n - sum_[i] / n * (sum_[j] / n);
    }
  }
  return covariance;
}

void DendriticBasis::project(std::span<const float> mV, std::span<float> out) const {
  for (size_t k = 0; k < components(); ++k) {
    const double* along = &direction[k * compartments()];
    double sum = 0;
    for (size_t c = 0; c < compartments(); ++c) sum += along[c] * (clipped(mV[c]) - mean_mV[c]);
    const auto deviations = static_cast<float>(sum / std::sqrt(variance_mV2[k]));
    out[k] = std::clamp(deviations, -kMostStandardDeviations, kMostStandardDeviations);
  }
}

double DendriticBasis::voltage_mV(std::span<const float> of, size_t compartment) const {
  double v = mean_mV[compartment];
  for (size_t k = 0; k < components(); ++k)
    v += of[k] * std::sqrt(variance_mV2[k]) * direction[k * compartments() + compartment];
  return v;
}

DendriticBasis fit_dendritic_basis(const VoltageMoments& moments, int64_t components) {
  DendriticBasis basis;
  basis.mean_mV = moments.mean_mV();
  const size_t n = basis.compartments(), kept = static_cast<size_t>(components);
  const auto eigen = numerics::symmetric_eigen(moments.covariance_mV2(), n);
  for (const double value : eigen.values) basis.total_variance_mV2 += value;
  const double least = 1e-9 * eigen.values.front();  // below is what float leaves
  const auto varying =
      static_cast<size_t>(std::ranges::count_if(eigen.values, [&](double value) { return value > least; }));
  if (kept > varying) {
    fail_input(
        "data.dendritic_components is {}, but the voltages of {} compartments vary in {} directions only",
        components, n, varying);
  }
  basis.variance_mV2.assign(eigen.values.begin(), eigen.values.begin() + components);
  basis.direction.assign(eigen.vectors.begin(), eigen.vectors.begin() + static_cast<int64_t>(kept * n));
  return basis;
}

std::string dendritic_basis_bytes(const DendriticBasis& basis, const std::string& configuration,
                                  int64_t fit_trials, int64_t samples) {
  files::Hdf5Image image;
  begin_fitted_file(image, kFormat, configuration, fit_trials);
  image.attribute("fit_samples", samples);
  image.attribute(
      "how", fmt::format("principal components of the voltages of all compartments at whole milliseconds, "
                         "clipped at {} mV; a component is direction . (voltage - mean) / sqrt(variance), "
                         "clipped at {} standard deviations",
                         kDendriteCeiling_mV, kMostStandardDeviations));
  image.write<double>("/mean_mV", basis.mean_mV, "mV");
  image.write<double>("/direction", basis.direction, "1", {basis.components(), basis.compartments()});
  image.write<double>("/variance_mV2", basis.variance_mV2, "mV2");
  image.write<double>("/total_variance_mV2", std::span(&basis.total_variance_mV2, 1), "mV2");
  return image.bytes();
}

DendriticBasis read_dendritic_basis(const std::filesystem::path& file, const std::string& configuration) {
  const files::Hdf5File stored(file);
  require_fitted_file(stored, file, kFormat, configuration, "the dataset folder");
  DendriticBasis basis;
  basis.mean_mV = stored.read<double>("/mean_mV");
  basis.direction = stored.read<double>("/direction");
  basis.variance_mV2 = stored.read<double>("/variance_mV2");
  const auto total = stored.read<double>("/total_variance_mV2");
  const bool positive =
      std::ranges::all_of(basis.variance_mV2, [](double v) { return v > 0 && std::isfinite(v); });
  if (basis.direction.size() != basis.components() * basis.compartments() || total.size() != 1 || !positive)
    fail_input("{}: its arrays do not fit each other; the file is damaged, remove it", file.string());
  basis.total_variance_mV2 = total[0];
  return basis;
}

std::filesystem::path dendritic_basis_path(const std::filesystem::path& folder) {
  return folder / "dendritic_basis.h5";
}

}  // namespace nt::produce

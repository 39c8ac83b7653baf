#pragma once
#include <Eigen/Core>

#include "interpret/moments.hpp"
#include "interpret/response.hpp"

namespace nt::interpret {

/// What one more spike of a synapse would do to the twin's answer so many ms later, on average over moments:
/// the mean gradient by the input, at every lag of the twin's window. Of a twin that is a linear filter it is
/// this filter. [channel][lag]
struct MeanResponse {
  Eigen::MatrixXd soma_mV;  // mV a spike
  Eigen::MatrixXd spike_log_odds;
};
/// Over the given moments. For float and double.
template <class T>
MeanResponse mean_response(twin::TwinOf<T>& twin, const dataset::Split& split,
                           std::span<const Moment> moments);

/// Linear between samples. NaN throughout for a response of zeros.
ResponseShape shape_of(std::span<const double> response);

/// `least_peak`: a smaller one is no peak.
ShapeNotes notes_on(const ResponseShape& shape, double least_peak = 0);

/// The mean responses set by set, how far the twin looks, and the peak of every synapse.
ResponseSummary summarise(const MeanResponse& response, std::span<const SynapsePlace> places, uint64_t seed);

}  // namespace nt::interpret

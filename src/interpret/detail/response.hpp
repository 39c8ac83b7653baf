#pragma once
#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include "interpret/moments.hpp"
#include "interpret/places.hpp"

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

/// The shape of a response to a spike.
struct ResponseShape {
  double peak = 0;  // signed: of the greatest deviation
  double peak_lag_ms = 0;
  double width_ms = 0;      // for which it is beyond half of the peak
  double decay_tau_ms = 0;  // of an exponential from the peak on
  double decay_r2 = 0;
  size_t lags_from_peak = 0;  // that the decay is read from
  bool returns = false;       // to half of the peak, before its end
};
/// Linear between samples. NaN throughout for a response of zeros.
ResponseShape shape_of(std::span<const double> response);

/// Why a shape has no lag of its peak, no width, no time constant, in words; empty where it has.
struct ShapeNotes {
  std::string peak_lag, width, decay;
};
/// `least_peak`: a smaller one is no peak.
ShapeNotes notes_on(const ResponseShape& shape, double least_peak = 0);

/// peak, peak_lag_ms, width_ms, decay_tau_ms and decay_r2; null what a note speaks against, and the note as
/// peak_lag_note, width_note, decay_note.
nlohmann::ordered_json shape_json(const ResponseShape& shape, const ShapeNotes& notes);

/// For every set of synapses the mean response and its shape with 95 % intervals from a bootstrap over
/// synapses; how far back in time and how far from the soma the twin looks: within which lag and which path
/// 50 and 95 % of the absolute response lie. And the peak of every synapse, for maps.
nlohmann::ordered_json response_json(const MeanResponse& response, std::span<const SynapsePlace> places,
                                     uint64_t seed);

}  // namespace nt::interpret

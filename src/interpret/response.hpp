#pragma once
#include <optional>
#include <string>
#include <vector>

#include "interpret/places.hpp"
#include "statistics/estimate.hpp"

namespace nt::interpret {

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

/// Why a shape has no lag of its peak, no width, no time constant, in words; empty where it has.
struct ShapeNotes {
  std::string peak_lag, width, decay;
};

/// What a shape says, and what speaks against it.
struct NotedShape {
  ResponseShape shape;
  ShapeNotes notes;
};

/// The mean response to the synapses of a set, and its shape with 95 % intervals from a bootstrap over these.
struct MeanShape {
  std::vector<double> mean = {};  // [lag]
  NotedShape noted = {};
  statistics::Estimate peak = {}, peak_lag_ms = {}, width_ms = {}, decay_tau_ms = {};
};

struct SetResponse {
  SynapseSet set;
  MeanShape soma_mV, spike_log_odds;
};

/// How far back in time, and how far from the soma along the tree, the twin looks: within which lag and which
/// path 50 and 95 % of the absolute response lie.
struct Reach {
  double lag_ms_50 = 0, lag_ms_95 = 0, path_um_50 = 0, path_um_95 = 0;
};

/// One of the twin's answers.
struct AnswerResponse {
  Reach reach = {};
  std::vector<double> peak = {}, peak_lag_ms = {};  // [channel], for maps
};

/// What one more spike of a synapse would do to the twin's answers, on average over moments.
struct ResponseSummary {
  std::vector<SetResponse> sets;
  AnswerResponse soma_mV, spike_log_odds;
};

}  // namespace nt::interpret

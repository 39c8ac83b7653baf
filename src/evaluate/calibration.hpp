#pragma once
#include <vector>

#include "statistics/estimate.hpp"

namespace nt::evaluate {

/// 1 ms bins in groups in which equally many spikes are expected. Those without a bin are left out.
struct CalibrationGroups {
  std::vector<double> predicted = {};               // share of bins with a spike, as the twin has it
  std::vector<statistics::Estimate> observed = {};  // as it is, with 95 % intervals
  std::vector<double> bins = {};
};

}  // namespace nt::evaluate

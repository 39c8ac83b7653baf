#include "interpret/synapse_weights.hpp"

namespace neurontwin {

std::vector<double> synapse_weights(const TwinImpl& twin) {
  if (twin.spec().recurrent) return {};
  const auto sums =
      twin.filters().detach().to(torch::kCPU, torch::kFloat64).abs().sum(1).mean(1).contiguous();
  return {sums.data_ptr<double>(), sums.data_ptr<double>() + sums.numel()};
}

}  // namespace neurontwin

#include "simulate/integrate_and_fire.hpp"

#include <cmath>

namespace neurontwin {
namespace {

/// Summed post-synaptic potential amplitudes arriving in each ms.
std::vector<double> arriving_mV(const IntegrateAndFire& cell, const SynapticInput& input,
                                int64_t duration_ms) {
  std::vector<double> arriving(static_cast<size_t>(duration_ms), 0.0);
  for (const auto t : input.excitatory.time_ms) arriving[t] += cell.excitatory_weight_mV;
  for (const auto t : input.inhibitory.time_ms) arriving[t] += cell.inhibitory_weight_mV;
  return arriving;
}

void record(const IntegrateAndFire& cell, double v, Trial& trial) {
  trial.soma_mV.push_back(static_cast<float>(v > cell.threshold_mV ? cell.spike_mV : v));
}

}  // namespace

Trial simulate(const IntegrateAndFire& cell, SynapticInput input, int64_t duration_ms) {
  // A sum of exponentials cut off after K ms obeys  u(t) = d u(t-1) + w(t) - d^K w(t-K);  a reset is an
  // arrival of -u.
  auto w = arriving_mV(cell, input, duration_ms);
  const double decay = std::exp(-1 / cell.membrane_time_constant_ms);
  const double cut_off = std::pow(decay, cell.kernel_ms);
  Trial trial;
  trial.soma_mV.reserve(static_cast<size_t>(duration_ms));
  double u = 0;
  bool reset = false;
  for (int64_t t = 0; t < duration_ms; ++t) {
    const auto i = static_cast<size_t>(t);
    u = decay * u + w[i];
    if (t >= cell.kernel_ms) u -= cut_off * w[i - static_cast<size_t>(cell.kernel_ms)];
    if (reset) {
      w[i] -= u;
      u = 0;
    }
    const double v = cell.reset_mV + u;
    reset = v > cell.threshold_mV && t + 1 < duration_ms;
    if (reset) trial.spike_times_ms.push_back(static_cast<float>(t));
    record(cell, v, trial);
  }
  trial.input = std::move(input);
  return trial;
}

Trial simulate_reference(const IntegrateAndFire& cell, SynapticInput input, int64_t duration_ms) {
  const auto w = arriving_mV(cell, input, duration_ms);
  const auto kernel = [&](int64_t k) {
    return std::exp(-static_cast<double>(k) / cell.membrane_time_constant_ms);
  };
  std::vector<double> v(static_cast<size_t>(duration_ms), cell.reset_mV);
  for (int64_t t = 0; t < duration_ms; ++t) {
    for (int64_t k = 0; k < cell.kernel_ms && k <= t; ++k) {
      v[static_cast<size_t>(t)] += w[static_cast<size_t>(t - k)] * kernel(k);
    }
  }
  Trial trial;
  for (int64_t t = 0; t + 1 < duration_ms; ++t) {
    if (v[static_cast<size_t>(t)] <= cell.threshold_mV) continue;
    trial.spike_times_ms.push_back(static_cast<float>(t));
    const double taken_off = v[static_cast<size_t>(t + 1)] - cell.reset_mV;
    for (int64_t k = 0; k < cell.kernel_ms && t + 1 + k < duration_ms; ++k) {
      v[static_cast<size_t>(t + 1 + k)] -= taken_off * kernel(k);
    }
  }
  for (const double x : v) record(cell, x, trial);
  trial.input = std::move(input);
  return trial;
}

}  // namespace neurontwin

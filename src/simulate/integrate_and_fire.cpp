#include "simulate/detail/integrate_and_fire.hpp"

#include <cmath>

#include "cell/physical.hpp"
#include "simulate/unphysical_voltage.hpp"

namespace nt::simulate {
namespace {

/// Summed post-synaptic potential amplitudes arriving in each ms before the end.
std::vector<double> arriving_mV(const cell::IntegrateAndFire& cell, const stimulus::SynapticInput& input,
                                int64_t duration_ms) {
  std::vector<double> arriving(duration_ms, 0.0);
  const auto add = [&](const std::vector<uint32_t>& time_ms, double weight_mV) {
    for (const auto t : time_ms)
      if (t < duration_ms) arriving[t] += weight_mV;
  };
  add(input.excitatory.time_ms, cell.excitatory_weight_mV);
  add(input.inhibitory.time_ms, cell.inhibitory_weight_mV);
  return arriving;
}

void record(const cell::IntegrateAndFire& cell, double v, Trial& trial) {
  trial.soma_mV.push_back(static_cast<float>(v > cell.threshold_mV ? cell.spike_mV : v));
}

/// What all branches give the soma in each ms.
std::vector<double> given_by_branches_mV(const cell::TwoLayerNeuron& cell,
                                         const stimulus::SynapticInput& input, int64_t duration_ms) {
  const auto sigmoid = [&](double u) {
    return 1 / (1 + std::exp((cell.branch_threshold_mV - u) / cell.branch_slope_mV));
  };
  const auto branches = static_cast<size_t>(cell.branches);
  std::vector<double> arriving(branches * static_cast<size_t>(duration_ms), 0.0);  // [branch][ms]
  const auto add = [&](const auto& spikes, double weight_mV) {
    for (size_t i = 0; i < spikes.time_ms.size(); ++i)
      if (spikes.time_ms[i] < duration_ms)
        arriving[spikes.synapse[i] % branches * static_cast<size_t>(duration_ms) + spikes.time_ms[i]] +=
            weight_mV;
  };
  add(input.excitatory, cell.soma.excitatory_weight_mV);
  add(input.inhibitory, cell.soma.inhibitory_weight_mV);
  const double decay = std::exp(-1 / cell.branch_time_constant_ms), at_rest = sigmoid(0);
  std::vector<double> given(duration_ms, 0.0);
  for (size_t b = 0; b < branches; ++b) {
    double u = 0;
    for (size_t t = 0; t < given.size(); ++t) {
      u = decay * u + arriving[b * given.size() + t];
      given[t] += cell.branch_output_mV * (sigmoid(u) - at_rest);
    }
  }
  return given;
}

/// The soma: w is what arrives in each ms.
Trial fire(const cell::IntegrateAndFire& cell, std::vector<double> w, stimulus::SynapticInput input,
           int64_t duration_ms) {
  // A sum of exponentials cut off after K ms obeys  u(t) = d u(t-1) + w(t) - d^K w(t-K);  a reset is an
  // arrival of -u.
  const double decay = std::exp(-1 / cell.membrane_time_constant_ms);
  const double cut_off = std::pow(decay, cell.kernel_ms);
  Trial trial;
  trial.soma_mV.reserve(duration_ms);
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
    if (!cell::is_physical_mV(v)) {
      throw UnphysicalVoltage(
          0, fmt::format(
                 "the voltage is {:.3g} mV at {} ms, expected from {} to {} mV; the input or its weights "
                 "are too strong for this point neuron",
                 v, t, cell::kLowest_mV, cell::kHighest_mV));
    }
    reset = v > cell.threshold_mV && t + 1 < duration_ms;
    if (reset) trial.spike_times_ms.push_back(static_cast<float>(t));
    record(cell, v, trial);
  }
  trial.input = std::move(input);
  return trial;
}

}  // namespace

Trial simulate(const cell::IntegrateAndFire& cell, stimulus::SynapticInput input, int64_t duration_ms) {
  auto arriving = arriving_mV(cell, input, duration_ms);
  return fire(cell, std::move(arriving), std::move(input), duration_ms);
}

Trial simulate(const cell::TwoLayerNeuron& cell, stimulus::SynapticInput input, int64_t duration_ms) {
  auto given = given_by_branches_mV(cell, input, duration_ms);
  return fire(cell.soma, std::move(given), std::move(input), duration_ms);
}

Trial simulate_reference(const cell::IntegrateAndFire& cell, stimulus::SynapticInput input,
                         int64_t duration_ms) {
  const auto w = arriving_mV(cell, input, duration_ms);
  const auto kernel = [&](int64_t k) {
    return std::exp(-static_cast<double>(k) / cell.membrane_time_constant_ms);
  };
  std::vector<double> v(duration_ms, cell.reset_mV);
  for (int64_t t = 0; t < duration_ms; ++t) {
    for (int64_t k = 0; k < cell.kernel_ms && k <= t; ++k) {
      v[t] += w[t - k] * kernel(k);
    }
  }
  Trial trial;
  for (int64_t t = 0; t + 1 < duration_ms; ++t) {
    if (v[t] <= cell.threshold_mV) continue;
    trial.spike_times_ms.push_back(static_cast<float>(t));
    const double taken_off = v[t + 1] - cell.reset_mV;
    for (int64_t k = 0; k < cell.kernel_ms && t + 1 + k < duration_ms; ++k) {
      v[t + 1 + k] -= taken_off * kernel(k);
    }
  }
  for (const double x : v) record(cell, x, trial);
  trial.input = std::move(input);
  return trial;
}

}  // namespace nt::simulate

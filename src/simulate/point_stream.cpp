// Point neurons ms by ms: the sums of integrate_and_fire.cpp, in the same order.
#include <cmath>

#include "cell/physical.hpp"
#include "simulate/detail/stream_batch.hpp"
#include "simulate/unphysical_voltage.hpp"

namespace nt::simulate {
namespace {

/// The soma of a point neuron: what arrived in the last ms, and their sum.
class PointSomas {
 public:
  PointSomas(const cell::IntegrateAndFire& cell, size_t neurons)
      : cell_(cell),
        decay_(std::exp(-1 / cell.membrane_time_constant_ms)),
        cut_off_(std::pow(decay_, cell.kernel_ms)),
        arrived_(neurons * static_cast<size_t>(cell.kernel_ms)),
        sum_(neurons),
        reset_(neurons) {}

  /// A ms of one of them, to which `w` mV arrive. Returns whether it fires.
  bool step(size_t neuron, int64_t ms, double w, float& soma_mV) {
    auto& u = sum_[neuron];
    double& arrived =
        arrived_[neuron * static_cast<size_t>(cell_.kernel_ms) + static_cast<size_t>(ms % cell_.kernel_ms)];
    u = decay_ * u + w;
    if (ms >= cell_.kernel_ms) u -= cut_off_ * arrived;
    if (reset_[neuron]) {
      w -= u;
      u = 0;
    }
    arrived = w;
    const double v = cell_.reset_mV + u;
    if (!cell::is_physical_mV(v))
      throw UnphysicalVoltage(
          neuron,
          fmt::format("the voltage is {:.3g} mV at {} ms, expected from {} to {} mV; the input or its "
                      "weights are too strong for this point neuron",
                      v, ms, cell::kLowest_mV, cell::kHighest_mV));
    reset_[neuron] = v > cell_.threshold_mV;
    soma_mV = static_cast<float>(v > cell_.threshold_mV ? cell_.spike_mV : v);
    return reset_[neuron] != 0;
  }
  void shift(size_t neuron, double mV) { sum_[neuron] += mV; }
  void save(StateWriter& to) const {
    to.put(std::span<const double>(arrived_));
    to.put(std::span<const double>(sum_));
    to.put(std::span<const uint8_t>(reset_));
  }
  void load(StateReader& from) {
    from.get_into(std::span(arrived_));
    from.get_into(std::span(sum_));
    from.get_into(std::span(reset_));
  }

 private:
  const cell::IntegrateAndFire& cell_;
  double decay_, cut_off_;
  std::vector<double> arrived_;  // [neuron][ms modulo kernel_ms], less what resets took off
  std::vector<double> sum_;      // of the exponentials, mV
  std::vector<uint8_t> reset_;   // whether it fired in the ms before
};

/// Gives `take(neuron, synapse, mV)` each arrival of point neurons that count whole milliseconds.
template <class F>
void for_each_arrival(const cell::IntegrateAndFire& synapses, std::span<const StreamArrival> arrivals,
                      F&& take) {
  const auto excitatory = static_cast<uint32_t>(synapses.excitatory_synapses);
  for (const auto& arrival : arrivals) {
    if (arrival.synapse >= static_cast<uint32_t>(synapses.synapses()))
      fail_input("an input spike of synapse {}; the neuron has {}, counted from 0", arrival.synapse,
                 synapses.synapses());
    const bool excites = arrival.synapse < excitatory;
    const double own = excites ? synapses.excitatory_weight_mV : synapses.inhibitory_weight_mV;
    take(arrival.neuron, excites ? arrival.synapse : arrival.synapse - excitatory,
         std::isnan(arrival.weight) ? own : arrival.weight);
  }
}

class IntegrateAndFireBatch final : public NeuronStreams::Batch {
 public:
  IntegrateAndFireBatch(const cell::IntegrateAndFire& cell, size_t neurons)
      : cell_(cell), somas_(cell, neurons), arriving_(neurons) {}

  void advance(int64_t ms, std::span<const StreamArrival> arrivals, std::vector<StreamSpike>& fired,
               std::span<float> soma_mV) override {
    std::ranges::fill(arriving_, 0.0);
    for_each_arrival(cell_, arrivals, [&](uint32_t neuron, uint32_t, double mV) { arriving_[neuron] += mV; });
    for (size_t n = 0; n < arriving_.size(); ++n)
      if (somas_.step(n, ms, arriving_[n], soma_mV[n]))
        fired.push_back({static_cast<uint32_t>(n), static_cast<double>(ms)});
  }
  void shift_soma(size_t neuron, double mV) override { somas_.shift(neuron, mV); }
  void save(StateWriter& to) const override { somas_.save(to); }
  void load(StateReader& from) override { somas_.load(from); }

 private:
  const cell::IntegrateAndFire& cell_;
  PointSomas somas_;
  std::vector<double> arriving_;  // mV of each neuron
};

class TwoLayerBatch final : public NeuronStreams::Batch {
 public:
  TwoLayerBatch(const cell::TwoLayerNeuron& cell, size_t neurons)
      : cell_(cell),
        branches_(static_cast<size_t>(cell.branches)),
        somas_(cell.soma, neurons),
        decay_(std::exp(-1 / cell.branch_time_constant_ms)),
        at_rest_(sigmoid(0)),
        u_(neurons * branches_),
        arriving_(u_.size()) {}

  void advance(int64_t ms, std::span<const StreamArrival> arrivals, std::vector<StreamSpike>& fired,
               std::span<float> soma_mV) override {
    std::ranges::fill(arriving_, 0.0);
    for_each_arrival(cell_.soma, arrivals, [&](uint32_t neuron, uint32_t synapse, double mV) {
      arriving_[neuron * branches_ + synapse % branches_] += mV;
    });
    for (size_t n = 0; n < soma_mV.size(); ++n) {
      double given = 0;
      for (size_t b = n * branches_; b < (n + 1) * branches_; ++b) {
        u_[b] = decay_ * u_[b] + arriving_[b];
        given += cell_.branch_output_mV * (sigmoid(u_[b]) - at_rest_);
      }
      if (somas_.step(n, ms, given, soma_mV[n]))
        fired.push_back({static_cast<uint32_t>(n), static_cast<double>(ms)});
    }
  }
  void shift_soma(size_t neuron, double mV) override { somas_.shift(neuron, mV); }
  void save(StateWriter& to) const override {
    to.put(std::span<const double>(u_));
    somas_.save(to);
  }
  void load(StateReader& from) override {
    from.get_into(std::span(u_));
    somas_.load(from);
  }

 private:
  double sigmoid(double u) const {
    return 1 / (1 + std::exp((cell_.branch_threshold_mV - u) / cell_.branch_slope_mV));
  }

  const cell::TwoLayerNeuron& cell_;
  size_t branches_;
  PointSomas somas_;
  double decay_, at_rest_;
  std::vector<double> u_, arriving_;  // mV, [neuron][branch]
};

constexpr size_t kPointNeurons = 256;  // a task's

}  // namespace

BatchMaker batches_of(const cell::IntegrateAndFire& cell, const SimulationSpec&) {
  return {kPointNeurons, [&cell](std::span<const random::TrialKey> draws) {
            return std::make_unique<IntegrateAndFireBatch>(cell, draws.size());
          }};
}

BatchMaker batches_of(const cell::TwoLayerNeuron& cell, const SimulationSpec&) {
  return {kPointNeurons, [&cell](std::span<const random::TrialKey> draws) {
            return std::make_unique<TwoLayerBatch>(cell, draws.size());
          }};
}

}  // namespace nt::simulate

// Twins, all of a population in one streaming pass.
#include <algorithm>
#include <cmath>
#include <limits>

#include "network/detail/draws.hpp"
#include "network/detail/memory.hpp"
#include "network/detail/neurons.hpp"
#include "simulate/state_bytes.hpp"
#include "twin/device_stream.hpp"
#include "twin/saved_twin.hpp"

namespace nt::network {
namespace {

double threshold_of(const Population& population, const twin::TwinDescription& description) {
  if (population.threshold) return *population.threshold;
  const auto found = description.thresholds.find("spike.threshold");
  if (found != description.thresholds.end() && found->is_number()) return found->get<double>();
  fail_input("{}: {} holds no threshold for its spikes; set threshold to a probability, or spikes = \"draw\"",
             population.where, population.twin.string());
}

class TwinNeurons final : public Neurons {
 public:
  TwinNeurons(const NeuronsOf& of, twin::SavedTwin saved, std::shared_ptr<device::Device> device)
      : of_(of),
        population_(of.population),
        twin_(std::move(saved.twin)),
        stream_(twin_, of.own.count, std::move(device)),
        spike_(twin_.first_output("spike")),
        soma_(twin_.first_output("soma")),
        soma_mV_(static_cast<size_t>(of.own.count)),
        above_(soma_mV_.size()),
        silent_until_ms_(soma_mV_.size()) {
    if (population_.spikes == SpikeRule::draw) return;
    const double p = threshold_of(population_, saved.description);
    threshold_ = static_cast<float>(std::log(p / (1 - p)));
  }

  void advance(int64_t ms, std::span<const Arrival> arrivals, const twin::Parallel&,
               std::vector<Fired>& fired) override {
    events_.clear();
    for (const auto& a : arrivals)
      events_.insert(events_.end(), {static_cast<int32_t>(a.neuron), static_cast<int32_t>(a.synapse), 0});
    const auto outputs = stream_.advance(events_, 1);
    for (size_t n = 0; n < soma_mV_.size(); ++n) {
      const float log_odds = outputs.at(static_cast<int64_t>(n), spike_);
      soma_mV_[n] = outputs.at(static_cast<int64_t>(n), soma_);
      if (!std::isfinite(log_odds) || !std::isfinite(soma_mV_[n]))
        fail_run(
            "at {} ms the output of neuron {} of '{}' is not a finite number: the weights of its twin are "
            "too large for single precision",
            ms, of_.number_in_population(n), population_.name);
      if (fires(n, ms, log_odds)) fired.push_back({static_cast<uint32_t>(n), static_cast<double>(ms)});
    }
  }
  std::span<const float> soma_mV() const override { return soma_mV_; }

  std::vector<std::string> states() const override {
    const auto all = stream_.states();
    const size_t each = all.size() / soma_mV_.size();
    std::vector<std::string> states;
    for (size_t n = 0; n < soma_mV_.size(); ++n) {
      simulate::StateWriter to;
      to.put(std::span(all).subspan(n * each, each));
      to.put(above_[n]);
      to.put(silent_until_ms_[n]);
      states.push_back(to.take());
    }
    return states;
  }
  void set_states(std::span<const std::string> states) override {
    simulate::require_states(states.size(), soma_mV_.size());
    auto all = stream_.states();
    const size_t each = all.size() / soma_mV_.size();
    for (size_t n = 0; n < states.size(); ++n) {
      simulate::StateReader from(states[n]);
      from.get_into(std::span(all).subspan(n * each, each));
      from.get_into(above_[n]);
      from.get_into(silent_until_ms_[n]);
    }
    stream_.set_states(all);
  }

 private:
  bool fires(size_t n, int64_t ms, float log_odds) {
    bool now = false;
    if (population_.spikes == SpikeRule::draw) {
      Draws random(of_.seed, kSpikeDraw, of_.number_in_network(n), static_cast<uint64_t>(ms));
      now = random.uniform() < 1 / (1 + std::exp(-static_cast<double>(log_odds)));
    } else {
      const bool above = log_odds > threshold_;
      now = above && above_[n] == 0;
      above_[n] = above;
    }
    if (!now || ms < silent_until_ms_[n]) return false;
    silent_until_ms_[n] = ms + 1 + population_.refractory_ms;
    return true;
  }

  const NeuronsOf of_;
  const Population& population_;
  twin::Twin twin_;
  twin::StreamsOn stream_;
  int64_t spike_, soma_;  // which outputs
  float threshold_ = 0;   // log odds
  std::vector<int32_t> events_;
  std::vector<float> soma_mV_;
  std::vector<uint8_t> above_;  // whether the probability was above the threshold in the last ms
  std::vector<int64_t> silent_until_ms_;
};

}  // namespace

std::unique_ptr<Neurons> twin_neurons(const NeuronsOf& of, const twin::Parallel& parallel,
                                      std::shared_ptr<device::Device> device) {
  auto saved = twin::load_twin(of.population.twin, parallel);
  // What a stream remembers, once more for what arrives, and its outputs and flags.
  const auto numbers = static_cast<double>(twin::Twin::Stream(saved.twin, 1).state(0).size());
  require_neurons_fit(static_cast<double>(of.own.count), 2 * sizeof(float) * numbers + 32,
                      of.population.where, of.population.name);
  return std::make_unique<TwinNeurons>(of, std::move(saved), std::move(device));
}

}  // namespace nt::network

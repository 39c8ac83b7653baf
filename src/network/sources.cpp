// Neurons that fire by themselves: Poisson processes, and spikes from a file.
#include <algorithm>
#include <cmath>

#include "network/detail/draws.hpp"
#include "network/detail/neurons.hpp"
#include "stimulus/recorded_spikes.hpp"

namespace nt::network {
namespace {

/// At most one spike in each ms, with the chance rate/1000; a pure function of seed, population and ms.
class PoissonSources final : public Neurons {
 public:
  explicit PoissonSources(const NeuronsOf& of) : of_(of) {}
  void advance(int64_t ms, std::span<const Arrival>, const twin::Parallel&,
               std::vector<Fired>& fired) override {
    if (of_.population.rate_hz <= 0) return;
    Draws random(of_.seed, kSource, of_.number, static_cast<uint64_t>(ms));
    const double log_failure = std::log1p(-of_.population.rate_hz / 1000);  // -inf: one in each ms
    const int64_t neurons = of_.population.neurons;
    const auto skipped = [&] {
      return of_.population.rate_hz < 1000 ? random.failures(log_failure, neurons) : 0;
    };
    for (int64_t n = skipped(); n < neurons; n += 1 + skipped())
      fired.push_back({static_cast<uint32_t>(n), static_cast<double>(ms)});
  }

 private:
  const NeuronsOf of_;
};

/// Units of the file are the neurons' numbers.
class RecordedSources final : public Neurons {
 public:
  explicit RecordedSources(const NeuronsOf& of)
      : spikes_(stimulus::read_recorded_spikes(of.population.recording, of.population.recorded_population)) {
    for (size_t k = 0; k < spikes_.unit.size(); ++k)
      if (spikes_.unit[k] >= of.population.neurons)
        fail_input("{}: {} holds unit {}, but '{}' has {} neurons, numbered from 0", of.population.where,
                   of.population.recording.string(), spikes_.unit[k], of.population.name,
                   of.population.neurons);
  }
  void advance(int64_t ms, std::span<const Arrival>, const twin::Parallel&,
               std::vector<Fired>& fired) override {
    const auto from = std::ranges::lower_bound(spikes_.time_ms, static_cast<double>(ms)),
               to = std::ranges::lower_bound(spikes_.time_ms, static_cast<double>(ms + 1));
    for (auto t = from; t != to; ++t)
      fired.push_back(
          {static_cast<uint32_t>(spikes_.unit[static_cast<size_t>(t - spikes_.time_ms.begin())]), *t});
    std::ranges::stable_sort(fired, {}, &Fired::neuron);
  }

 private:
  stimulus::RecordedSpikes spikes_;
};

}  // namespace

std::unique_ptr<Neurons> poisson_sources(const NeuronsOf& of) {
  return std::make_unique<PoissonSources>(of);
}

std::unique_ptr<Neurons> recorded_sources(const NeuronsOf& of) {
  return std::make_unique<RecordedSources>(of);
}

}  // namespace nt::network

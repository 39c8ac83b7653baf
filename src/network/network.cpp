#include "network/network.hpp"

#include <algorithm>
#include <cmath>

#include "files/files.hpp"
#include "network/arrivals.hpp"
#include "network/detail/input.hpp"
#include "network/detail/neurons.hpp"
#include "network/synapses.hpp"

namespace nt::network {
namespace {

constexpr size_t kDigestCharacters = 32;       // at the beginning of a state: that of the rest
constexpr float kLastOffset_ms = 0.99999994F;  // the largest number below 1

/// What is wrong with a twin's file is said with the place that names it.
template <class Make>
auto with_place(const Population& population, Make&& make) {
  if (population.kind != Kind::twin) return make();
  try {
    return make();
  } catch (const InputError& error) {
    const std::string_view said = error.what();
    if (said.starts_with(population.where) || said.starts_with(population.twin_where)) throw;
    fail_input("{}: {}", population.twin_where, said);
  }
}

/// InputError naming a population that a device cannot compute.
void require_suits_device(const Spec& spec, device::Kind device) {
  for (const auto& p : spec.populations) {
    if (device == device::Kind::cpu || p.kind != Kind::cell) continue;
    fail_input(
        "{}: the neurons of '{}' are detailed, which the CPU alone simulates in networks; run them as twins "
        "(--as twins), or leave --device {} out",
        p.where, p.name, device::name_of(device));
  }
}

std::unique_ptr<Neurons> neurons_of(const NeuronsOf& of, const Spec& spec, const twin::Parallel& parallel,
                                    const std::shared_ptr<device::Device>& device) {
  switch (of.population.kind) {
    case Kind::cell:
      return cell_neurons(of, spec.simulation);
    case Kind::twin:
      return with_place(of.population, [&] { return twin_neurons(of, parallel, device); });
    case Kind::poisson:
      return poisson_sources(of);
    case Kind::recorded:
      break;
  }
  return recorded_sources(of);
}

/// A population at work.
struct Working {
  std::unique_ptr<Neurons> neurons;
  Input input;
  PendingArrivals pending;
  std::vector<Fired> fired;  // in the present ms
  Record record;
};

}  // namespace

struct Network::State {
  Spec spec;
  twin::Parallel parallel;
  std::vector<Connections> connections;  // of each projection
  std::vector<Working> populations;
  int64_t now_ms = 0;

  State(Spec of, twin::Parallel on, device::Kind kind) : spec(std::move(of)), parallel(std::move(on)) {
    require_suits_device(spec, kind);
    const auto device = device::open_device(kind);
    std::vector<dataset::CellTable> synapses;
    std::vector<Places> places;
    for (const auto& p : spec.populations) {
      synapses.push_back(p.fires_by_itself() ? dataset::CellTable()
                                             : with_place(p, [&] { return synapses_of(p); }));
      places.push_back(places_of(p, spec.seed, places.size()));
    }
    for (size_t k = 0; k < spec.projections.size(); ++k) {
      const auto& p = spec.projections[k];
      connections.push_back(connect(
          p, {spec.populations[p.from], spec.populations[p.to], places[p.from], places[p.to], synapses[p.to]},
          spec.seed, k));
    }
    uint64_t first_neuron = 0;
    for (size_t p = 0; p < spec.populations.size(); ++p) {
      const NeuronsOf parts{spec.populations[p], p, spec.seed, first_neuron};
      populations.push_back(
          {.neurons = neurons_of(parts, spec, parallel, device),
           .input = Input(backgrounds_of(p, synapses[p]), parts.population.neurons, spec.seed, first_neuron),
           .pending = PendingArrivals(longest_delay_ms(p)),
           .fired = {},
           .record = {}});
      first_neuron += static_cast<uint64_t>(parts.population.neurons);
    }
  }

  std::vector<ChosenBackground> backgrounds_of(size_t population, const dataset::CellTable& synapses) const {
    std::vector<ChosenBackground> chosen;
    for (size_t k = 0; k < spec.backgrounds.size(); ++k) {
      const auto& b = spec.backgrounds[k];
      if (b.to == population)
        chosen.push_back({chosen_synapses(b.synapses, synapses), b.rate_hz, b.from_ms, b.until_ms, k});
    }
    return chosen;
  }
  float longest_delay_ms(size_t population) const {
    float longest = 1;
    for (size_t k = 0; k < connections.size(); ++k)
      if (spec.projections[k].to == population)
        longest = std::max(longest, connections[k].longest_delay_ms());
    return longest;
  }

  void advance() {
    for (size_t p = 0; p < populations.size(); ++p) {
      auto& working = populations[p];
      working.fired.clear();
      working.neurons->advance(now_ms, working.input.in(now_ms, working.pending.in(now_ms), parallel),
                               parallel, working.fired);
      working.pending.forget(now_ms);
      record(p);
    }
    for (size_t k = 0; k < connections.size(); ++k) send(spec.projections[k], connections[k]);
    ++now_ms;
  }

  void record(size_t p) {
    auto& working = populations[p];
    for (const auto& spike : working.fired) {
      working.record.spikes.time_ms.push_back(spike.time_ms);
      working.record.spikes.neuron.push_back(spike.neuron);
    }
    const auto soma = working.neurons->soma_mV();
    const auto kept = soma.first(std::min(soma.size(), static_cast<size_t>(spec.populations[p].record_soma)));
    working.record.soma_mV.insert(working.record.soma_mV.end(), kept.begin(), kept.end());
  }

  /// Puts the present spikes of a projection's sources on their way.
  void send(const Projection& projection, const Connections& along) {
    auto& pending = populations[projection.to].pending;
    for (const auto& spike : populations[projection.from].fired) {
      for (uint64_t k = along.first[spike.neuron]; k < along.first[spike.neuron + 1]; ++k) {
        const double arrives_ms = spike.time_ms + static_cast<double>(along.delay_of(k));
        const double ms = std::floor(arrives_ms);
        // A rounding of the offset to float must not carry it into the next ms.
        const float offset_ms =
            spec.whole_ms ? 0 : std::min(static_cast<float>(arrives_ms - ms), kLastOffset_ms);
        pending.add(static_cast<int64_t>(ms),
                    {along.target[k], along.synapse[k], offset_ms, along.weight_of(k)});
      }
    }
  }
};

Network::Network(Spec spec, twin::Parallel parallel, device::Kind device)
    : state_(std::make_unique<State>(std::move(spec), std::move(parallel), device)) {}
Network::~Network() = default;
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;

const Spec& Network::spec() const {
  return state_->spec;
}

int64_t Network::now_ms() const {
  return state_->now_ms;
}

const Record& Network::record(size_t population) const {
  return state_->populations.at(population).record;
}

const Connections& Network::connections(size_t projection) const {
  return state_->connections.at(projection);
}

WiringSummary Network::wiring() const {
  WiringSummary summary;
  for (const auto& c : state_->connections) {
    summary.connections += c.contacts();
    summary.bytes += c.bytes();
  }
  return summary;
}

void Network::advance() {
  state_->advance();
}

void Network::perturb(double sd_mV) {
  for (size_t p = 0; p < state_->populations.size(); ++p)
    state_->populations[p].neurons->perturb(sd_mV, state_->spec.seed, p);
}

std::string Network::state() const {
  simulate::StateWriter to;
  to.put(state_->now_ms);
  for (const auto& working : state_->populations) {
    const auto own = working.neurons->state();
    to.put(std::span<const char>(own));
    working.pending.save(to);
    to.put(std::span<const double>(working.record.spikes.time_ms));
    to.put(std::span<const uint32_t>(working.record.spikes.neuron));
    to.put(std::span<const float>(working.record.soma_mV));
  }
  const auto bytes = to.take();
  return files::digest(bytes) + bytes;
}

void Network::set_state(std::string_view state) {
  const auto bytes = state.substr(std::min(state.size(), kDigestCharacters));
  if (files::digest(bytes) != state.substr(0, kDigestCharacters))
    fail_input("this is not the state of a network, or it is damaged; expected what state() returned");
  simulate::StateReader from(bytes);
  from.get_into(state_->now_ms);
  for (auto& working : state_->populations) {
    const auto own = from.get<char>();
    working.neurons->set_state({own.data(), own.size()});
    working.pending.load(from);
    working.record.spikes.time_ms = from.get<double>();
    working.record.spikes.neuron = from.get<uint32_t>();
    working.record.soma_mV = from.get<float>();
  }
}

}  // namespace nt::network

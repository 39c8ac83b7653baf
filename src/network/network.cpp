#include "network/network.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "files/files.hpp"
#include "network/arrivals.hpp"
#include "network/detail/input.hpp"
#include "network/detail/neurons.hpp"
#include "network/synapses.hpp"
#include "simulate/state_bytes.hpp"

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

/// What neurons of a population did in one ms.
struct OfMs {
  std::vector<Fired> fired;    // in the order of the neurons
  std::vector<float> soma_mV;  // of those whose voltage is recorded
};

/// A population at work.
struct Working {
  ranks::Share own;   // of its neurons, on this rank
  int64_t block = 1;  // of neurons that stay together
  std::unique_ptr<Neurons> neurons;
  Input input;
  PendingArrivals pending;
  std::vector<OfMs> of_own;  // each ms since the ranks told each other
  Record record;             // on rank 0
};

/// What ranks have to know of each other's contacts in a projection.
struct OfProjection {
  uint64_t contacts = 0, bytes = 0;
  float shortest_ms = std::numeric_limits<float>::infinity(), longest_ms = 0;

  void add(const OfProjection& other) {
    contacts += other.contacts;
    bytes += other.bytes;
    shortest_ms = std::min(shortest_ms, other.shortest_ms);
    longest_ms = std::max(longest_ms, other.longest_ms);
  }
};

OfProjection of_projection(const Connections& c) {
  if (c.contacts() == 0) return {.bytes = c.bytes()};
  return {c.contacts(), c.bytes(), c.shortest_delay_ms(), c.longest_delay_ms()};
}

}  // namespace

struct Network::State {
  Spec spec;
  twin::Parallel parallel;
  std::shared_ptr<const ranks::Ranks> ranks;
  std::vector<Connections> connections;   // of each projection, onto own neurons
  std::vector<OfProjection> projections;  // on all ranks
  std::vector<Working> populations;
  int64_t now_ms = 0, exchanged_ms = 0, exchange_every_ms = 1;

  State(Spec of, twin::Parallel on, device::Kind kind, std::shared_ptr<const ranks::Ranks> by)
      : spec(std::move(of)), parallel(std::move(on)), ranks(std::move(by)) {
    require_suits_device(spec, kind);
    const auto device = device::open_device(kind);
    std::vector<dataset::CellTable> synapses;
    std::vector<Places> places;
    std::vector<ranks::Share> own;
    const auto blocks = blocks_of_populations();
    for (const auto& p : spec.populations) {
      const size_t number = places.size();
      synapses.push_back(p.fires_by_itself() ? dataset::CellTable()
                                             : with_place(p, [&] { return synapses_of(p); }));
      places.push_back(places_of(p, spec.seed, number));
      own.push_back(own_neurons(p, number, blocks[number], ranks->rank(), ranks->size()));
    }
    for (size_t k = 0; k < spec.projections.size(); ++k) {
      const auto& p = spec.projections[k];
      connections.push_back(connect(
          p, {spec.populations[p.from], spec.populations[p.to], places[p.from], places[p.to], synapses[p.to]},
          spec.seed, k, own[p.to]));
    }
    compare_connections();
    uint64_t first_neuron = 0;
    for (size_t p = 0; p < spec.populations.size(); ++p) {
      const NeuronsOf parts{spec.populations[p], p, spec.seed, first_neuron, own[p]};
      populations.push_back(
          {.own = own[p],
           .block = blocks[p],
           .neurons = own[p].count > 0 ? neurons_of(parts, spec, parallel, device) : nullptr,
           .input =
               Input(backgrounds_of(p, synapses[p]), own[p].count, spec.seed, parts.number_in_network(0)),
           .pending = PendingArrivals(longest_delay_ms(p)),
           .of_own = {},
           .record = {}});
      first_neuron += static_cast<uint64_t>(parts.population.neurons);
    }
  }

  /// RunError where ranks have vectors of other widths, so that they would not share neurons alike.
  std::vector<int64_t> blocks_of_populations() const {
    std::vector<int64_t> blocks(spec.populations.size(), 1);
    if (ranks->size() == 1) return blocks;
    simulate::StateWriter to;
    for (size_t p = 0; p < blocks.size(); ++p) blocks[p] = block_of(spec.populations[p], spec.simulation);
    to.put(std::span<const int64_t>(blocks));
    const auto of_ranks = ranks->exchange(to.take());
    if (std::ranges::any_of(of_ranks, [&](const auto& other) { return other != of_ranks.front(); }))
      fail_run(
          "the ranks' processors have vectors of different widths; start all of them on machines of one "
          "kind");
    return blocks;
  }

  void compare_connections() {
    std::vector<OfProjection> own;
    for (const auto& c : connections) own.push_back(of_projection(c));
    simulate::StateWriter to;
    to.put(std::span<const OfProjection>(own));
    projections.resize(own.size());
    for (const auto& bytes : ranks->exchange(to.take())) {
      const auto of_rank = simulate::StateReader(bytes).get<OfProjection>();
      for (size_t k = 0; k < own.size(); ++k) projections[k].add(of_rank[k]);
    }
    if (ranks->size() == 1) return;
    constexpr float kMost_ms = 100;
    float shortest_ms = kMost_ms;
    for (const auto& p : projections) shortest_ms = std::min(shortest_ms, p.shortest_ms);
    exchange_every_ms = std::max<int64_t>(1, static_cast<int64_t>(shortest_ms));
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
    for (size_t k = 0; k < projections.size(); ++k) {
      if (spec.projections[k].to != population) continue;
      const auto& all = projections[k];
      longest = std::max(longest, all.contacts > 0 ? all.longest_ms : connections[k].longest_delay_ms());
    }
    return longest;
  }

  void advance() {
    for (size_t p = 0; p < populations.size(); ++p) {
      auto& working = populations[p];
      auto& ms = working.of_own.emplace_back();
      if (!working.neurons) continue;
      working.neurons->advance(now_ms, working.input.in(now_ms, working.pending.in(now_ms), parallel),
                               parallel, ms.fired);
      working.pending.forget(now_ms);
      for (auto& spike : ms.fired) spike.neuron += static_cast<uint32_t>(working.own.first);
      const auto soma = working.neurons->soma_mV();
      const auto recorded =
          std::clamp<int64_t>(spec.populations[p].record_soma - working.own.first, 0, std::ssize(soma));
      ms.soma_mV.assign(soma.begin(), soma.begin() + recorded);
    }
    ++now_ms;
    if (now_ms - exchanged_ms >= exchange_every_ms || now_ms == spec.duration_ms) exchange();
  }

  /// What all ranks' neurons did goes on its way, ms by ms.
  void exchange() {
    const auto of_all = of_all_ranks();  // [population][ms]
    for (size_t t = 0; t < static_cast<size_t>(now_ms - exchanged_ms); ++t) {
      if (ranks->is_first())
        for (size_t p = 0; p < populations.size(); ++p) record(of_all[p][t], populations[p].record);
      for (size_t k = 0; k < connections.size(); ++k)
        send(of_all[spec.projections[k].from][t].fired, connections[k],
             populations[spec.projections[k].to].pending);
    }
    exchanged_ms = now_ms;
  }

  std::vector<std::vector<OfMs>> of_all_ranks() {
    std::vector<std::vector<OfMs>> all;
    for (auto& working : populations) all.push_back(std::exchange(working.of_own, {}));
    if (ranks->size() == 1 || now_ms == exchanged_ms) return all;
    simulate::StateWriter own;
    for_each_dealt([&](size_t p) {
      for (const auto& ms : all[p]) {
        own.put(std::span<const Fired>(ms.fired));
        own.put(std::span<const float>(ms.soma_mV));
      }
    });
    const auto bytes = ranks->exchange(own.take());
    std::vector<simulate::StateReader> of_rank(bytes.begin(), bytes.end());
    for_each_dealt([&](size_t p) {
      for (auto& ms : all[p]) ms = {};
      for_each_share(p, [&](int rank) {
        for (auto& ms : all[p]) {
          const auto fired = of_rank[rank].get<Fired>();
          const auto soma_mV = of_rank[rank].get<float>();
          ms.fired.insert(ms.fired.end(), fired.begin(), fired.end());
          ms.soma_mV.insert(ms.soma_mV.end(), soma_mV.begin(), soma_mV.end());
        }
      });
    });
    return all;
  }

  /// f(population) of those whose neurons are dealt out.
  template <class F>
  void for_each_dealt(F&& f) const {
    for (size_t p = 0; p < spec.populations.size(); ++p)
      if (!spec.populations[p].fires_by_itself()) f(p);
  }
  /// f(rank), in the order of the neurons that the ranks have.
  template <class F>
  void for_each_share(size_t population, F&& f) const {
    for (int share = 0; share < ranks->size(); ++share) f(rank_of_share(population, share, ranks->size()));
  }

  static void record(const OfMs& ms, Record& to) {
    for (const auto& spike : ms.fired) {
      to.spikes.time_ms.push_back(spike.time_ms);
      to.spikes.neuron.push_back(spike.neuron);
    }
    to.soma_mV.insert(to.soma_mV.end(), ms.soma_mV.begin(), ms.soma_mV.end());
  }

  /// Puts a projection's spikes on their way to own neurons.
  void send(std::span<const Fired> fired, const Connections& along, PendingArrivals& pending) const {
    for (const auto& spike : fired) {
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

  /// Of own neurons.
  std::string own_state() const {
    simulate::StateWriter to;
    for_each_dealt([&](size_t p) {
      const auto& working = populations[p];
      const auto states = working.neurons ? working.neurons->states() : std::vector<std::string>();
      to.put(states.size());
      for (const auto& state : states) to.put(std::span<const char>(state));
      for (size_t slot = 0; slot < working.pending.slots(); ++slot) {
        auto arrivals = working.pending.by_neuron(slot);
        for (auto& arrival : arrivals) arrival.neuron += static_cast<uint32_t>(working.own.first);
        to.put(std::span<const Arrival>(arrivals));
      }
    });
    return to.take();
  }

  std::string state() {
    exchange();
    const auto bytes = ranks->to_first(own_state());
    if (!ranks->is_first()) return {};
    std::vector<simulate::StateReader> of_rank(bytes.begin(), bytes.end());
    simulate::StateWriter to;
    to.put(now_ms);
    for_each_dealt([&](size_t p) {
      std::vector<std::string> states;
      std::vector<std::vector<Arrival>> slots(populations[p].pending.slots());
      for_each_share(p, [&](int rank) {
        size_t count = 0;
        of_rank[rank].get_into(count);
        for (size_t i = 0; i < count; ++i) {
          const auto state = of_rank[rank].get<char>();
          states.emplace_back(state.begin(), state.end());
        }
        for (auto& slot : slots) {
          const auto arrivals = of_rank[rank].get<Arrival>();
          slot.insert(slot.end(), arrivals.begin(), arrivals.end());
        }
      });
      to.put(states.size());
      for (const auto& state : states) to.put(std::span<const char>(state));
      to.put(slots.size());
      for (const auto& slot : slots) to.put(std::span<const Arrival>(slot));
    });
    for (const auto& working : populations) {
      to.put(std::span<const double>(working.record.spikes.time_ms));
      to.put(std::span<const uint32_t>(working.record.spikes.neuron));
      to.put(std::span<const float>(working.record.soma_mV));
    }
    return to.take();
  }

  void set_state(std::string_view bytes) {
    simulate::StateReader from(bytes);
    from.get_into(now_ms);
    exchanged_ms = now_ms;
    for_each_dealt([&](size_t p) {
      auto& working = populations[p];
      set_neurons(working, from);
      size_t slots = working.pending.slots();
      from.get_into(slots);
      if (slots != working.pending.slots())
        fail_input("a state of a network does not fit it: its longest delay is another");
      for (size_t slot = 0; slot < slots; ++slot) {
        auto arrivals = from.get<Arrival>();
        std::erase_if(arrivals, [&](const Arrival& arrival) { return !is_own(working, arrival.neuron); });
        for (auto& arrival : arrivals) arrival.neuron -= static_cast<uint32_t>(working.own.first);
        working.pending.set(slot, std::move(arrivals));
      }
    });
    for (auto& working : populations) {
      working.of_own.clear();
      working.record.spikes.time_ms = from.get<double>();
      working.record.spikes.neuron = from.get<uint32_t>();
      working.record.soma_mV = from.get<float>();
      if (!ranks->is_first()) working.record = {};
    }
  }

  /// Of the states of a population's blocks those of own neurons.
  void set_neurons(const Working& working, simulate::StateReader& from) const {
    size_t count = 0;
    from.get_into(count);
    std::vector<std::string> own;
    const auto first = working.own.first / working.block;
    for (int64_t block = 0; block < static_cast<int64_t>(count); ++block) {
      const auto state = from.get<char>();
      const bool is_own = block >= first && block * working.block < working.own.first + working.own.count;
      if (ranks->size() == 1 || is_own) own.emplace_back(state.begin(), state.end());
    }
    if (working.neurons) working.neurons->set_states(own);
  }

  static bool is_own(const Working& working, uint32_t neuron) {
    return neuron >= working.own.first && neuron < working.own.first + working.own.count;
  }
};

Network::Network(Spec spec, twin::Parallel parallel, device::Kind device,
                 std::shared_ptr<const ranks::Ranks> ranks)
    : state_(std::make_unique<State>(std::move(spec), std::move(parallel), device, std::move(ranks))) {}
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

const ranks::Ranks& Network::ranks() const {
  return *state_->ranks;
}

size_t Network::contacts(size_t projection) const {
  return state_->projections.at(projection).contacts;
}

WiringSummary Network::wiring() const {
  WiringSummary summary;
  for (const auto& all : state_->projections) {
    summary.connections += all.contacts;
    summary.bytes += all.bytes;
  }
  return summary;
}

bool Network::is_exchanged() const {
  return state_->exchanged_ms == state_->now_ms;
}

void Network::advance() {
  state_->advance();
}

void Network::perturb(double sd_mV) {
  for (size_t p = 0; p < state_->populations.size(); ++p)
    if (auto& neurons = state_->populations[p].neurons; neurons)
      neurons->perturb(sd_mV, state_->spec.seed, p);
}

std::string Network::state() const {
  const auto bytes = state_->state();
  return state_->ranks->is_first() ? files::digest(bytes) + bytes : "";
}

void Network::set_state(std::string_view state) {
  std::string all(state);
  state_->ranks->from_first(all);
  const auto bytes = std::string_view(all).substr(std::min(all.size(), kDigestCharacters));
  if (files::digest(bytes) != all.substr(0, kDigestCharacters))
    fail_input("this is not the state of a network, or it is damaged; expected what state() returned");
  state_->set_state(bytes);
}

}  // namespace nt::network

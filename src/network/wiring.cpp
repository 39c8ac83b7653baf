#include "network/wiring.hpp"

#include <algorithm>
#include <cmath>

#include "config/error.hpp"
#include "network/detail/draws.hpp"
#include "network/detail/links.hpp"
#include "network/detail/memory.hpp"
#include "network/detail/table.hpp"
#include "network/synapses.hpp"

namespace nt::network {
namespace {

/// The chosen synapses of a target in the order in which its contacts take them: drawn without putting back,
/// and all over again when every one has been taken.
class SynapseDraw {
 public:
  explicit SynapseDraw(std::vector<uint32_t> synapses) : synapses_(std::move(synapses)) {}

  void begin() {
    // Back to the order in which they were, whoever was drawn before.
    for (auto k = swaps_.size(); k-- > 0;) std::swap(synapses_[k], synapses_[swaps_[k]]);
    swaps_.clear();
  }
  uint32_t next(Draws& random) {
    if (swaps_.size() == synapses_.size()) begin();
    const size_t k = swaps_.size();
    swaps_.push_back(static_cast<size_t>(
        random.integer(static_cast<int64_t>(k), static_cast<int64_t>(synapses_.size()) - 1)));
    std::swap(synapses_[k], synapses_[swaps_[k]]);
    return synapses_[k];
  }

 private:
  std::vector<uint32_t> synapses_;
  std::vector<size_t> swaps_;
};

struct Contact {
  uint32_t source, target, synapse;
  double delay_ms, weight;
};

/// Every contact onto `own` targets, target by target. The same each time.
template <class F>
void for_each_contact(const Projection& p, const ranks::Share& own, uint64_t seed, size_t number,
                      const Links& links, SynapseDraw& synapses, F&& take) {
  const bool draws_delay = p.delay_ms.low != p.delay_ms.high;
  std::vector<Link> of_target;
  for (auto target = static_cast<uint32_t>(own.first); target < own.first + own.count; ++target) {
    links.of_target(target, of_target);
    Draws random(seed, kContacts, number, target);
    synapses.begin();
    for (const auto& link : of_target) {
      const double drawn_ms = draws_delay
                                  ? p.delay_ms.low + (p.delay_ms.high - p.delay_ms.low) * random.uniform()
                                  : p.delay_ms.low;
      const int64_t contacts = link.contacts >= 0 ? link.contacts : link.synapse >= 0 ? 1 : p.contacts;
      for (int64_t k = 0; k < contacts; ++k)
        take(Contact{link.source, target,
                     link.synapse >= 0 ? static_cast<uint32_t>(link.synapse) : synapses.next(random),
                     std::isnan(link.delay_ms) ? drawn_ms : link.delay_ms,
                     std::isnan(link.weight) ? p.weight : link.weight});
    }
  }
}

/// What a twin cannot take: fractions of a ms are for detailed neurons alone.
double delay_for(const Population& to, double delay_ms) {
  return to.kind == Kind::cell && cell::compartmental(*to.cell) != nullptr ? delay_ms : std::floor(delay_ms);
}

/// How many contacts a rule makes, or a mean; 0 where only its making says that.
double expected_contacts(const Projection& p, const Ends& ends) {
  const auto sources = static_cast<double>(ends.from.neurons), targets = static_cast<double>(ends.to.neurons),
             each = static_cast<double>(p.contacts);
  switch (p.rule) {
    case Rule::all_to_all:
      return sources * targets * each;
    case Rule::one_to_one:
      return targets * each;
    case Rule::fixed_probability:
      return p.probability * sources * targets * each;
    case Rule::fixed_indegree:
      return static_cast<double>(p.indegree) * targets * each;
    case Rule::distance:
    case Rule::list:
    case Rule::sonata:
      break;
  }
  return 0;
}

void require_weights_suit(const Projection& p, const Ends& ends, bool has_weights) {
  if ((has_weights || !std::isnan(p.weight)) && ends.to.kind == Kind::twin)
    fail_input(
        "{}: connections to '{}' cannot have a weight: a twin's synapse has the weight that it was trained "
        "with; set 'contacts' instead (docs/networks.md)",
        p.where, ends.to.name);
}

}  // namespace

double Places::distance_um(size_t neuron, const Places& others, size_t other) const {
  return std::hypot(x_um[neuron] - others.x_um[other], y_um[neuron] - others.y_um[other],
                    z_um[neuron] - others.z_um[other]);
}

Places places_of(const Population& population, uint64_t seed, size_t number) {
  Places places;
  if (!population.positions.empty()) {
    auto table = read_table(population.positions, {"x_um", "y_um", "z_um"});
    if (static_cast<int64_t>(table.line.size()) != population.neurons)
      fail_input("{}: {} has {} positions, expected one for each of the {} neurons of '{}'", population.where,
                 population.positions.string(), table.line.size(), population.neurons, population.name);
    return {std::move(table.columns[0]), std::move(table.columns[1]), std::move(table.columns[2])};
  }
  if (population.box_um.empty()) return places;
  for (int64_t n = 0; n < population.neurons; ++n) {
    Draws random(seed, kPlaces, number, static_cast<uint64_t>(n));
    places.x_um.push_back(population.box_um[0] * random.uniform());
    places.y_um.push_back(population.box_um[1] * random.uniform());
    places.z_um.push_back(population.box_um[2] * random.uniform());
  }
  return places;
}

float Connections::longest_delay_ms() const {
  return delay_ms.empty() ? same_delay_ms : *std::ranges::max_element(delay_ms);
}

size_t Connections::bytes() const {
  return first.size() * sizeof(uint64_t) + (target.size() + synapse.size()) * sizeof(uint32_t) +
         (delay_ms.size() + weight.size()) * sizeof(float);
}

float Connections::shortest_delay_ms() const {
  return delay_ms.empty() ? same_delay_ms : *std::ranges::min_element(delay_ms);
}

Connections connect(const Projection& p, const Ends& ends, uint64_t seed, size_t number,
                    const ranks::Share& own) {
  constexpr size_t kLookEvery = 1 << 20;  // contacts
  const auto whose = fmt::format("'{}' from '{}' to '{}' makes", kRules[static_cast<size_t>(p.rule)],
                                 ends.from.name, ends.to.name);
  require_contacts_fit(
      expected_contacts(p, ends) * static_cast<double>(own.count) / static_cast<double>(ends.to.neurons),
      p.where, whose);
  const auto links = links_by_rule(p, ends, seed, number);
  SynapseDraw synapses(chosen_synapses(p.synapses, ends.synapses));
  require_weights_suit(p, ends, links->has_weights());
  Connections c;
  c.same_delay_ms = static_cast<float>(delay_for(ends.to, p.delay_ms.low));
  c.same_weight = static_cast<float>(p.weight);
  // Twice the same: to count the contacts of each source, then to put them where they belong.
  c.first.assign(static_cast<size_t>(ends.from.neurons) + 1, 0);
  size_t counted = 0;
  for_each_contact(p, own, seed, number, *links, synapses, [&](const Contact& contact) {
    ++c.first[contact.source + 1];
    if (++counted % kLookEvery == 0) require_contacts_fit(static_cast<double>(counted), p.where, whose);
  });
  for (size_t s = 1; s < c.first.size(); ++s) c.first[s] += c.first[s - 1];
  const size_t contacts = c.first.back();
  c.target.resize(contacts);
  c.synapse.resize(contacts);
  if (links->has_delays() || p.delay_ms.low != p.delay_ms.high) c.delay_ms.resize(contacts);
  if (links->has_weights()) c.weight.resize(contacts);
  std::vector<uint64_t> next(c.first.begin(), c.first.end() - 1);
  for_each_contact(p, own, seed, number, *links, synapses, [&](const Contact& contact) {
    const uint64_t k = next[contact.source]++;
    c.target[k] = contact.target - static_cast<uint32_t>(own.first);
    c.synapse[k] = contact.synapse;
    if (!c.delay_ms.empty()) c.delay_ms[k] = static_cast<float>(delay_for(ends.to, contact.delay_ms));
    if (!c.weight.empty()) c.weight[k] = static_cast<float>(contact.weight);
  });
  return c;
}

}  // namespace nt::network

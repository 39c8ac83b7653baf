#include <algorithm>
#include <cmath>

#include "config/error.hpp"
#include "network/detail/draws.hpp"
#include "network/detail/links.hpp"

namespace nt::network {
namespace {

/// All sources, but the target itself where they are one population and autapses are none.
class AllToAll final : public Links {
 public:
  AllToAll(int64_t sources, bool without_self) : sources_(sources), without_self_(without_self) {}
  void of_target(uint32_t target, std::vector<Link>& links) const override {
    links.clear();
    for (uint32_t s = 0; s < sources_; ++s)
      if (!without_self_ || s != target) links.push_back({.source = s});
  }

 private:
  int64_t sources_;
  bool without_self_;
};

class OneToOne final : public Links {
 public:
  void of_target(uint32_t target, std::vector<Link>& links) const override {
    links.assign(1, Link{.source = target});
  }
};

/// What the rules that draw have in common: a stream for each target.
class Drawn : public Links {
 public:
  Drawn(const Projection& projection, const Ends& ends, uint64_t seed, size_t number)
      : projection_(projection),
        sources_(ends.from.neurons),
        without_self_(projection.from == projection.to && !projection.autapses),
        seed_(seed),
        number_(number) {}

 protected:
  Draws stream_of(uint32_t target) const { return {seed_, kProjection, number_, target}; }

  const Projection& projection_;
  int64_t sources_;
  bool without_self_;

 private:
  uint64_t seed_;
  size_t number_;
};

class FixedProbability final : public Drawn {
 public:
  using Drawn::Drawn;
  void of_target(uint32_t target, std::vector<Link>& links) const override {
    links.clear();
    if (projection_.probability <= 0) return;
    auto random = stream_of(target);
    const double log_failure = std::log1p(-projection_.probability);  // -inf: certain
    for (int64_t s = 0; s < sources_; ++s) {
      if (projection_.probability < 1) s += random.failures(log_failure, sources_ - s);
      if (s < sources_ && !(without_self_ && s == target))
        links.push_back({.source = static_cast<uint32_t>(s)});
    }
  }
};

class FixedIndegree final : public Drawn {
 public:
  FixedIndegree(const Projection& projection, const Ends& ends, uint64_t seed, size_t number)
      : Drawn(projection, ends, seed, number), candidates_(sources_ - (without_self_ ? 1 : 0)) {
    if (!projection.multapses && projection.indegree > candidates_)
      fail_input(
          "{}: each neuron of '{}' needs {} sources in '{}', which has only {}; lower 'indegree', or set "
          "multapses = true",
          projection.where, ends.to.name, projection.indegree, ends.from.name, candidates_);
    if (projection.multapses && projection.indegree > 0 && candidates_ < 1)
      fail_input("{}: '{}' has no neuron that could be a source", projection.where, ends.from.name);
  }
  void of_target(uint32_t target, std::vector<Link>& links) const override {
    links.clear();
    auto random = stream_of(target);
    std::vector<int64_t> drawn;
    if (projection_.multapses) {
      for (int64_t k = 0; k < projection_.indegree; ++k) drawn.push_back(random.integer(0, candidates_ - 1));
    } else {
      // Floyd's sampling without replacement (Bentley and Floyd 1987, Commun. ACM 30:754).
      for (int64_t j = candidates_ - projection_.indegree; j < candidates_; ++j) {
        const int64_t t = random.integer(0, j);
        drawn.push_back(taken_.try_take(t) ? t : (taken_.try_take(j), j));
      }
      for (const int64_t s : drawn) taken_.release(s);
    }
    std::ranges::sort(drawn);
    for (const int64_t s : drawn)
      links.push_back({.source = static_cast<uint32_t>(without_self_ && s >= target ? s + 1 : s)});
  }

 private:
  /// Which candidates are taken, one mark each.
  struct Marks {
    std::vector<bool> taken;
    bool try_take(int64_t s) {
      if (static_cast<size_t>(s) >= taken.size()) taken.resize(static_cast<size_t>(s) + 1);
      if (taken[static_cast<size_t>(s)]) return false;
      return taken[static_cast<size_t>(s)] = true;
    }
    void release(int64_t s) { taken[static_cast<size_t>(s)] = false; }
  };
  int64_t candidates_;
  mutable Marks taken_;
};

class ByDistance final : public Drawn {
 public:
  ByDistance(const Projection& projection, const Ends& ends, uint64_t seed, size_t number)
      : Drawn(projection, ends, seed, number), from_(ends.from_places), to_(ends.to_places) {
    for (const auto* end : {&ends.from, &ends.to})
      if (end->box_um.empty() && end->positions.empty())
        fail_input(
            "{}: rule 'distance' needs the positions of the neurons of '{}'; give this population box_um = "
            "[x, y, z], or positions = \"FILE.csv\"",
            projection.where, end->name);
  }
  void of_target(uint32_t target, std::vector<Link>& links) const override {
    links.clear();
    auto random = stream_of(target);
    for (uint32_t s = 0; s < sources_; ++s) {
      const double u = random.uniform();  // of each, so that one neuron's place changes nobody else's
      if (without_self_ && s == target) continue;
      if (u < probability_at(to_.distance_um(target, from_, s))) links.push_back({.source = s});
    }
  }

 private:
  double probability_at(double um) const {
    const double r = um / projection_.length_um;
    switch (projection_.falloff) {
      case Falloff::exponential:
        return projection_.probability * std::exp(-r);
      case Falloff::gaussian:
        return projection_.probability * std::exp(-r * r / 2);
      case Falloff::step:
        break;
    }
    return r <= 1 ? projection_.probability : 0;
  }
  const Places &from_, &to_;
};

}  // namespace

std::unique_ptr<Links> links_by_rule(const Projection& p, const Ends& ends, uint64_t seed, size_t number) {
  switch (p.rule) {
    case Rule::all_to_all:
      return std::make_unique<AllToAll>(ends.from.neurons, p.from == p.to && !p.autapses);
    case Rule::one_to_one:
      if (ends.from.neurons != ends.to.neurons)
        fail_input(
            "{}: rule 'one-to-one' needs two populations of one size, but '{}' has {} neurons and '{}' has "
            "{}",
            p.where, ends.from.name, ends.from.neurons, ends.to.name, ends.to.neurons);
      if (p.from == p.to && !p.autapses)
        fail_input(
            "{}: rule 'one-to-one' from '{}' to itself makes autapses only; set autapses = true, or use "
            "another rule",
            p.where, ends.from.name);
      return std::make_unique<OneToOne>();
    case Rule::fixed_probability:
      return std::make_unique<FixedProbability>(p, ends, seed, number);
    case Rule::fixed_indegree:
      return std::make_unique<FixedIndegree>(p, ends, seed, number);
    case Rule::distance:
      return std::make_unique<ByDistance>(p, ends, seed, number);
    case Rule::list:
      return links_in_list(p, ends);
    case Rule::sonata:
      break;
  }
  return links_in_sonata(p, ends);
}

}  // namespace nt::network

#include "twin/branches.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace nt::twin {
namespace {

/// The branch of each compartment; compartments without synapses go with those before them.
std::vector<int64_t> branch_of_compartments(const dataset::CellTable& cell, int64_t branches) {
  std::vector<int64_t> synapses(cell.section.size(), 0);
  for (const auto* kind : {&cell.excitatory_compartment, &cell.inhibitory_compartment}) {
    for (const int c : *kind) ++synapses[c];
  }
  struct Cut {
    size_t before;    // this compartment
    double synapses;  // that lie before it
    bool ends_section;
  };
  std::vector<Cut> possible;
  double total = 0;
  size_t last = 0;
  for (size_t c = 0; c < synapses.size(); ++c) {
    if (synapses[c] == 0) continue;
    if (total > 0) possible.push_back({c, total, cell.section[c] != cell.section[last]});
    total += static_cast<double>(synapses[c]);
    last = c;
  }
  const double run = total / static_cast<double>(branches);
  std::set<size_t> starts;  // of the second branch and all after it
  for (int64_t k = 1; k < branches; ++k) {
    const double wanted = run * static_cast<double>(k);
    const auto distance = [&](const Cut& cut) { return std::abs(cut.synapses - wanted); };
    const Cut* best = nullptr;
    for (const auto& cut : possible) {
      const bool at_end = cut.ends_section && distance(cut) <= run / 4;
      const bool best_at_end = best != nullptr && best->ends_section && distance(*best) <= run / 4;
      if (best == nullptr || at_end > best_at_end ||
          (at_end == best_at_end && distance(cut) < distance(*best)))
        best = &cut;
    }
    if (best != nullptr) starts.insert(best->before);
  }
  std::vector<int64_t> branch;
  int64_t now = 0;
  for (size_t c = 0; c < synapses.size(); ++c) {
    now += static_cast<int64_t>(starts.count(c));
    branch.push_back(now);
  }
  return branch;
}

}  // namespace

Wiring wire_branches(const dataset::CellTable& cell, int64_t branches, bool overlap,
                     const BranchTimes& times) {
  const auto of = branch_of_compartments(cell, branches);
  const int64_t stretches = of.back() + 1, reach = overlap ? 1 : 0;
  const auto of_all = std::ssize(times.tau_ms), inhibitory = std::ssize(times.inhibitory_tau_ms);
  Wiring wiring;
  wiring.branches = stretches * (of_all + inhibitory);
  for (const auto* taus : {&times.tau_ms, &times.inhibitory_tau_ms}) {
    for (const double tau_ms : *taus)
      wiring.tau_ms.insert(wiring.tau_ms.end(), static_cast<size_t>(stretches), tau_ms);
  }
  for (const auto* kind : {&cell.excitatory_compartment, &cell.inhibitory_compartment}) {
    const bool apart = kind == &cell.inhibitory_compartment && inhibitory > 0;
    const int64_t first = apart ? of_all : 0, count = apart ? inhibitory : of_all;
    for (const int c : *kind) {
      const int64_t own = of[c];
      for (int64_t sum = first; sum < first + count; ++sum) {
        for (int64_t b = std::max<int64_t>(0, own - reach); b <= std::min(stretches - 1, own + reach); ++b)
          wiring.branch.push_back(sum * stretches + b);
      }
      wiring.first.push_back(wiring.contacts());
    }
  }
  return wiring;
}

}  // namespace nt::twin

#include "twin/merge_tree.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "config/error.hpp"

namespace nt::twin {
namespace {

/// A tree with something to share out at its nodes.
struct WeightedTree {
  std::vector<int> parent;  // -1: a root
  std::vector<double> weight;

  size_t size() const { return parent.size(); }
};

/// Depth first, each node right before its first child.
std::vector<size_t> depth_first(const WeightedTree& tree) {
  std::vector<std::vector<size_t>> children(tree.size());
  std::vector<size_t> open, order;
  for (size_t i = tree.size(); i-- > 0;) {
    if (tree.parent[i] < 0) {
      open.push_back(i);
    } else {
      children[tree.parent[i]].push_back(i);
    }
  }
  while (!open.empty()) {
    const size_t i = open.back();
    open.pop_back();
    order.push_back(i);
    open.insert(open.end(), children[i].begin(), children[i].end());
  }
  return order;
}

struct Pieces {
  std::vector<size_t> of;  // of each node
  WeightedTree tree;       // of the pieces
};

/// Pieces of about the wanted weight, as merge_tree() says.
Pieces cut(const WeightedTree& tree, double wanted) {
  const auto order = depth_first(tree);
  std::vector<std::vector<size_t>> children(tree.size());
  std::vector<size_t> joined(tree.size());  // another node of the same piece, or itself
  std::vector<double> part = tree.weight;   // of the node and all that is put together with it so far
  std::iota(joined.begin(), joined.end(), size_t{0});
  for (auto i = order.rbegin(); i != order.rend(); ++i) {
    auto& parts = children[*i];
    std::ranges::stable_sort(parts, {}, [&](size_t child) { return part[child]; });
    size_t with = *i;
    for (const size_t child : parts) {
      const double together = part[with] + part[child];
      if (together <= wanted || together - wanted < wanted - part[child]) {
        joined[child] = with;
        part[with] = together;
      } else {
        with = child;
      }
    }
    if (tree.parent[*i] >= 0) children[tree.parent[*i]].push_back(*i);
  }
  const auto head_of = [&](size_t node) {
    while (joined[node] != node) node = joined[node];
    return node;
  };
  Pieces pieces;
  std::vector<size_t> number(tree.size());  // of the pieces, by their heads
  for (const size_t i : order) {
    if (joined[i] != i) continue;
    number[i] = pieces.tree.size();
    pieces.tree.weight.push_back(part[i]);
    const int before = tree.parent[i];
    pieces.tree.parent.push_back(before < 0 ? -1 : static_cast<int>(head_of(static_cast<size_t>(before))));
  }
  for (int& parent : pieces.tree.parent) {
    if (parent >= 0) parent = static_cast<int>(number[parent]);
  }
  for (size_t i = 0; i < tree.size(); ++i) pieces.of.push_back(number[head_of(i)]);
  return pieces;
}

/// One node a layer, with no synapses.
MergeTree nothing(size_t layers) {
  MergeTree tree;
  tree.leaves.branches = 1;
  tree.first_child.assign(layers - 1, {0, 1});
  return tree;
}

WeightedTree synapses_of(const dataset::CellTable& cell) {
  WeightedTree tree{cell.parent, std::vector<double>(cell.parent.size(), 0.0)};
  for (const auto* kind : {&cell.excitatory_compartment, &cell.inhibitory_compartment}) {
    for (const int c : *kind) {
      if (static_cast<size_t>(c) >= tree.size())
        fail_run("the table of the cell does not say where compartment {} is connected", c);
      ++tree.weight[c];
    }
  }
  return tree;
}

double sum(const std::vector<double>& weight) {
  return std::accumulate(weight.begin(), weight.end(), 0.0);
}

/// `compartment_leaf`: the first layer's node of each compartment that has synapses.
Wiring wire(const dataset::CellTable& cell, int64_t leaves, const std::vector<int64_t>& compartment_leaf) {
  Wiring wiring;
  wiring.branches = leaves;
  for (const auto* kind : {&cell.excitatory_compartment, &cell.inhibitory_compartment}) {
    for (const int c : *kind) {
      wiring.branch.push_back(compartment_leaf[c]);
      wiring.first.push_back(wiring.contacts());
    }
  }
  return wiring;
}

}  // namespace

MergeTree merge_tree(const dataset::CellTable& cell, int64_t branches, int64_t layer_count) {
  const auto layers = static_cast<size_t>(layer_count);
  const auto synapses = synapses_of(cell);
  const double total = sum(synapses.weight);
  if (total == 0) return nothing(layers);
  std::vector<Pieces> pieces;  // of each layer
  for (size_t l = 0; l < layers; ++l) {
    const auto& below = l == 0 ? synapses : pieces.back().tree;
    if (l + 1 == layers) {
      pieces.push_back({std::vector<size_t>(below.size(), 0), {{-1}, {total}}});
      break;
    }
    const double place = static_cast<double>(layers - 1 - l) / static_cast<double>(layers - 1);
    pieces.push_back(cut(below, total / std::pow(static_cast<double>(branches), place)));
  }
  // From the soma on, nodes are numbered so that the children of one lie side by side.
  MergeTree tree;
  tree.first_child.resize(layers - 1);
  std::vector<int64_t> number{0};  // of the pieces of the layer after; -1: left out
  for (size_t l = layers - 1; l-- > 0;) {
    const auto& parent_of = pieces[l + 1].of;
    const auto& weight = pieces[l].tree.weight;
    std::vector<size_t> kept;
    for (size_t p = 0; p < weight.size(); ++p) {
      if (weight[p] > 0) kept.push_back(p);
    }
    const auto parent = [&](size_t p) { return number[parent_of[p]]; };
    std::ranges::stable_sort(kept, {}, parent);
    auto& first = tree.first_child[l];
    first.assign(static_cast<size_t>(std::ranges::max(number)) + 2, 0);
    std::vector<int64_t> next(weight.size(), -1);
    for (size_t n = 0; n < kept.size(); ++n) {
      next[kept[n]] = static_cast<int64_t>(n);
      ++first[static_cast<size_t>(parent(kept[n])) + 1];
    }
    std::partial_sum(first.begin(), first.end(), first.begin());
    number = std::move(next);
  }
  std::vector<int64_t> leaf;
  for (const size_t p : pieces.front().of) leaf.push_back(number[p]);
  tree.leaves = wire(cell, std::ranges::max(number) + 1, leaf);
  return tree;
}

MergeTree binary_tree(const dataset::CellTable& cell, int64_t trees) {
  const auto of_synapses = synapses_of(cell);
  const auto order = depth_first(of_synapses);
  std::vector<size_t> place(order.size());  // of each compartment along the dendrite
  for (size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  std::vector<int> compartment = cell.excitatory_compartment;
  compartment.insert(compartment.end(), cell.inhibitory_compartment.begin(),
                     cell.inhibitory_compartment.end());
  std::vector<size_t> along(compartment.size());  // synapses
  std::iota(along.begin(), along.end(), size_t{0});
  std::ranges::stable_sort(along, {}, [&](size_t s) { return place[compartment[s]]; });
  const auto synapses = std::ssize(along);
  const int64_t leaves = std::max<int64_t>(1, (synapses + 1) / 2);
  std::vector<int64_t> leaf(along.size());
  for (size_t i = 0; i < along.size(); ++i) leaf[along[i]] = static_cast<int64_t>(i / 2);

  MergeTree tree;
  tree.leaves.branches = trees * leaves;
  for (const int64_t of_synapse : leaf) {
    for (int64_t t = 0; t < trees; ++t) tree.leaves.branch.push_back(t * leaves + of_synapse);
    tree.leaves.first.push_back(tree.leaves.contacts());
  }
  for (int64_t below = leaves; below > 1; below = (below + 1) / 2) {
    std::vector<int64_t> first{0};
    for (int64_t t = 0; t < trees; ++t) {
      for (int64_t n = 0; n < below; n += 2) first.push_back(t * below + std::min(n + 2, below));
    }
    tree.first_child.push_back(std::move(first));
  }
  return tree;
}

}  // namespace nt::twin

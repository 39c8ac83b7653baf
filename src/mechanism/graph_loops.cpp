#include <algorithm>
#include <iterator>

#include "config/error.hpp"
#include "mechanism/detail/graph.hpp"

namespace nt::mechanism {

void fail_endless(const std::string& where) {
  fail_run("{}: the loop has turned {} times in one step and goes on; its condition never becomes 0", where,
           kMostTurns);
}

Expr Graph::list(const std::vector<Expr>& items) {
  Expr rest = -1;
  for (auto item = items.rbegin(); item != items.rend(); ++item)
    rest = intern({Op::list, true, 0, *item, rest, -1});
  return rest;
}

std::vector<Expr> Graph::items(Expr list) const {
  std::vector<Expr> all;
  for (; list >= 0; list = node(list).b) all.push_back(node(list).a);
  return all;
}

Expr Graph::element(Expr index, const std::vector<Expr>& of) {
  return chosen(index, list(of));
}

Expr Graph::chosen(Expr index, Expr list) {
  const auto all = items(list);
  if (std::all_of(all.begin(), all.end(), [&](Expr item) { return item == all[0]; })) return all[0];
  const auto& n = node(index);
  if (n.op == Op::constant && n.value > -1 && n.value < static_cast<double>(all.size()))
    return all[static_cast<size_t>(n.value)];
  return intern({Op::element, true, 0, index, list, -1});
}

Expr Graph::outcome(Expr loop, size_t number) {
  const auto n = node(loop);
  if (is_constant(n.c, 0)) return items(n.a)[number];
  return intern({Op::outcome, true, static_cast<double>(number), loop, -1, -1});
}

std::vector<Expr> Graph::repeat(const Loop& loop) {
  if (is_constant(loop.condition, 0)) return loop.initial;
  const auto same = [&](const OwnSymbols& own) { return own.symbols == loop.own && own.where == loop.where; };
  const auto known = std::find_if(loops_.begin(), loops_.end(), same);
  const auto number = known - loops_.begin();
  if (known == loops_.end()) loops_.push_back({loop.own, loop.where});
  of_loops_.insert(loop.own.begin(), loop.own.end());
  const Expr e = intern(
      {Op::loop, true, static_cast<double>(number), list(loop.initial), list(loop.next), loop.condition});
  std::vector<Expr> outcomes;
  for (size_t k = 0; k < loop.own.size(); ++k) outcomes.push_back(outcome(e, k));
  return outcomes;
}

Loop Graph::loop_at(Expr loop) const {
  const auto& n = node(loop);
  const auto& own = loops_[static_cast<size_t>(n.value)];
  return {own.symbols, items(n.a), items(n.b), n.c, own.where};
}

/// The derivatives of loops' own symbols by a symbol that the loops depend on: symbols themselves.
std::map<Expr, Expr> Graph::loop_slopes(Expr last, Expr symbol) {
  std::map<Expr, Expr> slopes;
  if (!has_loops()) return slopes;
  for (Expr i = 0; i <= last; ++i) {
    if (node(i).op != Op::loop || !depends(i, symbol)) continue;
    for (const Expr own : loop_at(i).own)
      slopes[own] = this->symbol("slope of " + name(own) + " by " + name(symbol), true);
  }
  return slopes;
}

/// A loop that takes the derivatives along, which come after its own symbols; 0 where all of them are.
Expr Graph::differentiated(Expr e, const std::vector<Expr>& d, const std::map<Expr, Expr>& slopes) {
  auto loop = loop_at(e);
  if (!slopes.contains(loop.own[0]) || is_constant(loop.condition, 0)) return constant(0);
  const size_t n = loop.own.size();
  std::map<Expr, Expr> none;
  std::vector<Expr> all;
  for (size_t k = 0; k < n; ++k) {
    const Expr slope = slopes.at(loop.own[k]);
    none[slope] = constant(0);
    loop.own.push_back(slope);
    loop.initial.push_back(d[loop.initial[k]]);
    loop.next.push_back(d[loop.next[k]]);
    all.insert(all.end(), {loop.initial.back(), loop.next.back()});
  }
  const auto without = substitute(all, none);
  if (std::all_of(without.begin(), without.end(), [&](Expr slope) { return is_constant(slope, 0); }))
    return constant(0);
  return node(repeat(loop)[0]).a;
}

LoopNodes::LoopNodes(const Graph& graph, Expr last) : graph_(graph) {
  if (!graph.has_loops()) return;
  for (Expr i = 0; i <= last; ++i) {
    auto& here = depends_on_.emplace_back();
    const auto& n = graph.node(i);
    if (n.op == Op::symbol && graph.is_of_loop(i)) here.push_back(i);
    for (const Expr part : {n.a, n.b, n.c}) {
      if (part < 0 || depends_on_[part].empty()) continue;
      std::vector<Expr> both;
      std::set_union(here.begin(), here.end(), depends_on_[part].begin(), depends_on_[part].end(),
                     std::back_inserter(both));
      here = std::move(both);
    }
    if (n.op != Op::loop || here.empty()) continue;
    const auto own = graph.loop_at(i).own;
    std::erase_if(here, [&](Expr e) { return std::find(own.begin(), own.end(), e) != own.end(); });
  }
}

LoopBody LoopNodes::body(Expr loop) const {
  const auto parts = graph_.loop_at(loop);
  auto scope = depends_on_[loop];
  scope.insert(scope.end(), parts.own.begin(), parts.own.end());
  std::sort(scope.begin(), scope.end());
  const std::set<Expr> own(parts.own.begin(), parts.own.end());
  const auto is_here = [&](Expr e) {
    return std::any_of(depends_on_[e].begin(), depends_on_[e].end(), [&](Expr s) { return own.contains(s); });
  };
  std::set<Expr> seen;
  const auto computed_for = [&](const std::vector<Expr>& roots) {
    std::vector<Expr> found, open = roots;
    while (!open.empty()) {
      const Expr e = open.back();
      open.pop_back();
      if (e < 0 || !is_here(e) || !seen.insert(e).second) continue;
      const auto& n = graph_.node(e);
      const bool direct =
          std::includes(scope.begin(), scope.end(), depends_on_[e].begin(), depends_on_[e].end());
      if (direct && n.op != Op::list && n.op != Op::symbol) found.push_back(e);
      open.insert(open.end(), {n.a, n.b, n.c});
    }
    std::sort(found.begin(), found.end());
    return found;
  };
  LoopBody body;
  body.condition = computed_for({parts.condition});
  body.rest = computed_for(parts.next);
  return body;
}

}  // namespace nt::mechanism

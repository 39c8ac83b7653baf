#include <algorithm>
#include <cmath>

#include "mechanism/detail/graph.hpp"

namespace nt::mechanism {

bool Graph::depends(Expr e, Expr symbol) const {
  if (node(e).a < 0) return e == symbol;
  std::vector<bool> does(static_cast<size_t>(e) + 1);
  for (Expr i = symbol; i <= e; ++i) {
    const auto& n = node(i);
    bool d = i == symbol;
    for (const Expr part : {n.a, n.b, n.c}) d = d || (part >= 0 && does[part]);
    does[i] = d;
  }
  return does[e];
}

bool Graph::any_depends(const std::vector<Expr>& expressions, Expr symbol) const {
  if (expressions.empty()) return false;
  const Expr last = *std::max_element(expressions.begin(), expressions.end());
  std::vector<bool> does(static_cast<size_t>(std::max(last, symbol)) + 1);
  for (Expr i = symbol; i <= last; ++i) {
    const auto& n = node(i);
    bool d = i == symbol;
    for (const Expr part : {n.a, n.b, n.c}) d = d || (part >= 0 && does[part]);
    does[i] = d;
  }
  return std::any_of(expressions.begin(), expressions.end(), [&](Expr e) { return does[e]; });
}

bool Graph::any_has(Op op, const std::vector<Expr>& expressions) const {
  if (expressions.empty()) return false;
  std::vector<bool> does;
  for (Expr i = 0, last = *std::max_element(expressions.begin(), expressions.end()); i <= last; ++i) {
    const auto& n = node(i);
    bool d = n.op == op;
    for (const Expr part : {n.a, n.b, n.c}) d = d || (part >= 0 && does[part]);
    does.push_back(d);
  }
  return std::any_of(expressions.begin(), expressions.end(), [&](Expr e) { return e >= 0 && does[e]; });
}

std::vector<Expr> Graph::derivatives(const std::vector<Expr>& expressions, Expr symbol) {
  // Forward, node by node: those between the symbol and the last. Zero where it does not reach.
  const Expr last = expressions.empty() ? -1 : *std::max_element(expressions.begin(), expressions.end());
  std::vector<Expr> d(last + 1, constant(0));
  const auto of = [&](Expr i) { return d[i]; };
  const auto slopes = loop_slopes(last, symbol);
  for (Expr i = 0; i <= last; ++i) {
    if (i == symbol) {
      d[i] = constant(1);
      continue;
    }
    const Node n = node(i);  // a copy: building adds nodes
    if (const auto it = slopes.find(i); it != slopes.end()) d[i] = it->second;
    if (n.a < 0 || n.op == Op::list) continue;
    if (n.op == Op::loop) {
      d[i] = differentiated(i, d, slopes);  // a loop, or 0
      continue;
    }
    if (n.op == Op::outcome) {
      if (const auto loop = of(n.a); node(loop).op == Op::loop)
        d[i] = outcome(loop, loop_at(n.a).own.size() + static_cast<size_t>(n.value));
      continue;
    }
    if (n.op == Op::element) {
      auto all = items(n.b);
      for (auto& item : all) item = of(item);
      d[i] = element(n.a, all);
      continue;
    }
    bool reached = false;
    for (const Expr part : {n.a, n.b, n.c}) reached |= part >= 0 && !is_constant(of(part), 0);
    if (!reached) continue;
    const Expr da = of(n.a), db = n.b >= 0 ? of(n.b) : -1;
    Expr& out = d[i];
    switch (n.op) {
      case Op::add:
        out = add(da, db);
        break;
      case Op::subtract:
        out = subtract(da, db);
        break;
      case Op::multiply:
        out = add(multiply(da, n.b), multiply(n.a, db));
        break;
      case Op::divide:
        out = divide(subtract(da, multiply(i, db)), n.b);
        break;
      case Op::negate:
        out = unary(Op::negate, da);
        break;
      case Op::exp:
        out = multiply(i, da);
        break;
      case Op::expm1:
        out = multiply(add(i, constant(1)), da);
        break;
      case Op::log:
        out = divide(da, n.a);
        break;
      case Op::log10:
        out = divide(multiply(da, constant(1 / std::log(10.0))), n.a);
        break;
      case Op::sqrt:
        out = divide(multiply(da, constant(0.5)), i);
        break;
      case Op::fabs:
        out = this->select(binary(Op::less, n.a, constant(0)), unary(Op::negate, da), da);
        break;
      case Op::sin:
        out = multiply(unary(Op::cos, n.a), da);
        break;
      case Op::cos:
        out = unary(Op::negate, multiply(unary(Op::sin, n.a), da));
        break;
      case Op::tan:
        out = multiply(add(constant(1), multiply(i, i)), da);
        break;
      case Op::tanh:
        out = multiply(subtract(constant(1), multiply(i, i)), da);
        break;
      case Op::pow:
        // a^b (b' log a + b a'/a)
        out = multiply(multiply(n.b, binary(Op::pow, n.a, subtract(n.b, constant(1)))), da);
        if (!is_constant(db, 0)) out = add(out, multiply(multiply(i, unary(Op::log, n.a)), db));
        break;
      case Op::select:
        out = this->select(n.a, db, of(n.c));
        break;
      case Op::table:
        out = multiply(table_node(Op::table_slope, static_cast<size_t>(n.value), n.a), da);
        break;
      default:
        break;
    }
  }
  std::vector<Expr> results;
  for (const Expr e : expressions) results.push_back(of(e));
  return results;
}

}  // namespace nt::mechanism

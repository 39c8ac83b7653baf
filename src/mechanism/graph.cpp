#include "mechanism/detail/graph.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "mechanism/detail/graph_rules.hpp"

namespace nt::mechanism {

std::string Graph::key_of(const Node& node) {
  std::string key(sizeof(Op) + sizeof(double) + 3 * sizeof(Expr), '\0');
  auto* at = key.data();
  const auto put = [&](const auto& field) {
    std::copy_n(reinterpret_cast<const char*>(&field), sizeof field, at);
    at += sizeof field;
  };
  put(node.op);
  put(node.value);
  put(node.a);
  put(node.b);
  put(node.c);
  return key;
}

Expr Graph::intern(Node node) {
  const auto [found, fresh] = interned_.try_emplace(key_of(node), static_cast<Expr>(nodes_.size()));
  if (fresh) nodes_.push_back(node);
  return found->second;
}

Expr Graph::table_node(Op op, size_t number, Expr at) {
  return intern({op, node(at).varying, static_cast<double>(number), at, -1, -1});
}

Expr Graph::make(Op op, Expr a, Expr b, Expr c) {
  bool constant = true, varying = false;
  for (const Expr e : {a, b, c}) {
    if (e < 0) continue;
    constant &= node(e).op == Op::constant;
    varying |= node(e).varying;
  }
  if (constant) {
    const auto value = [&](Expr e) { return e < 0 ? 0.0 : node(e).value; };
    return this->constant(apply(op, value(a), value(b), value(c)));
  }
  return intern({op, varying, 0, a, b, c});
}

Expr Graph::constant(double value) {
  return intern({Op::constant, false, value == 0 ? 0.0 : value, -1, -1, -1});
}

Expr Graph::symbol(const std::string& name, bool varying) {
  const auto [found, fresh] = symbols_.try_emplace(name, static_cast<Expr>(nodes_.size()));
  if (fresh) {
    // Its own number as value keeps two symbols apart.
    intern({Op::symbol, varying, static_cast<double>(nodes_.size()), -1, -1, -1});
    names_[found->second] = name;
  }
  return found->second;
}

Expr Graph::existing(const Node& node) const {
  const auto found = interned_.find(key_of(node));
  return found == interned_.end() ? -1 : found->second;
}

Expr Graph::inverse_exp(Expr exponent) const {
  const auto& n = node(exponent);
  Expr negative = -1;
  if (n.op == Op::negate) {
    negative = n.a;
  } else if (n.op == Op::multiply && node(n.a).op == Op::constant) {
    const Expr factor = existing({Op::constant, false, -node(n.a).value, -1, -1, -1});
    if (factor >= 0) negative = existing({Op::multiply, false, 0, factor, n.b, -1});
    if (negative < 0 && node(n.a).value == -1) negative = n.b;
  } else {
    negative = existing({Op::negate, false, 0, exponent, -1, -1});
  }
  return negative < 0 ? -1 : existing({Op::exp, false, 0, negative, -1, -1});
}

Expr Graph::unary(Op op, Expr a) {
  if (op == Op::exp)
    if (const auto rewritten = rules::inverse_of_known_exponential(*this, a)) return *rewritten;
  if (op == Op::negate)
    for (const auto rule : {rules::negate_negative, rules::negate_difference, rules::sign_to_fixed_factor})
      if (const auto rewritten = rule(*this, a)) return *rewritten;
  return make(op, a);
}

Expr Graph::binary(Op op, Expr a, Expr b) {
  // What is no finite number is none whatever the rules make of it: 0/0 and 0*log(0).
  const auto &na = node(a), &nb = node(b);
  if (na.op == Op::constant && nb.op == Op::constant && !std::isfinite(apply(op, na.value, nb.value, 0)))
    return make(op, a, b);
  for (const auto rule : rules::rules_of(op))
    if (const auto rewritten = rule(*this, a, b)) return *rewritten;
  const bool commutes = op == Op::add || op == Op::multiply;
  if (commutes && node(a).varying == node(b).varying && a > b) std::swap(a, b);
  return make(op, a, b);
}

Expr Graph::select(Expr condition, Expr then, Expr otherwise) {
  if (then == otherwise) return then;
  if (node(condition).op == Op::constant) return node(condition).value != 0 ? then : otherwise;
  return make(Op::select, condition, then, otherwise);
}

Expr Graph::rebuild(Expr e, std::span<const Expr> done) {
  const Node n = node(e);
  const auto of = [&](Expr part) { return part < 0 ? part : done[part]; };
  if (n.a < 0 || (of(n.a) == n.a && of(n.b) == n.b && of(n.c) == n.c)) return e;
  if (n.op == Op::select) return select(of(n.a), of(n.b), of(n.c));
  if (n.op == Op::table || n.op == Op::table_slope)
    return table_node(n.op, static_cast<size_t>(n.value), of(n.a));
  if (n.op == Op::draw || n.op == Op::list || n.op == Op::loop)
    return intern({n.op, true, n.value, of(n.a), of(n.b), of(n.c)});
  if (n.op == Op::outcome) return outcome(of(n.a), static_cast<size_t>(n.value));
  if (n.op == Op::element) return chosen(of(n.a), of(n.b));
  if (n.b < 0) return unary(n.op, of(n.a));
  return binary(n.op, of(n.a), of(n.b));
}

std::vector<Expr> Graph::substitute(const std::vector<Expr>& expressions,
                                    const std::map<Expr, Expr>& replaced) {
  std::vector<Expr> done, results;
  const Expr last = expressions.empty() ? -1 : *std::max_element(expressions.begin(), expressions.end());
  for (Expr i = 0; i <= last; ++i) {
    const auto it = replaced.find(i);
    done.push_back(it != replaced.end() ? it->second : rebuild(i, done));
  }
  for (const Expr e : expressions) results.push_back(done[e]);
  return results;
}

}  // namespace nt::mechanism

#include "mechanism/graph.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace neurontwin {

double apply(Op op, double a, double b, double c) {
  switch (op) {
    case Op::constant:
    case Op::symbol:
      return a;
    case Op::add:
      return a + b;
    case Op::subtract:
      return a - b;
    case Op::multiply:
      return a * b;
    case Op::divide:
      return a / b;
    case Op::negate:
      return -a;
    case Op::exp:
      return std::exp(a);
    case Op::expm1:
      return std::expm1(a);
    case Op::log:
      return std::log(a);
    case Op::log10:
      return std::log10(a);
    case Op::sqrt:
      return std::sqrt(a);
    case Op::fabs:
      return std::fabs(a);
    case Op::sin:
      return std::sin(a);
    case Op::cos:
      return std::cos(a);
    case Op::tan:
      return std::tan(a);
    case Op::tanh:
      return std::tanh(a);
    case Op::floor:
      return std::floor(a);
    case Op::ceil:
      return std::ceil(a);
    case Op::pow:
      return std::pow(a, b);
    case Op::less:
      return a < b ? 1 : 0;
    case Op::less_equal:
      return a <= b ? 1 : 0;
    case Op::equal:
      return a == b ? 1 : 0;
    case Op::both:
      return a != 0 && b != 0 ? 1 : 0;
    case Op::either:
      return a != 0 || b != 0 ? 1 : 0;
    case Op::nay:
      return a == 0 ? 1 : 0;
    case Op::select:
      return a != 0 ? b : c;
    case Op::table:
    case Op::table_slope:
      break;
  }
  return NAN;
}

double TableEntries::at(double x) const {
  const double position = per_interval * (x - from);
  if (std::isnan(position)) return position;
  if (position <= 0) return values.front();
  const auto last = values.size() - 1;
  if (position >= static_cast<double>(last)) return values.back();
  const auto i = static_cast<size_t>(position);
  return values[i] + (position - static_cast<double>(i)) * (values[i + 1] - values[i]);
}

double TableEntries::slope(double x) const {
  const double position = per_interval * (x - from);
  if (!(position > 0) || position >= static_cast<double>(values.size() - 1)) return 0;
  const auto i = static_cast<size_t>(position);
  return per_interval * (values[i + 1] - values[i]);
}

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

TableEntries Graph::entries(size_t table, const std::map<Expr, double>& values) const {
  const auto& t = tables_[table];
  auto at = values;
  const double from = evaluate(t.from, values);
  const double interval = (evaluate(t.to, values) - from) / t.intervals;
  TableEntries all{from, 1 / interval, {}};
  double x = from;  // summed up, as NEURON does
  for (int i = 0; i <= t.intervals; ++i, x += interval) {
    at[t.argument] = x;
    all.values.push_back(evaluate(t.value, at));
  }
  return all;
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

namespace {

/// The factors of a product, signs and constants among them.
std::vector<Expr> factors_of(const Graph& g, Expr e) {
  std::vector<Expr> factors, open{e};
  while (!open.empty()) {
    const Expr next = open.back();
    open.pop_back();
    if (g.node(next).op == Op::multiply) {
      open.insert(open.end(), {g.node(next).a, g.node(next).b});
    } else {
      factors.push_back(next);
    }
  }
  return factors;
}

}  // namespace

std::optional<std::pair<Expr, Expr>> Graph::cancelled(Expr numerator, Expr denominator) {
  auto above = factors_of(*this, numerator), below = factors_of(*this, denominator);
  bool any = false;
  for (auto it = above.begin(); it != above.end();) {
    const auto same = node(*it).op == Op::constant ? below.end() : std::find(below.begin(), below.end(), *it);
    if (same == below.end()) {
      ++it;
      continue;
    }
    below.erase(same);
    it = above.erase(it);
    any = true;
  }
  if (!any) return {};
  const auto product = [&](const std::vector<Expr>& factors) {
    Expr all = constant(1);
    for (const Expr factor : factors) all = multiply(all, factor);
    return all;
  };
  return std::pair(product(above), product(below));
}

Expr Graph::unary(Op op, Expr a) {
  if (op == Op::exp) {
    // exp(-x) beside exp(x) is a division, which costs less.
    if (const Expr inverse = inverse_exp(a); inverse >= 0) return make(Op::divide, constant(1), inverse);
  }
  if (op == Op::negate) {
    if (node(a).op == Op::negate) return node(a).a;
    if (node(a).op == Op::subtract) return subtract(node(a).b, node(a).a);
    // The sign of a product goes to its fixed factor, which is computed beforehand.
    if (const Node n = node(a); n.op == Op::multiply && !node(n.a).varying && node(n.b).varying)
      return multiply(unary(Op::negate, n.a), n.b);
  }
  return make(op, a);
}

Expr Graph::binary(Op op, Expr a, Expr b) {
  const Node na = node(a), nb = node(b);
  // Before anything is simplified: 0/0 is NaN, not 0.
  if (na.op == Op::constant && nb.op == Op::constant && !std::isfinite(apply(op, na.value, nb.value, 0)))
    return make(op, a, b);
  const auto fixed = [&](Expr e) { return !node(e).varying; };
  // What is no finite number is none whatever the rules below make of it: 0/0 and 0*log(0).
  if (na.op == Op::constant && nb.op == Op::constant && !std::isfinite(apply(op, na.value, nb.value, 0)))
    return make(op, a, b);
  switch (op) {
    case Op::add:
      if (is_constant(a, 0)) return b;
      if (is_constant(b, 0)) return a;
      if (nb.op == Op::negate) return subtract(a, nb.a);
      if (na.op == Op::negate) return subtract(b, na.a);
      // (x + fixed) + fixed: one sum to compute beforehand.
      if (fixed(b) && na.op == Op::add && fixed(na.b) && !fixed(na.a)) return add(na.a, add(na.b, b));
      if (fixed(b) && na.op == Op::subtract && fixed(na.b) && !fixed(na.a))
        return add(na.a, subtract(b, na.b));
      if (fixed(a) && !fixed(b)) return add(b, a);
      if (fixed(a) == fixed(b) && a > b) std::swap(a, b);
      break;
    case Op::subtract:
      if (is_constant(b, 0)) return a;
      if (is_constant(a, 0)) return unary(Op::negate, b);
      if (a == b) return constant(0);
      if (nb.op == Op::negate) return add(a, nb.a);
      if (nb.op == Op::constant) return add(a, constant(-nb.value));
      if (fixed(b) && !fixed(a) && na.op == Op::add && fixed(na.b)) return add(na.a, subtract(na.b, b));
      if (fixed(b) && !fixed(a) && na.op == Op::subtract && fixed(na.b)) return subtract(na.a, add(na.b, b));
      break;
    case Op::multiply:
      if (is_constant(a, 0) || is_constant(b, 0)) return constant(0);
      if (is_constant(a, 1)) return b;
      if (is_constant(b, 1)) return a;
      if (fixed(b) && !fixed(a)) return multiply(b, a);
      if (is_constant(a, -1)) return unary(Op::negate, b);
      if (nb.op == Op::negate) return unary(Op::negate, multiply(a, nb.a));
      if (na.op == Op::negate && fixed(a) == fixed(b)) return unary(Op::negate, multiply(na.a, b));
      // A fixed quotient stays one: it is computed beforehand.
      if (na.op == Op::divide && fixed(a) == fixed(b)) return divide(multiply(na.a, b), na.b);
      if (nb.op == Op::divide) return divide(multiply(a, nb.a), nb.b);
      // Fixed factors go first: fixed * (fixed * x), x * (fixed * y).
      if (fixed(a) && nb.op == Op::multiply && fixed(nb.a) && !fixed(b))
        return multiply(multiply(a, nb.a), nb.b);
      if (!fixed(a) && nb.op == Op::multiply && fixed(nb.a)) return multiply(nb.a, multiply(a, nb.b));
      if (!fixed(b) && na.op == Op::multiply && fixed(na.a) && !fixed(a))
        return multiply(na.a, multiply(na.b, b));
      if (fixed(a) == fixed(b) && a > b) std::swap(a, b);
      break;
    case Op::divide:
      if (is_constant(a, 0)) return constant(0);
      if (nb.op == Op::constant && nb.value != 0) return multiply(constant(1 / nb.value), a);
      if (a == b) return constant(1);
      if (nb.op == Op::divide) return divide(multiply(a, nb.b), nb.a);
      if (na.op == Op::divide && fixed(a) == fixed(b)) return divide(na.a, multiply(na.b, b));
      if (na.op == Op::negate) return unary(Op::negate, divide(na.a, b));
      if (nb.op == Op::negate) return unary(Op::negate, divide(a, nb.a));
      if (const auto shorter = cancelled(a, b)) return divide(shorter->first, shorter->second);
      if (fixed(b) && !fixed(a)) return multiply(divide(constant(1), b), a);
      if (nb.op == Op::multiply && fixed(nb.a) && !fixed(b)) return divide(divide(a, nb.a), nb.b);
      break;
    case Op::pow:
      if (nb.op == Op::constant) {
        const double n = nb.value;
        if (n == 0) return constant(1);
        if (n == 0.5) return unary(Op::sqrt, a);
        if (n == std::floor(n) && std::fabs(n) <= 16) {
          // By squaring: m^4 is two multiplications.
          Expr power = -1, square = a;
          for (auto k = static_cast<unsigned>(std::fabs(n)); k; k >>= 1) {
            if (k & 1) power = power < 0 ? square : multiply(power, square);
            if (k > 1) square = multiply(square, square);
          }
          return n > 0 ? power : divide(constant(1), power);
        }
      }
      break;
    case Op::both:
      if (is_constant(a, 0) || is_constant(b, 0)) return constant(0);
      break;
    default:
      break;
  }
  return make(op, a, b);
}

Expr Graph::select(Expr condition, Expr then, Expr otherwise) {
  if (then == otherwise) return then;
  if (node(condition).op == Op::constant) return node(condition).value != 0 ? then : otherwise;
  return make(Op::select, condition, then, otherwise);
}

bool Graph::depends(Expr e, Expr symbol) const {
  std::vector<bool> does(static_cast<size_t>(e) + 1);
  for (Expr i = symbol; i <= e; ++i) {
    const auto& n = node(i);
    bool d = i == symbol;
    for (const Expr part : {n.a, n.b, n.c}) d = d || (part >= 0 && does[static_cast<size_t>(part)]);
    does[static_cast<size_t>(i)] = d;
  }
  return does[static_cast<size_t>(e)];
}

Expr Graph::derivative(Expr e, Expr symbol) {
  // Forward, node by node: those between the symbol and e. Zero where it does not reach.
  std::vector<Expr> d(static_cast<size_t>(e) + 1, constant(0));
  const auto of = [&](Expr i) { return d[static_cast<size_t>(i)]; };
  for (Expr i = 0; i <= e; ++i) {
    if (i == symbol) {
      d[static_cast<size_t>(i)] = constant(1);
      continue;
    }
    const Node n = node(i);  // a copy: building adds nodes
    if (n.a < 0) continue;
    bool reached = false;
    for (const Expr part : {n.a, n.b, n.c}) reached |= part >= 0 && !is_constant(of(part), 0);
    if (!reached) continue;
    const Expr da = of(n.a), db = n.b >= 0 ? of(n.b) : -1;
    Expr& out = d[static_cast<size_t>(i)];
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
  return of(e);
}

Expr Graph::rebuild(Expr e, std::span<const Expr> done) {
  const Node n = node(e);
  const auto of = [&](Expr part) { return part < 0 ? part : done[static_cast<size_t>(part)]; };
  if (n.a < 0 || (of(n.a) == n.a && of(n.b) == n.b && of(n.c) == n.c)) return e;
  if (n.op == Op::select) return select(of(n.a), of(n.b), of(n.c));
  if (n.op == Op::table || n.op == Op::table_slope)
    return table_node(n.op, static_cast<size_t>(n.value), of(n.a));
  if (n.b < 0) return unary(n.op, of(n.a));
  return binary(n.op, of(n.a), of(n.b));
}

Expr Graph::substitute(Expr e, const std::map<Expr, Expr>& replaced) {
  std::vector<Expr> done;
  for (Expr i = 0; i <= e; ++i) {
    const auto it = replaced.find(i);
    done.push_back(it != replaced.end() ? it->second : rebuild(i, done));
  }
  return done[static_cast<size_t>(e)];
}

double Graph::evaluate(Expr e, const std::map<Expr, double>& values) const {
  // Only what e is made of: other nodes may have symbols without a value.
  std::vector<bool> needed(static_cast<size_t>(e) + 1);
  needed[static_cast<size_t>(e)] = true;
  for (Expr i = e; i >= 0; --i) {
    if (!needed[static_cast<size_t>(i)]) continue;
    for (const Expr part : {node(i).a, node(i).b, node(i).c})
      if (part >= 0) needed[static_cast<size_t>(part)] = true;
  }
  std::vector<double> value(static_cast<size_t>(e) + 1);
  const auto of = [&](Expr part) { return part < 0 ? 0.0 : value[static_cast<size_t>(part)]; };
  for (Expr i = 0; i <= e; ++i) {
    if (!needed[static_cast<size_t>(i)]) continue;
    const auto& n = node(i);
    auto& result = value[static_cast<size_t>(i)];
    if (n.op == Op::constant)
      result = n.value;
    else if (n.op == Op::symbol)
      result = values.at(i);
    else if (n.op == Op::table)
      result = entries(static_cast<size_t>(n.value), values).at(of(n.a));
    else if (n.op == Op::table_slope)
      result = entries(static_cast<size_t>(n.value), values).slope(of(n.a));
    else
      result = apply(n.op, of(n.a), of(n.b), of(n.c));
  }
  return value[static_cast<size_t>(e)];
}

}  // namespace neurontwin

#include <algorithm>
#include <cmath>

#include "mechanism/detail/graph.hpp"

namespace nt::mechanism {

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
    case Op::draw:
      break;
  }
  return NAN;
}

double drawn(int which, double draws, double rounds, const random::DrawStream& stream) {
  const auto n = static_cast<uint64_t>(draws + kDrawsPerRound * rounds);
  const auto generator = static_cast<uint32_t>(which / 2);
  return random::uniform_draw({stream.trial, stream.number + generator}, static_cast<uint32_t>(n), which % 2);
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

double Graph::evaluate(Expr e, const std::map<Expr, double>& values, const random::DrawStream& stream) const {
  // Only what e is made of: other nodes may have symbols without a value.
  std::vector<bool> needed(static_cast<size_t>(e) + 1);
  needed[e] = true;
  for (Expr i = e; i >= 0; --i) {
    if (!needed[i]) continue;
    for (const Expr part : {node(i).a, node(i).b, node(i).c})
      if (part >= 0) needed[part] = true;
  }
  std::vector<double> value(static_cast<size_t>(e) + 1);
  const auto of = [&](Expr part) { return part < 0 ? 0.0 : value[part]; };
  for (Expr i = 0; i <= e; ++i) {
    if (!needed[i]) continue;
    const auto& n = node(i);
    auto& result = value[i];
    if (n.op == Op::constant)
      result = n.value;
    else if (n.op == Op::symbol)
      result = values.at(i);
    else if (n.op == Op::table)
      result = entries(static_cast<size_t>(n.value), values).at(of(n.a));
    else if (n.op == Op::table_slope)
      result = entries(static_cast<size_t>(n.value), values).slope(of(n.a));
    else if (n.op == Op::draw)
      result = drawn(static_cast<int>(n.value), of(n.a), of(n.b), stream);
    else
      result = apply(n.op, of(n.a), of(n.b), of(n.c));
  }
  return value[e];
}

}  // namespace nt::mechanism

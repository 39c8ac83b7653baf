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
    case Op::list:
    case Op::element:
    case Op::loop:
    case Op::outcome:
      break;
  }
  return NAN;
}

double drawn(int which, double draws, double rounds, const random::DrawStream& stream) {
  const auto n = static_cast<uint64_t>(draws + kDrawsPerRound * rounds);
  const auto generator = static_cast<uint32_t>(which / 2);
  return random::uniform_draw({stream.trial, stream.number + generator}, static_cast<uint32_t>(n), which % 2);
}

std::pair<size_t, double> TableEntries::position(double x) const {
  const size_t last = values.size() - 1;
  if (places.empty()) {
    const double position = per_interval * (x - from);
    if (position <= 0) return {0, 0};
    if (position >= static_cast<double>(last)) return {last - 1, 1};
    const auto i = static_cast<size_t>(position);
    return {i, position - static_cast<double>(i)};
  }
  if (x <= places.front()) return {0, 0};
  if (x >= places.back()) return {last - 1, 1};
  const auto i = static_cast<size_t>(std::upper_bound(places.begin(), places.end(), x) - places.begin()) - 1;
  return {i, (x - places[i]) / (places[i + 1] - places[i])};
}

double TableEntries::at(double x) const {
  if (std::isnan(x)) return x;
  const auto [i, part] = position(x);
  if (part == 1) return values[i + 1];
  return values[i] + part * (values[i + 1] - values[i]);
}

double TableEntries::slope(double x) const {
  const bool beyond = places.empty() ? !(per_interval * (x - from) > 0) ||
                                           per_interval * (x - from) >= static_cast<double>(values.size() - 1)
                                     : !(x > places.front()) || x >= places.back();
  if (beyond) return 0;
  const size_t i = position(x).first;
  return (values[i + 1] - values[i]) * (places.empty() ? per_interval : 1 / (places[i + 1] - places[i]));
}

TableEntries Graph::entries(size_t table, const std::map<Expr, double>& values) const {
  const auto& t = tables_[table];
  if (t.given) return *t.given;
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

namespace {

/// The values of nodes, in the order in which they are asked for.
class Evaluation {
 public:
  Evaluation(const Graph& g, Expr last, const std::map<Expr, double>& given, const random::DrawStream& stream)
      : g_(g), given_(given), stream_(stream), loops_(g, last), value_(static_cast<size_t>(last) + 1) {}

  bool is_inside_loop(Expr e) const { return loops_.is_inside(e); }
  double value(Expr e) const { return value_[e]; }

  void compute(Expr e) {
    const auto& n = g_.node(e);
    const auto of = [&](Expr part) { return part < 0 ? 0.0 : value_[part]; };
    auto& result = value_[e];
    if (n.op == Op::constant)
      result = n.value;
    else if (n.op == Op::symbol)
      result = given_.at(e);
    else if (n.op == Op::table)
      result = g_.entries(static_cast<size_t>(n.value), given_).at(of(n.a));
    else if (n.op == Op::table_slope)
      result = g_.entries(static_cast<size_t>(n.value), given_).slope(of(n.a));
    else if (n.op == Op::draw)
      result = drawn(static_cast<int>(n.value), of(n.a), of(n.b), stream_);
    else if (n.op == Op::element)
      result = element(of(n.a), n.b);
    else if (n.op == Op::loop)
      turn(e);
    else if (n.op == Op::outcome)
      result = ends_.at(n.a)[static_cast<size_t>(n.value)];
    else if (n.op != Op::list)
      result = apply(n.op, of(n.a), of(n.b), of(n.c));
  }

 private:
  double element(double index, Expr list) const {
    const auto all = g_.items(list);
    const double whole = std::trunc(index);
    return whole >= 0 && whole < static_cast<double>(all.size()) ? value_[all[static_cast<size_t>(whole)]]
                                                                 : NAN;
  }

  void turn(Expr e) {
    const auto loop = g_.loop_at(e);
    const auto body = loops_.body(e);
    std::vector<double> now;
    for (const Expr start : loop.initial) now.push_back(value_[start]);
    for (int32_t turns = 0;; ++turns) {
      for (size_t k = 0; k < now.size(); ++k) value_[loop.own[k]] = now[k];
      for (const Expr part : body.condition) compute(part);
      if (value_[loop.condition] == 0) break;
      if (turns == kMostTurns) fail_endless(loop.where);
      for (const Expr part : body.rest) compute(part);
      for (size_t k = 0; k < now.size(); ++k) now[k] = value_[loop.next[k]];
    }
    ends_[e] = now;
  }

  const Graph& g_;
  const std::map<Expr, double>& given_;
  const random::DrawStream& stream_;
  LoopNodes loops_;
  std::vector<double> value_;
  std::map<Expr, std::vector<double>> ends_;  // of each loop, its own symbols'
};

}  // namespace

double Graph::evaluate(Expr e, const std::map<Expr, double>& values, const random::DrawStream& stream) const {
  // Only what e is made of: other nodes may have symbols without a value.
  std::vector<bool> needed(static_cast<size_t>(e) + 1);
  needed[e] = true;
  for (Expr i = e; i >= 0; --i) {
    if (!needed[i]) continue;
    for (const Expr part : {node(i).a, node(i).b, node(i).c})
      if (part >= 0) needed[part] = true;
  }
  Evaluation evaluation(*this, e, values, stream);
  for (Expr i = 0; i <= e; ++i)
    if (needed[i] && !evaluation.is_inside_loop(i)) evaluation.compute(i);
  return evaluation.value(e);
}

}  // namespace nt::mechanism

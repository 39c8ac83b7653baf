#include "mechanism/tape.hpp"

#include <algorithm>

#include "config/error.hpp"

namespace nt::mechanism {

Tape::Tape(const Graph& g, const std::vector<Expr>& outputs, const std::string& path) {
  std::vector<bool> needed(g.size());
  for (const Expr e : outputs) needed[e] = true;
  std::vector<Expr> constants, computed;
  for (size_t i = g.size(); i-- > 0;) {
    if (!needed[i]) continue;
    const auto e = static_cast<Expr>(i);
    const auto& n = g.node(e);
    if (n.op == Op::table || n.op == Op::table_slope)
      fail_input("{}: a TABLE in NET_RECEIVE cannot be simulated here; leave it out there", path);
    if (n.op == Op::constant) {
      constants.push_back(e);
    } else if (!n.varying) {
      fixed_.push_back(e);
    } else if (n.op == Op::symbol) {
      symbols_.push_back(e);
    } else {
      computed.push_back(e);
      for (const Expr part : {n.a, n.b, n.c})
        if (part >= 0) needed[part] = true;
    }
  }
  std::reverse(computed.begin(), computed.end());
  std::map<Expr, int32_t> place;
  for (const auto* list : {&fixed_, &symbols_, &constants, &computed})
    for (const Expr e : *list) place.emplace(e, static_cast<int32_t>(place.size()));
  for (const Expr e : constants) constants_.push_back(g.node(e).value);
  const auto of = [&](Expr e) { return e < 0 ? 0 : place.at(e); };
  for (const Expr e : computed) {
    const auto& n = g.node(e);
    const bool draws = n.op == Op::draw;
    steps_.push_back({n.op, of(n.a), of(n.b), draws ? static_cast<int32_t>(n.value) : of(n.c)});
  }
  for (const Expr e : outputs) outputs_.push_back(place.at(e));
}

void Tape::run(const double* fixed, const double* symbols, std::vector<double>& memory, double* outputs,
               const random::DrawStream& stream) const {
  const size_t given = fixed_.size() + symbols_.size();
  memory.resize(std::max<size_t>(given + constants_.size() + steps_.size(), 1));
  std::copy_n(fixed, fixed_.size(), memory.begin());
  std::copy_n(symbols, symbols_.size(), memory.begin() + static_cast<int64_t>(fixed_.size()));
  std::copy(constants_.begin(), constants_.end(), memory.begin() + static_cast<int64_t>(given));
  double* at = memory.data() + given + constants_.size();
  const auto value = [&](int32_t place) { return memory[place]; };
  for (const auto& step : steps_)
    *at++ = step.op == Op::draw ? drawn(step.c, value(step.a), value(step.b), stream)
                                : apply(step.op, value(step.a), value(step.b), value(step.c));
  for (const int32_t place : outputs_) *outputs++ = value(place);
}

}  // namespace nt::mechanism

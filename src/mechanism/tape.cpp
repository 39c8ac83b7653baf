#include "mechanism/tape.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "config/error.hpp"

namespace nt::mechanism {

/// Puts a graph's nodes on a tape.
class Tape::Maker {
 public:
  Maker(Tape& tape, const Graph& g, const std::vector<Expr>& outputs, const std::string& path)
      : tape_(tape), g_(g), loops_(g, static_cast<Expr>(g.size()) - 1), needed_(g.size()) {
    for (const Expr e : outputs) needed_[e] = true;
    const auto computed = choose(path);
    const Expr zero = zero_for_loops();
    for (const auto* list : {&tape_.fixed_, &tape_.symbols_, &constants_})
      for (const Expr e : *list) place_of(e);
    for (const Expr e : constants_) tape_.constants_.push_back(g_.node(e).value);
    if (zero < 0 && g_.has_loops()) tape_.constants_.push_back(0), zero_ = next_++;
    if (zero >= 0) zero_ = place_.at(zero);
    put(computed);
    for (const Expr e : outputs) tape_.outputs_.push_back(place_.at(e));
    tape_.places_ = static_cast<size_t>(next_);
  }

 private:
  /// The nodes to compute outside of loops, in order.
  std::vector<Expr> choose(const std::string& path) {
    std::vector<Expr> computed;
    for (size_t i = g_.size(); i-- > 0;) {
      if (!needed_[i]) continue;
      const auto e = static_cast<Expr>(i);
      const auto& n = g_.node(e);
      if (n.op == Op::table || n.op == Op::table_slope)
        fail_input("{}: a TABLE in NET_RECEIVE cannot be simulated here; leave it out there", path);
      if (n.op == Op::constant) {
        constants_.push_back(e);
      } else if (!n.varying) {
        tape_.fixed_.push_back(e);
      } else if (n.op == Op::symbol) {
        if (!g_.is_of_loop(e)) tape_.symbols_.push_back(e);
      } else {
        if (n.op != Op::list && !loops_.is_inside(e)) computed.push_back(e);
        for (const Expr part : {n.a, n.b, n.c})
          if (part >= 0) needed_[part] = true;
      }
    }
    std::reverse(computed.begin(), computed.end());
    return computed;
  }

  Expr zero_for_loops() const {
    for (const Expr e : constants_)
      if (g_.is_constant(e, 0)) return e;
    return -1;
  }

  int32_t place_of(Expr e) {
    const auto [at, fresh] = place_.try_emplace(e, next_);
    if (fresh) ++next_;
    return at->second;
  }
  void copy(int32_t from, int32_t to) { tape_.steps_.push_back({Action::copy, {}, from, 0, 0, to}); }

  void put(const std::vector<Expr>& nodes) {
    for (const Expr e : nodes) put(e);
  }
  void put(Expr e) {
    const auto n = g_.node(e);
    const auto of = [&](Expr part) { return part < 0 ? 0 : place_.at(part); };
    if (n.op == Op::loop) return put_loop(e);
    if (n.op == Op::outcome) return copy(ends_.at(n.a)[static_cast<size_t>(n.value)], place_of(e));
    if (n.op == Op::element) {
      auto& list = tape_.lists_.emplace_back();
      for (const Expr item : g_.items(n.b)) list.push_back(of(item));
      tape_.steps_.push_back(
          {Action::element, n.op, of(n.a), static_cast<int32_t>(tape_.lists_.size()) - 1, 0, place_of(e)});
      return;
    }
    const int32_t c = n.op == Op::draw ? static_cast<int32_t>(n.value) : of(n.c);
    tape_.steps_.push_back({Action::compute, n.op, of(n.a), of(n.b), c, place_of(e)});
  }

  void put_loop(Expr e) {
    const auto loop = g_.loop_at(e);
    const auto body = loops_.body(e);
    auto& ends = ends_[e];
    for (const Expr start : loop.initial) {
      ends.push_back(next_++);
      copy(place_.at(start), ends.back());
    }
    const int32_t turns = next_++;
    copy(zero_, turns);
    const auto start = static_cast<int32_t>(tape_.steps_.size());
    for (size_t k = 0; k < loop.own.size(); ++k) copy(ends[k], place_of(loop.own[k]));
    put(body.condition);
    const size_t leaving = tape_.steps_.size();
    tape_.steps_.push_back({Action::leave, {}, place_.at(loop.condition), 0, 0, 0});
    put(body.rest);
    for (size_t k = 0; k < loop.own.size(); ++k) copy(place_.at(loop.next[k]), ends[k]);
    tape_.steps_.push_back({Action::turn, {}, static_cast<int32_t>(tape_.loops_.size()), start, 0, turns});
    tape_.loops_.push_back(loop.where);
    tape_.steps_[leaving].b = static_cast<int32_t>(tape_.steps_.size());
  }

  Tape& tape_;
  const Graph& g_;
  LoopNodes loops_;
  std::vector<bool> needed_;
  std::vector<Expr> constants_;
  std::map<Expr, int32_t> place_;
  std::map<Expr, std::vector<int32_t>> ends_;  // of each loop: its own symbols at the end of a turn
  int32_t next_ = 0, zero_ = 0;
};

Tape::Tape(const Graph& g, const std::vector<Expr>& outputs, const std::string& path) {
  Maker(*this, g, outputs, path);
}

void Tape::run(const double* fixed, const double* symbols, std::vector<double>& memory, double* outputs,
               const random::DrawStream& stream) const {
  const size_t given = fixed_.size() + symbols_.size();
  memory.resize(std::max<size_t>(places_, 1));
  std::copy_n(fixed, fixed_.size(), memory.begin());
  std::copy_n(symbols, symbols_.size(), memory.begin() + static_cast<int64_t>(fixed_.size()));
  std::copy(constants_.begin(), constants_.end(), memory.begin() + static_cast<int64_t>(given));
  const auto value = [&](int32_t place) { return memory[place]; };
  for (size_t i = 0; i < steps_.size(); ++i) {
    const auto& step = steps_[i];
    auto& to = memory[step.to];
    switch (step.action) {
      case Action::compute:
        to = step.op == Op::draw ? drawn(step.c, value(step.a), value(step.b), stream)
                                 : apply(step.op, value(step.a), value(step.b), value(step.c));
        break;
      case Action::element: {
        const auto& list = lists_[step.b];
        const double whole = std::trunc(value(step.a));
        to = whole >= 0 && whole < static_cast<double>(list.size())
                 ? value(list[static_cast<size_t>(whole)])
                 : std::numeric_limits<double>::quiet_NaN();
        break;
      }
      case Action::copy:
        to = value(step.a);
        break;
      case Action::leave:
        if (value(step.a) == 0) i = static_cast<size_t>(step.b) - 1;
        break;
      case Action::turn:
        if (++to >= kMostTurns) fail_endless(loops_[step.a]);
        i = static_cast<size_t>(step.b) - 1;
        break;
    }
  }
  for (const int32_t place : outputs_) *outputs++ = value(place);
}

}  // namespace nt::mechanism

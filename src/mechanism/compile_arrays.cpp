#include <algorithm>
#include <cmath>

#include "mechanism/detail/compiler.hpp"

namespace nt::mechanism {
namespace {

/// To an element whose number varies, each is compared: of a kernel and of what happens now and then.
constexpr int kMostChoices = 256, kMostChoicesAtTimes = 10000;

/// Of more elements than these one is looked up by its number.
constexpr int kFew = 8;

}  // namespace

int Compiler::elements_of(const std::string& array) const {
  int n = 0;  // a LOCAL one hides the file's
  while (!locals_.empty() && locals_.back().contains(nmodl::element_name(array, n))) ++n;
  if (n > 0) return n;
  const auto it = file_.arrays.find(array);
  return it == file_.arrays.end() ? 0 : it->second;
}

std::optional<std::string> Compiler::element(const std::string& array, Expr index, int line) const {
  const int n = elements_of(array);
  if (n == 0) refuse(line, fmt::format("'{}' is no array", array));
  const auto& node = m_.graph.node(index);
  if (node.op != Op::constant) return {};
  const double i = std::trunc(node.value);  // C's conversion to a whole number
  if (!(i >= 0 && i < n))
    refuse(line, fmt::format("'{}[{}]': there are {} elements, counted from 0", array, i, n));
  return nmodl::element_name(array, static_cast<int>(i));
}

Expr Compiler::read_element(const Term& t, int depth) {
  auto& g = m_.graph;
  const Expr index = whole_value(t.parts[0], depth);
  if (const auto name = element(t.text, index, t.line)) return read(*name, t.line);
  const int n = elements_of(t.text);
  if (n > kFew) {
    std::vector<Expr> all;
    for (int i = 0; i < n; ++i) all.push_back(read(nmodl::element_name(t.text, i), t.line));
    return g.element(index, all);
  }
  const Expr whole = g.unary(Op::floor, index);
  Expr chosen = read(nmodl::element_name(t.text, 0), t.line);
  for (int i = 1; i < n; ++i)
    chosen = g.select(g.binary(Op::equal, whole, g.constant(i)), read(nmodl::element_name(t.text, i), t.line),
                      chosen);
  return chosen;
}

void Compiler::assign(const Statement& s, Expr value, int depth) {
  if (!s.index) {
    if (elements_of(s.name) > 0)
      refuse(s.line, fmt::format("'{}' is an array; expected {}[INDEX] = ...", s.name, s.name));
    return assign(s.name, s.line, value);
  }
  auto& g = m_.graph;
  const Expr index = whole_value(*s.index, depth);
  if (const auto name = element(s.name, index, s.line)) return assign(*name, s.line, value);
  const int n = elements_of(s.name);
  const bool at_times = block_ == "INITIAL" || block_ == "NET_RECEIVE";
  const int most = at_times && loops_around_ == 0 ? kMostChoicesAtTimes : kMostChoices;
  if (n > most)
    refuse(s.line,
           fmt::format("a value for an element of '{}' whose number changes during a simulation: of an "
                       "array of {} elements; at most {} can be compiled here",
                       s.name, n, most));
  const Expr number = this->whole(index);
  if (block_ == "NET_RECEIVE" && loops_around_ == 0) {
    const Expr there = g.binary(Op::both, g.binary(Op::less_equal, g.constant(0), number),
                                g.binary(Op::less, number, g.constant(n)));
    outside_.push_back(
        {g.binary(Op::both, path_, g.unary(Op::nay, there)),
         fmt::format("{}:{}: a value for an element of '{}' that is not there: there are {}, counted "
                     "from 0",
                     file_.path, s.line, s.name, n)});
  }
  for (int i = 0; i < n; ++i) {
    const auto name = nmodl::element_name(s.name, i);
    assign(name, s.line, g.select(g.binary(Op::equal, number, g.constant(i)), value, read(name, s.line)));
  }
}

}  // namespace nt::mechanism

#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "random/draw.hpp"

namespace nt::mechanism {

/// Operations of an expression graph. Comparisons yield 1 or 0; `select` takes (condition, then, otherwise).
enum class Op : uint8_t {
  constant,
  symbol,
  add,
  subtract,
  multiply,
  divide,
  negate,
  exp,
  expm1,
  log,
  log10,
  sqrt,
  fabs,
  sin,
  cos,
  tan,
  tanh,
  floor,
  ceil,
  pow,
  less,
  less_equal,
  equal,
  both,
  either,
  nay,
  select,
  table,        // of the graph's table number `value`, at a
  table_slope,  // its derivative there
  draw,         // of a random number: `value` is 2 * generator + half, a and b count the draws before it
  list,         // a, and the rest of the list, b, or -1
  element,      // of the list b: number a
  loop,         // from the list a to the list b as long as c; its own symbols are those of number `value`
  outcome       // of the loop a: its own symbol number `value` in the end
};

/// The result of an operation; of a constant or a symbol, whose value is `a`, that. Not of a table.
double apply(Op op, double a, double b, double c);

/// How many draws the lower of the two numbers counts that number the draws of a generator: float has room
/// for both.
inline constexpr double kDrawsPerRound = 65536;

/// A uniform random number: what Op::draw stands for. `which`: 2 * generator + half; `draws` and `rounds` of
/// kDrawsPerRound came before it. `stream`: that of the instance's first generator.
double drawn(int which, double draws, double rounds, const random::DrawStream& stream);

/// An expression: the number of its node in a Graph.
using Expr = int32_t;

/// The entries of a table.
struct TableEntries {
  double from = 0, per_interval = 1;  // entry i stands for from + i / per_interval
  std::vector<double> values;         // two at least
  std::vector<double> places = {};  // ascending, what each entry stands for; empty: equal distances, as above
  double at(double x) const;
  double slope(double x) const;
  bool operator==(const TableEntries&) const = default;

 private:
  /// The entry before x, and how far on to the next one x is.
  std::pair<size_t, double> position(double x) const;
};

/// A function of one number between `from` and `to`, tabulated at both and at equal distances between them; a
/// straight line joins two entries, and beyond the ends the outermost entries go on (TABLE of NMODL). Its
/// entries may come from outside (FUNCTION_TABLE).
struct FunctionTable {
  Expr argument;  // the symbol
  Expr value;     // in terms of it and of fixed symbols
  Expr from, to;  // fixed
  int intervals;  // one less than entries
  std::optional<TableEntries> given = {};
};

/// So many turns of a loop in one step are taken for a loop without an end.
inline constexpr int32_t kMostTurns = 10'000'000;
/// RunError: the loop at that place goes on and on.
[[noreturn]] void fail_endless(const std::string& where);

/// As long as `condition` holds, each of the loop's own symbols takes the value of its `next`, all at once;
/// they start from `initial`.
struct Loop {
  std::vector<Expr> own, initial, next;
  Expr condition;
  std::string where;  // file and line
};

/// Arithmetic as a graph in which equal expressions are one node, so that what a mechanism computes twice is
/// computed once. Nodes come after those they are made of. Building simplifies: constants are folded, a
/// quotient of a quotient becomes a product, division by a constant a multiplication, and factors without a
/// varying symbol are gathered, so that they can be computed before the simulation starts. The rules are in
/// graph_rules.cpp.
class Graph {
 public:
  struct Node {
    Op op;
    bool varying;  // depends on a varying symbol
    double value;  // of a constant
    Expr a = -1, b = -1, c = -1;
  };

  Expr constant(double value);
  /// The symbol of this name. `varying`: its value changes during a simulation.
  Expr symbol(const std::string& name, bool varying);

  /// The symbol of this name, or -1.
  Expr find(const std::string& name) const {
    const auto it = symbols_.find(name);
    return it == symbols_.end() ? -1 : it->second;
  }

  Expr unary(Op op, Expr a);
  Expr binary(Op op, Expr a, Expr b);
  Expr select(Expr condition, Expr then, Expr otherwise);
  /// The number of a new table.
  size_t add_table(const FunctionTable& table) {
    tables_.push_back(table);
    return tables_.size() - 1;
  }
  const std::vector<FunctionTable>& tables() const { return tables_; }
  /// Entries from outside.
  void give(size_t table, TableEntries entries) { tables_.at(table).given = std::move(entries); }
  Expr table(size_t number, Expr at) { return table_node(Op::table, number, at); }
  /// A number drawn at random, uniform in (0, 1): of each draw there are two halves, 0 and 1, independent of
  /// each other. `draws` and `rounds` of kDrawsPerRound came before it.
  Expr draw(int generator, int half, Expr draws, Expr rounds) {
    return intern({Op::draw, true, static_cast<double>(2 * generator + half), draws, rounds, -1});
  }
  /// Number `index` of these, counted from 0; what stands after the point is dropped. No number where there
  /// is none of that number.
  Expr element(Expr index, const std::vector<Expr>& of);
  /// What the loop's own symbols, varying ones that stand for nothing else, are in the end.
  std::vector<Expr> repeat(const Loop& loop);
  /// A loop node as it was given to repeat().
  Loop loop_at(Expr loop) const;
  std::vector<Expr> items(Expr list) const;
  bool has_loops() const { return !loops_.empty(); }
  /// File and line of the loop whose node holds this number.
  const std::string& place_of_loop(size_t number) const { return loops_.at(number).where; }
  /// Whether the symbol is a loop's own.
  bool is_of_loop(Expr symbol) const { return of_loops_.contains(symbol); }
  /// The entries of a table; `values` holds every fixed symbol's.
  TableEntries entries(size_t table, const std::map<Expr, double>& values) const;
  /// a b as it stands: a quotient that several products share stays one.
  Expr plain_product(Expr a, Expr b) { return make(Op::multiply, a, b); }
  Expr plain_quotient(Expr a, Expr b) { return make(Op::divide, a, b); }
  /// exp(-exponent), if it has been built; else -1.
  Expr inverse_exp(Expr exponent) const;
  Expr add(Expr a, Expr b) { return binary(Op::add, a, b); }
  Expr subtract(Expr a, Expr b) { return binary(Op::subtract, a, b); }
  Expr multiply(Expr a, Expr b) { return binary(Op::multiply, a, b); }
  Expr divide(Expr a, Expr b) { return binary(Op::divide, a, b); }

  const Node& node(Expr e) const { return nodes_[e]; }
  const std::string& name(Expr symbol) const { return names_.at(symbol); }
  size_t size() const { return nodes_.size(); }
  bool is_constant(Expr e, double value) const {
    return node(e).op == Op::constant && node(e).value == value;
  }

  bool depends(Expr e, Expr symbol) const;
  /// Whether any of them does.
  bool any_depends(const std::vector<Expr>& expressions, Expr symbol) const;
  /// Whether any of them is made of a random number.
  bool any_draws(const std::vector<Expr>& expressions) const { return any_has(Op::draw, expressions); }
  /// Whether any of them is made of one of these.
  bool any_has(Op op, const std::vector<Expr>& expressions) const;
  /// The derivative with respect to a symbol. That of a comparison, floor or ceil is 0.
  Expr derivative(Expr e, Expr symbol) { return derivatives(std::vector<Expr>{e}, symbol)[0]; }
  /// Those of many expressions, in the time that the one with the highest number takes.
  std::vector<Expr> derivatives(const std::vector<Expr>& expressions, Expr symbol);
  /// `e` with symbols replaced.
  Expr substitute(Expr e, const std::map<Expr, Expr>& replaced) {
    return substitute(std::vector<Expr>{e}, replaced)[0];
  }
  std::vector<Expr> substitute(const std::vector<Expr>& expressions, const std::map<Expr, Expr>& replaced);
  /// The value in double precision: the plain reference of all generated code. `values` holds every symbol's.
  /// `stream`: what it draws from.
  double evaluate(Expr e, const std::map<Expr, double>& values, const random::DrawStream& stream = {}) const;

 private:
  static std::string key_of(const Node& node);
  Expr intern(Node node);
  Expr existing(const Node& node) const;  // -1 if there is none
  Expr make(Op op, Expr a, Expr b = -1, Expr c = -1);
  Expr rebuild(Expr e, std::span<const Expr> done);
  Expr table_node(Op op, size_t number, Expr at);
  Expr list(const std::vector<Expr>& items);
  Expr outcome(Expr loop, size_t number);
  Expr chosen(Expr index, Expr list);
  std::map<Expr, Expr> loop_slopes(Expr last, Expr symbol);
  Expr differentiated(Expr loop, const std::vector<Expr>& d, const std::map<Expr, Expr>& slopes);

  std::vector<Node> nodes_;
  std::vector<FunctionTable> tables_;
  struct OwnSymbols {
    std::vector<Expr> symbols;
    std::string where;
  };
  std::vector<OwnSymbols> loops_;
  std::set<Expr> of_loops_;
  std::unordered_map<std::string, Expr> interned_;
  std::map<Expr, std::string> names_;
  std::map<std::string, Expr> symbols_;
};

/// What a loop computes at each turn, in order: first what its condition is made of, then the rest.
struct LoopBody {
  std::vector<Expr> condition, rest;
};

/// Which nodes of a graph, up to `last`, belong into loops.
class LoopNodes {
 public:
  LoopNodes(const Graph& graph, Expr last);
  /// Whether it depends on symbols of a loop around it.
  bool is_inside(Expr e) const { return !depends_on_.empty() && !depends_on_[e].empty(); }
  /// Of a loop node; not what is computed once before it, nor what belongs into a loop inside it.
  LoopBody body(Expr loop) const;

 private:
  const Graph& graph_;
  std::vector<std::vector<Expr>> depends_on_;  // of each node, ascending; empty where the graph has no loop
};

}  // namespace nt::mechanism

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "mechanism/detail/compiler.hpp"

namespace nt::mechanism {
namespace {

/// In place of a table's number: the TABLE names a variable that its block does not set.
constexpr auto kUnset = static_cast<size_t>(-1);

}  // namespace

Expr Compiler::call(const std::string& name, const std::vector<Term>& arguments, int line, int depth) {
  const auto* block = file_.block("FUNCTION", name);
  if (!block) block = file_.block("PROCEDURE", name);
  if (const auto* given = block ? nullptr : file_.block("FUNCTION_TABLE", name))
    return given_function(*given, arguments, line, depth);
  if (!block) refuse(line, fmt::format("there is no function or procedure '{}'", name));
  if (arguments.size() != block->arguments.size()) {
    refuse(line,
           fmt::format("{} takes {} arguments, not {}", name, block->arguments.size(), arguments.size()));
  }
  if (depth > kDeepestCalls)
    refuse(
        line,
        fmt::format("'{}' calls itself, or the calls are nested too deep; write it with a loop (FROM, WHILE)",
                    name));
  Values frame;
  for (size_t i = 0; i < arguments.size(); ++i) frame[block->arguments[i]] = value(arguments[i], depth);
  if (const auto* table = tables_ == Tables::as_neuron ? table_of(*block) : nullptr)
    return tabulated(*block, *table, frame.begin()->second, depth);
  return execute_call(*block, std::move(frame), depth);
}

/// FUNCTION_TABLE of one argument: its numbers come from outside.
Expr Compiler::given_function(const Block& block, const std::vector<Term>& arguments, int line, int depth) {
  auto& g = m_.graph;
  if (block.arguments.size() != 1 || arguments.size() != 1)
    refuse(line,
           fmt::format("FUNCTION_TABLE {} of {} arguments, with {} here; one of one argument can be compiled "
                       "here",
                       block.name, block.arguments.size(), arguments.size()));
  auto& all = m_.given_functions;
  auto known = std::find_if(all.begin(), all.end(), [&](const auto& f) { return f.name == block.name; });
  if (known == all.end()) {
    const Expr one = g.constant(1);  // what it counts for until there are numbers
    const size_t table =
        g.add_table({g.symbol(block.name + " of FUNCTION_TABLE", true), one, g.constant(0), one, 1});
    known = all.insert(all.end(), {block.name, table, block.line});
  }
  return g.table(known->table, value(arguments[0], depth));
}

Expr Compiler::execute_call(const Block& block, Values frame, int depth) {
  if (block.kind == "FUNCTION") {
    if (const auto drawn = drawn_in_c(block)) return *drawn;
    frame[block.name] = m_.graph.constant(0);
  }
  locals_.push_back(std::move(frame));
  execute(block.body, depth + 1);
  const auto it = locals_.back().find(block.name);
  const Expr result =
      it != locals_.back().end() && left_ == Left::no ? it->second : m_.graph.constant(0);  // return 0;
  if (left_ == Left::perhaps && block.kind == "FUNCTION")
    refuse(block.line, fmt::format("return under IF in FUNCTION {} cannot be compiled here", block.name));
  left_ = Left::no;
  locals_.pop_back();
  return result;
}

const Statement* Compiler::table_of(const Block& block) const {
  for (const auto& s : block.body) {
    if (s.kind != Statement::Kind::table) continue;
    if (block.arguments.size() != 1)
      refuse(s.line,
             fmt::format("{} {} has a TABLE, so it needs exactly one argument", block.kind, block.name));
    if (block.kind == "PROCEDURE" && s.names.empty())
      refuse(s.line, fmt::format("the TABLE of PROCEDURE {} names no variable", block.name));
    return &s;
  }
  return nullptr;
}

Expr Compiler::tabulated(const Block& block, const Statement& table, Expr argument, int depth) {
  auto& g = m_.graph;
  const bool is_further_down = tabulating_ && tabulating_ < &block;  // blocks lie in the file's order
  if (is_further_down && is_thread_safe()) return not_yet_made(block, table);
  auto& numbers = table_numbers_[block.name];
  if (numbers.empty()) make_tables(block, table, depth, numbers);
  // What the block sets besides is what the table's last entry has left, at the first call.
  if (block_ == "INITIAL") made_in_initial_.insert(block.name);
  if (block_ == "INITIAL" || !made_in_initial_.contains(block.name))
    for (const auto& [name, e] : left_by_table_[block.name]) values_[name] = e;
  if (block.kind == "FUNCTION") return g.table(numbers[0], argument);
  size_t i = 0;
  for (const auto& name : tabulated_names(table)) {
    if (numbers[i] != kUnset) values_[name] = g.table(numbers[i], argument);
    ++i;
  }
  return g.constant(0);
}

/// A table's entries that are computed from a table further down in the file: NEURON makes tables in the
/// file's order, and finds 0 in one that is still to be made.
Expr Compiler::not_yet_made(const Block& block, const Statement& table) {
  const Expr zero = m_.graph.constant(0);
  note(table.line,
       fmt::format(
           "the TABLE of {} is asked before it is made: as in NEURON it has 0 for the TABLE of {}, which "
           "stands above it; put {} first",
           block.name, tabulating_->name, block.name));
  if (block.kind != "FUNCTION")
    for (const auto& name : tabulated_names(table)) values_[name] = zero;
  return zero;
}

/// What a TABLE statement names, of an array all elements.
std::vector<std::string> Compiler::tabulated_names(const Statement& table) const {
  std::vector<std::string> all;
  for (const auto& name : table.names) {
    const int n = elements_of(name);
    if (n == 0) all.push_back(name);
    for (int i = 0; i < n; ++i) all.push_back(nmodl::element_name(name, i));
  }
  return all;
}

void Compiler::make_tables(const Block& block, const Statement& table, int depth,
                           std::vector<size_t>& numbers) {
  auto& g = m_.graph;
  const auto& own = block.arguments[0];
  const Expr argument = g.symbol(fmt::format("{} of {}", own, block.name), true);
  const auto fixed = [&](Expr e, const std::string& what) {
    if (g.node(e).varying)
      refuse(table.line, fmt::format("{} of the TABLE in {} changes during a simulation", what, block.name));
    return e;
  };
  const Expr from = fixed(value(table.terms[0], depth), "FROM"),
             to = fixed(value(table.terms[1], depth), "TO");
  const Expr with = value(table.terms[2], depth);
  const double intervals = g.node(with).op == Op::constant ? g.node(with).value : 0;
  if (!(intervals >= 1 && intervals <= kMostIntervals && intervals == std::floor(intervals)))
    refuse(table.line, fmt::format("TABLE ... WITH expects a whole number from 1 to {}", kMostIntervals));
  const Values values = values_;
  const Expr path = std::exchange(path_, g.constant(1));
  for (const auto& name : tabulated_names(table)) values_.erase(name);
  const auto* outer = std::exchange(tabulating_, &block);
  const Expr result = execute_call(block, {{own, argument}}, depth);
  tabulating_ = outer;
  path_ = path;
  const auto add = [&](Expr e, const std::string& what) {
    std::map<Expr, Expr> at_start{{argument, g.symbol("an argument", false)}}, unset;
    for (const auto& ion : m_.ions) {
      const Expr now = g.symbol(ion.name, false);
      if (!g.depends(e, now)) continue;
      at_start[now] = g.symbol(ion.name + " at the start", false);
      if (is_thread_safe()) unset[now] = g.constant(0);
      note(table.line,
           fmt::format("the TABLE of {} depends on {}: as in NEURON it is made once, with {}", what, ion.name,
                       is_thread_safe() ? "0 (NEURON has not read it then)" : "the value at the start"));
    }
    fixed(g.substitute(e, at_start), fmt::format("'{}'", what));
    e = g.substitute(e, unset);
    numbers.push_back(g.add_table({argument, e, from, to, static_cast<int>(intervals)}));
  };
  if (block.kind == "FUNCTION") add(result, block.name);
  for (const auto& name : tabulated_names(table)) {
    if (block.kind == "FUNCTION") break;
    const auto it = values_.find(name);
    if (it == values_.end()) {
      numbers.push_back(kUnset);  // it stays what it is
      continue;
    }
    add(it->second, name);
  }
  const auto named = tabulated_names(table);
  for (const auto& [name, e] : values_) {
    const auto before_call = values.find(name);
    const bool changed = before_call == values.end() || before_call->second != e;
    if (!changed || std::find(named.begin(), named.end(), name) != named.end()) continue;
    left_by_table_[block.name][name] = g.substitute(e, {{argument, to}});
    note(table.line,
         fmt::format("{} sets '{}', which its TABLE does not name: as in NEURON that happens once, "
                     "at the table's last entry",
                     block.name, name));
  }
  values_ = values;
}

bool Compiler::is_thread_safe() const {
  const auto by_runge = [&](const Statement& s) {
    return s.kind == Statement::Kind::solve && !s.steady_state && (s.method.empty() || s.method == "runge") &&
           file_.block("DERIVATIVE", s.name);
  };
  const auto* breakpoint = file_.block("BREAKPOINT");
  if (breakpoint && std::any_of(breakpoint->body.begin(), breakpoint->body.end(), by_runge)) return false;
  if (file_.thread_safe) return true;
  const auto shared = [&](const std::string& name) {
    const bool local = std::find(file_.locals.begin(), file_.locals.end(), name) != file_.locals.end();
    return !local && set_somewhere(name);
  };
  if (file_.has_c || std::any_of(file_.global.begin(), file_.global.end(), shared)) return false;
  std::function<bool(const std::vector<Statement>&)> has_c = [&](const std::vector<Statement>& statements) {
    return std::any_of(statements.begin(), statements.end(), [&](const Statement& s) {
      return s.kind == Statement::Kind::verbatim || has_c(s.then) || has_c(s.otherwise);
    });
  };
  return std::none_of(file_.blocks.begin(), file_.blocks.end(),
                      [&](const Block& block) { return has_c(block.body); });
}

}  // namespace nt::mechanism

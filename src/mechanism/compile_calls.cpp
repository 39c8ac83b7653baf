#include <algorithm>
#include <cmath>

#include "mechanism/detail/compiler.hpp"

namespace nt::mechanism {

Expr Compiler::call(const std::string& name, const std::vector<Term>& arguments, int line, int depth) {
  const auto* block = file_.block("FUNCTION", name);
  if (!block) block = file_.block("PROCEDURE", name);
  if (!block) refuse(line, fmt::format("there is no function or procedure '{}'", name));
  if (arguments.size() != block->arguments.size()) {
    refuse(line,
           fmt::format("{} takes {} arguments, not {}", name, block->arguments.size(), arguments.size()));
  }
  if (depth > kDeepestCalls)
    refuse(line, fmt::format("'{}' calls itself, or the calls are nested too deep", name));
  Values frame;
  for (size_t i = 0; i < arguments.size(); ++i) frame[block->arguments[i]] = value(arguments[i], depth);
  if (const auto* table = tables_ == Tables::as_neuron ? table_of(*block) : nullptr)
    return tabulated(*block, *table, frame.begin()->second, depth);
  return execute_call(*block, std::move(frame), depth);
}

Expr Compiler::execute_call(const Block& block, Values frame, int depth) {
  if (block.kind == "FUNCTION") frame[block.name] = m_.graph.constant(0);
  locals_.push_back(std::move(frame));
  execute(block.body, depth + 1);
  const auto it = locals_.back().find(block.name);
  const Expr result = it != locals_.back().end() ? it->second : m_.graph.constant(0);
  locals_.pop_back();
  return result;
}

const Statement* Compiler::table_of(const Block& block) const {
  for (const auto& s : block.body) {
    if (s.kind != Statement::Kind::table) continue;
    if (block.arguments.size() != 1)
      refuse(s.line, fmt::format("TABLE in {} {}, which has not one argument", block.kind, block.name));
    if (block.kind == "PROCEDURE" && s.names.empty())
      refuse(s.line, fmt::format("TABLE of PROCEDURE {} names no variable", block.name));
    return &s;
  }
  return nullptr;
}

Expr Compiler::tabulated(const Block& block, const Statement& table, Expr argument, int depth) {
  auto& g = m_.graph;
  auto& numbers = table_numbers_[block.name];
  if (numbers.empty()) make_tables(block, table, depth, numbers);
  if (block.kind == "FUNCTION") return g.table(numbers[0], argument);
  for (size_t i = 0; i < table.names.size(); ++i) values_[table.names[i]] = g.table(numbers[i], argument);
  return g.constant(0);
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
  const Expr result = execute_call(block, {{own, argument}}, depth);
  const auto add = [&](Expr e, const std::string& what) {
    fixed(g.substitute(e, {{argument, g.symbol("an argument", false)}}), fmt::format("'{}'", what));
    numbers.push_back(g.add_table({argument, e, from, to, static_cast<int>(intervals)}));
  };
  if (block.kind == "FUNCTION") add(result, block.name);
  for (const auto& name : table.names) {
    if (block.kind == "FUNCTION") break;
    const auto it = values_.find(name);
    if (it == values_.end())
      refuse(table.line, fmt::format("'{}' of the TABLE is never set in {}", name, block.name));
    add(it->second, name);
  }
  values_ = values;
}

}  // namespace nt::mechanism

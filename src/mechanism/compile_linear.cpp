#include <algorithm>

#include "mechanism/detail/compiler.hpp"

namespace nt::mechanism {
namespace {

using Row = std::vector<Expr>;

/// How many entries of a row are not known to be 0, from column `first` on.
size_t entries(const Graph& g, const Row& row, size_t first) {
  return static_cast<size_t>(std::count_if(row.begin() + static_cast<int64_t>(first), row.end(),
                                           [&](Expr e) { return !g.is_constant(e, 0); }));
}

}  // namespace

void Compiler::linear_equation(const Statement& s, int depth) {
  if (!solving_ || solving_->kind != Solving::Kind::equations || locals_.size() != 1)
    refuse(s.line, "an equation outside of a LINEAR block");
  if (solving_->branches > 0)
    refuse(s.line, "an equation of a LINEAR block under IF cannot be compiled here");
  solving_->equations.emplace_back(m_.graph.subtract(value(s.terms[0], depth), value(s.terms[1], depth)),
                                   s.line);
}

/// Gauss's elimination on expressions. The pivot of a column is the equation with the fewest entries.
void Compiler::solve_linear(const Block& block, const Statement& s) {
  auto& g = m_.graph;
  Values entering;
  for (const auto& [name, line] : states_) {
    const auto it = values_.find(name);
    if (it == values_.end()) continue;
    entering.insert(*it);
    values_.erase(it);
  }
  Solving solving{Solving::Kind::equations};
  solving_ = &solving;
  execute(block.body, 0);
  left_ = Left::no;
  solving_ = nullptr;
  std::vector<std::string> unknowns;
  for (const auto& [name, line] : states_) {
    const Expr x = varying_.at(name);
    if (std::any_of(solving.equations.begin(), solving.equations.end(),
                    [&](const auto& e) { return g.depends(e.first, x); }))
      unknowns.push_back(name);
  }
  const size_t n = unknowns.size();
  if (n > kMostWrittenOut)
    refuse(s.line, fmt::format("{} unknowns; at most {} can be compiled here", n, kMostWrittenOut));
  if (solving.equations.size() != n)
    refuse(s.line,
           fmt::format("LINEAR {} has {} equations for {} states", block.name, solving.equations.size(), n));
  std::vector<Row> rows;  // coefficients, then the negative of what stands beside them
  std::map<Expr, Expr> zero;
  for (const auto& name : unknowns) zero[varying_.at(name)] = g.constant(0);
  for (const auto& [equation, line] : solving.equations) {
    auto& row = rows.emplace_back();
    for (const auto& name : unknowns) {
      row.push_back(g.derivative(equation, varying_.at(name)));
      for (const auto& other : unknowns)
        if (g.depends(row.back(), varying_.at(other)))
          refuse(line, fmt::format("this equation of LINEAR {} is not linear in {}", block.name, other));
    }
    row.push_back(g.unary(Op::negate, g.substitute(equation, zero)));
  }
  for (size_t k = 0; k < n; ++k) {
    size_t pivot = n;
    for (size_t i = k; i < n; ++i)
      if (!g.is_constant(rows[i][k], 0) &&
          (pivot == n || entries(g, rows[i], k) < entries(g, rows[pivot], k)))
        pivot = i;
    if (pivot == n) refuse(s.line, fmt::format("LINEAR {} has no single solution", block.name));
    std::swap(rows[k], rows[pivot]);
    for (size_t i = k + 1; i < n; ++i) {
      if (g.is_constant(rows[i][k], 0)) continue;
      const Expr factor = g.divide(rows[i][k], rows[k][k]);
      rows[i][k] = g.constant(0);
      for (size_t j = k + 1; j <= n; ++j) rows[i][j] = g.subtract(rows[i][j], g.multiply(factor, rows[k][j]));
    }
  }
  for (size_t k = n; k-- > 0;) {
    Expr right = rows[k][n];
    for (size_t j = k + 1; j < n; ++j)
      right = g.subtract(right, g.multiply(rows[k][j], values_.at(unknowns[j])));
    values_[unknowns[k]] = g.divide(right, rows[k][k]);
  }
  for (const auto& [name, e] : entering) values_.try_emplace(name, e);
}

}  // namespace nt::mechanism

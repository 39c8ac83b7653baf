#pragma once
#include <map>
#include <vector>

#include "mechanism/detail/graph.hpp"

namespace nt::mechanism {

/// Expressions as a list of operations in double precision, one number at a time: for what happens now and
/// then in one trial, such as an event, where a kernel works on all trials at every step.
class Tape {
 public:
  /// InputError where a table is needed: those are for kernels.
  Tape(const Graph& graph, const std::vector<Expr>& outputs, const std::string& path);

  /// What has to be given: first the fixed expressions, whose values are the same all the time, then the
  /// varying symbols.
  const std::vector<Expr>& fixed() const { return fixed_; }
  const std::vector<Expr>& symbols() const { return symbols_; }

  /// The outputs, in their order. `memory`: of this tape, from run to run; `symbols`: their values; `stream`:
  /// what it draws from.
  void run(const double* fixed, const double* symbols, std::vector<double>& memory, double* outputs,
           const random::DrawStream& stream = {}) const;

 private:
  struct Step {
    Op op;
    int32_t a, b, c;  // c of a draw: which
  };
  std::vector<Expr> fixed_, symbols_;
  std::vector<double> constants_;
  std::vector<Step> steps_;
  std::vector<int32_t> outputs_;  // where each is: among fixed, symbols, constants, steps, in this order
};

}  // namespace nt::mechanism

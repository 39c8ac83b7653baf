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
  /// What a step does with places in memory.
  enum class Action : uint8_t {
    compute,  // to = op(a, b, c)
    element,  // to = number a of the list b
    copy,     // to = a
    leave,    // goes on with step b if a is 0
    turn,     // counts one more turn in `to` of the loop number a, and goes on with step b
  };
  struct Step {
    Action action;
    Op op;
    int32_t a, b, c, to;  // c of a draw: which
  };
  class Maker;

  std::vector<Expr> fixed_, symbols_;
  std::vector<double> constants_;
  std::vector<Step> steps_;
  std::vector<std::vector<int32_t>> lists_;
  std::vector<std::string> loops_;  // where each is in the file
  std::vector<int32_t> outputs_;    // where each is: among fixed, symbols, constants, then the others
  size_t places_ = 0;
};

}  // namespace nt::mechanism

#pragma once
#include <optional>
#include <string>
#include <vector>

#include "mechanism/detail/graph.hpp"

namespace nt::mechanism {

/// One time step of x' = a x + b with a and b frozen (METHOD cnexp).
struct ExactStep {
  Expr advanced;      // x one step later: x + (1 - exp(a dt)) (-b/a - x)
  Expr quickly = -1;  // the same to what float can tell, without the exponential; -1: `advanced` is as quick
  Expr decay = -1;    // a; -1: x does not decay
};

/// The step of the state `x` (a symbol), whose `derivative` is given; nothing if that is not linear in x.
std::optional<ExactStep> exact_step(Graph& graph, Expr x, Expr derivative, Expr dt);

/// surplus = 0 in place of the differential equation of one state: a weighted sum of states less their total
/// (CONSERVE).
struct Conserved {
  size_t replaced;  // the state whose equation it replaces
  Expr surplus;     // in terms of the symbols x
};

/// States that are advanced together: x'[i] = f[i] in terms of the symbols x.
struct StateSystem {
  std::vector<Expr> x, f;
  std::vector<Conserved> conserved;
  /// Derivatives of f[i] by x[j]; empty: all of them. NEURON's sparse method leaves out those of rates and of
  /// `<<`.
  std::vector<std::vector<Expr>> slopes = {};
};

/// Whether every f and every surplus is linear in the states.
bool is_linear(Graph& graph, const StateSystem& system);

/// The states one backward Euler step later, by Newton's method in closed form from the present states; one
/// iteration is exact for a linear system. Empty where states have so much to do with each other that no
/// kernel can be made of it. `looped_at`, file and line: the iterations are turns of a loop, whose code is
/// that of one of them.
std::vector<Expr> backward_euler_step(Graph& graph, const StateSystem& system, Expr dt, int iterations,
                                      const std::string& looped_at = {});

/// The same of a linear system whose `slopes` are given, to 2e-5 of the exponential of its matrix: four steps
/// with Pade's approximation of order (2, 3), which like the exponential never overshoots. Conserved sums are
/// then set right.
std::vector<Expr> exponential_step(Graph& graph, const StateSystem& system, Expr dt);

}  // namespace nt::mechanism

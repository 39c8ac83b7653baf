#include "mechanism/detail/step.hpp"

#include <initializer_list>
#include <iterator>
#include <map>

namespace nt::mechanism {
namespace {

/// x + (1 - exp(-z)) (target - x) for z = -a dt, with a quotient of polynomials for the bracket: Pade's of
/// order (2, 3), which like the exponential never overshoots. It is off by 3 in 1e6 at z = 0.5, by 5 in 1e4
/// at z = 1.6. What is fixed goes into the coefficients; alpha/(alpha + beta) cancels against z.
Expr quick_step(Graph& g, Expr x, Expr a, Expr target, Expr dt) {
  const Expr z = g.unary(Op::negate, g.multiply(dt, a));
  const auto n = g.node(z);
  const bool scaled = n.op == Op::multiply && !g.node(n.a).varying;
  const Expr scale = scaled ? n.a : g.constant(1), s = scaled ? n.b : z;
  const auto polynomial = [&](std::initializer_list<double> coefficients, int first_power) {
    Expr sum = -1;
    auto power = first_power + static_cast<int>(coefficients.size());
    for (auto c = std::rbegin(coefficients); c != std::rend(coefficients); ++c) {
      const Expr own = g.multiply(g.constant(*c), g.binary(Op::pow, scale, g.constant(--power)));
      sum = sum < 0 ? own : g.add(own, g.plain_product(s, sum));
    }
    return sum;
  };
  const Expr above = polynomial({1, 1.0 / 10, 1.0 / 60}, 1),
             below = polynomial({1, 3.0 / 5, 3.0 / 20, 1.0 / 60}, 0);
  const Expr pull = g.subtract(g.multiply(s, target), g.plain_product(s, x));
  return g.add(x, g.divide(g.plain_product(pull, above), below));
}

/// Solves the linear system. Without pivoting: 1 - dt J of a stable system is diagonally dominant for the
/// steps in use, and a conserved sum, whose row has no such excess, comes last.
std::vector<Expr> eliminate(Graph& g, std::vector<std::vector<Expr>> m, std::vector<Expr> right) {
  const size_t n = right.size();
  for (size_t k = 0; k < n; ++k) {
    for (size_t i = k + 1; i < n; ++i) {
      if (g.is_constant(m[i][k], 0)) continue;
      const Expr factor = g.divide(m[i][k], m[k][k]);
      for (size_t j = k + 1; j < n; ++j) m[i][j] = g.subtract(m[i][j], g.multiply(factor, m[k][j]));
      right[i] = g.subtract(right[i], g.multiply(factor, right[k]));
    }
  }
  for (size_t k = n; k-- > 0;) {
    for (size_t j = k + 1; j < n; ++j) right[k] = g.subtract(right[k], g.multiply(m[k][j], right[j]));
    right[k] = g.divide(right[k], m[k][k]);
  }
  return right;
}

const Conserved* conserved_at(const StateSystem& system, size_t state) {
  for (const auto& sum : system.conserved)
    if (sum.replaced == state) return &sum;
  return nullptr;
}

/// The states' numbers, those of conserved sums last.
std::vector<size_t> order_of(const StateSystem& system) {
  std::vector<size_t> order, last;
  for (size_t i = 0; i < system.x.size(); ++i) (conserved_at(system, i) ? last : order).push_back(i);
  order.insert(order.end(), last.begin(), last.end());
  return order;
}

/// Derivatives of each state's f, or of the surplus that replaces it, by each state.
std::vector<std::vector<Expr>> jacobian_of(Graph& g, const StateSystem& system) {
  const size_t n = system.x.size();
  std::vector<std::vector<Expr>> jacobian(n, std::vector<Expr>(n));
  for (size_t i = 0; i < n; ++i) {
    const auto* sum = conserved_at(system, i);
    for (size_t j = 0; j < n; ++j)
      jacobian[i][j] = !sum && !system.slopes.empty()
                           ? system.slopes[i][j]
                           : g.derivative(sum ? sum->surplus : system.f[i], system.x[j]);
  }
  return jacobian;
}

}  // namespace

std::optional<ExactStep> exact_step(Graph& g, Expr x, Expr derivative, Expr dt) {
  const Expr a = g.derivative(derivative, x);
  if (g.depends(a, x)) return {};
  Expr target = -1;
  const auto n = g.node(derivative);
  if (n.op == Op::divide && g.node(n.a).op == Op::subtract && g.node(n.a).b == x &&
      !g.depends(g.node(n.a).a, x)) {
    target = g.node(n.a).a;  // (x_inf - x) / tau, told from the general case to save its divisions
  } else {
    const Expr b = g.substitute(derivative, {{x, g.constant(0)}});
    if (g.is_constant(a, 0)) return ExactStep{g.add(x, g.multiply(dt, b))};
    if (g.is_constant(b, 0)) return ExactStep{g.multiply(g.unary(Op::exp, g.multiply(dt, a)), x), -1, a};
    target = g.unary(Op::negate, g.divide(b, a));
  }
  const Expr quickly = g.node(a).varying ? quick_step(g, x, a, target, dt) : -1;
  const Expr gain = g.unary(Op::negate, g.unary(Op::expm1, g.multiply(dt, a)));
  return ExactStep{g.add(x, g.multiply(gain, g.subtract(target, x))), quickly, a};
}

bool is_linear(Graph& g, const StateSystem& system) {
  for (const auto& row : jacobian_of(g, system))
    for (const Expr entry : row)
      for (const Expr x : system.x)
        if (g.depends(entry, x)) return false;
  return true;
}

std::vector<Expr> backward_euler_step(Graph& g, const StateSystem& system, Expr dt, int iterations) {
  const auto& x = system.x;
  const size_t n = x.size();
  const auto jacobian = jacobian_of(g, system);
  const auto order = order_of(system);
  const Expr one = g.constant(1);
  std::vector<Expr> y = x;
  for (int iteration = 0; iteration < iterations; ++iteration) {
    std::map<Expr, Expr> at;
    for (size_t i = 0; i < n; ++i) at[x[i]] = y[i];
    // (1 - dt J) step = x + dt f(y) - y;   of a conserved sum: J step = -surplus(y)
    std::vector<std::vector<Expr>> matrix(n, std::vector<Expr>(n));
    std::vector<Expr> right(n);
    for (size_t row = 0; row < n; ++row) {
      const size_t i = order[row];
      const auto* sum = conserved_at(system, i);
      right[row] = sum ? g.unary(Op::negate, g.substitute(sum->surplus, at))
                       : g.subtract(g.add(x[i], g.multiply(dt, g.substitute(system.f[i], at))), y[i]);
      for (size_t column = 0; column < n; ++column) {
        const Expr slope = g.substitute(jacobian[i][order[column]], at);
        const Expr entry = sum ? slope : g.unary(Op::negate, g.multiply(dt, slope));
        matrix[row][column] = row == column && !sum ? g.add(one, entry) : entry;
      }
    }
    const auto step = eliminate(g, std::move(matrix), std::move(right));
    for (size_t row = 0; row < n; ++row) y[order[row]] = g.add(y[order[row]], step[row]);
  }
  return y;
}

}  // namespace nt::mechanism

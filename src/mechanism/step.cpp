#include "mechanism/detail/step.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>
#include <map>
#include <string>

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

/// Puts that of the next rows `k` to `last` in place k, and its column, which brings the fewest new entries
/// (Markowitz): most of a scheme's states have to do with few others.
void choose_pivot(const Graph& g, std::vector<std::vector<Expr>>& m, std::vector<Expr>& right,
                  std::vector<size_t>& place, size_t k, size_t last) {
  const size_t n = right.size();
  size_t best = k, fewest = n * n;
  for (size_t i = k; i < last; ++i) {
    size_t in_row = 0, in_column = 0;
    for (size_t j = k; j < n; ++j) {
      in_row += j != i && !g.is_constant(m[i][j], 0);
      in_column += j != i && !g.is_constant(m[j][i], 0);
    }
    if (in_row * in_column < fewest) best = i, fewest = in_row * in_column;
  }
  std::swap(m[k], m[best]);
  for (auto& row : m) std::swap(row[k], row[best]);
  std::swap(right[k], right[best]);
  std::swap(place[k], place[best]);
}

/// So many products in one elimination: more would be no kernel any more. A chain of 300 states takes 300,
/// one of 40 that all react with each other 21 000.
constexpr size_t kMostProducts = 30'000;

/// Solves the linear system; its last `sums` rows are conserved sums. Pivots are on the diagonal: 1 - dt J of
/// a stable system is diagonally dominant for the steps in use, and a conserved sum, whose row has no such
/// excess, comes last. Empty where it takes more than kMostProducts.
std::vector<Expr> eliminate(Graph& g, std::vector<std::vector<Expr>> m, std::vector<Expr> right,
                            size_t sums) {
  const size_t n = right.size();
  std::vector<size_t> place(n);
  for (size_t k = 0; k < n; ++k) place[k] = k;
  size_t products = 0;
  for (size_t k = 0; k < n; ++k) {
    if (k < n - sums) choose_pivot(g, m, right, place, k, n - sums);
    for (size_t i = k + 1; i < n; ++i) {
      if (g.is_constant(m[i][k], 0)) continue;
      const Expr factor = g.divide(m[i][k], m[k][k]);
      for (size_t j = k + 1; j < n; ++j) {
        if (g.is_constant(m[k][j], 0)) continue;
        if (++products > kMostProducts) return {};
        m[i][j] = g.subtract(m[i][j], g.multiply(factor, m[k][j]));
      }
      right[i] = g.subtract(right[i], g.multiply(factor, right[k]));
    }
  }
  for (size_t k = n; k-- > 0;) {
    for (size_t j = k + 1; j < n; ++j) right[k] = g.subtract(right[k], g.multiply(m[k][j], right[j]));
    right[k] = g.divide(right[k], m[k][k]);
  }
  auto solution = right;
  for (size_t k = 0; k < n; ++k) solution[place[k]] = right[k];
  return solution;
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

/// Each state's f, or the surplus that replaces it.
std::vector<Expr> right_sides(const StateSystem& system) {
  auto sides = system.f;
  for (const auto& sum : system.conserved) sides[sum.replaced] = sum.surplus;
  return sides;
}

/// Derivatives of each right side by each state.
std::vector<std::vector<Expr>> jacobian_of(Graph& g, const StateSystem& system) {
  const size_t n = system.x.size();
  const auto sides = right_sides(system);
  std::vector<std::vector<Expr>> jacobian(n, system.x);
  for (size_t j = 0; j < n; ++j) {
    const auto column = g.derivatives(sides, system.x[j]);
    for (size_t i = 0; i < n; ++i)
      jacobian[i][j] = !conserved_at(system, i) && !system.slopes.empty() ? system.slopes[i][j] : column[i];
  }
  return jacobian;
}

std::vector<Expr> in_one_row(const std::vector<std::vector<Expr>>& matrix) {
  std::vector<Expr> all;
  for (const auto& row : matrix) all.insert(all.end(), row.begin(), row.end());
  return all;
}

/// An iteration of Newton's method for the states after a backward Euler step.
class NewtonStep {
 public:
  NewtonStep(Graph& g, const StateSystem& system, Expr dt)
      : g_(g),
        system_(system),
        dt_(dt),
        jacobian_(in_one_row(jacobian_of(g, system))),
        sides_(right_sides(system)),
        order_(order_of(system)) {}

  /// The states that follow from those reached so far; empty where no kernel can be made of it.
  std::vector<Expr> from(const std::vector<Expr>& reached) const {
    auto& g = g_;
    const auto& x = system_.x;
    const size_t n = x.size();
    auto y = reached;
    std::map<Expr, Expr> at;
    for (size_t i = 0; i < n; ++i) at[x[i]] = y[i];
    // (1 - dt J) step = x + dt f(y) - y;   of a conserved sum: J step = -surplus(y)
    const auto slopes = g.substitute(jacobian_, at), values = g.substitute(sides_, at);
    std::vector<std::vector<Expr>> matrix(n, x);
    auto right = x;
    for (size_t row = 0; row < n; ++row) {
      const size_t i = order_[row];
      const auto* sum = conserved_at(system_, i);
      right[row] =
          sum ? g.unary(Op::negate, values[i]) : g.subtract(g.add(x[i], g.multiply(dt_, values[i])), y[i]);
      for (size_t column = 0; column < n; ++column) {
        const Expr slope = slopes[i * n + order_[column]];
        const Expr entry = sum ? slope : g.unary(Op::negate, g.multiply(dt_, slope));
        matrix[row][column] = row == column && !sum ? g.add(g.constant(1), entry) : entry;
      }
    }
    const auto step = eliminate(g, std::move(matrix), std::move(right), system_.conserved.size());
    if (step.empty()) return {};
    for (size_t row = 0; row < n; ++row) y[order_[row]] = g.add(y[order_[row]], step[row]);
    return y;
  }

 private:
  Graph& g_;
  const StateSystem& system_;
  Expr dt_;
  std::vector<Expr> jacobian_, sides_;
  std::vector<size_t> order_;
};

using Matrix = std::vector<std::vector<Expr>>;

Matrix product(Graph& g, const Matrix& a, const Matrix& b) {
  const size_t n = a.size();
  Matrix c(n, std::vector<Expr>(n, g.constant(0)));
  for (size_t i = 0; i < n; ++i)
    for (size_t k = 0; k < n; ++k)
      for (size_t j = 0; j < n; ++j) c[i][j] = g.add(c[i][j], g.multiply(a[i][k], b[k][j]));
  return c;
}

/// 1 + c1 z + c2 z^2 + c3 z^3 of a matrix, whose powers are given.
Matrix polynomial(Graph& g, const std::array<const Matrix*, 3>& powers, const std::array<double, 3>& c) {
  const size_t n = powers[0]->size();
  Matrix sum(n, std::vector<Expr>(n, g.constant(0)));
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j) {
      sum[i][j] = g.constant(i == j ? 1 : 0);
      for (size_t p = 0; p < powers.size(); ++p)
        sum[i][j] = g.add(sum[i][j], g.multiply(g.constant(c[p]), (*powers[p])[i][j]));
    }
  return sum;
}

}  // namespace

std::vector<Expr> exponential_step(Graph& g, const StateSystem& system, Expr dt) {
  constexpr int kSteps = 4;
  const size_t n = system.x.size();
  const Expr h = g.multiply(g.constant(1.0 / kSteps), dt);
  Matrix z = system.slopes;
  for (auto& row : z)
    for (auto& e : row) e = g.multiply(h, e);
  const Matrix z2 = product(g, z, z), z3 = product(g, z2, z);
  // (exp(z) - 1)/z is about (1 - z/10 + z^2/60) / (1 - 3 z/5 + 3 z^2/20 - z^3/60).
  const Matrix above = polynomial(g, {&z, &z2, &z3}, {-1.0 / 10, 1.0 / 60, 0}),
               below = polynomial(g, {&z, &z2, &z3}, {-3.0 / 5, 3.0 / 20, -1.0 / 60});
  std::vector<Expr> y = system.x;
  for (int step = 0; step < kSteps; ++step) {
    // y' = f(x) + slopes (y - x)
    std::vector<Expr> rate = system.f, right(n, g.constant(0));
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j)
        rate[i] = g.add(rate[i], g.multiply(system.slopes[i][j], g.subtract(y[j], system.x[j])));
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j)
        right[i] = g.add(right[i], g.multiply(above[i][j], g.multiply(h, rate[j])));
    const auto change = eliminate(g, below, std::move(right), 0);
    if (change.empty()) return {};
    for (size_t i = 0; i < n; ++i) y[i] = g.add(y[i], change[i]);
  }
  std::map<Expr, Expr> at;
  for (size_t i = 0; i < n; ++i) at[system.x[i]] = y[i];
  for (const auto& sum : system.conserved) {
    const Expr share = g.derivative(sum.surplus, system.x[sum.replaced]);
    y[sum.replaced] = g.subtract(y[sum.replaced], g.divide(g.substitute(sum.surplus, at), share));
  }
  return y;
}

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
  const auto entries = in_one_row(jacobian_of(g, system));
  return std::none_of(system.x.begin(), system.x.end(), [&](Expr x) { return g.any_depends(entries, x); });
}

std::vector<Expr> backward_euler_step(Graph& g, const StateSystem& system, Expr dt, int iterations,
                                      const std::string& looped_at) {
  const NewtonStep step(g, system, dt);
  std::vector<Expr> y = system.x;
  if (looped_at.empty()) {
    for (int iteration = 0; iteration < iterations && !y.empty(); ++iteration) y = step.from(y);
    return y;
  }
  const auto own = [&](const std::string& name) {
    return g.symbol(fmt::format("{} in the iterations of {}", name, looped_at), true);
  };
  const Expr turn = own("turn");
  Loop loop{{turn},
            {g.constant(0)},
            {g.add(turn, g.constant(1))},
            g.binary(Op::less, turn, g.constant(iterations)),
            looped_at};
  for (const Expr x : system.x) loop.own.push_back(own(g.name(x)));
  loop.initial.insert(loop.initial.end(), system.x.begin(), system.x.end());
  const auto next = step.from({loop.own.begin() + 1, loop.own.end()});
  if (next.empty()) return {};
  loop.next.insert(loop.next.end(), next.begin(), next.end());
  const auto ends = g.repeat(loop);
  return {ends.begin() + 1, ends.end()};
}

}  // namespace nt::mechanism

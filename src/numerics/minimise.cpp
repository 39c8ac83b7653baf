#include "numerics/minimise.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

namespace nt::numerics {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void add(Vector& a, double factor, const Vector& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] += factor * b[i];
}

Vector difference(const Vector& a, const Vector& b) {
  Vector d = a;
  add(d, -1, b);
  return d;
}

struct Step {
  Vector x, gradient;  // by how much both changed
  double product;
};

/// -H gradient, H being the inverse curvature that the past steps tell of.
Vector direction_of(const Vector& gradient, const std::deque<Step>& steps, double curvature) {
  Vector d = gradient, share(steps.size());
  for (size_t i = steps.size(); i-- > 0;) {
    share[i] = dot(steps[i].x, d) / steps[i].product;
    add(d, -share[i], steps[i].gradient);
  }
  const double scale = steps.empty()
                           ? 1 / curvature
                           : steps.back().product / dot(steps.back().gradient, steps.back().gradient);
  for (double& value : d) value *= scale;
  for (size_t i = 0; i < steps.size(); ++i) {
    add(d, share[i] - dot(steps[i].gradient, d) / steps[i].product, steps[i].x);
  }
  for (double& value : d) value = -value;
  return d;
}

}  // namespace

std::vector<double> minimise(const SmoothFunction& f, std::vector<double> x, const MinimiseSpec& spec,
                             const std::function<bool(const std::vector<double>& x)>& go_on) {
  Vector gradient(x.size()), next_gradient(x.size());
  double value = f(x, gradient);
  std::deque<Step> steps;
  std::deque<double> values{value};
  for (int evaluations = 1; evaluations < spec.most_evaluations;) {
    const auto direction = direction_of(gradient, steps, spec.curvature);
    const double slope = dot(gradient, direction);
    if (!(slope < 0)) return x;
    double length = 1, next_value = value;
    Vector next;
    bool lower = false;
    while (!lower && evaluations < spec.most_evaluations && length > 1e-8) {
      next = x;
      add(next, length, direction);
      next_value = f(next, next_gradient);
      ++evaluations;
      lower = next_value <= value + 1e-4 * length * slope;  // Armijo's rule
      if (lower) continue;
      // The lowest point of the parabola through what is known, not too near either end.
      const double vertex = -slope * length * length / (2 * (next_value - value - slope * length));
      length = std::isfinite(vertex) ? std::clamp(vertex, 0.1 * length, 0.5 * length) : 0.1 * length;
    }
    if (!lower) return x;
    Step step{difference(next, x), difference(next_gradient, gradient), 0};
    step.product = dot(step.x, step.gradient);
    if (step.product > 1e-12 * dot(step.gradient, step.gradient)) steps.push_back(std::move(step));
    if (steps.size() > static_cast<size_t>(spec.memory)) steps.pop_front();
    x = std::move(next);
    std::swap(gradient, next_gradient);
    value = next_value;
    if (!go_on(x)) return x;
    values.push_back(value);
    if (values.size() > 5) {
      if (values.front() - value < spec.least_gain * std::abs(value)) return x;
      values.pop_front();
    }
  }
  return x;
}

}  // namespace nt::numerics

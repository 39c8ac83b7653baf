#include "numerics/symmetric_eigen.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace nt::numerics {
namespace {

/// Rows p and q become c p - s q and s p + c q.
void rotate_rows(double* p, double* q, size_t n, double c, double s) {
  for (size_t k = 0; k < n; ++k) {
    const double a = p[k], b = q[k];
    p[k] = c * a - s * b;
    q[k] = s * a + c * b;
  }
}

/// Rotates rows and columns p and q so that the element (p, q) vanishes.
void annihilate(std::vector<double>& a, std::vector<double>& vectors, size_t n, size_t p, size_t q) {
  const double apq = a[p * n + q], app = a[p * n + p], aqq = a[q * n + q];
  const double theta = (aqq - app) / (2 * apq);
  const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::hypot(theta, 1));
  const double c = 1 / std::hypot(t, 1), s = t * c;
  rotate_rows(&a[p * n], &a[q * n], n, c, s);
  rotate_rows(&vectors[p * n], &vectors[q * n], n, c, s);
  for (size_t k = 0; k < n; ++k) {  // the columns are as the rows
    a[k * n + p] = a[p * n + k];
    a[k * n + q] = a[q * n + k];
  }
  a[p * n + p] = app - t * apq;
  a[q * n + q] = aqq + t * apq;
  a[p * n + q] = a[q * n + p] = 0;
}

}  // namespace

SymmetricEigen symmetric_eigen(std::vector<double> a, size_t n) {
  std::vector<double> vectors(n * n, 0.0);
  for (size_t i = 0; i < n; ++i) vectors[i * n + i] = 1;
  constexpr int kMostSweeps = 60;  // it takes about ten
  bool rotated = true;
  for (int sweep = 0; rotated && sweep < kMostSweeps; ++sweep) {
    rotated = false;
    double largest = 0;
    for (size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(a[i * n + i]));
    const double negligible = largest * std::numeric_limits<double>::epsilon();
    for (size_t p = 0; p < n; ++p) {
      for (size_t q = p + 1; q < n; ++q) {
        if (std::abs(a[p * n + q]) <= negligible) continue;
        annihilate(a, vectors, n, p, q);
        rotated = true;
      }
    }
  }
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t i, size_t j) { return a[i * n + i] > a[j * n + j]; });
  SymmetricEigen eigen;
  for (const size_t i : order) {
    eigen.values.push_back(a[i * n + i]);
    const double* row = &vectors[i * n];
    const double* peak =
        std::max_element(row, row + n, [](double x, double y) { return std::abs(x) < std::abs(y); });
    const double sign = *peak < 0 ? -1 : 1;
    for (size_t k = 0; k < n; ++k) eigen.vectors.push_back(sign * row[k]);
  }
  return eigen;
}

}  // namespace nt::numerics

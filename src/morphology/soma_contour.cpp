#include "morphology/detail/soma_contour.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace nt::morphology {
namespace {

using Vector = std::array<double, 3>;

struct Resampled {
  std::array<Vector, 101> points;
  Vector centre{0, 0, 0};
};

/// 101 points, evenly along the outline as listed, without its closing edge. The arc length is that of x and
/// y alone: so does NEURON.
Resampled resample(const Contour& contour) {
  std::vector<double> arc{0};
  for (size_t i = 1; i < contour.size(); ++i)
    arc.push_back(arc.back() +
                  std::hypot(contour[i][0] - contour[i - 1][0], contour[i][1] - contour[i - 1][1]));
  Resampled r;
  size_t piece = 1;
  for (size_t k = 0; k < r.points.size(); ++k) {
    const double at = arc.back() * static_cast<double>(k) / 100;
    while (piece + 1 < arc.size() && arc[piece] < at) ++piece;
    const double length = arc[piece] - arc[piece - 1];
    const double along = length > 0 ? std::clamp((at - arc[piece - 1]) / length, 0.0, 1.0) : 0;
    for (size_t c = 0; c < 3; ++c) {
      r.points[k][c] = contour[piece - 1][c] + along * (contour[piece][c] - contour[piece - 1][c]);
      r.centre[c] += r.points[k][c] / 101;
    }
  }
  return r;
}

using Matrix = std::array<Vector, 3>;

/// A symmetric matrix on its way to a diagonal one: `diagonal` and `beside` of what is a tridiagonal matrix
/// in the basis `vectors` (rows).
struct Tridiagonal {
  Vector diagonal{};
  std::array<double, 2> beside{};
  Matrix vectors{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
};

/// m and the basis seen from the other side of the plane that u is normal to, with beta = 2/|u|^2.
void reflect(Matrix& m, Matrix& vectors, const Vector& u, double beta) {
  const auto of = [&](Vector& v) {
    const double along = beta * (u[0] * v[0] + u[1] * v[1] + u[2] * v[2]);
    for (size_t i = 0; i < 3; ++i) v[i] -= along * u[i];
  };
  for (int side = 0; side < 2; ++side) {
    for (auto& row : m) of(row);
    std::swap(m[0][1], m[1][0]);
    std::swap(m[0][2], m[2][0]);
    std::swap(m[1][2], m[2][1]);
  }
  for (size_t column = 0; column < 3; ++column) {
    Vector v{vectors[0][column], vectors[1][column], vectors[2][column]};
    of(v);
    for (size_t row = 0; row < 3; ++row) vectors[row][column] = v[row];
  }
}

/// Householder's reflections.
Tridiagonal tridiagonal(Matrix m) {
  Tridiagonal t;
  for (size_t k = 0; k < 2; ++k) {
    Vector u{};
    for (size_t i = k + 1; i < 3; ++i) u[i] = m[i][k];
    const double norm = std::hypot(u[1], u[2]);
    if (!(norm > 0)) continue;
    const double beta = 1 / (norm * (norm + std::fabs(u[k + 1])));
    u[k + 1] += u[k + 1] > 0 ? norm : -norm;
    reflect(m, t.vectors, u, beta);
  }
  t.diagonal = {m[0][0], m[1][1], m[2][2]};
  t.beside = {m[0][1], m[1][2]};
  return t;
}

/// One QR step with Wilkinson's shift, by Givens' rotations, of the rows `low` to `high`.
void qr_step(Tridiagonal& t, size_t low, size_t high) {
  auto& a = t.diagonal;
  auto& b = t.beside;
  const double half = (a[high - 1] - a[high]) / 2, square = b[high - 1] * b[high - 1];
  const double shift = a[high] - square / (half + (half >= 0 ? 1 : -1) * std::sqrt(half * half + square));
  double x = a[low] - shift, y = b[low];
  for (size_t i = low; i < high; ++i) {
    const double norm = std::sqrt(x * x + y * y);
    const double c = norm > 0 ? x / norm : 1, s = norm > 0 ? -y / norm : 0;
    if (i > low) b[i - 1] = c * x - s * y;
    const double above = a[i], below = a[i + 1], off = b[i];
    a[i] = c * c * above + s * s * below - 2 * c * s * off;
    a[i + 1] = s * s * above + c * c * below + 2 * c * s * off;
    b[i] = c * s * (above - below) + (c * c - s * s) * off;
    for (size_t k = 0; k < 3; ++k) {
      const double p = t.vectors[i][k], q = t.vectors[i + 1][k];
      t.vectors[i][k] = c * p - s * q;
      t.vectors[i + 1][k] = s * p + c * q;
    }
    if (i + 1 == high) continue;
    x = b[i];
    y = -s * b[i + 1];
    b[i + 1] *= c;
  }
}

/// Eigenvalues and vectors (rows) of a symmetric matrix, by the method of NEURON's Matrix.symmeig (Golub and
/// Van Loan, Matrix Computations, 8.3). Any method finds these axes; which way they point, and so which end
/// of a soma is its 0 end, is a matter of this one.
void eigen(const Matrix& m, Vector& values, Matrix& vectors) {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  auto t = tridiagonal(m);
  size_t low = 0;
  for (int step = 0; step < 100 && low < 2; ++step) {
    size_t high = 2;
    for (size_t i = 2; i-- > low;)
      if (t.beside[i] == 0) high = i;
    if (high <= low) {
      low = high + 1;
      continue;
    }
    qr_step(t, low, high);
    for (size_t i = low; i < high; ++i)
      if (std::fabs(t.beside[i]) < kEpsilon * (std::fabs(t.diagonal[i]) + std::fabs(t.diagonal[i + 1])))
        t.beside[i] = 0;
  }
  values = t.diagonal;
  vectors = t.vectors;
}

double dot(const Vector& a, const Vector& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/// One flank of the outline: positions along the long axis, ascending, and across it.
struct Flank {
  std::vector<double> along, across;

  /// Drops points where the outline turns back.
  void make_increasing() {
    for (size_t j = along.size(); j-- > 1;) {
      while (j > 0 && j < along.size() && along[j] <= along[j - 1] + 1e-11) {
        along.erase(along.begin() + static_cast<int64_t>(j));
        across.erase(across.begin() + static_cast<int64_t>(j));
      }
    }
  }
  double at(double position) const {
    if (position <= along.front()) return across.front();
    if (position >= along.back()) return across.back();
    const auto i =
        static_cast<size_t>(std::upper_bound(along.begin(), along.end(), position) - along.begin());
    const double w = (position - along[i - 1]) / (along[i] - along[i - 1]);
    return across[i - 1] + w * (across[i] - across[i - 1]);
  }
};

std::vector<std::array<double, 4>> slices(const Contour& contour) {
  const auto r = resample(contour);
  std::array<Vector, 3> scatter{};
  for (const auto& p : r.points) {
    for (size_t a = 0; a < 3; ++a)
      for (size_t b = 0; b < 3; ++b) scatter[a][b] += (p[a] - r.centre[a]) * (p[b] - r.centre[b]);
  }
  Vector values{};
  std::array<Vector, 3> vectors{};
  eigen(scatter, values, vectors);
  const auto largest = static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
  auto smallest = static_cast<size_t>(std::min_element(values.begin(), values.end()) - values.begin());
  if (smallest == largest) smallest = (largest + 1) % 3;
  const Vector major = vectors[largest];
  Vector minor = vectors[3 - largest - smallest];
  minor[2] = 0;
  const double norm = std::sqrt(dot(minor, minor));
  for (auto& c : minor) c = norm > 0 ? c / norm : 0;

  std::vector<double> along, across;
  for (const auto& p : r.points) {
    const Vector d{p[0] - r.centre[0], p[1] - r.centre[1], p[2] - r.centre[2]};
    along.push_back(dot(d, major));
    across.push_back(dot(d, minor));
  }
  const auto highest = std::max_element(along.begin(), along.end()) - along.begin();
  std::rotate(along.begin(), along.begin() + highest, along.end());
  std::rotate(across.begin(), across.begin() + highest, across.end());
  const auto lowest = std::min_element(along.begin(), along.end()) - along.begin();
  if (lowest == 0) return {};  // all in one place
  Flank a{{along.begin(), along.begin() + lowest}, {across.begin(), across.begin() + lowest}};
  Flank b{{along.begin() + lowest, along.end()}, {across.begin() + lowest, across.end()}};
  std::reverse(a.along.begin(), a.along.end());
  std::reverse(a.across.begin(), a.across.end());
  a.make_increasing();
  b.make_increasing();

  std::vector<double> all = a.along;
  all.insert(all.end(), b.along.begin(), b.along.end());
  std::sort(all.begin(), all.end());
  const double low = all[1], high = all[all.size() - 2];
  std::vector<std::array<double, 4>> frusta;
  for (int k = 0; k <= 20; ++k) {
    const double s = low + k * (high - low) / 20;
    frusta.push_back({r.centre[0] + major[0] * s, r.centre[1] + major[1] * s, r.centre[2] + major[2] * s,
                      std::fabs(a.at(s) - b.at(s))});
  }
  frusta.front()[3] = (frusta[0][3] + frusta[1][3]) / 2;
  frusta.back()[3] = (frusta[20][3] + frusta[19][3]) / 2;
  return frusta;
}

}  // namespace

namespace {

/// Around the outline and back to its first point.
double perimeter(const Contour& contour) {
  double sum = 0;
  for (size_t i = 0; i < contour.size(); ++i) {
    const auto &p = contour[i], &q = contour[(i + 1) % contour.size()];
    sum += std::hypot(q[0] - p[0], q[1] - p[1], q[2] - p[2]);
  }
  return sum;
}

}  // namespace

std::vector<std::array<double, 4>> soma_frusta(const std::vector<Contour>& contours) {
  if (contours.size() == 1) return slices(contours[0]);
  std::vector<std::array<double, 4>> frusta;
  for (const auto& contour : contours) {
    const auto r = resample(contour);
    double radius = 0;
    for (const auto& p : r.points)
      radius += std::sqrt(std::pow(p[0] - r.centre[0], 2) + std::pow(p[1] - r.centre[1], 2) +
                          std::pow(p[2] - r.centre[2], 2)) /
                101;
    frusta.push_back(
        {r.centre[0], r.centre[1], r.centre[2], radius + perimeter(contour) / (2 * std::numbers::pi)});
  }
  return frusta;
}

}  // namespace nt::morphology

#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace nt::twin {

/// A term of a loss at one bin, and its derivative by the output, side by side.
struct LossTerm {
  double value, derivative;
};

/// Binary cross-entropy of a label 0 .. 1, in nats: -y log p - (1 - y) log(1 - p), p = 1 / (1 + exp(-z)).
///   d/dz = p - y
LossTerm cross_entropy(double log_odds, double label);

/// Squared error.
///   d/dx = 2 (x - y)
LossTerm squared_error(double x, double y);

/// Poisson's, of a count whose expected number has logarithm z, without what does not depend on z:
/// exp(z) - count z.
///   d/dz = exp(z) - count
LossTerm poisson(double log_expected, double count);

/// The greatest label at most `reach` bins away.
double greatest_near(std::span<const float> labels, int64_t at, int64_t reach);

/// How many labels there are, each weighted by exp(-d^2 / (2 sd^2)), d bins away, up to `reach`.
class GaussianCount {
 public:
  GaussianCount(double sd, int64_t reach);
  double at(std::span<const float> labels, int64_t bin) const;

 private:
  std::vector<double> weight_;  // from -reach to reach
};

/// Mean of term(row) over rows; row r counts weight(r). The derivatives go to gradient[r], divided by the sum
/// of weights, if it is not empty. Of nothing it is 0.
template <class Term, class Weight>
double mean_loss(int64_t rows, std::span<double> gradient, Term&& term, Weight&& weight) {
  double sum = 0, total = 0;
  for (int64_t r = 0; r < rows; ++r) total += weight(r);
  const double share = total > 1 ? 1 / total : 1;
  for (int64_t r = 0; r < rows; ++r) {
    const double w = weight(r);
    if (w == 0) {
      if (!gradient.empty()) gradient[r] = 0;
      continue;
    }
    const LossTerm t = term(r);
    sum += w * t.value;
    if (!gradient.empty()) gradient[r] = w * share * t.derivative;
  }
  return sum * share;
}

}  // namespace nt::twin

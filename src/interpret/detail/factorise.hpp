#pragma once
#include <Eigen/Core>
#include <cstdint>

namespace nt::interpret {

/// `values` [rows][columns] >= 0 as nearly as it gets  loading [rows][parts] x pattern [parts][columns], all
/// >= 0 (Lee and Seung 1999, Nature 401:788; multiplicative updates for squares). Patterns have norm 1, the
/// one with the greatest loadings first.
struct Factorisation {
  Eigen::MatrixXd loading, pattern;
  double unexplained = 0;  // share of the sum of squares
};
/// Best of `starts` random ones; each until a step lessens the error by less than a millionth, or
/// `most_steps`.
Factorisation factorise(const Eigen::MatrixXd& values, int64_t parts, uint64_t seed, int starts = 1,
                        int64_t most_steps = 200);

}  // namespace nt::interpret

#include "random/failures_table.hpp"

#include <cmath>

namespace nt::random {
namespace {

double quotient(double uniform, double log_failure) {
  return std::floor(std::log(uniform) / log_failure);
}

}  // namespace

FailuresTable::FailuresTable(double log_failure, int64_t at_most) {
  for (int64_t k = 0; k < at_most; ++k) {
    const auto many = static_cast<double>(k);
    double least = std::exp(log_failure * (many + 1));  // but for roundings
    while (least > 0 && quotient(least, log_failure) <= many) least = std::nextafter(least, 0);
    while (quotient(least, log_failure) > many) least = std::nextafter(least, 1);
    least_.push_back(least);
  }
  least_.push_back(0);
  int64_t k = 0;
  for (size_t cell = kCells; cell-- > 0;) {
    const double end = std::nextafter(static_cast<double>(cell + 1) / kCells, 0);
    while (end < least_[static_cast<size_t>(k)]) ++k;
    fewest_[cell] = k;
  }
}

}  // namespace nt::random

#pragma once
#include <span>
#include <vector>

#include "train/nadam_update.hpp"
#include "twin/parallel.hpp"
#include "twin/parameters.hpp"

namespace nt::train {

/// NAdam (Dozat 2016, "Incorporating Nesterov momentum into Adam") with the momentum schedule of Keras and
/// torch.optim.NAdam: mu_t = beta1 (1 - 0.5 x 0.96^(0.004 t)). For float and double.
template <class T>
class NadamOf {
 public:
  /// Of the trained numbers of a layout. `l2` times the sum of squares of its regularised arrays belongs to
  /// the loss, without being asked for there: its gradient is added while stepping.
  explicit NadamOf(const twin::ParameterLayout& layout, double l2 = 0);
  /// One update of the trained numbers from their gradients, in one pass over each.
  void step(double learning_rate, std::span<const T> gradients, std::span<T> numbers,
            const twin::Parallel& parallel);

  /// Moves on to the next step: what it multiplies with.
  NadamRates next_rates(double learning_rate);
  /// Trained numbers of one regularisation, none more than a thread takes at a time.
  struct Stretch {
    int64_t first, count;
    double l2;
  };
  std::span<const Stretch> stretches() const { return stretches_; }

  /// State for exact resumption: two moments of each trained number, and two numbers.
  twin::Numbers<T> first_moment, second_moment;
  int64_t steps = 0;
  double momentum_product = 1;

 private:
  std::vector<Stretch> stretches_;
};
using Nadam = NadamOf<float>;

}  // namespace nt::train

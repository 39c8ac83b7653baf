#include "twin/detail/signal_loss.hpp"

#include "twin/detail/loss.hpp"

namespace nt::twin {

double signal_loss(const HeadBatch& b, std::string_view signal, std::string_view words,
                   std::span<double> gradient) {
  const auto* truth = b.batch.signal(signal);
  const int64_t there = truth == nullptr ? 0 : truth->values_per_ms;
  if (there != b.count) fail_run("the twin predicts {} {}, the data hold {}", b.count, words, there);
  const auto error = [&](int64_t i) {
    return squared_error(b.outputs[i], static_cast<double>(truth->values[i]));
  };
  return mean_loss(std::ssize(b.outputs), gradient, error, [](int64_t) { return 1.0; });
}

}  // namespace nt::twin

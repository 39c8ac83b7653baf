#include "device/products.hpp"

#include <algorithm>
#include <limits>

#include "config/error.hpp"
#include "device/detail/column_product.hpp"
#include "device/detail/devices.hpp"

namespace nt::device {
namespace {

int in_int(int64_t n) {
  if (n < 0 || n > std::numeric_limits<int>::max()) fail_run("a matrix product of {} rows or columns", n);
  return static_cast<int>(n);
}

/// cuBLAS's definition.
class EmulatedProducts final : public MatrixProducts {
 public:
  void multiply(const MatrixProduct& product) override {
    const auto p = in_columns(product);
    for (int64_t i = 0; i < p.count; ++i)
      for (int column = 0; column < p.n; ++column)
        for (int row = 0; row < p.m; ++row) {
          const auto of_a = [&](int r, int c) { return p.a[i * p.a_step + int64_t{c} * p.lda + r]; };
          const auto of_b = [&](int r, int c) { return p.b[i * p.b_step + int64_t{c} * p.ldb + r]; };
          float sum = 0;
          for (int k = 0; k < p.k; ++k)
            sum += (p.a_transposed ? of_a(k, row) : of_a(row, k)) *
                   (p.b_transposed ? of_b(column, k) : of_b(k, column));
          float& to = p.c[i * p.c_step + int64_t{column} * p.ldc + row];
          to = p.add ? to + sum : sum;
        }
  }
};

}  // namespace

ColumnProduct in_columns(const MatrixProduct& p) {
  const auto fits = [](int64_t apart, int64_t long_) { return apart >= std::max<int64_t>(long_, 1); };
  if (!fits(p.a.row, p.a.transposed ? p.rows : p.depth) ||
      !fits(p.b.row, p.b.transposed ? p.depth : p.columns) || !fits(p.c.row, p.columns))
    fail_run("a matrix product whose rows overlap");
  return {.a_transposed = p.b.transposed,
          .b_transposed = p.a.transposed,
          .m = in_int(p.columns),
          .n = in_int(p.rows),
          .k = in_int(p.depth),
          .a = p.b.first,
          .lda = in_int(p.b.row),
          .a_step = p.b.step,
          .b = p.a.first,
          .ldb = in_int(p.a.row),
          .b_step = p.a.step,
          .c = p.c.first,
          .ldc = in_int(p.c.row),
          .c_step = p.c.step,
          .count = in_int(p.count),
          .add = p.add};
}

std::unique_ptr<MatrixProducts> open_products(const Device& device) {
  if (device.architecture().empty()) return std::make_unique<EmulatedProducts>();
  return open_cublas();
}

}  // namespace nt::device

#include "device/products.hpp"

#include "device/detail/devices.hpp"

namespace nt::device {
namespace {

float at(const Matrices& m, int64_t i, int64_t row, int64_t column) {
  return m.first[i * m.step + (m.transposed ? column * m.row + row : row * m.row + column)];
}

/// The definition.
class EmulatedProducts final : public MatrixProducts {
 public:
  void multiply(const MatrixProduct& p) override {
    for (int64_t i = 0; i < p.count; ++i)
      for (int64_t r = 0; r < p.rows; ++r)
        for (int64_t c = 0; c < p.columns; ++c) {
          float sum = 0;
          for (int64_t k = 0; k < p.depth; ++k) sum += at(p.a, i, r, k) * at(p.b, i, k, c);
          float& to = p.c.first[i * p.c.step + r * p.c.row + c];
          to = p.add ? to + sum : sum;
        }
  }
};

}  // namespace

std::unique_ptr<MatrixProducts> open_products(const Device& device) {
  if (device.architecture().empty()) return std::make_unique<EmulatedProducts>();
  return open_cublas();
}

}  // namespace nt::device

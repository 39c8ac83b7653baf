#pragma once
#include "device/device.hpp"

namespace nt::device {

/// A matrix in a device's memory, and others of its shape behind it. Rows lie `row` numbers apart, matrices
/// `step`; a step of 0 is the same matrix again.
template <class Number>
struct MatricesOf {
  Number* first = nullptr;
  int64_t row = 0, step = 0;
  bool transposed = false;  // what is meant is the transpose of what lies there
};
using Matrices = MatricesOf<const float>;

/// c = a b, or c + a b with `add`, for each of `count`: a [rows][depth], b [depth][columns], c
/// [rows][columns]. Those of c do not overlap, and are not transposed.
struct MatrixProduct {
  int64_t rows = 0, columns = 0, depth = 0, count = 1;
  Matrices a, b;
  MatricesOf<float> c;
  bool add = false;
};

/// Matrix products by a device's own library, in float32 throughout. They run one after the other with the
/// kernels that the same thread launches. To be called on a thread that has called the device before.
class MatrixProducts {
 public:
  virtual ~MatrixProducts() = default;
  virtual void multiply(const MatrixProduct& product) = 0;
};

/// CUDA's cuBLAS, or what stands for it in the emulation. Null where the device has no such library.
std::unique_ptr<MatrixProducts> open_products(const Device& device);

}  // namespace nt::device

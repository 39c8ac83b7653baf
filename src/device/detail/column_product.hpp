#pragma once
#include "device/products.hpp"

namespace nt::device {

/// A product as cublasSgemmStridedBatched is told it: c = op(a) op(b), or c + op(a) op(b), with matrices
/// whose columns lie `ld` numbers apart. c is m x n, op(a) m x k, op(b) k x n.
struct ColumnProduct {
  bool a_transposed = false, b_transposed = false;
  int m = 0, n = 0, k = 0;
  const float* a = nullptr;
  int lda = 0;
  int64_t a_step = 0;
  const float* b = nullptr;
  int ldb = 0;
  int64_t b_step = 0;
  float* c = nullptr;
  int ldc = 0;
  int64_t c_step = 0;
  int count = 0;
  bool add = false;
};

/// Rows of ours are columns there, so that it is told c' = b' a'. RunError where a number is too large, or
/// rows are closer than they are long, which the library refuses.
ColumnProduct in_columns(const MatrixProduct& product);

}  // namespace nt::device

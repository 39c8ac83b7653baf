// cuBLAS, which is looked for when it is wanted, as the driver is.
#include "config/error.hpp"
#include "device/detail/column_product.hpp"
#include "device/detail/devices.hpp"

#if defined(NEURONTWIN_CUDA) && __has_include(<cublas_v2.h>)
#include <cublas_v2.h>
#include <cuda.h>
#include <dlfcn.h>

namespace nt::device {
namespace {

#define NT_TEXT_OF(NAME) #NAME
#define NT_TEXT(NAME) NT_TEXT_OF(NAME)  // after cublas_v2.h has put a version behind some names

/// Of the version that the program was built with, or of another one in which these functions are the same.
void* library() {
  for (const std::string version : {NT_TEXT(CUBLAS_VER_MAJOR), "13", "12"})
    for (const std::string folder : {"", "/usr/local/cuda/lib64/"})
      if (auto* found = ::dlopen((folder + "libcublas.so." + version).c_str(), RTLD_NOW)) return found;
  return nullptr;
}

/// The functions that are used here, or none of them.
struct Functions {
#define NT_FUNCTION(NAME)     \
  decltype(&::NAME) NAME##_ = \
      library == nullptr ? nullptr : reinterpret_cast<decltype(&::NAME)>(::dlsym(library, NT_TEXT(NAME)))
  void* library = nt::device::library();
  NT_FUNCTION(cublasCreate);
  NT_FUNCTION(cublasDestroy);
  NT_FUNCTION(cublasSetStream);
  NT_FUNCTION(cublasSgemmStridedBatched);
#undef NT_FUNCTION

  bool are_there() const {
    return cublasCreate_ != nullptr && cublasDestroy_ != nullptr && cublasSetStream_ != nullptr &&
           cublasSgemmStridedBatched_ != nullptr;
  }
};

/// In its usual mode, which keeps all bits of float32: TF32 has to be asked for.
class Cublas final : public MatrixProducts {
 public:
  explicit Cublas(const Functions& functions) : functions_(functions) {
    require(functions_.cublasCreate_(&handle_), "cannot be started");
    require(functions_.cublasSetStream_(handle_, reinterpret_cast<cudaStream_t>(CU_STREAM_PER_THREAD)),
            "its stream");
  }
  ~Cublas() override { functions_.cublasDestroy_(handle_); }

  void multiply(const MatrixProduct& product) override {
    const auto p = in_columns(product);
    const auto operation = [](bool transposed) { return transposed ? CUBLAS_OP_T : CUBLAS_OP_N; };
    const float one = 1, added = p.add ? 1.0f : 0.0f;
    require(functions_.cublasSgemmStridedBatched_(
                handle_, operation(p.a_transposed), operation(p.b_transposed), p.m, p.n, p.k, &one, p.a,
                p.lda, p.a_step, p.b, p.ldb, p.b_step, &added, p.c, p.ldc, p.c_step, p.count),
            "a product");
  }

 private:
  static void require(cublasStatus_t status, const char* what) {
    if (status != CUBLAS_STATUS_SUCCESS) fail_run("cuBLAS: {}: status {}", what, static_cast<int>(status));
  }

  Functions functions_;
  cublasHandle_t handle_ = nullptr;
};

}  // namespace

std::unique_ptr<MatrixProducts> open_cublas() {
  const Functions functions;
  if (!functions.are_there()) return nullptr;
  try {
    return std::make_unique<Cublas>(functions);
  } catch (const RunError&) {  // of another version than the driver, say: our own kernels do it, too
    return nullptr;
  }
}

}  // namespace nt::device

#else

namespace nt::device {

std::unique_ptr<MatrixProducts> open_cublas() {
  return nullptr;
}

}  // namespace nt::device
#endif

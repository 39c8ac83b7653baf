// cuBLAS, which is looked for when it is wanted, as the driver is.
#include "config/error.hpp"
#include "device/detail/devices.hpp"

#if defined(NEURONTWIN_CUDA) && __has_include(<cublas_v2.h>)
#include <cublas_v2.h>
#include <cuda.h>
#include <dlfcn.h>

namespace nt::device {
namespace {

#define NT_TEXT_OF(NAME) #NAME
#define NT_TEXT(NAME) NT_TEXT_OF(NAME)  // after cublas_v2.h has put a version behind some names

void* library() {
  constexpr auto kFile = "libcublas.so." NT_TEXT(CUBLAS_VER_MAJOR);
  if (auto* found = ::dlopen(kFile, RTLD_NOW)) return found;
  return ::dlopen((std::string("/usr/local/cuda/lib64/") + kFile).c_str(), RTLD_NOW);
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

  void multiply(const MatrixProduct& p) override {
    // cuBLAS counts along columns: rows of ours are its columns, so that it is told c' = b' a'.
    const auto operation = [](const Matrices& m) { return m.transposed ? CUBLAS_OP_T : CUBLAS_OP_N; };
    const float one = 1, added = p.add ? 1.0f : 0.0f;
    require(functions_.cublasSgemmStridedBatched_(
                handle_, operation(p.b), operation(p.a), in_int(p.columns), in_int(p.rows), in_int(p.depth),
                &one, p.b.first, in_int(p.b.row), p.b.step, p.a.first, in_int(p.a.row), p.a.step, &added,
                p.c.first, in_int(p.c.row), p.c.step, in_int(p.count)),
            "a product");
  }

 private:
  static int in_int(int64_t n) { return static_cast<int>(n); }
  static void require(cublasStatus_t status, const char* what) {
    if (status != CUBLAS_STATUS_SUCCESS) fail_run("cuBLAS: {}: status {}", what, static_cast<int>(status));
  }

  Functions functions_;
  cublasHandle_t handle_ = nullptr;
};

}  // namespace

std::unique_ptr<MatrixProducts> open_cublas() {
  const Functions functions;
  return functions.are_there() ? std::make_unique<Cublas>(functions) : nullptr;
}

}  // namespace nt::device

#else

namespace nt::device {

std::unique_ptr<MatrixProducts> open_cublas() {
  return nullptr;
}

}  // namespace nt::device
#endif

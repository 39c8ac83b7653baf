#include "mechanism/detail/compile_user.hpp"

#include "config/error.hpp"
#include "files/files.hpp"
#include "mechanism/generate.hpp"
#include "mechanism/kernel_sources.hpp"
#include "mechanism/user/compiler.hpp"
#include "mechanism/user/kernel_cache.hpp"

namespace nt::mechanism {
namespace {

const std::string kEntry = "neurontwin_kernels_user";

/// No name that comes from outside: neither the cache's folder, which the compiler runs in, nor the .mod
/// file.
const std::vector<std::string> kArguments{"-std=c++20",
                                          "-O3",
                                          "-march=native",
#ifdef NEURONTWIN_NO_AVX512  // as the program's own kernels, or they had other lanes
                                          "-mno-avx512f",
#endif
                                          "-ffp-contract=fast",
                                          "-fno-math-errno",
                                          "-DHWY_COMPILE_ONLY_STATIC",
                                          "-shared",
                                          "-fPIC",
                                          "-I",
                                          ".",
                                          "-o",
                                          "kernels.so",
                                          "kernels.cpp"};

/// A folder that goes when this goes.
struct Workplace {
  std::filesystem::path folder;
  ~Workplace() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
};

void compile_into(const KernelCache& cache, const std::string& key, const Compiler& compiler,
                  const std::string& source, const std::string& mod_file) {
  const Workplace work{cache.fresh_folder()};
  std::filesystem::create_directories(work.folder / "mechanism");
  files::write_file_atomically(work.folder / "kernels.cpp", source);
  files::write_file_atomically(work.folder / "mechanism/lanes-inl.hpp", kernel_sources::lanes_inl);
  files::write_file_atomically(work.folder / "mechanism/kernel.hpp", kernel_sources::kernel);
  std::filesystem::create_directories(work.folder / "random");
  files::write_file_atomically(work.folder / "random/draw.hpp", kernel_sources::draw);
  const bool compiled = compile(compiler, kArguments, work.folder, "log");
  // Kept for whoever wants to see: the code, and what the compiler said of it.
  const auto kept = cache.folder(key);
  std::error_code ignored;
  for (const auto* name : {"kernels.cpp", "log"})
    std::filesystem::rename(work.folder / name, kept / name, ignored);
  if (!compiled) {
    fail_input("{}: its generated code could not be compiled (is libhwy-dev installed?); see {}", mod_file,
               (kept / "log").string());
  }
  cache.keep(key, work.folder / "kernels.so");
}

}  // namespace

MechanismKernels compile_user_kernels(const Mechanism& mechanism) {
  const auto source = generate_kernels(mechanism, "kernels.cpp", kEntry);
  const auto compiler = find_compiler(mechanism.path);
  // A cache may be shared between machines: -march=native must not be.
  const auto key =
      files::digest(fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", source, kernel_sources::lanes_inl,
                                kernel_sources::kernel, kernel_sources::draw, fmt::join(kArguments, " "),
                                compiler.program, compiler.version, processor_words()));
  const KernelCache cache;
  if (const auto kept = cache.load(key, kEntry)) return *kept;
  compile_into(cache, key, compiler, source, mechanism.path);
  if (const auto made = cache.load(key, kEntry)) return *made;
  fail_input(
      "{}: its compiled code cannot be loaded from {}; if that file system allows no programs (noexec), set "
      "XDG_CACHE_HOME to another folder",
      mechanism.path, cache.folder(key).string());
}

}  // namespace nt::mechanism

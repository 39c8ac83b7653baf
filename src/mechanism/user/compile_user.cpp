#include "mechanism/detail/compile_user.hpp"

#include "config/error.hpp"
#include "files/files.hpp"
#include "mechanism/generate.hpp"
#include "mechanism/kernel_sources.hpp"
#include "mechanism/user/compiler.hpp"
#include "mechanism/user/kernel_cache.hpp"
#include "mechanism/user/precompiled_start.hpp"

namespace nt::mechanism {
namespace {

const std::string kEntry = "neurontwin_kernels_user";

const std::string kSource = "kernels.cpp", kLibrary = "kernels.so";

/// No name that comes from outside: neither the cache's folder, which the compiler runs in, nor the .mod
/// file.
const std::vector<std::string> kFlags{"-std=c++20",
                                      "-O3",
                                      "-march=native",
#ifdef NEURONTWIN_NO_AVX512  // as the program's own kernels, or they had other lanes
                                      "-mno-avx512f",
#endif
                                      "-ffp-contract=fast",
                                      "-fno-math-errno",
                                      "-DHWY_COMPILE_ONLY_STATIC",
                                      "-fPIC",
                                      "-I",
                                      "."};

std::vector<std::string> arguments_with(const std::vector<std::string>& more) {
  auto all = kFlags;
  all.insert(all.end(), more.begin(), more.end());
  all.insert(all.end(), {"-shared", "-o", kLibrary, kSource});
  return all;
}

/// Texts of the headers that kernels include.
std::string headers() {
  return fmt::format("{}\n{}\n{}", kernel_sources::lanes_inl, kernel_sources::kernel, kernel_sources::draw);
}

/// A folder that goes when this goes.
struct Workplace {
  std::filesystem::path folder;
  ~Workplace() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
};

void write_sources(const std::string& source, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder / "mechanism");
  std::filesystem::create_directories(folder / "random");
  files::write_file_atomically(folder / kSource, source);
  files::write_file_atomically(folder / "mechanism/lanes-inl.hpp", kernel_sources::lanes_inl);
  files::write_file_atomically(folder / "mechanism/kernel.hpp", kernel_sources::kernel);
  files::write_file_atomically(folder / "random/draw.hpp", kernel_sources::draw);
}

/// With what all kernels begin with compiled before, or, where the compiler does not take that, without.
bool compile_in(const std::filesystem::path& folder, const KernelCache& cache,
                const SystemCompiler& compiler) {
  const auto start = precompiled_start(cache, compiler, kFlags, headers(), kernels_start(kSource), folder);
  return (!start.empty() && compile(compiler, arguments_with(start), folder, "log")) ||
         compile(compiler, arguments_with({}), folder, "log");
}

std::string without_highway(const std::filesystem::path& log) {
  const bool named = std::filesystem::exists(log) && files::read_file(log).find("hwy/") != std::string::npos;
  return named ? " (is libhwy-dev installed?)" : "";
}

void compile_into(const KernelCache& cache, const std::string& key, const SystemCompiler& compiler,
                  const std::string& source, const std::string& mod_file) {
  const Workplace work{cache.fresh_folder()};
  write_sources(source, work.folder);
  const bool compiled = compile_in(work.folder, cache, compiler);
  // Kept for whoever wants to see: the code, and what the compiler said of it.
  const auto kept = cache.folder(key);
  std::error_code ignored;
  for (const auto& name : {kSource, std::string("log")})
    std::filesystem::rename(work.folder / name, kept / name, ignored);
  if (!compiled) {
    fail_input("{}: its generated code could not be compiled by {}{}; see {}", mod_file, compiler.program,
               without_highway(kept / "log"), (kept / "log").string());
  }
  cache.keep(key, work.folder / kLibrary);
}

}  // namespace

MechanismKernels compile_user_kernels(const Mechanism& mechanism) {
  const auto source = generate_kernels(mechanism, kSource, kEntry);
  const auto compiler = find_compiler(mechanism.path);
  // A cache may be shared between machines: -march=native must not be.
  const auto key = files::digest(fmt::format("{}\n{}\n{}\n{}\n{}\n{}", source, headers(),
                                             fmt::join(arguments_with({}), " "), compiler.program,
                                             compiler.version, processor_words()));
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

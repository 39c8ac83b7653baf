#include <map>
#include <mutex>

#include "config/error.hpp"
#include "files/files.hpp"
#include "mechanism/device_module.hpp"
#include "mechanism/kernel_sources.hpp"
#include "mechanism/user/compiler.hpp"
#include "mechanism/user/kernel_cache.hpp"

namespace nt::mechanism {
namespace {

const std::string kSource = "kernels.cu", kResult = "kernels.bin";

/// Names of files of the compiler's folder alone (compile_user.cpp).
std::vector<std::string> arguments_for(const std::string& architecture) {
  if (architecture.empty())
    return {"-std=c++20",
            "-O2",
            "-ffp-contract=fast",
            "-fno-math-errno",
            "-march=native",
            "-shared",
            "-fPIC",
            "-I",
            ".",
            "-o",
            kResult,
            "-x",
            "c++",
            kSource};
  return {
      "-std=c++20", "-O3",  "--expt-relaxed-constexpr", "-cubin", "-arch=" + architecture, "-I", ".", "-o",
      kResult,      kSource};
}

using Headers = std::vector<std::pair<std::string, std::string>>;

Headers headers_of(const DeviceSource& source) {
  Headers all{{"device/code.hpp", kernel_sources::device_code},
              {"mechanism/device_lanes_code.hpp", kernel_sources::device_lanes},
              {"random/draw.hpp", kernel_sources::draw}};
  all.insert(all.end(), source.headers.begin(), source.headers.end());
  return all;
}

/// A folder that goes when this goes.
struct Workplace {
  std::filesystem::path folder;
  ~Workplace() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
};

void compile_into(const KernelCache& cache, const std::string& key, const SystemCompiler& compiler,
                  const DeviceSource& source, const std::string& architecture) {
  const Workplace work{cache.fresh_folder()};
  for (const auto& [path, text] : headers_of(source)) {
    std::filesystem::create_directories((work.folder / path).parent_path());
    files::write_file_atomically(work.folder / path, text);
  }
  files::write_file_atomically(work.folder / kSource, source.text);
  const bool compiled = compile(compiler, arguments_for(architecture), work.folder, "log");
  // Kept for whoever wants to see: the code, and what the compiler said of it.
  const auto kept = cache.folder(key);
  std::error_code ignored;
  for (const auto& name : {kSource, std::string("log")})
    std::filesystem::rename(work.folder / name, kept / name, ignored);
  if (!compiled)
    fail_input("{}: its device code could not be compiled by {}; see {}", source.what_for, compiler.program,
               (kept / "log").string());
  cache.keep(key, work.folder / kResult);
}

std::shared_ptr<const DeviceModule> load(const KernelCache& cache, const std::string& key,
                                         const DeviceSource& source, const std::string& architecture) {
  auto module = std::make_shared<DeviceModule>();
  module->kernel.name = source.kernel;
  if (architecture.empty()) {
    module->kernel.emulated = reinterpret_cast<device::EmulatedKernel>(cache.function(key, source.kernel));
    return module->kernel.emulated == nullptr ? nullptr : module;
  }
  auto image = cache.bytes(key);
  if (!image) return nullptr;
  module->image = std::move(*image);
  module->kernel.image = {reinterpret_cast<const unsigned char*>(module->image.data()), module->image.size()};
  return module;
}

}  // namespace

std::shared_ptr<const DeviceModule> compile_device_code(const DeviceSource& source,
                                                        const std::string& architecture) {
  const auto compiler = architecture.empty() ? find_compiler(source.what_for) : find_nvcc(source.what_for);
  std::string parts = fmt::format("{}\n{}\n{}\n{}", source.text, fmt::join(arguments_for(architecture), " "),
                                  compiler.program, compiler.version);
  for (const auto& [path, text] : headers_of(source)) parts += "\n" + path + "\n" + text;
  if (architecture.empty()) parts += "\n" + processor_words();
  const auto key = files::digest(parts);
  // Devices know an image by where it is.
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const DeviceModule>> loaded;
  const std::lock_guard lock(mutex);
  auto& module = loaded[key];
  if (module != nullptr) return module;
  const KernelCache cache;
  if ((module = load(cache, key, source, architecture))) return module;
  compile_into(cache, key, compiler, source, architecture);
  if ((module = load(cache, key, source, architecture))) return module;
  fail_input(
      "{}: its device code cannot be loaded from {}; is that on a file system from which nothing may be run "
      "(noexec)? Set XDG_CACHE_HOME to another folder",
      source.what_for, cache.folder(key).string());
}

}  // namespace nt::mechanism

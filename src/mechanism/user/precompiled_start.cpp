#include "mechanism/user/precompiled_start.hpp"

#include "config/error.hpp"
#include "files/files.hpp"

namespace nt::mechanism {
namespace {

namespace fs = std::filesystem;

const std::string kStart = "start.hpp", kCompiled = "start.hpp.gch";

/// Whether this cache was asked before.
bool asked_before(const fs::path& folder) {
  if (fs::exists(folder / "asked")) return true;
  files::write_file_atomically(folder / "asked", "");
  return false;
}

}  // namespace

std::vector<std::string> precompiled_start(const KernelCache& cache, const SystemCompiler& compiler,
                                           const std::vector<std::string>& flags, const std::string& headers,
                                           const std::string& start, const fs::path& folder) {
  // Clang's must be read from where they were made.
  if (compiler.version.find("clang") != std::string::npos) return {};
  const auto key = files::digest(fmt::format("{}\n{}\n{}\n{}\n{}\n{}", start, headers, fmt::join(flags, " "),
                                             compiler.program, compiler.version, processor_words()));
  files::write_file_atomically(folder / kStart, start);
  const std::vector<std::string> read_it{"-include", kStart};
  if (cache.link(key, folder / kCompiled)) return read_it;
  if (!asked_before(cache.folder(key))) return {};
  auto arguments = flags;
  arguments.insert(arguments.end(), {"-x", "c++-header", kStart, "-o", kCompiled});
  if (!compile(compiler, arguments, folder, "log of start") || !fs::exists(folder / kCompiled)) return {};
  cache.keep(key, folder / kCompiled);
  return read_it;
}

}  // namespace nt::mechanism

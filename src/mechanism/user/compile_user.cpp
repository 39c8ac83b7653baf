#include "mechanism/compile_user.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "config/error.hpp"
#include "files/files.hpp"
#include "mechanism/generate.hpp"
#include "mechanism/kernel_sources.hpp"

namespace neurontwin {
namespace {

std::string variable(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

std::filesystem::path cache_folder() {
  const auto home = variable("HOME", "");
  const std::filesystem::path caches = variable("XDG_CACHE_HOME", home.empty() ? "" : home + "/.cache");
  // Not a folder that everybody may write to: what lies there is run.
  if (caches.empty())
    fail_input("no place to keep compiled mechanisms; set XDG_CACHE_HOME (or HOME) to a folder of yours");
  const auto folder = caches / "neurontwin";
  make_writable_folder(folder);
  return folder;
}

/// Runs a program without a shell; its output goes to `log`. The exit status, or 127 if it could not be
/// started.
int run(const std::vector<std::string>& words, const std::filesystem::path& log) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) fail_run("no process could be started to compile a mechanism");
  if (child == 0) {
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (out >= 0) {
      ::dup2(out, 1);
      ::dup2(out, 2);
    }
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace

MechanismKernels compile_user_kernels(const Mechanism& mechanism) {
  const std::string entry = "neurontwin_kernels_user";
  const auto source = generate_kernels(mechanism, "kernels.cpp", entry);
  const auto compiler = variable("CXX", "c++");
  // A cache may be shared between machines: -march=native must not be.
  const auto key = digest(source + kernel_sources::lanes_inl + kernel_sources::kernel + compiler +
                          read_file("/proc/sys/kernel/hostname"));
  const auto folder = cache_folder() / key;
  const auto library = folder / "kernels.so";
  if (!std::filesystem::exists(library)) {
    std::filesystem::create_directories(folder / "mechanism");
    write_file_atomically(folder / "kernels.cpp", source);
    write_file_atomically(folder / "mechanism/lanes-inl.hpp", kernel_sources::lanes_inl);
    write_file_atomically(folder / "mechanism/kernel.hpp", kernel_sources::kernel);
    const auto half = folder / fmt::format("kernels.so.{}", ::getpid());
    const int status = run({compiler, "-std=c++20", "-O3", "-march=native", "-ffp-contract=fast",
                            "-fno-math-errno", "-DHWY_COMPILE_ONLY_STATIC", "-shared", "-fPIC", "-I",
                            folder.string(), "-o", half.string(), (folder / "kernels.cpp").string()},
                           folder / "log");
    if (status == 127)
      fail_input("{}: no C++ compiler '{}' to compile it with; install g++, or set CXX", mechanism.path,
                 compiler);
    if (status != 0) {
      fail_input("{}: its generated code could not be compiled (is libhwy-dev installed?); see {}",
                 mechanism.path, (folder / "log").string());
    }
    std::filesystem::rename(half, library);
  }
  void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    fail_input("{}: cannot be loaded: {}; remove {}", mechanism.path, ::dlerror(), folder.string());
  const auto function = reinterpret_cast<void (*)(MechanismKernels*)>(::dlsym(handle, entry.c_str()));
  if (function == nullptr) fail_input("{}: is damaged; remove {}", library.string(), folder.string());
  MechanismKernels kernels;
  function(&kernels);
  return kernels;
}

}  // namespace neurontwin

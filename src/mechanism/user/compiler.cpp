#include "mechanism/user/compiler.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>

#include "config/error.hpp"

namespace nt::mechanism {
namespace {

/// What a child process does before it becomes the program.
class Actions {
 public:
  Actions() { ::posix_spawn_file_actions_init(&actions_); }
  ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

/// The variables of the process. `environ` itself is another, empty one in a library that looks for its
/// symbols in its own libraries first (RTLD_DEEPBIND), as the Python package does.
char** variables() {
  static void* const program = ::dlopen(nullptr, RTLD_LAZY);
  auto* const process = program == nullptr ? nullptr : static_cast<char***>(::dlsym(program, "environ"));
  return process != nullptr ? *process : environ;
}

/// Starts a program and waits for its end. Its exit status; -1 if it cannot be started.
int run(const std::vector<std::string>& words, Actions& actions) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  pid_t child = 0;
  if (::posix_spawnp(&child, arguments[0], actions.get(), nullptr, arguments.data(), variables()) != 0)
    return -1;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/// The first output of `program --version`; nothing if it cannot be started.
std::string version_of(const std::string& program) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail_run("no pipe can be made to ask a compiler for its version");
  // What it says fits into the pipe; if it did not, closing the reading end below would end it.
  Actions actions;
  ::posix_spawn_file_actions_adddup2(actions.get(), ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(actions.get(), STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
  const int status = run({program, "--version"}, actions);
  ::close(ends[1]);
  std::string words = status < 0 ? "" : fmt::format("exit status {}\n", status);
  char buffer[4096];
  for (ssize_t n; words.size() < 1 << 16 && (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    words.append(buffer, static_cast<size_t>(n));
  ::close(ends[0]);
  return words;
}

}  // namespace

namespace {

/// The program with what it says of itself, which is asked once; no version if it cannot be started.
SystemCompiler compiler_called(std::string program) {
  // It runs in another folder than this program.
  if (program.find('/') != program.npos) program = std::filesystem::absolute(program).string();
  static std::mutex mutex;
  static std::map<std::string, std::string> known;
  const std::lock_guard lock(mutex);
  auto& version = known[program];
  if (version.empty()) version = version_of(program);
  return {program, version};
}

/// What the variable names; empty: nothing.
std::string named_by(const char* variable) {
  const char* named = std::getenv(variable);
  return named != nullptr ? named : "";
}

}  // namespace

SystemCompiler find_compiler(const std::string& what_for) {
  const auto named = named_by("CXX");
  auto compiler = compiler_called(named.empty() ? "c++" : named);
  if (compiler.version.empty())
    fail_input("{}: no C++ compiler '{}' to compile it with; install g++, or set CXX", what_for,
               compiler.program);
  return compiler;
}

SystemCompiler find_nvcc(const std::string& what_for) {
  const auto named = named_by("NVCC");
  const auto candidates = named.empty() ? std::vector<std::string>{"nvcc", "/usr/local/cuda/bin/nvcc"}
                                        : std::vector<std::string>{named};
  for (const auto& candidate : candidates)
    if (auto compiler = compiler_called(candidate); !compiler.version.empty()) return compiler;
  fail_input("{}: no '{}' to compile it for a GPU with; install CUDA's compiler, or set NVCC", what_for,
             candidates.front());
}

std::string processor_words() {
  utsname system{};
  ::uname(&system);
  std::string words = system.machine;
  std::ifstream cpu("/proc/cpuinfo");
  for (std::string line; std::getline(cpu, line) && !line.empty();) {  // the first processor's
    for (const auto* kind :
         {"vendor_id", "cpu family", "model\t", "flags", "Features", "CPU ", "isa", "cpu\t"})
      if (line.starts_with(kind)) words += "\n" + line;
  }
  return words;
}

bool compile(const SystemCompiler& compiler, const std::vector<std::string>& arguments,
             const std::filesystem::path& folder, const std::string& log) {
  std::vector<std::string> words{compiler.program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  Actions actions;
  ::posix_spawn_file_actions_addchdir_np(actions.get(), folder.c_str());
  ::posix_spawn_file_actions_addopen(actions.get(), STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                     0600);
  ::posix_spawn_file_actions_adddup2(actions.get(), STDOUT_FILENO, STDERR_FILENO);
  return run(words, actions) == 0;
}

}  // namespace nt::mechanism

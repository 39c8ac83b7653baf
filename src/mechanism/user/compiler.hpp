#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace nt::mechanism {

/// The C++ compiler of this system: $CXX, or c++.
struct SystemCompiler {
  std::string program;
  std::string version;  // what it says of itself
};

/// InputError, for whoever needs `what_for`, if it cannot be started.
SystemCompiler find_compiler(const std::string& what_for);

/// CUDA's compiler: $NVCC, or nvcc, or that of /usr/local/cuda. InputError, for whoever needs `what_for`, if
/// none of them can be started.
SystemCompiler find_nvcc(const std::string& what_for);

/// What tells processors apart for which different code may be made: its kind and its features.
std::string processor_words();

/// Runs the compiler in `folder`, with names of files in that folder; never through a shell. What it says
/// goes to the file `log` there. True if it succeeded.
bool compile(const SystemCompiler& compiler, const std::vector<std::string>& arguments,
             const std::filesystem::path& folder, const std::string& log);

}  // namespace nt::mechanism

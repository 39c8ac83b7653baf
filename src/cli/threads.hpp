#pragma once
#include <CLI/CLI.hpp>

namespace nt::cli {

/// --threads N; 0, where it is not given, is one for each core.
void add_threads_option(CLI::App& app, int& threads);

/// The number of threads that 0 stands for, too.
int threads_of(int threads);

}  // namespace nt::cli

#pragma once
#include <string_view>

namespace nt::cli {

/// Writes a line to stderr. Long work does not end because nobody can be told of it (a full disk under a
/// log): that it failed is kept by stderr itself, and shown by the exit code.
void say(std::string_view line);

}  // namespace nt::cli

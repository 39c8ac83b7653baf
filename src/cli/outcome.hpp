#pragma once
#include <functional>
#include <string>

namespace nt::cli {

/// Runs the program and returns its exit code: 0 done, 1 failed, 2 wrong usage or bad input, 130 stopped by
/// the user. Whatever is thrown becomes one message on stderr. A result that could not be written to stdout
/// or stderr is a failure.
/// `doing`, "running 'neurontwin run x.toml'", is said where memory is short or the program itself is wrong.
int outcome_of(const std::string& doing, const std::function<int()>& program);

}  // namespace nt::cli

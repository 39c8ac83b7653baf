#include "cli/launched.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "cli/stopping.hpp"
#include "cli/terminal.hpp"
#include "config/error.hpp"
#include "config/printable.hpp"

namespace nt::cli {
namespace {

bool joined = false;

neurontwin::Ranks join() {
  neurontwin::Ranks ranks;
  joined = true;
  if (ranks.rank() > 0) {
    set_loudness(Loudness::quiet);
    stop_without_words();
    if (std::freopen("/dev/null", "w", stdout) == nullptr) fail_run("/dev/null cannot be opened");
  }
  return ranks;
}

void say_of_rank(int rank, const std::string& unsaid) {
  fmt::print(stderr, "neurontwin: rank {} on {}: {}\n", rank, neurontwin::Ranks::host(),
             config::printable(unsaid));
  std::fflush(stderr);
}

}  // namespace

const neurontwin::Ranks& launched() {
  static const auto ranks = join();
  return ranks;
}

bool launched_and_not_first() {
  return joined && launched().rank() > 0;
}

int leave(int code, const std::string& unsaid) {
  if (!joined) return code;
  const auto codes = launched().leave(code);
  const bool first_knows = codes && codes->front() != 0;
  if (!unsaid.empty() && !first_knows) say_of_rank(launched().rank(), unsaid);
  if (!codes) launched().abort(code);
  // One that was not signalled itself stopped with those that were.
  const bool stopped = code != 0 && std::ranges::count(*codes, kStoppedExitCode) > 0;
  return stopped ? kStoppedExitCode : code;
}

}  // namespace nt::cli

#pragma once
#include <string>
#include <string_view>

#include "ranks/ranks.hpp"

namespace nt::ranks {

/// For all ranks, which would otherwise wait for each other for ever, or write into each other's results.
/// InputError on all of them unless each says the same `value`, of which the first line that differs is
/// shown. `what` it is, and what to do where it differs: "command", "start all ranks alike".
void require_same(const Ranks& ranks, std::string_view what, const std::string& value,
                  std::string_view advice);

/// Of this machine.
std::string host_name();

}  // namespace nt::ranks

#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "ranks/ranks.hpp"

namespace nt::ranks {

/// Work that ranks share: `make` makes each of 0 .. count - 1 on whichever rank is free, as bytes, which
/// `take` gets on rank 0, in their order. For all ranks, which call it with the same; one alone takes each as
/// it is made, of several rank 0 holds them all at once. On one thread of each rank.
void deal_out(const Ranks& ranks, int64_t count, const std::function<std::string(int64_t number)>& make,
              const std::function<void(int64_t number, std::string made)>& take);

/// What `make` says on rank 0; the others wait for it, and then make it themselves, of what it left in files.
template <class Make>
auto first_then_others(const Ranks& ranks, Make&& make) {
  const auto wait = [&] {
    std::string nothing;
    ranks.from_first(nothing);
  };
  if (!ranks.is_first()) wait();
  auto made = make();
  if (ranks.is_first()) wait();
  return made;
}

}  // namespace nt::ranks

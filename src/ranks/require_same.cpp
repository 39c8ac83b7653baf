#include "ranks/require_same.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "config/error.hpp"

namespace nt::ranks {
namespace {

/// The first line of `text` that is not in its place in `other`; "nothing" where the text ends before.
std::string first_other_line(const std::string& text, const std::string& other) {
  const auto differs = std::mismatch(text.begin(), text.end(), other.begin(), other.end()).first;
  const auto at = static_cast<size_t>(differs - text.begin());
  const auto before = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
  const auto first = before == std::string::npos ? 0 : before + 1;
  const auto line = text.substr(first, text.find('\n', at) - first);
  return line.empty() ? "nothing" : line;
}

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown host";
}

void require_same(const Ranks& ranks, std::string_view what, const std::string& value,
                  std::string_view advice) {
  auto of_first = value;
  ranks.from_first(of_first);
  if (!ranks.any(value != of_first)) return;
  const auto values = ranks.exchange(value), hosts = ranks.exchange(host_name());
  const auto other = std::ranges::find_if(values, [&](const auto& v) { return v != of_first; });
  const auto rank = static_cast<size_t>(other - values.begin());
  fail_input("rank {} on {} has another {} than rank 0 on {} ({} there, {} here); {}", rank, hosts[rank],
             what, hosts.front(), first_other_line(*other, of_first), first_other_line(of_first, *other),
             advice);
}

}  // namespace nt::ranks

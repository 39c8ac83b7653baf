#include "ranks/deal_out.hpp"

#include <cstring>
#include <string_view>

namespace nt::ranks {
namespace {

/// Of each thing that a rank made, before its bytes.
struct Label {
  int64_t number = 0;
  uint64_t bytes = 0;
};

void append(std::string& to, int64_t number, const std::string& made) {
  const Label label{number, made.size()};
  to.append(reinterpret_cast<const char*>(&label), sizeof label);
  to += made;
}

void unpack(std::string_view from, std::vector<std::string>& made) {
  while (!from.empty()) {
    Label label;
    std::memcpy(&label, from.data(), sizeof label);
    made.at(static_cast<size_t>(label.number)) = from.substr(sizeof label, label.bytes);
    from.remove_prefix(sizeof label + label.bytes);
  }
}

}  // namespace

void deal_out(const Ranks& ranks, int64_t count, const std::function<std::string(int64_t)>& make,
              const std::function<void(int64_t, std::string)>& take) {
  if (ranks.size() == 1) {
    for (int64_t i = 0; i < count; ++i) take(i, make(i));
    return;
  }
  std::string own;
  const auto dealer = deal(ranks, count, {});
  while (const auto number = dealer->next()) append(own, *number, make(*number));
  dealer->finish();
  auto of_ranks = ranks.to_first(std::move(own));
  if (!ranks.is_first()) return;
  std::vector<std::string> made(static_cast<size_t>(count));
  for (auto& bytes : of_ranks) {
    unpack(bytes, made);
    bytes = {};
  }
  for (int64_t i = 0; i < count; ++i) take(i, std::move(made[static_cast<size_t>(i)]));
}

}  // namespace nt::ranks

#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nt::config {

/// The candidate most like `word`, if one is near enough to have been meant.
std::optional<std::string> nearest_word(std::string_view word, std::span<const std::string> candidates);

}  // namespace nt::config

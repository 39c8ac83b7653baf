#include "config/nearest_word.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace nt::config {
namespace {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, substituted}));
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> nearest_word(std::string_view word, std::span<const std::string> candidates) {
  std::optional<std::string> best;
  // Something of the word must be left: one letter is not like another.
  size_t best_distance = std::min(std::max<size_t>(2, word.size() / 3) + 1, word.size());
  for (const auto& candidate : candidates) {
    if (const size_t d = edit_distance(word, candidate); d < best_distance) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

std::string known_words(std::string_view word, std::span<const std::string> known) {
  if (known.empty()) return "known: none";
  const auto meant = nearest_word(word, known);
  return meant ? fmt::format("did you mean '{}'?", *meant) : fmt::format("known: {}", fmt::join(known, ", "));
}

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  const auto meant = nearest_word(word, known);
  return meant ? fmt::format("; did you mean '{}'?", *meant) : "";
}

}  // namespace nt::config

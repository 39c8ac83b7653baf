#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nt::config {

/// The candidate most like `word`, if one is near enough to have been meant.
std::optional<std::string> nearest_word(std::string_view word, std::span<const std::string> candidates);

/// What a message says of a word that is none of the known ones: "did you mean 'run'?", or all of them where
/// none is near: "known: run, train".
std::string known_words(std::string_view word, std::span<const std::string> known);

/// "; did you mean 'run'?" for the end of a message that names the known ones, or nothing where none is near.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

}  // namespace nt::config

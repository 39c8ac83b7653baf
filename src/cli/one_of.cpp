#include "cli/one_of.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "config/nearest_word.hpp"

namespace nt::cli {

CLI::Validator one_of(const std::vector<std::string>& words) {
  const auto refuse = [words](const std::string& given) -> std::string {
    if (std::ranges::find(words, given) != words.end()) return "";
    return fmt::format("'{}' is unknown, expected {}{}", given, fmt::join(words, " or "),
                       config::did_you_mean(given, words));
  };
  return {refuse, fmt::format("{{{}}}", fmt::join(words, ",")), ""};
}

}  // namespace nt::cli

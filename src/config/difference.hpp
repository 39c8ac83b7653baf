#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nt::config {

/// Values by their full keys, "train.schedule[0].learning_rate", as TOML writes them.
using ValuesByKey = std::map<std::string, std::string>;

/// All values of a TOML text. A text that is no TOML counts as one value, with the key "configuration".
ValuesByKey values_by_key(std::string_view toml);

/// A key whose values differ; empty where it has none.
struct KeyDifference {
  std::string key, there, here;
};
std::vector<KeyDifference> differences(const ValuesByKey& there, const ValuesByKey& here);

/// Whether it is a setting: not the content of a file ("content DIGEST" as a value stands for it), nor the
/// version of an algorithm ("algorithms.NAME" as a key). Only settings can be changed by a command.
bool is_setting(const KeyDifference& difference);

/// "train.epochs: 3 there, 5 here; seed: 1 there, 2 here", at most `at_most` of them, and how many more.
std::string words_for(const std::vector<KeyDifference>& differences, std::string_view there = "there",
                      std::string_view here = "here", size_t at_most = 5);

}  // namespace nt::config

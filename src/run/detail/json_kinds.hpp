#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace nt::run {

inline constexpr std::string_view kComparisonOfRuns = "comparison of runs";

/// What a JSON file of the program holds, in words, known by the members that it always has; empty: it is
/// none of the program's.
std::string_view kind_of_json(const nlohmann::ordered_json& json);

/// All such words, for messages: "scores of a run, curves of a run, ...".
std::string kinds_of_json();

/// A file of a run folder by its name: metrics.json, curves.json, learning.json and the like. InputError
/// naming the command that makes it again where it is damaged or holds another thing than its name says.
nlohmann::ordered_json read_run_json(const std::filesystem::path& file);

}  // namespace nt::run

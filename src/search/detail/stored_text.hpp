#pragma once
#include <filesystem>
#include <string>

#include "search/store.hpp"

namespace nt::search {

/// How search.sqlite keeps what is no number: as JSON.
std::string text_of(const LearningCurve& curve);
std::string text_of_scores(const TestLook& look);

/// Back again. InputError, naming `file`, where the text is no JSON; nothing where it says something else.
std::optional<LearningCurve> curve_from(const std::string& text, const std::filesystem::path& file);
std::optional<TestLook> test_look_from(const Job& job, const std::string& scores,
                                       const std::filesystem::path& file);

}  // namespace nt::search

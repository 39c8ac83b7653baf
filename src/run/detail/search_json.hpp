#pragma once
#include <nlohmann/json.hpp>

#include "search/answers.hpp"

namespace nt::run {

/// search.json (docs/search.md): what a search came to. What is no finite number is null.
nlohmann::ordered_json search_json(const search::SearchAnswers& answers);

}  // namespace nt::run

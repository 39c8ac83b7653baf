#pragma once
#include <nlohmann/json.hpp>

#include "interpret/interpret.hpp"

namespace nt::run {

/// interpretation.json (docs/files.md, docs/probes.md): what the report draws of an interpretation. Numbers
/// have five digits; null stands where there is none, and beside it, as `..._note`, why.
nlohmann::ordered_json interpretation_json(const interpret::Interpretation& found);

}  // namespace nt::run

#pragma once
#include <string>
#include <string_view>

namespace nt::files {

/// Text as it stands in HTML, XML or SVG, between tags or in an attribute's double quotes.
std::string markup_text(std::string_view text);

}  // namespace nt::files

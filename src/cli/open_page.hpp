#pragma once
#include <filesystem>

namespace nt::cli {

/// Opens a page in the user's browser: $BROWSER, else what the desktop says (xdg-open, open). RunError where
/// there is none.
void open_page(const std::filesystem::path& page);

}  // namespace nt::cli

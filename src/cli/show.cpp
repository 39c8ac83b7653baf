#include "cli/show.hpp"

#include "config/printable.hpp"

namespace nt::cli {

void show_text(std::string_view text) {
  fmt::print("{}", config::printable(text));
}

}  // namespace nt::cli

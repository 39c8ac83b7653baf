#include "run/output_file.hpp"

#include "config/error.hpp"

namespace nt::run {

void require_ending(const std::filesystem::path& file, std::string_view ending) {
  if (file.extension() == ending) return;
  fail_input("{}: expected a name that ends with {}, so that no file of another kind is replaced",
             file.string(), ending);
}

}  // namespace nt::run

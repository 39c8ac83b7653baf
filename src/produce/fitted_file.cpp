#include "produce/detail/fitted_file.hpp"

#include "config/error.hpp"

namespace nt::produce {

void begin_fitted_file(files::Hdf5Image& image, std::string_view format, const std::string& configuration,
                       int64_t fit_trials) {
  image.attribute("format", format);
  image.attribute("program_version", NEURONTWIN_VERSION);
  image.seal();
  image.attribute("configuration", configuration);
  image.attribute("fit_split", "train");
  image.attribute("fit_trials", fit_trials);
}

void require_fitted_file(const files::Hdf5File& stored, const std::filesystem::path& file,
                         std::string_view format, const std::string& configuration,
                         const std::string& remedy) {
  if (const auto found = stored.text_attribute("format"); found != format)
    fail_input("{}: is '{}', expected '{}'", file.string(), found, format);
  if (stored.text_attribute("configuration") != configuration) {
    fail_input("{}: was made by another configuration; choose another --out, or remove {}", file.string(),
               remedy);
  }
  stored.verified_digest();
}

}  // namespace nt::produce

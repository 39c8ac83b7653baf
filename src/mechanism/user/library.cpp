#include "mechanism/library.hpp"

#include <algorithm>

#include "config/error.hpp"
#include "config/nearest_word.hpp"
#include "config/settings.hpp"
#include "mechanism/catalogue.hpp"
#include "mechanism/detail/compile_user.hpp"
#include "mechanism/ion.hpp"

namespace nt::mechanism {
namespace {

/// All mechanisms of a cell work on arrays of as many trials side by side as the program's own.
void require_same_lanes(const MechanismKernels& user, const std::filesystem::path& file) {
  MechanismKernels own;
  catalogue().front().kernels(&own);
  if (user.in_float.lanes == own.in_float.lanes && user.in_double.lanes == own.in_double.lanes) return;
  fail_input(
      "{}: was compiled for {} trials in parallel, but this program needs {}; set CXX to a compiler that "
      "knows this machine's processor",
      file.string(), user.in_float.lanes, own.in_float.lanes);
}

/// Its kernels are those of the program, unless the cell follows ions for which these are not made, or wants
/// the values of its tables.
void load_from_catalogue(const CatalogueEntry& entry, const Reading& reading, LoadedMechanism& loaded) {
  const auto& followed_ions = reading.followed_ions;
  const auto path = std::string(entry.name) + ".mod";
  loaded.mechanism = compile_mechanism(entry.text, path);
  const bool has_table = !loaded.mechanism.notes.empty();
  const auto& ions = loaded.mechanism.ions;
  const bool as_built = std::none_of(ions.begin(), ions.end(), [&](const IonVariable& ion) {
    return followed_ions.contains(ion.ion) && !usual_ion(ion.ion).always_followed;
  });
  if (as_built && (reading.tables == Tables::exact || !has_table)) {
    entry.kernels(&loaded.kernels);
    return;
  }
  loaded.mechanism = compile_mechanism(entry.text, path, reading);
  loaded.kernels = compile_user_kernels(loaded.mechanism);
  require_same_lanes(loaded.kernels, path);
}

}  // namespace

std::shared_ptr<const LoadedMechanism> load_mechanism(const std::string& name,
                                                      const std::filesystem::path& folder,
                                                      const std::string& where, const Reading& reading) {
  auto loaded = std::make_shared<LoadedMechanism>();
  loaded->name = name;
  if (name.ends_with(".mod")) {
    const auto file = folder / name;
    std::error_code unreadable;
    if (!std::filesystem::exists(file, unreadable) && !unreadable)
      fail_input("{}: there is no file {}", where, file.string());
    loaded->mechanism = compile_mechanism(file, reading);
    loaded->kernels = compile_user_kernels(loaded->mechanism);
    require_same_lanes(loaded->kernels, file);
  } else {
    const auto all = catalogue();
    const auto entry =
        std::find_if(all.begin(), all.end(), [&](const CatalogueEntry& e) { return e.name == name; });
    if (entry == all.end()) {
      std::vector<std::string> names;
      for (const auto& e : all) names.emplace_back(e.name);
      const auto near = config::nearest_word(name, names);
      fail_input("{}: there is no mechanism '{}'{}; known: {}; or name a .mod file", where, name,
                 near ? fmt::format("; did you mean '{}'?", *near) : "", fmt::join(names, ", "));
    }
    load_from_catalogue(*entry, reading, *loaded);
  }
  loaded->layout = layout_of(loaded->mechanism);
  return loaded;
}

}  // namespace nt::mechanism

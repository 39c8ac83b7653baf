#include "cell/detail/placement.hpp"

#include "cell/formula.hpp"

namespace nt::cell {

std::string read_mechanism_name(const config::Settings& settings, const std::filesystem::path& folder) {
  const auto name = settings.text("mechanism");
  return name.ends_with(".mod") ? settings.file("mechanism", folder).string() : name;
}

Placement read_placement(const config::Settings& settings, const morphology::Compartments& geometry,
                         const Files& files, std::vector<int> compartments) {
  Placement p;
  const auto name = read_mechanism_name(settings, files.folder);
  p.loaded = files.load(name, settings.where("mechanism"));
  p.compartments = std::move(compartments);
  const auto& parameters = p.mechanism().parameters;
  const bool last_at_end = settings.flag("last_at_end", false);
  p.parameters.assign(p.compartments.size(), std::vector<double>(parameters.size()));
  for (size_t k = 0; k < parameters.size(); ++k) {
    const auto& parameter = parameters[k];
    const bool given = settings.has(parameter.name);
    const auto where =
        given ? fmt::format("{}: '{}'", settings.where(parameter.name), settings.full_key(parameter.name))
              : fmt::format("{}: '{}'", name, parameter.name);
    const auto values =
        evaluate_formula(settings.formula(parameter.name, fmt::format("{:.17g}", parameter.value)), where,
                         geometry, p.compartments, last_at_end);
    for (size_t i = 0; i < values.size(); ++i) {
      check_value(values[i], parameter, name, given, geometry, p.compartments[i], where);
      p.parameters[i][k] = values[i];
    }
  }
  return p;
}

}  // namespace nt::cell

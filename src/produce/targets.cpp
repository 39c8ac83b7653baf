#include "produce/targets.hpp"

#include "files/hdf5.hpp"
#include "produce/detail/fitted_file.hpp"

namespace nt::produce {
namespace {

constexpr std::string_view kFormat = "neurontwin targets 1";

}  // namespace

std::filesystem::path targets_path(const std::filesystem::path& folder) {
  return folder / "targets.h5";
}

std::string targets_bytes(const std::vector<Target>& targets, const std::string& configuration,
                          int64_t fit_trials) {
  std::vector<std::string> name, unit;
  std::vector<double> mean, sd;
  for (const auto& target : targets) {
    name.push_back(target.name);
    unit.push_back(target.unit);
    mean.push_back(target.mean);
    sd.push_back(target.sd);
  }
  files::Hdf5Image image;
  begin_fitted_file(image, kFormat, configuration, fit_trials);
  image.write_texts("/name", name);
  image.write_texts("/unit", unit);
  image.write<double>("/mean", mean, "that in unit");
  image.write<double>("/sd", sd, "that in unit");
  return image.bytes();
}

std::vector<Target> read_targets(const std::filesystem::path& file, const std::string& configuration) {
  const files::Hdf5File stored(file);
  require_fitted_file(stored, file, kFormat, configuration);
  const auto name = stored.read_texts("/name"), unit = stored.read_texts("/unit");
  const auto mean = stored.read<double>("/mean"), sd = stored.read<double>("/sd");
  if (unit.size() != name.size() || mean.size() != name.size() || sd.size() != name.size())
    fail_input("{}: has lists of different lengths; the file is damaged, remove it", file.string());
  std::vector<Target> targets;
  for (size_t k = 0; k < name.size(); ++k) targets.push_back({name[k], unit[k], mean[k], sd[k]});
  return targets;
}

}  // namespace nt::produce

#include <algorithm>
#include <cmath>

#include "files/free_space.hpp"
#include "files/json.hpp"
#include "network/spec.hpp"
#include "run/detail/inspect_results.hpp"

namespace nt::run {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string number_of(const Json& population, const char* key) {
  const auto found = population.find(key);
  return found == population.end() || !found->is_number() ? "-" : fmt::format("{:.4g}", found->get<double>());
}

void print_populations(Lines& out, const std::string& title, const Json& populations) {
  out.print("{:<20} {:>8} {:>10} {:>10} {:>8}\n", title, "neurons", "spikes", "rate (Hz)", "CV");
  for (const auto& [name, p] : populations.items())
    out.print("  {:<18} {:>8} {:>10} {:>10} {:>8}\n", name, number_of(p, "neurons"), number_of(p, "spikes"),
              number_of(p, "rate_hz"), number_of(p, "cv"));
}

}  // namespace

bool is_network_folder(const fs::path& path) {
  std::error_code unreadable;
  return fs::is_directory(path, unreadable) &&
         (fs::exists(path / "network.toml", unreadable) || fs::exists(path / "checkpoint.h5", unreadable));
}

void inspect_network_folder(Lines& out, const fs::path& folder) {
  out.print("# results of a network\n");
  for (const auto* name : {"compare.json", "metrics.json"}) {
    const auto file = folder / name;
    if (!fs::exists(file)) continue;
    const auto json = files::read_json(file);
    files::using_json(file, [&] {
      out.print("{:<12} {}\n{:<12} {}\n{:<12} {}\n", "title", json.at("title").get<std::string>(), "ms",
                json.at("ms").dump(), "seed", json.at("seed").dump());
      if (json.contains("courses")) {
        for (const auto& course : json.at("courses"))
          print_populations(out, course.at("name").get<std::string>(), course.at("populations"));
      } else {
        print_populations(out, "population", json.at("populations"));
      }
    });
    break;
  }
  out.print("\n");
  print_files(out, folder);
}

void inspect_network(Lines& out, const config::Settings& settings) {
  static_cast<void>(network::read_network(settings));
  settings.reject_unread();
  out.print("# a network, with every default\n{}", settings.resolved());
}

}  // namespace nt::run

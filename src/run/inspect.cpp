#include "run/inspect.hpp"

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "cell/neuron.hpp"
#include "config/printable.hpp"
#include "dataset/shard.hpp"
#include "files/files.hpp"
#include "mechanism/pace.hpp"
#include "morphology/drawing.hpp"
#include "run/detail/inspect_dataset.hpp"
#include "run/detail/inspect_results.hpp"
#include "run/experiment.hpp"
#include "run/output_file.hpp"
#include "twin/saved_twin.hpp"

namespace nt::run {
namespace {

/// Sections, compartments, length and membrane of each region.
void print_geometry(Lines& out, const morphology::Compartments& g) {
  out.print("{:<8} {:>8} {:>12} {:>11} {:>9} {:>14} {:>12}\n", "region", "sections", "compartments",
            "length um", "area um2", "diameter um", "distance um");
  for (const auto region : {morphology::Region::soma, morphology::Region::axon, morphology::Region::basal,
                            morphology::Region::apical, morphology::Region::other}) {
    int sections = 0, compartments = 0;
    double length = 0, area = 0, farthest = 0, thinnest = 1e9, thickest = 0;
    for (size_t s = 0; s < g.sections.size(); ++s) sections += g.sections[s].region == region;
    for (size_t i = 0; i < g.compartments.size(); ++i) {
      if (g.region(static_cast<int>(i)) != region) continue;
      const auto& c = g.compartments[i];
      ++compartments;
      length += c.length_um;
      area += c.area_um2;
      farthest = std::max(farthest, c.path_um + c.length_um / 2);
      thinnest = std::min(thinnest, c.diameter_um);
      thickest = std::max(thickest, c.diameter_um);
    }
    if (sections == 0) continue;
    out.print("{:<8} {:>8} {:>12} {:>11.1f} {:>9.1f} {:>14} {:>12.1f}\n", name_of(region), sections,
              compartments, length, area, fmt::format("{:.2f} to {:.2f}", thinnest, thickest), farthest);
  }
}

/// Where a picture of the tree is asked for; empty: nowhere.
using Svg = std::filesystem::path;

void draw(const morphology::Compartments& geometry, const std::filesystem::path& of, const Svg& svg) {
  if (!svg.empty())
    files::write_file_atomically(svg, morphology::drawn_as_svg(geometry, of.filename().string()));
}

[[noreturn]] void refuse_svg(const std::filesystem::path& file) {
  fail_input("--svg: {} has no tree to draw; expected a morphology or a detailed cell", file.string());
}

void inspect_morphology(Lines& out, const std::filesystem::path& file, const Svg& svg) {
  constexpr double kSpacing_um = 40;
  out.print("# a morphology; compartments of {} um or less, distances along the tree from the soma\n",
            kSpacing_um);
  const auto morphology = morphology::read_morphology(file);
  const auto geometry = morphology::cut(
      morphology, [](const morphology::Section& s) { return morphology::by_spacing(s, kSpacing_um); }, 100);
  print_geometry(out, geometry);
  draw(geometry, file, svg);
  for (const auto& note : morphology.notes) out.print("note     {}\n", note);
}

std::string_view words_for(mechanism::IonQuantity quantity) {
  switch (quantity) {
    case mechanism::IonQuantity::reversal_mV:
      return "reversal potential";
    case mechanism::IonQuantity::inside_mM:
      return "concentration inside";
    case mechanism::IonQuantity::outside_mM:
      return "concentration outside";
    case mechanism::IonQuantity::current:
      break;
  }
  return "current";
}

void inspect_mechanism(Lines& out, const std::filesystem::path& file) {
  const auto m = mechanism::compile_mechanism(file);
  out.print("# {} {}\n", m.point_process ? "a point process," : "a density mechanism,", m.name);
  for (const auto& p : m.parameters) out.print("parameter  {:<16} {:g} {}\n", p.name, p.value, p.unit);
  for (size_t s = 0; s < m.stored.size(); ++s)
    out.print("{:<10} {}\n", s < m.states ? "state" : "kept", m.stored[s]);
  for (const auto& c : m.currents)
    out.print("current    {}{}\n", c.ion.empty() ? "of no ion" : "of " + c.ion,
              mechanism::is_ohmic(m) ? ", a straight line of v" : "");
  for (const auto& ion : m.ions)
    out.print("ion        {:<16} {}, {}\n", ion.name, words_for(ion.quantity),
              ion.written ? "written" : "read");
  for (const auto& note : m.notes) out.print("note       {}\n", note);
  if (m.receiving)
    out.print("receives   events with {} number{}\n", m.receiving->arguments.size(),
              m.receiving->arguments.size() == 1 ? "" : "s");
}

/// The named groups: how many synapses on how many compartments, and what their events are.
void print_groups(Lines& out, const cell::DetailedCell& cell) {
  for (const auto& group : cell.groups) {
    std::set<std::string> names;
    std::set<int> compartments;
    double least = std::numeric_limits<double>::infinity(), most = -least, first_ms = least, last_ms = most;
    for (const auto& c : cell::connections_of(cell, group.excitatory ? cell.excitatory : cell.inhibitory)) {
      if (c.synapse < group.first || c.synapse >= group.first + group.count) continue;
      const auto& placement = cell.placements[c.placement];
      names.insert(placement.mechanism().name);
      compartments.insert(placement.compartments[c.instance]);
      least = std::min(least, c.weight);
      most = std::max(most, c.weight);
      first_ms = std::min(first_ms, c.delay_ms);
      last_ms = std::max(last_ms, c.delay_ms);
    }
    const auto range = [](double low, double high) {
      return low == high ? fmt::format("{:g}", low) : fmt::format("{:g} to {:g}", low, high);
    };
    out.print("  {:<12} {:<10} {:>6} on {} compartments, {}, weight {}, delay {} ms\n", group.name,
              group.excitatory ? "excitatory" : "inhibitory", group.count, compartments.size(),
              fmt::join(names, ", "), range(least, most), range(first_ms, last_ms));
  }
}

void inspect_detailed_cell(Lines& out, const cell::DetailedCell& cell, const config::Settings& settings) {
  out.print("# a detailed cell\n");
  print_geometry(out, cell.geometry);
  out.print("\n{:<16} {:>12}  {}\n", "mechanism", "compartments", "parameters, smallest to largest");
  for (const auto& p : cell.placements) {
    std::vector<std::string> ranges;
    const auto& parameters = p.mechanism().parameters;
    for (size_t k = 0; k < parameters.size(); ++k) {
      double low = p.parameters.at(0)[k], high = low;
      for (const auto& values : p.parameters) {
        low = std::min(low, values[k]);
        high = std::max(high, values[k]);
      }
      ranges.push_back(low == high ? fmt::format("{} {:g}", parameters[k].name, low)
                                   : fmt::format("{} {:g} to {:g}", parameters[k].name, low, high));
    }
    out.print("{:<16} {:>12}  {}\n", p.mechanism().name, p.compartments.size(), fmt::join(ranges, ", "));
  }
  const auto synapses = [&](const cell::SynapseGroup& group) {
    const auto connections = cell::connections_of(cell, group);
    if (connections.empty()) return std::string("none");
    std::set<std::string> names;
    for (const auto& connection : connections)
      names.insert(cell.placements[connection.placement].mechanism().name);
    return fmt::format("{} ({})", connections.back().synapse + 1, fmt::join(names, ", "));
  };
  out.print("\nsynapses   excitatory {}, inhibitory {}\n", synapses(cell.excitatory),
            synapses(cell.inhibitory));
  print_groups(out, cell);
  out.print("\n# the description, with every default\n{}", settings.resolved());
}

void inspect_toml(Lines& out, const std::filesystem::path& file, const std::string& profile,
                  const std::vector<std::string>& set, const Svg& svg) {
  const auto settings = config::Settings::from_file(file, "", set);
  if (settings.has("kind")) {
    if (!profile.empty())
      fail_input("{}: is a cell, which has no profiles; leave --profile out", file.string());
    const auto neuron = cell::read_neuron(settings);
    settings.reject_unread();
    if (const auto* cell = cell::compartmental(neuron)) {
      inspect_detailed_cell(out, *cell, settings);
      return draw(cell->geometry, file, svg);
    }
    if (!svg.empty()) refuse_svg(file);
    out.print("# a cell description, with every default\n{}", settings.resolved());
    return;
  }
  if (!svg.empty()) refuse_svg(file);
  if (settings.has("populations")) {
    if (!profile.empty())
      fail_input("{}: is a network, which has no profiles; leave --profile out", file.string());
    return inspect_network(out, settings);
  }
  Options options;
  options.experiment = file;
  options.profile = profile;
  options.set = set;
  const auto e = read_experiment(options);
  const auto profiles = config::profiles_of(file);
  out.print("# an experiment; profiles: {}\n{}",
            profiles.empty() ? "none" : fmt::format("{}", fmt::join(profiles, ", ")), e.resolved);
}

void inspect_twin(Lines& out, const std::filesystem::path& file) {
  twin::TwinFile twin(file);
  twin.read();  // and so checks every number
  const auto& d = twin.description();
  auto provenance = d.provenance;
  const auto experiment = provenance.value("experiment", "");
  provenance.erase("experiment");
  out.print("# a twin: {}\n", d.spec.network->words());
  out.print("{} excitatory and {} inhibitory synapses{}\n\n", d.excitatory_synapses, d.inhibitory_synapses,
            d.cell.section.empty() ? ", of which it is not known where they sit"
                                   : fmt::format(" on {} compartments", d.cell.section.size()));
  for (const auto& group : d.cell.groups)
    out.print("group {:<12} {} {}\n", group.name, group.count,
              group.excitatory ? "excitatory" : "inhibitory");
  if (!d.cell.groups.empty()) out.print("\n");
  out.print("provenance {}\nthresholds {}\nscores {}\n\n", provenance.dump(1), d.thresholds.dump(1),
            d.scores.dump(1));
  for (const auto& array : twin.arrays())
    out.print("{:<26} [{}]\n", array.name, fmt::join(array.shape, ", "));
  if (!experiment.empty()) out.print("\n{}", experiment);
}

bool is_cell_folder(const std::filesystem::path& path) {
  std::error_code unreadable;
  return std::filesystem::is_directory(path, unreadable) &&
         std::filesystem::exists(cell::cell_file(path), unreadable);
}

bool is_hdf5(const std::filesystem::path& file) {
  return file.extension() == ".h5" || file.extension() == ".hdf5";
}

/// Shards grouped by split, in the order in which the splits come; each other file by itself.
std::vector<std::vector<std::filesystem::path>> grouped(const std::vector<std::filesystem::path>& files) {
  std::vector<std::vector<std::filesystem::path>> groups;
  std::map<std::string, size_t> group_of;  // by split
  for (const auto& file : files) {
    if (!std::filesystem::exists(file)) fail_input("{}: no such file", file.string());
    if (!is_hdf5(file) || is_dendritic_basis(file) || is_synapse_clusters(file) || is_hdf5_result(file)) {
      groups.push_back({file});
      continue;
    }
    const auto [place, added] = group_of.emplace(dataset::Shard(file).split(), groups.size());
    if (added) groups.emplace_back();
    groups[place->second].push_back(file);
  }
  return groups;
}

void inspect_file(Lines& out, const std::filesystem::path& file, const Svg& svg) {
  const auto kind = file.extension();
  if (kind == ".swc" || kind == ".asc") return inspect_morphology(out, file, svg);
  if (!svg.empty()) refuse_svg(file);
  if (kind == ".safetensors" || kind == ".pt") return inspect_twin(out, file);
  if (kind == ".mod") return inspect_mechanism(out, file);
  if (kind == ".json") return inspect_json(out, file);
  if (kind == ".html") return inspect_report(out, file);
  if (is_run_folder(file)) return inspect_run(out, file);
  if (is_network_folder(file)) return inspect_network_folder(out, file);
  fail_input(
      "{}: unknown kind of file, expected .toml (experiment, cell or network), .swc or .asc (morphology), "
      ".mod "
      "(mechanism), .h5 (data set, prediction, trial, weights, or of a network), .safetensors (twin), .json "
      "or "
      ".html (of a run or a network), or the folder of a run or of a network",
      file.string());
}

}  // namespace

std::string inspect(const std::vector<std::filesystem::path>& named, const std::string& profile,
                    const std::vector<std::string>& set, const std::filesystem::path& svg) {
  if (!svg.empty()) require_ending(svg, ".svg");
  std::vector<std::filesystem::path> files;
  for (const auto& file : named) files.push_back(is_cell_folder(file) ? cell::cell_file(file) : file);
  if (!svg.empty() && files.size() > 1)
    fail_input("--svg draws one tree, but {} files are given", files.size());
  const auto is_toml = [](const std::filesystem::path& file) { return file.extension() == ".toml"; };
  if ((!profile.empty() || !set.empty()) && std::none_of(files.begin(), files.end(), is_toml))
    fail_input("{} has no effect without an experiment or a cell (.toml); leave it out",
               set.empty() ? "--profile" : "--set");
  const auto groups = grouped(files);
  Lines out;
  for (const auto& group : groups) {
    if (&group != &groups.front()) out.print("\n");
    if (is_toml(group.front())) {
      inspect_toml(out, group.front(), profile, set, svg);
    } else if (!is_hdf5(group.front())) {
      inspect_file(out, group.front(), svg);
    } else if (!svg.empty()) {
      refuse_svg(group.front());
    } else if (is_dendritic_basis(group.front())) {
      inspect_dendritic_basis(out, group.front());
    } else if (is_synapse_clusters(group.front())) {
      inspect_synapse_clusters(out, group.front());
    } else if (is_hdf5_result(group.front())) {
      inspect_hdf5_result(out, group.front());
    } else {
      inspect_shards(out, group);
    }
  }
  return config::printable(out.text);
}

}  // namespace nt::run

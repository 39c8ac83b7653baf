#include "run/replay.hpp"

#include <algorithm>
#include <array>

#include "files/files.hpp"
#include "files/free_space.hpp"
#include "files/hdf5.hpp"
#include "simulate/simulator.hpp"

namespace nt::run {
namespace {

void write_compartments(files::Hdf5Image& image, const cell::DetailedCell& cell) {
  const auto& g = cell.geometry;
  std::vector<std::string> section;
  std::vector<double> x, length, diameter, area, resistivity, ri, path;
  const int soma = morphology::soma_of(g.sections);
  const double soma_um = g.compartments[g.first_compartment[soma]].length_um * g.count(soma);
  for (size_t i = 0; i < g.compartments.size(); ++i) {
    const auto& c = g.compartments[i];
    section.push_back(g.sections[c.section].name);
    x.push_back(c.x);
    length.push_back(c.length_um);
    diameter.push_back(c.diameter_um);
    area.push_back(c.area_um2);
    const bool first = static_cast<int>(i) == g.first_compartment[c.section];
    resistivity.push_back(g.axial_resistivity_ohm_cm[c.section]);
    ri.push_back(resistivity.back() *
                 (c.resistance_before + (first ? 0 : g.compartments[i - 1].resistance_after)));
    path.push_back(c.section == soma ? c.x * soma_um : c.path_um + soma_um / 2);
  }
  image.write_texts("/compartments/section", section);
  const auto write = [&](const char* name, const std::vector<double>& values, const char* units) {
    image.write<double>(std::string("/compartments/") + name, values, units);
  };
  write("x", x, "1");
  write("length_um", length, "um");
  write("diam_um", diameter, "um");
  write("area_um2", area, "um2");
  write("ri_megaohm", ri, "Mohm");
  write("path_distance_from_soma0_um", path, "um");
  write("cm_uF_cm2", cell.capacitance_uF_cm2, "uF/cm2");
  write("Ra_ohm_cm", resistivity, "ohm cm");
  // Densities, named as in NEURON: parameter_mechanism.
  const std::pair<const char*, std::array<const char*, 2>> columns[] = {
      {"g_pas", {"leak", "g"}},
      {"gIhbar_Ih", {"Ih", "gbar"}},
      {"gNaTs2_tbar_NaTs2_t", {"NaTs2_t", "gbar"}},
      {"gCa_LVAstbar_Ca_LVAst", {"Ca_LVAst", "gbar"}},
      {"gSK_E2bar_SK_E2", {"SK_E2", "gbar"}}};
  for (const auto& [column, from] : columns) {
    std::vector<double> values(x.size(), 0);
    for (const auto& p : cell.placements) {
      const auto& parameters = p.mechanism().parameters;
      for (size_t k = 0; k < parameters.size(); ++k) {
        if (p.mechanism().name != from[0] || parameters[k].name != from[1]) continue;
        for (size_t i = 0; i < p.compartments.size(); ++i) values[p.compartments[i]] = p.parameters[i][k];
      }
    }
    write(column, values, "S/cm2");
  }
}

/// InputError if what is recorded cannot fit into memory: of every compartment a value each ms, of the soma,
/// the nexus and the sites eight; once as it comes, once in the file that is made.
void require_memory(const cell::DetailedCell& cell, int64_t duration_ms) {
  const auto per_ms = static_cast<double>(cell.geometry.compartments.size() + 8 * (2 + cell.sites.size()));
  const double bytes = 2 * sizeof(float) * per_ms * static_cast<double>(duration_ms);
  const auto free = static_cast<double>(files::free_memory_bytes());
  if (bytes <= free) return;
  fail_input("a trial of {} ms is too long: its recording takes more than {} of memory, but {} are free",
             duration_ms, files::words_for_bytes(bytes), files::words_for_bytes(free));
}

int64_t until_last_spike_ms(const stimulus::TimedInput& input) {
  double last_ms = 0;
  for (const auto* events : {&input.excitatory, &input.inhibitory})
    if (!events->time_ms.empty()) last_ms = std::max(last_ms, *std::ranges::max_element(events->time_ms));
  return (static_cast<int64_t>(last_ms) / 1000 + 1) * 1000;
}

}  // namespace

simulate::Recording replay(const cell::Neuron& neuron, const std::string& settings,
                           const stimulus::TimedInput& input, int64_t duration_ms,
                           const simulate::SimulationSpec& spec, const std::filesystem::path& out) {
  const auto& cell = *cell::compartmental(neuron);
  if (duration_ms == 0) duration_ms = until_last_spike_ms(input);
  require_memory(cell, duration_ms);
  auto recording = simulate::simulate(neuron, spec, std::span(&input, 1), duration_ms, 1)[0];

  files::Hdf5Image image;
  image.attribute("format", "neurontwin replay 1");
  image.attribute("program_version", NEURONTWIN_VERSION);
  image.attribute("cell", settings);
  image.attribute("scheme",
                  spec.cable.scheme == simulate::Scheme::backward_euler ? "euler" : "crank-nicolson");
  image.attribute("precision", spec.precision == simulate::Precision::in_float ? "float" : "double");
  image.write<float>("/soma_mV", recording.soma_mV, "mV");
  if (!recording.nexus_mV.empty()) image.write<float>("/nexus_mV", recording.nexus_mV, "mV");
  for (const auto& site : recording.sites) image.write<float>("/sites/" + site.name, site.mV, "mV");
  const auto compartments = static_cast<uint64_t>(cell.geometry.compartments.size());
  image.write<float>("/dendrites_mV", recording.dendrites_mV, "mV",
                     {compartments, static_cast<uint64_t>(duration_ms)});
  image.write<double>("/spike_times_ms", recording.spike_times_ms, "ms");
  write_compartments(image, cell);
  files::write_file_atomically(out, image.bytes());
  return recording;
}

}  // namespace nt::run

#include "cli/replay.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "dataset/hdf5.hpp"
#include "dataset/replay_input.hpp"
#include "files/free_space.hpp"
#include "simulate/cable.hpp"

namespace neurontwin {
namespace {

void write_compartments(Hdf5Image& image, const DetailedCell& cell) {
  const auto& g = cell.geometry;
  std::vector<std::string> section;
  std::vector<double> x, length, diameter, area, ri, path;
  const double soma_half_um = length_um(g.sections[0]) / 2;
  for (size_t i = 0; i < g.compartments.size(); ++i) {
    const auto& c = g.compartments[i];
    section.push_back(g.sections[static_cast<size_t>(c.section)].name);
    x.push_back(c.x);
    length.push_back(c.length_um);
    diameter.push_back(c.diameter_um);
    area.push_back(c.area_um2);
    const bool first = static_cast<int>(i) == g.first_compartment[static_cast<size_t>(c.section)];
    ri.push_back(g.axial_resistivity_ohm_cm *
                 (c.resistance_before + (first ? 0 : g.compartments[i - 1].resistance_after)));
    path.push_back(i == 0 ? soma_half_um : c.path_um + soma_half_um);
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
  write("Ra_ohm_cm", std::vector<double>(x.size(), g.axial_resistivity_ohm_cm), "ohm cm");
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
        for (size_t i = 0; i < p.compartments.size(); ++i)
          values[static_cast<size_t>(p.compartments[i])] = p.parameters[i][k];
      }
    }
    write(column, values, "S/cm2");
  }
}

/// InputError if what is recorded cannot fit into memory: of every compartment a value each ms, of the soma,
/// the nexus and the sites eight; once as it comes, once in the file that is made.
void require_memory(const DetailedCell& cell, int64_t duration_ms, bool said) {
  const auto per_ms = static_cast<double>(cell.geometry.compartments.size() + 8 * (2 + cell.sites.size()));
  const double bytes = 2 * sizeof(float) * per_ms * static_cast<double>(duration_ms);
  const auto free = static_cast<double>(free_memory_bytes());
  if (bytes <= free) return;
  fail_input("{} of {} ms is too long: the recording takes more than {} of memory, but {} are free",
             said ? "--ms" : "the input", duration_ms, words_for_bytes(bytes), words_for_bytes(free));
}

}  // namespace

void replay(const ReplayOptions& o) {
  if (o.out.empty()) fail_input("--replay needs --out FILE.h5");
  if (o.input.empty() && o.duration_ms == 0)
    fail_input("without --replay, whose last input spike would say it, --ms has to say how long");
  const auto settings = Settings::from_file(o.cell, "", o.set);
  CellChoices choices;
  if (!o.morphology.empty()) choices.morphology = o.morphology;
  choices.receptors = o.receptors;
  const auto cell = read_detailed_cell(settings, o.cell.parent_path(), choices);
  settings.reject_unread();
  for (const auto& note : cell.notes) fmt::print(stderr, "note: {}\n", note);

  const auto input = o.input.empty() ? TimedInput{} : read_replay_input(o.input, cell);
  int64_t duration_ms = o.duration_ms;
  if (duration_ms == 0) {
    double last_ms = 0;
    for (const auto* events : {&input.excitatory, &input.inhibitory})
      if (!events->time_ms.empty()) last_ms = std::max(last_ms, events->time_ms.back());
    duration_ms = (static_cast<int64_t>(last_ms) / 1000 + 1) * 1000;
  }
  require_memory(cell, duration_ms, o.duration_ms > 0);
  const CableSpec spec{o.dt_ms, o.scheme == "euler" ? Scheme::backward_euler : Scheme::crank_nicolson, true};
  const auto start = std::chrono::steady_clock::now();
  const auto precision = o.precision == "float" ? Precision::in_float : Precision::in_double;
  const auto recording = simulate_trials(cell, spec, precision, std::span(&input, 1), duration_ms, 1)[0];
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  Hdf5Image image;
  image.attribute("format", "neurontwin replay 1");
  image.attribute("program_version", NEURONTWIN_VERSION);
  image.attribute("cell", settings.resolved());
  image.attribute("scheme", o.scheme);
  image.attribute("precision", o.precision);
  image.write<float>("/soma_mV", recording.soma_mV, "mV");
  if (!recording.nexus_mV.empty()) image.write<float>("/nexus_mV", recording.nexus_mV, "mV");
  for (const auto& site : recording.sites) image.write<float>("/sites/" + site.name, site.mV, "mV");
  const auto compartments = static_cast<uint64_t>(cell.geometry.compartments.size());
  image.write<float>("/dendrites_mV", recording.dendrites_mV, "mV",
                     {compartments, static_cast<uint64_t>(duration_ms)});
  image.write<double>("/spike_times_ms", recording.spike_times_ms, "ms");
  write_compartments(image, cell);
  write_file_atomically(o.out, image.bytes());
  fmt::print("{} ms in {:.2f} s, {} output spikes; {}\n", duration_ms, seconds,
             recording.spike_times_ms.size(), o.out.string());
}

}  // namespace neurontwin

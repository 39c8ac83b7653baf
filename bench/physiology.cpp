// physiology: what an electrode and clustered synapses find in a layer-5 pyramidal cell, and what its tree
// measures. Prints a Markdown table of the cell as described and, with --morphology, of the same biophysics
// on a reconstruction; with --json a JSON object of each.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "cell/place.hpp"
#include "simulate/cable.hpp"
#include "simulate/dendritic_input.hpp"
#include "simulate/simulator.hpp"

using namespace nt;
using Numbers = nlohmann::ordered_json;  // "what, unit": number

namespace {

constexpr double kSettling_ms = 500;  // from the common start at -76 mV
constexpr double kSite_um = 620;      // of the apical electrode (Hay et al. 2011)
constexpr int64_t kPerMs = 8;         // samples

int threads() {
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

/// Does the jobs, as many at a time as there are cores.
void do_all(const std::vector<std::function<void()>>& jobs) {
  std::atomic<size_t> next = 0;
  std::vector<std::thread> workers;
  for (int k = 0; k < threads(); ++k)
    workers.emplace_back([&] {
      for (size_t job = next++; job < jobs.size(); job = next++) jobs[job]();
    });
  for (auto& worker : workers) worker.join();
}

simulate::Recording run(const cell::DetailedCell& cell, double ms) {
  const stimulus::SynapticInput silence;
  return simulate::simulate(cell, {{}, simulate::Precision::in_double}, std::span(&silence, 1),
                            static_cast<int64_t>(ms), 1)[0];
}

std::span<const float> part(const std::vector<float>& mV, double from_ms, double to_ms) {
  const auto at = [&](double ms) { return std::min(static_cast<size_t>(ms * kPerMs), mV.size()); };
  return std::span(mV).subspan(at(from_ms), at(to_ms) - at(from_ms));
}

double highest(std::span<const float> mV) {
  return *std::max_element(mV.begin(), mV.end());
}

double spikes_between(const simulate::Recording& r, double from_ms, double to_ms) {
  return static_cast<double>(std::count_if(r.spike_times_ms.begin(), r.spike_times_ms.end(),
                                           [&](double t) { return t >= from_ms && t < to_ms; }));
}

double above_ms(std::span<const float> mV, double level_mV) {
  return static_cast<double>(std::count_if(mV.begin(), mV.end(), [&](float v) { return v > level_mV; })) /
         kPerMs;
}

// ---- the tree

void measure_tree(const cell::DetailedCell& cell, Numbers& out) {
  const auto& g = cell.geometry;
  std::vector<bool> ends(g.sections.size(), true);
  for (const auto& s : g.sections)
    if (s.parent >= 0) ends[static_cast<size_t>(s.parent)] = false;
  out["compartments"] = g.compartments.size();
  for (const auto region :
       {morphology::Region::soma, morphology::Region::basal, morphology::Region::apical}) {
    const std::string name(name_of(region));
    size_t sections = 0, endings = 0, compartments = 0;
    for (size_t s = 0; s < g.sections.size(); ++s) {
      if (g.sections[s].region != region) continue;
      ++sections;
      endings += ends[s];
    }
    double length = 0, area = 0, farthest = 0;
    std::vector<double> by_path(14);
    for (size_t c = 0; c < g.compartments.size(); ++c) {
      if (g.region(static_cast<int>(c)) != region) continue;
      const auto& here = g.compartments[c];
      ++compartments;
      length += here.length_um;
      area += here.area_um2;
      farthest = std::max(farthest, here.path_um + here.length_um / 2);
      by_path[std::min(static_cast<size_t>(std::max(0.0, here.path_um) / 100), by_path.size() - 1)] +=
          here.length_um;
    }
    if (region == morphology::Region::soma) {
      out["soma: area, um2"] = area;
      continue;
    }
    out[name + ": sections"] = sections;
    out[name + ": endings"] = endings;
    out[name + ": compartments"] = compartments;
    out[name + ": length, um"] = length;
    out[name + ": area, um2"] = area;
    out[name + ": farthest end, um"] = farthest;
    for (size_t k = 0; k < by_path.size(); ++k)
      if (by_path[k] > 0)
        out[fmt::format("{}: length {} to {} um along the tree, um", name, 100 * k, 100 * (k + 1))] =
            by_path[k];
  }
}

// ---- one electrode at the soma

/// Rest, and a small step downwards.
void measure_membrane(cell::DetailedCell cell, Numbers& out) {
  constexpr double kOn = 1500, kFor = 600, kStep_nA = -0.05;
  cell.sites.push_back({"apical", cell::compartment_at(cell.geometry, morphology::Region::apical, kSite_um)});
  cell::add_point(cell, "IClamp", 0, {{"del", kOn}, {"dur", kFor}, {"amp", kStep_nA}});
  const auto recording = run(cell, kOn + kFor);
  const auto& v = recording.soma_mV;
  const double rest = part(v, 0, kOn).back();
  const auto pulse = part(v, kOn, kOn + kFor);
  const double lowest = *std::min_element(pulse.begin(), pulse.end()), end = pulse.back();
  const double tau_level = rest + (1 - std::exp(-1)) * (lowest - rest);
  const auto reached =
      std::find_if(pulse.begin(), pulse.end(), [&](float x) { return x < tau_level; }) - pulse.begin();
  out["rest at the soma, mV"] = rest;
  out[fmt::format("rest of the apical dendrite at {} um, mV", kSite_um)] =
      part(recording.sites[0].mV, 0, kOn).back();
  out["input resistance, Mohm"] = (end - rest) / kStep_nA;
  out["time to 63 % of the peak deflection, ms"] = static_cast<double>(reached) / kPerMs;
  out["sag: steady over peak deflection"] = (end - rest) / (lowest - rest);
}

double firing_rate_hz(cell::DetailedCell cell, double step_nA) {
  constexpr double kFor = 2000;
  cell::add_point(cell, "IClamp", 0, {{"del", kSettling_ms}, {"dur", kFor}, {"amp", step_nA}});
  return spikes_between(run(cell, kSettling_ms + kFor), kSettling_ms, kSettling_ms + kFor) / (kFor / 1000);
}

// ---- soma and apical dendrite

struct Pairing {
  bool soma, dendrite;
};

/// 5 ms of 1.9 nA at the soma, and 5 ms after its start the shape of a synaptic current with a peak of 0.5 nA
/// at the apical site. The sites: at 100, 200 ... um.
simulate::Recording pair(cell::DetailedCell cell, Pairing pairing) {
  const int apical = cell::compartment_at(cell.geometry, morphology::Region::apical, kSite_um);
  for (int um = 100; um <= 800; um += 100)
    cell.sites.push_back(
        {fmt::format("{}", um), cell::compartment_at(cell.geometry, morphology::Region::apical, um)});
  cell.sites.push_back({"apical", apical});
  if (pairing.soma) cell::add_point(cell, "IClamp", 0, {{"del", kSettling_ms}, {"dur", 5}, {"amp", 1.9}});
  if (pairing.dendrite)
    cell::add_point(cell, "EpspLike", apical, {{"start", kSettling_ms + 5}, {"amp", 0.5}});
  return run(cell, kSettling_ms + 150);
}

void describe_pairing(const std::string& name, const simulate::Recording& r, Numbers& out) {
  const auto after = part(r.sites.back().mV, kSettling_ms, kSettling_ms + 150);
  out[name + ": output spikes"] = spikes_between(r, kSettling_ms, kSettling_ms + 150);
  out[fmt::format("{}: peak at {} um, mV", name, kSite_um)] = highest(after);
  out[fmt::format("{}: time above -40 mV at {} um, ms", name, kSite_um)] = above_ms(after, -40);
}

/// Peaks until 4 ms after the soma's, before a calcium spike can follow.
void describe_back_propagation(const simulate::Recording& r, Numbers& out) {
  const double spike_ms = r.spike_times_ms.empty() ? kSettling_ms : r.spike_times_ms.front();
  const auto amplitude = [&](const std::vector<float>& mV) {
    return highest(part(mV, kSettling_ms, spike_ms + 4)) - part(mV, 0, kSettling_ms).back();
  };
  const double soma = amplitude(r.soma_mV);
  out["output spike: amplitude, mV"] = soma;
  for (size_t k = 0; k + 1 < r.sites.size(); ++k)
    out[fmt::format("back-propagated spike at {} um, of the soma's", r.sites[k].name)] =
        amplitude(r.sites[k].mV) / soma;
}

// ---- synapses of one basal branch

/// The distal half of the basal section that ends farthest from the soma.
std::vector<int> basal_site(const morphology::Compartments& g) {
  int last = 0;
  double farthest = 0;
  for (size_t c = 0; c < g.compartments.size(); ++c) {
    if (g.region(static_cast<int>(c)) != morphology::Region::basal || g.compartments[c].path_um < farthest)
      continue;
    farthest = g.compartments[c].path_um;
    last = static_cast<int>(c);
  }
  const int n = g.count(g.compartments[static_cast<size_t>(last)].section);
  std::vector<int> all;
  for (int c = last - (n - 1) / 2; c <= last; ++c) all.push_back(c);
  return all;
}

/// The local voltage above rest, in mV, for each number of inputs that come at once: its peak, and what is
/// left after 20 ms, when AMPA conductances are gone.
struct Response {
  double peak_mV, late_mV;
};
std::vector<Response> clustered_input(cell::DetailedCell cell, const std::vector<int>& numbers) {
  constexpr double kOn = 200, kLate = 20;
  const auto compartments = basal_site(cell.geometry);
  cell.sites.push_back({"basal", compartments[compartments.size() / 2]});
  const auto& all = cell.placements[*cell.excitatory.placement].compartments;
  std::vector<stimulus::SynapticInput> inputs(numbers.size());
  for (size_t trial = 0; trial < numbers.size(); ++trial) {
    for (int k = 0; k < numbers[trial]; ++k) {
      const int at = compartments[static_cast<size_t>(k) % compartments.size()];
      inputs[trial].excitatory.time_ms.push_back(static_cast<uint32_t>(kOn));
      inputs[trial].excitatory.synapse.push_back(
          static_cast<uint32_t>(std::find(all.begin(), all.end(), at) - all.begin()));
    }
  }
  const auto recordings = simulate::simulate(cell, {{}, simulate::Precision::in_double}, inputs,
                                             static_cast<int64_t>(kOn + kLate) + 20, threads());
  std::vector<Response> responses;
  for (const auto& r : recordings) {
    const auto& v = r.sites.back().mV;
    const double rest = part(v, 0, kOn).back();
    responses.push_back({highest(part(v, kOn, kOn + kLate)) - rest, part(v, 0, kOn + kLate).back() - rest});
  }
  return responses;
}

/// What an input adds, on average, between two of the numbers: at most, over what the first added.
double steepest(const std::vector<int>& numbers, const std::vector<Response>& responses,
                double Response::*what) {
  double most = 0;
  for (size_t k = 1; k < numbers.size(); ++k)
    most = std::max(most, (responses[k].*what - responses[k - 1].*what) / (numbers[k] - numbers[k - 1]));
  return most / (responses[0].*what);
}

void measure_clusters(const cell::DetailedCell& nmda, const cell::DetailedCell& ampa, Numbers& out) {
  const std::vector<int> numbers{1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40};
  const auto with = clustered_input(nmda, numbers), without = clustered_input(ampa, numbers);
  const auto compartments = basal_site(nmda.geometry);
  out["clustered inputs: distance along the basal tree, um"] =
      nmda.geometry.compartments[static_cast<size_t>(compartments[compartments.size() / 2])].path_um;
  const auto list = [&](const std::string& name, double Response::*what) {
    for (const auto& [receptors, responses] : {std::pair{"AMPA and NMDA", &with}, {"AMPA alone", &without}}) {
      for (size_t k = 0; k < numbers.size(); ++k)
        out[fmt::format("{}: {} inputs, {}, mV", receptors, numbers[k], name)] = (*responses)[k].*what;
      out[fmt::format("{}: steepest growth per input of {}, over the first input's", receptors, name)] =
          steepest(numbers, *responses, what);
    }
  };
  list("local peak", &Response::peak_mV);
  list("local depolarisation after 20 ms", &Response::late_mV);
}

// ---- random input

void measure_output_rate(const cell::DetailedCell& cell, const std::filesystem::path& stimulus,
                         int64_t trials, int64_t trial_ms, Numbers& out) {
  const auto rates =
      stimulus::read_stimulus(config::Settings::from_file(stimulus), simulate::synapse_pools(cell));
  std::vector<stimulus::SynapticInput> inputs;
  for (int64_t trial = 0; trial < trials; ++trial)
    inputs.push_back(
        stimulus::draw_input(rates, 1, random::Stage::test_cases, static_cast<uint64_t>(trial), trial_ms));
  const auto recordings =
      simulate::simulate(cell, {{}, simulate::Precision::in_float}, inputs, trial_ms, threads());
  double spikes = 0, sum = 0, squares = 0, samples = 0;
  for (const auto& r : recordings) {
    spikes += static_cast<double>(r.spike_times_ms.size());
    for (const double v : r.soma_mV) {
      if (v > -55) continue;
      sum += v;
      squares += v * v;
      ++samples;
    }
  }
  const double seconds = static_cast<double>(trials * trial_ms) / 1000;
  out["random input: output rate, Hz"] = spikes / seconds;
  out["random input: standard error of the rate if spikes were independent, Hz"] =
      std::sqrt(spikes) / seconds;
  out["random input: mean below -55 mV, mV"] = sum / samples;
  out["random input: deviation below -55 mV, mV"] =
      std::sqrt(squares / samples - sum / samples * sum / samples);
}

struct Chosen {
  std::filesystem::path cell, stimulus;
  int64_t trials = 48, trial_ms = 6000;
  std::string what = "all";
};

Numbers measure(const Chosen& chosen, const std::optional<std::filesystem::path>& morphology) {
  const auto read = [&](const std::string& receptors) {
    return cell::read_detailed_cell(config::Settings::from_file(chosen.cell), chosen.cell.parent_path(),
                                    {morphology, receptors});
  };
  const auto cell = read("nmda");
  Numbers out;
  measure_tree(cell, out);
  if (chosen.what == "tree") return out;

  const std::vector<double> steps_nA{0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.2};
  std::vector<double> rates(steps_nA.size());
  simulate::Recording alone, dendrite, paired;
  Numbers membrane;
  std::vector<std::function<void()>> jobs{
      [&] { measure_membrane(cell, membrane); },
      [&] {
        alone = pair(cell, {true, false});
      },
      [&] {
        dendrite = pair(cell, {false, true});
      },
      [&] {
        paired = pair(cell, {true, true});
      },
  };
  if (chosen.what == "all")
    for (size_t k = 0; k < steps_nA.size(); ++k)
      jobs.push_back([&, k] { rates[k] = firing_rate_hz(cell, steps_nA[k]); });
  do_all(jobs);
  out.update(membrane);
  for (size_t k = 0; k < rates.size() && chosen.what == "all"; ++k)
    out[fmt::format("rate at {} nA, Hz", steps_nA[k])] = rates[k];
  describe_back_propagation(alone, out);
  describe_pairing("soma alone", alone, out);
  describe_pairing("dendrite alone", dendrite, out);
  describe_pairing("soma and dendrite", paired, out);
  measure_clusters(cell, read("ampa"), out);
  if (!chosen.stimulus.empty())
    measure_output_rate(cell, chosen.stimulus, chosen.trials, chosen.trial_ms, out);
  return out;
}

std::string shown(const Numbers& column, const std::string& key) {
  if (!column.contains(key)) return "-";
  const double x = column[key].get<double>();
  const double size = std::fabs(x);
  if (x == std::round(x)) return fmt::format("{:.0f}", x);
  return size >= 1000 ? fmt::format("{:.0f}", x)
         : size >= 10 ? fmt::format("{:.1f}", x)
                      : fmt::format("{:.2f}", x);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("what an electrode finds in a layer-5 pyramidal cell");
  Chosen chosen;
  std::filesystem::path morphology;
  bool json = false, only = false;
  app.add_option("--cell", chosen.cell)->required();
  app.add_option("--morphology", morphology, "a reconstruction to compare with");
  app.add_flag("--only", only, "the reconstruction alone");
  app.add_option("--stimulus", chosen.stimulus, "random input, for the output rate");
  app.add_option("--trials", chosen.trials);
  app.add_option("--trial-ms", chosen.trial_ms);
  app.add_option("--what", chosen.what, "tree, quick (no rates at steps) or all")
      ->check(CLI::IsMember({"tree", "quick", "all"}));
  app.add_flag("--json", json);
  CLI11_PARSE(app, argc, argv);
  try {
    std::vector<std::pair<std::string, Numbers>> columns;
    if (!only) columns.emplace_back("as described", measure(chosen, std::nullopt));
    if (!morphology.empty())
      columns.emplace_back(morphology.filename().string(), measure(chosen, morphology));
    if (json) {
      Numbers all;
      for (const auto& [name, numbers] : columns) all[name] = numbers;
      std::cout << all.dump(1) << '\n';
      return 0;
    }
    std::vector<std::string> keys;
    for (const auto& [name, numbers] : columns)
      for (const auto& [key, value] : numbers.items())
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    std::string head = "| |", line = "|---|";
    for (const auto& [name, numbers] : columns) head += " " + name + " |", line += "---|";
    std::cout << head << '\n' << line << '\n';
    for (const auto& key : keys) {
      std::cout << "| " << key << " |";
      for (const auto& [name, numbers] : columns) std::cout << ' ' << shown(numbers, key) << " |";
      std::cout << '\n';
    }
  } catch (const std::exception& error) {
    std::cerr << "physiology: " << error.what() << '\n';
    return 1;
  }
}

#include "run/new_experiment.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "cell/neuron.hpp"
#include "files/files.hpp"
#include "mechanism/mechanism.hpp"
#include "morphology/morphology.hpp"
#include "run/detail/lines.hpp"

namespace nt::run {
namespace {

using neurontwin::NewExperiment;

constexpr double kBetweenExcitationAndInhibition_mV = -40;

/// A mechanism that was given, and what it is taken for.
struct Given {
  enum class Use { channel, leak, excitation, inhibition };
  std::string file;  // beside cell.toml
  mechanism::Mechanism mechanism;
  Use use;
};

/// A synapse's reversal potential decides; one without is taken for excitatory.
bool is_excitatory(const mechanism::Mechanism& synapse) {
  for (const auto* name : {"e", "erev", "Erev", "E", "e_rev"})
    if (const auto* parameter = synapse.parameter(name))
      return parameter->value > kBetweenExcitationAndInhibition_mV;
  return true;
}

Given::Use use_of(const mechanism::Mechanism& m, const std::filesystem::path& file) {
  if (m.artificial_cell || (m.point_process && !m.receiving)) {
    fail_input(
        "{}: is {}; expected a channel (SUFFIX) or a synapse (POINT_PROCESS with NET_RECEIVE); electrodes go "
        "under 'point' of cell.toml (docs/files.md)",
        file.string(), m.artificial_cell ? "an artificial cell" : "a point process that receives no events");
  }
  if (m.point_process) return is_excitatory(m) ? Given::Use::excitation : Given::Use::inhibition;
  const bool leaks =
      m.states == 0 && std::ranges::all_of(m.currents, [](const auto& c) { return c.ion.empty(); });
  return leaks && !m.currents.empty() ? Given::Use::leak : Given::Use::channel;
}

std::vector<Given> read_mechanisms(const std::vector<std::filesystem::path>& files) {
  std::vector<Given> all;
  for (const auto& file : files) {
    auto compiled = mechanism::compile_mechanism(file);
    const auto use = use_of(compiled, file);
    all.push_back({file.filename().string(), std::move(compiled), use});
  }
  return all;
}

bool has(const std::vector<Given>& mechanisms, Given::Use use) {
  return std::ranges::any_of(mechanisms, [&](const Given& m) { return m.use == use; });
}

/// Whether the given channels carry both currents of an action potential.
bool can_spike(const std::vector<Given>& mechanisms) {
  std::set<std::string> ions;
  for (const auto& m : mechanisms)
    for (const auto& current : m.mechanism.currents) ions.insert(current.ion);
  return ions.contains("na") && ions.contains("k");
}

std::vector<std::string> regions_of(const morphology::Morphology& tree, bool dendrites_alone) {
  std::vector<std::string> names;
  for (const auto region : {morphology::Region::soma, morphology::Region::axon, morphology::Region::basal,
                            morphology::Region::apical, morphology::Region::other}) {
    if (dendrites_alone && (region == morphology::Region::soma || region == morphology::Region::axon))
      continue;
    if (std::ranges::any_of(tree.sections, [&](const auto& s) { return s.region == region; }))
      names.push_back(fmt::format("\"{}\"", name_of(region)));
  }
  if (dendrites_alone && names.empty()) names.emplace_back("\"soma\"");
  return names;
}

/// The weight of one event, where the mechanism does not say its own: a tenth of a typical synapse's peak.
std::string weight_words(const mechanism::Mechanism& synapse) {
  if (synapse.receiving->weight_unit == "1") return "";
  const bool conductance = synapse.receiving->weight_unit == "uS" || synapse.receiving->weight_unit == "umho";
  return conductance ? ", weight = 0.0005" : ", weight = 1";
}

void print_group(Lines& out, const std::string& name, std::string_view kind, const std::string& mechanism,
                 const std::vector<std::string>& regions, int count, const std::string& more) {
  out.print("  {{ name = \"{}\", kind = \"{}\", mechanism = \"{}\", regions = [{}], count = {}{} }},\n", name,
            kind, mechanism, fmt::join(regions, ", "), count, more);
}

/// The groups of synapses, and their names by kind.
struct Groups {
  std::vector<std::string> excitatory, inhibitory;
};

Groups print_synapses(Lines& out, const std::vector<Given>& mechanisms,
                      const std::vector<std::string>& regions) {
  constexpr int kExcitatory = 200, kInhibitory = 60;
  Groups groups;
  out.print("synapses = [\n");
  if (!has(mechanisms, Given::Use::excitation)) {
    groups.excitatory.emplace_back("ampa_nmda");
    print_group(out, "ampa_nmda", "excitatory", "AMPANMDA", regions, kExcitatory, "");
  }
  for (const auto& m : mechanisms) {
    if (m.use != Given::Use::excitation && m.use != Given::Use::inhibition) continue;
    const bool excites = m.use == Given::Use::excitation;
    (excites ? groups.excitatory : groups.inhibitory).push_back(m.mechanism.name);
    print_group(out, m.mechanism.name, excites ? "excitatory" : "inhibitory", m.file, regions,
                excites ? kExcitatory : kInhibitory, weight_words(m.mechanism));
  }
  if (!has(mechanisms, Given::Use::inhibition)) {
    groups.inhibitory.emplace_back("gaba_a");
    print_group(out, "gaba_a", "inhibitory", "DoubleExp", regions, kInhibitory,
                ", rise = 0.2, decay = 8, gmax = 0.001, e = -80");
  }
  out.print("]\n");
  return groups;
}

std::string cell_text(const NewExperiment& asked, const morphology::Morphology& tree,
                      const std::vector<Given>& mechanisms, Groups& groups) {
  const bool adds_spikes = !can_spike(mechanisms);
  const auto everywhere = regions_of(tree, false), dendrites = regions_of(tree, true);
  Lines out;
  out.print(
      "# {}: a neuron to begin with. What a file cannot say is a guess: see each comment, and "
      "docs/cells.md.\n",
      asked.title);
  out.print("kind = \"detailed\"\nmorphology = \"{}\"\n", asked.morphology.filename().string());
  out.print("compartment_rule = \"d_lambda\"       # at most 0.1 of the length constant at 100 Hz\n");
  out.print("axial_resistivity_ohm_cm = 150\ninitial_mV = -70\n");
  out.print("celsius = {}{}\n", adds_spikes ? 16 : 34,
            adds_spikes ? "                         # for hh, below" : "");
  out.print("capacitance = [ {{ regions = [{}], uF_cm2 = 1 }} ]\n\n", fmt::join(everywhere, ", "));
  out.print("insert = [\n");
  if (!has(mechanisms, Given::Use::leak))
    out.print("  {{ mechanism = \"pas\", regions = [{}], g = 6.67e-5, e = -70 }},   # 15 kohm cm2\n",
              fmt::join(everywhere, ", "));
  if (adds_spikes)
    out.print(
        "  # No sodium and potassium channels were given, and a neuron has to spike: those of Hodgkin and "
        "Huxley.\n"
        "  {{ mechanism = \"hh\", regions = [\"soma\"], gnabar = 0.24, gkbar = 0.072, gl = 1e-4, el = -70 "
        "}},\n");
  const bool channels = has(mechanisms, Given::Use::channel);
  if (channels) out.print("  # Where a channel sits is a guess, its parameters are its file's own.\n");
  for (const auto& m : mechanisms) {
    if (m.use == Given::Use::channel)
      out.print("  {{ mechanism = \"{}\", regions = [\"soma\"] }},\n", m.file);
    if (m.use == Given::Use::leak)
      out.print("  {{ mechanism = \"{}\", regions = [{}] }},\n", m.file, fmt::join(everywhere, ", "));
  }
  out.print("]\n\n# Each group is a block of the twin's input channels.\n");
  groups = print_synapses(out, mechanisms, dendrites);
  return std::move(out.text);
}

std::string experiment_text(const NewExperiment& asked, const Groups& groups) {
  Lines out;
  out.print(
      "# neurontwin run experiment.toml makes the twin and its report; docs/stimulus.md and docs/training.md "
      "say\n"
      "# what else can stand here.\n");
  out.print("title = \"{}\"\ncell = \"cell.toml\"\nseed = 1\n", asked.title);
  out.print(R"(
[data]
trial_ms = 3000
train_trials = 4096
valid_trials = 128
test_trials = 256
trials_per_shard = 64
soma_ceiling_mV = -55      # the voltage to learn is clipped here: spikes are a target of their own

[simulation]
dt_ms = 0.025
precision = "float"

[stimulus]
)");
  std::vector<std::string> scaled;
  for (const auto& name : groups.excitatory) scaled.push_back(fmt::format("\"{}\"", name));
  out.print(
      "calibrate = {{ rate_hz = {:g}, groups = [{}] }}   # excitation is scaled until the neuron fires so\n",
      asked.rate_hz, fmt::join(scaled, ", "));
  for (const auto& name : groups.excitatory)
    out.print(
        "\n[stimulus.groups.{}]\nkind = \"correlated\"\nrate_hz = [1, 8]           # of each synapse, drawn "
        "for each trial\n"
        "correlation = [0.02, 0.1]\njitter_ms = 2\n",
        name);
  for (const auto& name : groups.inhibitory)
    out.print("\n[stimulus.groups.{}]\nkind = \"poisson\"\nrate_hz = [1, 8]\n", name);
  out.print(R"(
[twin]
kind = "recurrent"
taps = [150, 24]
temporal_shapes = 8
width = [32]
spike_bias = -5.0
soma_offset_mV = -67.0

[train]
batch_windows = 8
window_ms = 400
epochs = 40
steps_per_epoch = 1000
warm_up_steps = 100
clip_over_usual = 2
schedule = [
  {{ from_epoch = 0, learning_rate = 2e-3, final_learning_rate = 2e-5, spike_weight = 1.0, soma_weight = 0.02 }},
]

[interpret]
added_spikes = 200

# Minutes; this profile is used unless --profile says another.
[profile.quick]
data = {{ train_trials = 384, valid_trials = 32, test_trials = 48, trials_per_shard = 16 }}
simulation = {{ dt_ms = 0.05 }}
train = {{ epochs = 10, steps_per_epoch = 600, schedule = [
  {{ from_epoch = 0, learning_rate = 5e-3, final_learning_rate = 5e-5, spike_weight = 1.0, soma_weight = 0.02 }},
] }}

# The settings above.
[profile.day]
)");
  return std::move(out.text);
}

void require_new(const std::filesystem::path& folder) {
  std::error_code none;
  if (!std::filesystem::exists(folder, none)) return;
  if (!std::filesystem::is_directory(folder, none))
    fail_input("{}: is a file; expected the name of a new folder", folder.string());
  if (!std::filesystem::is_empty(folder, none))
    fail_input("{}: holds files already; expected the name of a new folder, or an empty one",
               folder.string());
}

/// File names stand in the cell's description, between quotes.
void require_usable_names(const NewExperiment& asked) {
  std::set<std::string> names;
  auto files = asked.mechanisms;
  files.push_back(asked.morphology);
  for (const auto& file : files) {
    const auto name = file.filename().string();
    if (std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }))
      fail_input(
          "the file name '{}' holds a quote, a backslash or a control character; give the file another name",
          name);
    if (!names.insert(name).second)
      fail_input("two files are called {}; in one folder each needs a name of its own", name);
  }
}

void require_plain(const std::string& title) {
  const bool plain =
      std::ranges::none_of(title, [](unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; });
  if (!plain) fail_input("the title '{}' holds a quote, a backslash or a line's end; leave these out", title);
}

}  // namespace

std::filesystem::path make_experiment(const NewExperiment& given) {
  if (given.folder.empty()) fail_input("a new experiment needs the name of a new folder");
  auto asked = given;
  // Of its runs, too, which should not be called alike.
  const auto name =
      std::filesystem::absolute(asked.folder / "").lexically_normal().parent_path().filename().string();
  if (name.empty() || name == "cell")
    fail_input("'{}' cannot be the name of the new folder; choose another", name);
  if (asked.title.empty()) asked.title = name;
  require_plain(asked.title);
  require_new(asked.folder);
  if (asked.morphology.empty()) fail_input("a new experiment needs a morphology (.swc or .asc)");
  require_usable_names(asked);
  if (!(asked.rate_hz > 0) || !std::isfinite(asked.rate_hz))
    fail_input("the rate is {} Hz, expected more than 0", asked.rate_hz);
  const auto tree = morphology::read_morphology(asked.morphology);
  const auto mechanisms = read_mechanisms(asked.mechanisms);
  Groups groups;
  const auto cell = cell_text(asked, tree, mechanisms, groups);
  const auto experiment = experiment_text(asked, groups);
  std::filesystem::create_directories(asked.folder);
  std::filesystem::copy_file(asked.morphology, asked.folder / asked.morphology.filename());
  for (const auto& file : asked.mechanisms) std::filesystem::copy_file(file, asked.folder / file.filename());
  files::write_file_atomically(asked.folder / "cell.toml", cell);
  const auto path = asked.folder / (name + ".toml");
  files::write_file_atomically(path, experiment);
  return path;
}

}  // namespace nt::run

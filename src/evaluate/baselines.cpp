#include "evaluate/baselines.hpp"

#include <algorithm>
#include <cmath>

#include "evaluate/detail/binned_input.hpp"
#include "twin/device_passes.hpp"
#include "twin/device_stream.hpp"

namespace nt::evaluate {
namespace {

/// A split's trials with what `spike` and `soma` say of each, [ms].
template <class F, class G>
std::vector<TrialComparison> predictions(const dataset::Split& split, F&& spike, G&& soma) {
  std::vector<TrialComparison> trials;
  for (size_t i = 0; i < split.trials(); ++i) {
    const auto trial = split.trial(i);
    auto c = truth_of(trial);
    c.spike_log_odds = spike(trial);
    c.predicted_soma_mV = soma(trial);
    trials.push_back(std::move(c));
  }
  return trials;
}

float mean_soma_mV(const dataset::Split& split) {
  double sum = 0;
  for (size_t i = 0; i < split.trials(); ++i) {
    double of_trial = 0;
    for (const float v : split.trial(i).soma_mV) of_trial += v;
    sum += of_trial / static_cast<double>(split.duration_ms());
  }
  return static_cast<float>(sum / static_cast<double>(split.trials()));
}

/// Spikes and voltage, each its own model.
struct GlmPair {
  Glm spike, soma;
  bool has_spikes = false;
};

GlmPair fit_pair(bool history, const dataset::Split& train, const dataset::Split& valid,
                 const GlmBudget& budget, const twin::Parallel& parallel, const GlmPair* start) {
  GlmPair pair;
  pair.has_spikes = dataset::event_support(train).spikes > 0;
  pair.soma =
      fit_glm(GlmTarget::soma, history, train, valid, budget, parallel, start ? &start->soma : nullptr);
  if (pair.has_spikes) {
    pair.spike = fit_glm(GlmTarget::spike, history, train, valid, budget, parallel,
                         start ? &start->spike : &pair.soma);
  }
  return pair;
}

/// `pair` must live as long as the baseline is asked.
Baseline baseline_of(const GlmPair& pair, float rate_log_odds, const dataset::Split& valid,
                     const dataset::Split& test) {
  const auto of = [&pair, rate_log_odds](const dataset::Split& split) {
    const int64_t excitatory = split.identity().excitatory_synapses;
    return predictions(
        split,
        [&](const dataset::TrialView& t) {
          return pair.has_spikes ? pair.spike.predict(t, excitatory)
                                 : std::vector<float>(t.soma_mV.size(), rate_log_odds);
        },
        [&](const dataset::TrialView& t) { return pair.soma.predict(t, excitatory); });
  };
  Baseline b;
  b.parameters = pair.soma.parameter_count() + (pair.has_spikes ? pair.spike.parameter_count() : 0);
  b.valid = of(valid);
  b.test = of(test);
  b.answer = of;
  return b;
}

/// One linear unit that looks as far back as the other.
twin::TwinSpec one_unit_spec(const twin::TwinSpec& other, twin::ConvolutionalSpec unit) {
  unit.layers = {{other.network->window_ms(), 1}};
  unit.activation = twin::Activation::linear;
  unit.batch_norm = unit.residual = false;
  twin::TwinSpec spec(std::move(unit));
  spec.heads = other.heads;
  std::erase_if(spec.heads,
                [](const twin::Head& head) { return head.name != "spike" && head.name != "soma"; });
  return spec;
}

/// As the twin's was, under another name.
train::Training training_of(const OneUnitTask& task, uint64_t seed, const std::filesystem::path& folder,
                            const std::string& name, const Watcher& watcher) {
  train::Training training{task.train, seed, folder, name + "\n" + task.identity, watcher};
  training.device = task.device;
  return training;
}

void train_and_ask(Baseline& b, const twin::TwinSpec& spec, train::Training training,
                   const dataset::Split& train_split, const dataset::Split& valid, const dataset::Split& test,
                   const twin::Parallel& parallel) {
  std::filesystem::create_directories(training.folder);
  twin::Twin twin(spec, train_split.channels(), training.seed, parallel);
  if (!twin::has_device_passes(spec)) training.device = device::Kind::cpu;
  train::train(twin, training, train_split, valid);
  if (twin::has_device_stream(spec)) twin.device = device::open_device(training.device);
  b.parameters = twin.parameter_count();
  b.valid = compare(twin, valid);
  b.test = compare(twin, test);
}

}  // namespace

void for_each_baseline(const GlmBudget& budget, const dataset::Split& train, const dataset::Split& valid,
                       const dataset::Split& test, const twin::Parallel& parallel,
                       const std::function<void(const Baseline&)>& f) {
  const double rate = spikes_per_bin(train);
  const auto rate_log_odds = static_cast<float>(std::log(rate / (1 - rate)));
  {
    const float mean_mV = mean_soma_mV(train);
    const auto constant = [](float value) {
      return [value](const dataset::TrialView& t) { return std::vector<float>(t.soma_mV.size(), value); };
    };
    Baseline b{"rate", "constant spike rate and voltage, the training set's means", 2, {}, {}, {}};
    b.valid = predictions(valid, constant(rate_log_odds), constant(mean_mV));
    b.test = predictions(test, constant(rate_log_odds), constant(mean_mV));
    f(b);
  }
  const auto plain = fit_pair(false, train, valid, budget, parallel, nullptr);
  {
    auto b = baseline_of(plain, rate_log_odds, valid, test);
    b.name = "glm";
    b.description =
        "a linear sum over all synapses, each with a filter of eight exponentials (1 to 200 ms); logistic "
        "regression for spikes, least squares for the voltage";
    f(b);
  }
  const auto with_history = fit_pair(true, train, valid, budget, parallel, &plain);
  auto b = baseline_of(with_history, rate_log_odds, valid, test);
  b.name = "glm_history";
  b.description = "the same, told the neuron's true output spikes before each bin: one millisecond ahead";
  f(b);
}

Baseline one_unit_network(const OneUnitTask& task, uint64_t seed, const dataset::Split& train_split,
                          const dataset::Split& valid, const dataset::Split& test,
                          const twin::Parallel& parallel, const Watcher& watcher) {
  Baseline b{"one_unit", "a twin of the same window with one linear unit, trained as the twin was", 0, {}, {},
             {}};
  train_and_ask(b, one_unit_spec(task.twin, task.start),
                training_of(task, seed, task.folder, "one unit", watcher), train_split, valid, test,
                parallel);
  return b;
}

void for_each_binned_network(const BinnedBaselines& asked, const OneUnitTask& task, uint64_t seed,
                             const dataset::Split& train_split, const dataset::Split& valid,
                             const dataset::Split& test, const twin::Parallel& parallel,
                             const Watcher& watcher, const std::function<void(const Baseline&)>& f) {
  const auto add = [&](const std::string& name, const std::string& description, const twin::TwinSpec& spec) {
    Baseline b;
    b.name = name;
    b.description = description;
    const auto folder = task.folder.parent_path() / ("checkpoints-" + name);
    train_and_ask(
        b, spec, training_of(task, seed, folder, fmt::format("{}\n{}", name, spec.network->words()), watcher),
        train_split, valid, test, parallel);
    f(b);
  };
  if (asked.rates) {
    add("rate_bins",
        fmt::format("the twin's own network, told how many spikes each synapse has in bins of {} ms, but not "
                    "when",
                    asked.bin_ms),
        rate_network(task.twin, asked.bin_ms));
  }
  if (asked.binary) {
    add("binary",
        fmt::format("a feed-forward network of binary inputs: had the synapse a spike in this bin of {} ms?",
                    asked.bin_ms),
        binary_network(task.twin, asked.bin_ms));
  }
  if (asked.trees > 0) {
    add("k_tree",
        fmt::format(
            "{} binary tree{} over the synapses along the dendrite, of the same inputs, in bins of {} "
            "ms (Jones and Kording 2021)",
            asked.trees, asked.trees > 1 ? "s" : "", asked.bin_ms),
        k_tree_network(task.twin, task.cell, asked.trees, asked.bin_ms));
  }
}

}  // namespace nt::evaluate

#pragma once
#include <functional>
#include <string>

#include "evaluate/glm.hpp"
#include "evaluate/trial_score.hpp"
#include "progress/watcher.hpp"
#include "train/train.hpp"

namespace nt::evaluate {

/// What a simpler model than the twin says about the same trials.
struct Baseline {
  std::string name;         // in metrics.json: "baseline.NAME."
  std::string description;  // one sentence
  int64_t parameters = 0;
  std::vector<TrialComparison> valid, test;
  /// What it says of any other split. Empty where it cannot be asked any more.
  std::function<std::vector<TrialComparison>(const dataset::Split&)> answer = {};
};

/// The simpler models, fitted on the training trials, one after the other (their predictions are large):
/// - "rate": the training set's spike rate and mean voltage, whatever the input;
/// - "glm": generalised linear models of spikes and voltage (evaluate/glm.hpp);
/// - "glm_history": the same, also told the neuron's true output spikes before each bin.
/// Without a training spike the generalised linear models only know the voltage.
void for_each_baseline(const GlmBudget& budget, const dataset::Split& train, const dataset::Split& valid,
                       const dataset::Split& test, const twin::Parallel& parallel,
                       const std::function<void(const Baseline&)>& f);

/// How networks beside the twin are trained: as the twin was.
struct OneUnitTask {
  twin::TwinSpec twin;                      // the twin it is compared with
  twin::ConvolutionalSpec start;            // where its weights start, whatever its layers
  train::TrainSpec train;                   // the twin's
  std::filesystem::path folder;             // for its checkpoints; those of other networks lie beside it
  std::string identity;                     // of the twin's training, see train()
  dataset::CellTable cell = {};             // where the synapses sit
  device::Kind device = device::Kind::cpu;  // trains those that have code for it
};

/// "one_unit": a twin that looks as far back as the other, with one linear unit under its heads.
Baseline one_unit_network(const OneUnitTask& task, uint64_t seed, const dataset::Split& train_split,
                          const dataset::Split& valid, const dataset::Split& test,
                          const twin::Parallel& parallel, const Watcher& watcher);

/// Networks that know nothing of times within a bin (binned_input.hpp), trained as the twin was.
struct BinnedBaselines {
  bool rates = false;   // "rate_bins": the twin's own network, which sees rates
  bool binary = false;  // "binary": a feed-forward network of binary inputs
  int64_t trees = 0;    // "k_tree": so many binary trees of binary inputs; 0: not asked
  int64_t bin_ms = 50;

  bool any() const { return rates || binary || trees > 0; }
};
/// Those that are asked for, one after the other.
void for_each_binned_network(const BinnedBaselines& asked, const OneUnitTask& task, uint64_t seed,
                             const dataset::Split& train_split, const dataset::Split& valid,
                             const dataset::Split& test, const twin::Parallel& parallel,
                             const Watcher& watcher, const std::function<void(const Baseline&)>& f);

}  // namespace nt::evaluate

#pragma once
#include <functional>
#include <string>

#include "evaluate/glm.hpp"
#include "evaluate/trial_score.hpp"
#include "train/train.hpp"

namespace neurontwin {

/// What a simpler model than the twin says about the same trials.
struct Baseline {
  std::string name;         // in metrics.json: "baseline.NAME."
  std::string description;  // one sentence
  int64_t parameters = 0;
  std::vector<TrialComparison> valid, test;
  /// What it says of any other split. Empty where it cannot be asked any more.
  std::function<std::vector<TrialComparison>(const Split&)> answer = {};
};

/// The simpler models, fitted on the training trials, one after the other (their predictions are large):
/// - "rate": the training set's spike rate and mean voltage, whatever the input;
/// - "glm": generalised linear models of spikes and voltage (evaluate/glm.hpp);
/// - "glm_history": the same, also told the neuron's true output spikes before each bin.
/// Without a training spike the generalised linear models only know the voltage.
void for_each_baseline(const GlmBudget& budget, const Split& train, const Split& valid, const Split& test,
                       const Parallel& parallel, const std::function<void(const Baseline&)>& f);

/// How the one-unit network is trained: as the twin was.
struct OneUnitTask {
  TwinSpec twin;                 // the twin it is compared with
  ConvolutionalSpec start;       // where its weights start, whatever its layers
  TrainSpec train;               // the twin's
  std::filesystem::path folder;  // for its checkpoints
  std::string identity;          // of the twin's training, see train()
};

/// "one_unit": a twin that looks as far back as the other, with one linear unit under its heads.
Baseline one_unit_network(const OneUnitTask& task, uint64_t seed, const Split& train_split,
                          const Split& valid, const Split& test, const Parallel& parallel,
                          const ProgressListener& listener);

}  // namespace neurontwin

#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/evaluate.hpp"
#include "evaluate/sequences.hpp"
#include "interpret/dendritic_spikes.hpp"
#include "interpret/interpret.hpp"
#include "interpret/interventions.hpp"
#include "interpret/probes.hpp"
#include "produce/plan.hpp"
#include "ranks/ranks.hpp"
#include "run/identity.hpp"
#include "search/search.hpp"
#include "train/train.hpp"

namespace nt::run {

/// What the user asked for on the command line, beside the stage.
struct Options {
  std::filesystem::path experiment;
  std::string profile;
  std::filesystem::path out;
  std::vector<std::string> set;
  std::string device = "cpu";
  int threads = 0;             // 0: all there are
  int simulation_threads = 0;  // of these while training goes on beside; 0: half
  int64_t seed = -1;           // -1: the experiment's
  std::string command;         // what repeats the whole run
  bool watch = false;          // a page of the training is kept while it goes on
  std::shared_ptr<const ranks::Ranks> ranks = ranks::alone();
};

/// Those that were asked for, else one for each core.
int threads_of(const Options& options);

/// An experiment file, read and checked.
struct Experiment {
  std::string title;
  uint64_t seed = 0;
  produce::DatasetPlan plan;
  twin::TwinSpec twin;
  twin::ConvolutionalSpec
      convolutional;  // the twin's network, or what [twin] says beside a network of another kind
  train::TrainSpec train;
  evaluate::EvaluateSpec evaluate;
  evaluate::SequenceSpec sequences;
  interpret::InterventionSpec interventions;
  interpret::InterpretSpec interpret;
  evaluate::GeneralisationSpec generalisation;
  interpret::ProbeSpec probes;
  interpret::DendriticSpikeSpec dendritic_spikes;
  std::optional<search::SearchSpec> search;  // where the file has [search]
  std::string resolved;                      // experiment.toml with every default written out
  StageSettings determines;                  // the results of each stage
};
Experiment read_experiment(const Options& options);

}  // namespace nt::run

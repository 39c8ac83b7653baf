#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace nt::train {

using LossesByName = std::map<std::string, double, std::less<>>;

/// What one epoch came to. Losses are means per 1 ms bin; seconds are of computing.
struct EpochRecord {
  int64_t epoch = 0;
  double seen_s = 0;                      // seconds of simulated neuron trained on so far
  double train_loss = 0, valid_loss = 0;  // weighted sums; valid_loss of the judged heads (HeadKind)
  /// By the heads' loss names. Of heads that are not judged (easier questions), weighted.
  LossesByName train_losses = {}, valid_losses = {};
  double valid_auc = 0;
  double learning_rate = 0;
  double seconds = 0;
  bool best = false;
};

/// Training went bad, and back to its best weights with a smaller step.
struct Setback {
  int64_t step = 0;        // counted from 1
  std::string words;       // what was seen
  double rate_factor = 1;  // from then on
};

struct TrainResult {
  std::vector<EpochRecord> epochs;
  std::vector<Setback> setbacks;
  int64_t best_epoch = 0;
  double seconds = 0;
};

/// How long gradients usually are: the running mean of the logarithm of their lengths, and over how many.
struct GradientLengths {
  double mean_log = 0;
  int64_t count = 0;
};

/// Where training stands, apart from weights and moments.
struct TrainState {
  std::string identity;
  int64_t epoch = 0;          // the one in progress
  int64_t step_in_epoch = 0;  // done in it
  LossesByName loss_sums{};   // over its steps, by the heads' names
  double epoch_seconds = 0;
  double best_valid_loss = 0;
  double rate_factor = 1;  // on the schedule's rates: halved by each setback
  GradientLengths gradient_lengths{};
  TrainResult result{};
  // Of the optimiser (Nadam).
  int64_t optimiser_steps = 0;
  double momentum_product = 1;
};

/// As JSON, from which doubles come back exactly. InputError, beginning with `where`, if it is anything else.
std::string text_of(const TrainState& state);
TrainState read_train_state(const std::string& text, const std::string& where);

/// learning.json: the epochs as the report reads them.
nlohmann::json learning_json(const TrainResult& result);

}  // namespace nt::train

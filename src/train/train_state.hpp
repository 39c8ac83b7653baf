#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace neurontwin {

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

struct TrainResult {
  std::vector<EpochRecord> epochs;
  int64_t best_epoch = 0;
  double seconds = 0;
};

/// Where training stands, apart from weights and moments.
struct TrainState {
  std::string identity;
  int64_t epoch = 0;          // the one in progress
  int64_t step_in_epoch = 0;  // done in it
  LossesByName loss_sums{};   // over its steps, by the heads' names
  double epoch_seconds = 0;
  double best_valid_loss = 0;
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

}  // namespace neurontwin

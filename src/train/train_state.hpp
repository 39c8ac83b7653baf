#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace neurontwin {

/// What one epoch came to. Losses are means per 1 ms bin; seconds are of computing.
struct EpochRecord {
  int64_t epoch = 0;
  double seen_s = 0;  // seconds of simulated neuron trained on so far
  double train_loss = 0, train_spike_loss = 0, train_soma_loss = 0, train_dendrite_loss = 0;
  double train_easier_loss = 0;  // of the easier questions, weighted; part of train_loss, not of valid_loss
  double valid_loss = 0, valid_spike_loss = 0, valid_soma_loss = 0, valid_dendrite_loss = 0, valid_auc = 0;
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
  int64_t epoch = 0;                             // the one in progress
  int64_t step_in_epoch = 0;                     // done in it
  double spike_loss_sum = 0, soma_loss_sum = 0;  // over its steps
  double dendrite_loss_sum = 0, easier_loss_sum = 0;
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

#include "train/train_state.hpp"

#include <limits>

#include "files/checked_json.hpp"

namespace neurontwin {
namespace {

nlohmann::json json_of(const EpochRecord& e) {
  return {{"epoch", e.epoch},
          {"seen_s", e.seen_s},
          {"train_loss", e.train_loss},
          {"train_spike_loss", e.train_spike_loss},
          {"train_soma_loss", e.train_soma_loss},
          {"train_dendrite_loss", e.train_dendrite_loss},
          {"train_easier_loss", e.train_easier_loss},
          {"valid_loss", e.valid_loss},
          {"valid_spike_loss", e.valid_spike_loss},
          {"valid_soma_loss", e.valid_soma_loss},
          {"valid_dendrite_loss", e.valid_dendrite_loss},
          {"valid_auc", e.valid_auc},
          {"learning_rate", e.learning_rate},
          {"seconds", e.seconds},
          {"best", e.best}};
}

/// NaN (an AUC without spikes) is written as null.
double number(const JsonObject& json, const char* key) {
  const bool is_null = json.has(key) && json.value().at(key).is_null();
  return is_null ? std::numeric_limits<double>::quiet_NaN() : json.number(key);
}

EpochRecord epoch_of(const JsonObject& json, int64_t epoch) {
  return {.epoch = json.integer("epoch", epoch, epoch),
          .seen_s = number(json, "seen_s"),
          .train_loss = number(json, "train_loss"),
          .train_spike_loss = number(json, "train_spike_loss"),
          .train_soma_loss = number(json, "train_soma_loss"),
          .train_dendrite_loss = number(json, "train_dendrite_loss"),
          .train_easier_loss = number(json, "train_easier_loss"),
          .valid_loss = number(json, "valid_loss"),
          .valid_spike_loss = number(json, "valid_spike_loss"),
          .valid_soma_loss = number(json, "valid_soma_loss"),
          .valid_dendrite_loss = number(json, "valid_dendrite_loss"),
          .valid_auc = number(json, "valid_auc"),
          .learning_rate = number(json, "learning_rate"),
          .seconds = number(json, "seconds"),
          .best = json.flag("best")};
}

nlohmann::json epochs_json(const TrainResult& result) {
  auto epochs = nlohmann::json::array();
  for (const auto& epoch : result.epochs) epochs.push_back(json_of(epoch));
  return epochs;
}

}  // namespace

std::string text_of(const TrainState& state) {
  return nlohmann::json{{"identity", state.identity},
                        {"epoch", state.epoch},
                        {"step_in_epoch", state.step_in_epoch},
                        {"spike_loss_sum", state.spike_loss_sum},
                        {"soma_loss_sum", state.soma_loss_sum},
                        {"dendrite_loss_sum", state.dendrite_loss_sum},
                        {"easier_loss_sum", state.easier_loss_sum},
                        {"epoch_seconds", state.epoch_seconds},
                        {"best_valid_loss", state.best_valid_loss},
                        {"best_epoch", state.result.best_epoch},
                        {"seconds", state.result.seconds},
                        {"optimiser_steps", state.optimiser_steps},
                        {"momentum_product", state.momentum_product},
                        {"epochs", epochs_json(state.result)}}
      .dump();
}

TrainState read_train_state(const std::string& text, const std::string& where) {
  const auto parsed = parse_checked_json(text, where);
  const JsonObject json(parsed, where);
  TrainState state{.identity = json.text("identity"),
                   .epoch = json.integer("epoch", 0, 1000000),
                   .step_in_epoch = json.integer("step_in_epoch", 0, 1000000000),
                   .spike_loss_sum = json.number("spike_loss_sum"),
                   .soma_loss_sum = json.number("soma_loss_sum"),
                   .dendrite_loss_sum = json.number("dendrite_loss_sum"),
                   .easier_loss_sum = json.number("easier_loss_sum"),
                   .epoch_seconds = json.number("epoch_seconds", kNotNegative),
                   .best_valid_loss = number(json, "best_valid_loss"),
                   .result = {},
                   .optimiser_steps = json.integer("optimiser_steps", 0, INT64_MAX),
                   .momentum_product = json.number("momentum_product", {0, 1})};
  auto& epochs = state.result.epochs;
  for (const auto& epoch : json.objects("epochs")) epochs.push_back(epoch_of(epoch, std::ssize(epochs) + 1));
  // The best weights are kept at an epoch's end, the last ones from the next one's start on.
  const auto finished = std::ssize(epochs);
  if (finished != state.epoch && finished != state.epoch + 1)
    fail_input("{}: has {} finished epochs while epoch {} is in progress", json.where("epochs"), finished,
               state.epoch + 1);
  state.result.best_epoch = json.integer("best_epoch", finished > 0, finished);
  state.result.seconds = json.number("seconds", kNotNegative);
  return state;
}

nlohmann::json learning_json(const TrainResult& result) {
  return {{"epochs", epochs_json(result)}};
}

}  // namespace neurontwin

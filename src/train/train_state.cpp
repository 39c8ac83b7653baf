#include "train/train_state.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "files/checked_json.hpp"
#include "twin/heads.hpp"

namespace nt::train {
namespace {

/// Of heads that are not judged there is none in validation.
std::set<std::string> loss_names(bool judged_only) {
  std::set<std::string> names;
  for (const auto& kind : twin::head_kinds()) {
    if (kind.judged || !judged_only) names.insert(kind.loss_name);
  }
  return names;
}

/// Of a quiet head's loss nothing is written where the twin has no such head.
bool is_quiet(const std::string& loss_name) {
  const auto& kinds = twin::head_kinds();
  const auto kind = std::ranges::find(kinds, loss_name, &twin::HeadKind::loss_name);
  return kind != kinds.end() && kind->quiet;
}

/// Every name that there is, so that all epochs have the same keys: 0 where the twin has no such head.
void put_losses(nlohmann::json& json, const char* split, const std::set<std::string>& names,
                const LossesByName& losses) {
  for (const auto& name : names) {
    const auto found = losses.find(name);
    if (found == losses.end() && is_quiet(name)) continue;
    json[fmt::format("{}_{}_loss", split, name)] = found == losses.end() ? 0 : found->second;
  }
}

nlohmann::json json_of(const EpochRecord& e) {
  nlohmann::json json{{"epoch", e.epoch},           {"seen_s", e.seen_s},
                      {"train_loss", e.train_loss}, {"valid_loss", e.valid_loss},
                      {"valid_auc", e.valid_auc},   {"learning_rate", e.learning_rate},
                      {"seconds", e.seconds},       {"best", e.best}};
  put_losses(json, "train", loss_names(false), e.train_losses);
  put_losses(json, "valid", loss_names(true), e.valid_losses);
  return json;
}

/// NaN (an AUC without spikes) is written as null.
double number(const files::JsonObject& json, const std::string& key) {
  const bool is_null = json.has(key.c_str()) && json.value().at(key).is_null();
  return is_null ? std::numeric_limits<double>::quiet_NaN() : json.number(key.c_str());
}

LossesByName losses_in(const files::JsonObject& json, const char* split, const std::set<std::string>& names) {
  LossesByName losses;
  // One that is not there is of a head that this twin has not.
  for (const auto& name : names) {
    const auto key = fmt::format("{}_{}_loss", split, name);
    if (!json.has(key.c_str()) && is_quiet(name)) continue;
    losses[name] = json.has(key.c_str()) ? number(json, key) : 0;
  }
  return losses;
}

EpochRecord epoch_of(const files::JsonObject& json, int64_t epoch) {
  return {.epoch = json.integer("epoch", epoch, epoch),
          .seen_s = number(json, "seen_s"),
          .train_loss = number(json, "train_loss"),
          .valid_loss = number(json, "valid_loss"),
          .train_losses = losses_in(json, "train", loss_names(false)),
          .valid_losses = losses_in(json, "valid", loss_names(true)),
          .valid_auc = number(json, "valid_auc"),
          .learning_rate = number(json, "learning_rate"),
          .seconds = number(json, "seconds"),
          .best = json.flag("best")};
}

nlohmann::json setbacks_json(const TrainResult& result) {
  auto setbacks = nlohmann::json::array();
  for (const auto& s : result.setbacks)
    setbacks.push_back({{"step", s.step}, {"words", s.words}, {"rate_factor", s.rate_factor}});
  return setbacks;
}

Setback setback_of(const files::JsonObject& json) {
  return {json.integer("step", 1, INT64_MAX), json.text("words"), json.number("rate_factor", {0, 1})};
}

LossesByName sums_in(const files::JsonObject& json) {
  LossesByName sums;
  for (const auto& item : json.value().items()) sums[item.key()] = json.number(item.key().c_str());
  return sums;
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
                        {"loss_sums", state.loss_sums},
                        {"epoch_seconds", state.epoch_seconds},
                        {"best_valid_loss", state.best_valid_loss},
                        {"best_epoch", state.result.best_epoch},
                        {"rate_factor", state.rate_factor},
                        {"mean_log_gradient_length", state.gradient_lengths.mean_log},
                        {"gradient_lengths", state.gradient_lengths.count},
                        {"setbacks", setbacks_json(state.result)},
                        {"seconds", state.result.seconds},
                        {"optimiser_steps", state.optimiser_steps},
                        {"momentum_product", state.momentum_product},
                        {"epochs", epochs_json(state.result)}}
      .dump();
}

TrainState read_train_state(const std::string& text, const std::string& where) {
  const auto parsed = files::parse_checked_json(text, where);
  const files::JsonObject json(parsed, where);
  TrainState state{.identity = json.text("identity"),
                   .epoch = json.integer("epoch", 0, 1000000),
                   .step_in_epoch = json.integer("step_in_epoch", 0, 1000000000),
                   .loss_sums = sums_in(json.object("loss_sums")),
                   .epoch_seconds = json.number("epoch_seconds", config::kNotNegative),
                   .best_valid_loss = number(json, "best_valid_loss"),
                   .rate_factor = json.number("rate_factor", {0, 1}),
                   .gradient_lengths = {json.number("mean_log_gradient_length"),
                                        json.integer("gradient_lengths", 0, INT64_MAX)},
                   .result = {},
                   .optimiser_steps = json.integer("optimiser_steps", 0, INT64_MAX),
                   .momentum_product = json.number("momentum_product", {0, 1})};
  auto& epochs = state.result.epochs;
  for (const auto& epoch : json.objects("epochs")) epochs.push_back(epoch_of(epoch, std::ssize(epochs) + 1));
  for (const auto& setback : json.objects("setbacks")) state.result.setbacks.push_back(setback_of(setback));
  // The best weights are kept at an epoch's end, the last ones from the next one's start on.
  const auto finished = std::ssize(epochs);
  if (finished != state.epoch && finished != state.epoch + 1)
    fail_input("{}: has {} finished epochs while epoch {} is in progress", json.where("epochs"), finished,
               state.epoch + 1);
  state.result.best_epoch = json.integer("best_epoch", 0, finished);
  state.result.seconds = json.number("seconds", config::kNotNegative);
  return state;
}

nlohmann::json learning_json(const TrainResult& result) {
  return {{"epochs", epochs_json(result)}, {"setbacks", setbacks_json(result)}};
}

}  // namespace nt::train

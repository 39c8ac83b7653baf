#include "train/checkpoint.hpp"

#include <sstream>

#include "files/files.hpp"

namespace neurontwin {
namespace {

constexpr std::string_view kFormat = "neurontwin checkpoint 2";

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
double number(const nlohmann::json& j, const char* key) {
  return j.at(key).is_null() ? std::numeric_limits<double>::quiet_NaN() : j.at(key).get<double>();
}

EpochRecord epoch_of(const nlohmann::json& j) {
  return {.epoch = j.at("epoch"),
          .seen_s = number(j, "seen_s"),
          .train_loss = number(j, "train_loss"),
          .train_spike_loss = number(j, "train_spike_loss"),
          .train_soma_loss = number(j, "train_soma_loss"),
          .train_dendrite_loss = number(j, "train_dendrite_loss"),
          .train_easier_loss = number(j, "train_easier_loss"),
          .valid_loss = number(j, "valid_loss"),
          .valid_spike_loss = number(j, "valid_spike_loss"),
          .valid_soma_loss = number(j, "valid_soma_loss"),
          .valid_dendrite_loss = number(j, "valid_dendrite_loss"),
          .valid_auc = number(j, "valid_auc"),
          .learning_rate = number(j, "learning_rate"),
          .seconds = number(j, "seconds"),
          .best = j.at("best")};
}

torch::Tensor text_tensor(const std::string& text) {
  return torch::from_blob(const_cast<char*>(text.data()), {static_cast<int64_t>(text.size())}, torch::kUInt8)
      .clone();
}

/// Every tensor of the network under its name.
template <class F>
void for_each_tensor(const TwinImpl& twin, F&& f) {
  for (const auto& item : twin.named_parameters()) f("parameter." + item.key(), item.value());
  for (const auto& item : twin.named_buffers()) f("buffer." + item.key(), item.value());
}

}  // namespace

std::string checkpoint_bytes(const TwinImpl& twin, const Nadam& optimiser, const TrainState& state) {
  auto epochs = nlohmann::json::array();
  for (const auto& epoch : state.result.epochs) epochs.push_back(json_of(epoch));
  const nlohmann::json text{{"format", kFormat},
                            {"identity", state.identity},
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
                            {"optimiser_steps", optimiser.steps},
                            {"momentum_product", optimiser.momentum_product},
                            {"epochs", epochs}};
  torch::serialize::OutputArchive archive;
  archive.write("state", text_tensor(text.dump()), true);
  for_each_tensor(
      twin, [&](const std::string& name, const torch::Tensor& t) { archive.write(name, t.detach(), true); });
  for (size_t i = 0; i < optimiser.first_moment.size(); ++i) {
    archive.write(fmt::format("first_moment.{}", i), optimiser.first_moment[i], true);
    archive.write(fmt::format("second_moment.{}", i), optimiser.second_moment[i], true);
  }
  std::ostringstream out;
  archive.save_to(out);
  return out.str();
}

std::optional<TrainState> load_checkpoint(const std::filesystem::path& file, const std::string& identity,
                                          int64_t most_epochs, TwinImpl& twin, Nadam* optimiser) {
  if (!std::filesystem::exists(file)) return {};
  torch::NoGradGuard no_gradient;
  try {
    torch::serialize::InputArchive archive;
    std::istringstream bytes(read_file(file));
    archive.load_from(bytes);
    torch::Tensor raw;
    archive.read("state", raw, true);
    const auto text = nlohmann::json::parse(raw.data_ptr<uint8_t>(), raw.data_ptr<uint8_t>() + raw.numel());
    if (text.at("format") != kFormat || text.at("identity") != identity || text.at("epoch") > most_epochs)
      return {};
    const auto fill = [&](const std::string& name, torch::Tensor target) {
      torch::Tensor stored;
      archive.read(name, stored, true);
      TORCH_CHECK(stored.sizes() == target.sizes(), name, " has another shape");
      target.copy_(stored);
    };
    for_each_tensor(twin, fill);
    if (optimiser != nullptr) {
      for (size_t i = 0; i < optimiser->first_moment.size(); ++i) {
        fill(fmt::format("first_moment.{}", i), optimiser->first_moment[i]);
        fill(fmt::format("second_moment.{}", i), optimiser->second_moment[i]);
      }
      optimiser->steps = text.at("optimiser_steps");
      optimiser->momentum_product = text.at("momentum_product");
    }
    TrainState state{.identity = identity,
                     .epoch = text.at("epoch"),
                     .step_in_epoch = text.at("step_in_epoch"),
                     .spike_loss_sum = text.at("spike_loss_sum"),
                     .soma_loss_sum = text.at("soma_loss_sum"),
                     .dendrite_loss_sum = text.at("dendrite_loss_sum"),
                     .easier_loss_sum = text.at("easier_loss_sum"),
                     .epoch_seconds = text.at("epoch_seconds"),
                     .best_valid_loss = text.at("best_valid_loss"),
                     .result = {}};
    for (const auto& epoch : text.at("epochs")) state.result.epochs.push_back(epoch_of(epoch));
    state.result.best_epoch = text.at("best_epoch");
    state.result.seconds = text.at("seconds");
    return state;
  } catch (const c10::Error& error) {
    fail_input("{}: is not a whole checkpoint ({}); remove it to train from the start", file.string(),
               error.what_without_backtrace());
  } catch (const nlohmann::json::exception& error) {
    fail_input("{}: is not a checkpoint of this program ({}); remove it to train from the start",
               file.string(), error.what());
  }
}

nlohmann::json learning_json(const TrainResult& result) {
  auto epochs = nlohmann::json::array();
  for (const auto& epoch : result.epochs) epochs.push_back(json_of(epoch));
  return {{"epochs", epochs}};
}

}  // namespace neurontwin

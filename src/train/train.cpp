#include "train/train.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <future>

#include "files/files.hpp"
#include "train/checkpoint.hpp"
#include "train/loss.hpp"

namespace neurontwin {
namespace {

class Stopwatch {
 public:
  double elapsed_s() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  double lap_s() {
    const double s = elapsed_s();
    start_ = std::chrono::steady_clock::now();
    return s;
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

struct Validation {
  double spike_loss = 0, soma_loss = 0, dendrite_loss = 0, auc = 0;
};

/// What the first loss that is no finite number is a loss of; empty: all are finite.
std::string not_finite(const Losses& loss) {
  const auto bad = [](const torch::Tensor& x) { return x.defined() && !std::isfinite(x.item<double>()); };
  if (bad(loss.spike)) return "spikes";
  if (bad(loss.soma)) return "somatic voltage";
  if (bad(loss.dendrites)) return "dendritic components";
  if (bad(loss.near_spike)) return "question whether a spike is near";
  return bad(loss.rate) ? "spike rate" : "";
}

/// The signals that a twin's losses need.
std::vector<std::string> signals_of(Twin& twin) {
  return twin->spec().dendritic_components > 0 ? std::vector<std::string>{"dendrites_pc"}
                                               : std::vector<std::string>{};
}

/// Losses and AUC over all bins of a split, or of its first trials, after so many epochs (counted from 0).
/// Diverged if a loss is no finite number.
Validation validate(Twin& twin, const TrainSpec& spec, const Split& split, int64_t epoch) {
  const Gathering gathering{.history_ms = twin->history_ms(),
                            .window_ms = split.duration_ms(),
                            .soma_skips_after_spike_ms = spec.soma_skips_after_spike_ms,
                            .signals = signals_of(twin)};
  torch::NoGradGuard no_gradient;
  twin->eval();
  Validation v;
  std::vector<float> score;
  std::vector<uint8_t> spike;
  const size_t trials = spec.valid_trials > 0
                            ? std::min(static_cast<size_t>(spec.valid_trials), split.trials())
                            : split.trials();
  for (size_t i = 0; i < trials; ++i) {
    const std::array<Window, 1> whole{Window{i, 0}};
    const auto batch = gather(split, whole, gathering);
    const auto output = twin->forward(batch);
    const auto loss = losses(output, batch);
    if (const auto quantity = not_finite(loss); !quantity.empty()) {
      throw Diverged(fmt::format(
          "training diverged: in the validation after epoch {} the loss of the {} is no finite number in {}, "
          "whose data are finite; lower train.schedule's learning_rate ({})",
          epoch + 1, quantity, split.place_of(i), spec.phase(epoch).learning_rate));
    }
    v.spike_loss += loss.spike.item<double>() / static_cast<double>(trials);
    v.soma_loss += loss.soma.item<double>() / static_cast<double>(trials);
    if (loss.dendrites.defined())
      v.dendrite_loss += loss.dendrites.item<double>() / static_cast<double>(trials);
    const auto log_odds = output.spike_log_odds.to(torch::kCPU).contiguous();
    score.insert(score.end(), log_odds.data_ptr<float>(), log_odds.data_ptr<float>() + log_odds.numel());
    for (const float s : batch.spikes) spike.push_back(s > 0);
  }
  v.auc = area_under_roc(score, spike);
  twin->train();
  return v;
}

/// L2 regularisation is on the convolutions' weights.
Nadam make_optimiser(const TwinImpl& twin, double l2) {
  std::vector<torch::Tensor> parameters;
  std::vector<double> of_each;
  for (const auto& item : twin.named_parameters()) {
    parameters.push_back(item.value());
    of_each.push_back(item.key().starts_with("layer") && item.key().ends_with("_weight") ? l2 : 0);
  }
  return Nadam(std::move(parameters), std::move(of_each));
}

/// Checkpoints of other settings are somebody's work: put aside, not overwritten.
void put_aside(const std::filesystem::path& folder) {
  for (int n = 1;; ++n) {
    const auto aside = folder.string() + fmt::format("-before-{}", n);
    if (std::filesystem::exists(aside)) continue;
    std::filesystem::rename(folder, aside);
    std::filesystem::create_directories(folder);
    return;
  }
}

}  // namespace

const SchedulePhase& TrainSpec::phase(int64_t epoch) const {
  const SchedulePhase* now = &schedule.front();
  for (const auto& phase : schedule) {
    if (phase.from_epoch <= epoch) now = &phase;
  }
  return *now;
}

int64_t TrainSpec::trials_in(int64_t epoch, int64_t all) const {
  if (starts_with_trials == 0 || epoch >= all_trials_from_epoch || all <= starts_with_trials) return all;
  return starts_with_trials + (all - starts_with_trials) * epoch / all_trials_from_epoch;
}

bool TrainSpec::learns_spikes() const {
  return std::any_of(schedule.begin(), schedule.end(), [](const auto& p) { return p.spike_weight > 0; });
}

bool TrainSpec::freezes_norm() const {
  return std::any_of(schedule.begin(), schedule.end(), [](const auto& p) { return p.freeze_norm; });
}

TrainSpec read_train(const Settings& settings) {
  TrainSpec spec;
  spec.batch_windows = settings.integer("batch_windows", spec.batch_windows, {1, 1e6});
  spec.window_ms = settings.integer("window_ms", spec.window_ms, {1, 1e6});
  spec.epochs = settings.integer("epochs", {}, {1, 1e6});
  spec.steps_per_epoch = settings.integer("steps_per_epoch", {}, {1, 1e9});
  spec.skip_ms = settings.integer("skip_ms", spec.skip_ms, kNotNegative);
  spec.full_history = settings.flag("full_history", spec.full_history);
  spec.soma_skips_after_spike_ms =
      settings.integer("soma_skips_after_spike_ms", spec.soma_skips_after_spike_ms, kNotNegative);
  spec.l2 = settings.number("l2", spec.l2, kNotNegative);
  spec.clip_gradient = settings.number("clip_gradient", spec.clip_gradient, kNotNegative);
  constexpr std::array<std::string_view, 3> products{"float32", "tf32", "bfloat16"};
  spec.products = settings.choice("products", products, spec.products);
  auto& q = spec.questions;
  q.near_spike_ms = settings.integer("near_spike_ms", q.near_spike_ms, kNotNegative);
  q.near_spike_weight = settings.number("near_spike_weight", q.near_spike_weight, kNotNegative);
  q.rate_sd_ms = settings.number("rate_sd_ms", q.rate_sd_ms, kNotNegative);
  q.rate_weight = settings.number("rate_weight", q.rate_weight, kNotNegative);
  for (const auto& [key, edge_ms] :
       {std::pair{"near_spike_ms", q.near_spike_edge_ms()}, std::pair{"rate_sd_ms", q.rate_edge_ms()}}) {
    if (2 * edge_ms < spec.window_ms) continue;
    fail_input("{}: '{}' looks {} ms to either side, expected less than half of window_ms, {} ms",
               settings.where(key), settings.full_key(key), edge_ms, spec.window_ms);
  }
  spec.checkpoint_every_s = settings.number("checkpoint_every_s", spec.checkpoint_every_s, kNotNegative);
  spec.starts_with_trials = settings.integer("starts_with_trials", spec.starts_with_trials, {0, 1e9});
  if (spec.starts_with_trials > 0)
    spec.all_trials_from_epoch = settings.integer("all_trials_from_epoch", {}, {1, 1e6});
  int64_t before = -1;
  for (const auto& phase : settings.tables("schedule")) {
    SchedulePhase p;
    p.from_epoch = phase.integer("from_epoch", {}, kNotNegative);
    p.learning_rate = phase.number("learning_rate", {}, kPositive);
    p.spike_weight = phase.number("spike_weight", p.spike_weight, kNotNegative);
    p.soma_weight = phase.number("soma_weight", p.soma_weight, kNotNegative);
    p.dendrite_weight = phase.number("dendrite_weight", p.dendrite_weight, kNotNegative);
    p.freeze_norm = phase.flag("freeze_norm", p.freeze_norm);
    if (spec.schedule.empty() ? p.from_epoch != 0 : p.from_epoch <= before) {
      fail_input("{}: '{}' is {}, expected {}", phase.where("from_epoch"), phase.full_key("from_epoch"),
                 p.from_epoch,
                 spec.schedule.empty() ? "0 in the first phase" : "more than in the phase before");
    }
    before = p.from_epoch;
    spec.schedule.push_back(p);
  }
  if (spec.schedule.empty()) {
    fail_input(
        "{}: '{}' is missing, expected at least one phase, [[train.schedule]] with from_epoch = 0 and "
        "learning_rate",
        settings.where("schedule"), settings.full_key("schedule"));
  }
  return spec;
}

TrainResult train(Twin& twin, const TrainSpec& spec, uint64_t seed, const Split& train_split,
                  const Split& valid_split, const std::filesystem::path& folder, const std::string& identity,
                  const ProgressListener& listener) {
  const GrowingTrials trials{static_cast<int64_t>(train_split.trials()),
                             [&](int64_t) -> const Split& { return train_split; }};
  return train(twin, spec, seed, trials, valid_split, folder, identity, listener);
}

TrainResult train(Twin& twin, const TrainSpec& spec, uint64_t seed, const GrowingTrials& trials,
                  const Split& valid_split, const std::filesystem::path& folder, const std::string& identity,
                  const ProgressListener& listener) {
  std::filesystem::create_directories(folder);
  remove_half_written(folder);
  const auto last = folder / "last.safetensors", best = folder / "best.safetensors";
  auto optimiser = make_optimiser(*twin, spec.l2);
  TrainState state{.identity = identity};
  if (auto resumed = load_checkpoint(last, identity, spec.epochs, *twin, &optimiser)) {
    state = std::move(*resumed);
  } else if (std::filesystem::exists(last) || std::filesystem::exists(folder / "last.pt")) {  // 0.1's name
    put_aside(folder);
  }
  twin->train();
  twin->products = spec.products;
  at::globalContext().setAllowTF32CuDNN(spec.products == Products::tf32);

  Stopwatch watch, since_checkpoint;
  double validation_s = spec.checkpoint_every_s;  // how long one takes, until seen perhaps too long
  const auto account_time = [&] {
    const double s = watch.lap_s();
    state.epoch_seconds += s;
    state.result.seconds += s;
  };
  const auto save = [&] {
    account_time();
    write_file_atomically(last, checkpoint_bytes(*twin, optimiser, state));
    since_checkpoint.lap_s();
  };
  const Gathering gathering{twin->history_ms(), spec.window_ms, spec.full_history,
                            spec.soma_skips_after_spike_ms, signals_of(twin)};
  Progress progress{"train", 0, static_cast<double>(spec.epochs * spec.steps_per_epoch), "steps", ""};
  if (!state.result.epochs.empty())
    progress.note = fmt::format("resumed after epoch {}", state.result.epochs.size());

  // The next step's windows are gathered while this one is computed. They depend on the seed and the step
  // alone, so a run that goes on from a checkpoint sees the same.
  const auto gather_in_background = [&](const Split& split, int64_t step) {
    return std::async(std::launch::async, [&, &split = split, step] {
      const auto count = spec.trials_in(step / spec.steps_per_epoch, trials.all);
      const auto windows = draw_windows(split, count, seed, static_cast<uint64_t>(step), spec.batch_windows,
                                        spec.window_ms, spec.skip_ms);
      return gather(split, windows, gathering);
    });
  };

  for (; state.epoch < spec.epochs; ++state.epoch) {
    account_time();
    const auto& split = trials.first(spec.trials_in(state.epoch, trials.all));
    watch.lap_s();  // waiting for data is no computing
    const auto& phase = spec.phase(state.epoch);
    twin->norm_frozen = phase.freeze_norm;
    const int64_t first_step = state.epoch * spec.steps_per_epoch;
    std::future<WindowBatch> next;
    if (state.step_in_epoch < spec.steps_per_epoch)
      next = gather_in_background(split, first_step + state.step_in_epoch);
    for (; state.step_in_epoch < spec.steps_per_epoch; ++state.step_in_epoch) {
      if (stop_requested()) {
        save();
        fail_run("stopped while training; run the same command again to go on from {}", last.string());
      }
      if (since_checkpoint.elapsed_s() > spec.checkpoint_every_s) save();
      const int64_t step = first_step + state.step_in_epoch;
      const auto batch = next.get();
      if (state.step_in_epoch + 1 < spec.steps_per_epoch) next = gather_in_background(split, step + 1);
      const auto loss = losses(twin->forward(batch), batch, spec.questions);
      const auto total = weighted(loss, phase.weights(), spec.questions);
      optimiser.zero_gradients();
      total.backward();
      if (spec.clip_gradient > 0) torch::nn::utils::clip_grad_norm_(twin->parameters(), spec.clip_gradient);
      optimiser.step(phase.learning_rate);
      if (const auto quantity = not_finite(loss); !quantity.empty()) {
        throw Diverged(
            fmt::format("training diverged in epoch {}: the loss of the {} is no longer a finite number in "
                        "step {}, whose "
                        "data are finite; lower train.schedule's learning_rate ({})",
                        state.epoch + 1, quantity, step + 1, phase.learning_rate));
      }
      state.spike_loss_sum += loss.spike.item<double>();
      state.soma_loss_sum += loss.soma.item<double>();
      if (loss.dendrites.defined()) state.dendrite_loss_sum += loss.dendrites.item<double>();
      state.easier_loss_sum += easier_loss(loss, spec.questions);
      progress.done = static_cast<double>(step + 1);
      if (listener) listener(progress);
    }

    // An interruption is to cost no more than checkpoint_every_s, or the validation it falls into.
    if (since_checkpoint.elapsed_s() + validation_s > spec.checkpoint_every_s) save();
    const Stopwatch validating;
    const auto v = validate(twin, spec, valid_split, state.epoch);
    validation_s = validating.elapsed_s();
    account_time();
    const auto steps = static_cast<double>(spec.steps_per_epoch);
    EpochRecord record{.epoch = state.epoch + 1};
    record.seen_s =
        static_cast<double>((state.epoch + 1) * spec.steps_per_epoch * spec.batch_windows * spec.window_ms) /
        1000;
    record.train_spike_loss = state.spike_loss_sum / steps;
    record.train_soma_loss = state.soma_loss_sum / steps;
    record.train_dendrite_loss = state.dendrite_loss_sum / steps;
    record.train_easier_loss = state.easier_loss_sum / steps;
    record.train_loss = phase.spike_weight * record.train_spike_loss +
                        phase.soma_weight * record.train_soma_loss +
                        phase.dendrite_weight * record.train_dendrite_loss + record.train_easier_loss;
    record.valid_spike_loss = v.spike_loss;
    record.valid_soma_loss = v.soma_loss;
    // Epochs are compared by the last phase's weights, so that a change of weights is no change of quality.
    const auto& judge = spec.schedule.back();
    record.valid_dendrite_loss = v.dendrite_loss;
    record.valid_loss = judge.spike_weight * v.spike_loss + judge.soma_weight * v.soma_loss +
                        judge.dendrite_weight * v.dendrite_loss;
    record.valid_auc = v.auc;
    record.learning_rate = phase.learning_rate;
    record.seconds = state.epoch_seconds;
    record.best = state.result.epochs.empty() || record.valid_loss < state.best_valid_loss;
    state.result.epochs.push_back(record);
    progress.note =
        fmt::format("epoch {} validation loss {:.5f} AUC {:.5f}", record.epoch, record.valid_loss, v.auc);
    state.spike_loss_sum = state.soma_loss_sum = state.epoch_seconds = 0;
    state.dendrite_loss_sum = state.easier_loss_sum = 0;
    state.step_in_epoch = 0;
    if (record.best) {
      state.best_valid_loss = record.valid_loss;
      state.result.best_epoch = record.epoch;
      write_file_atomically(best, checkpoint_bytes(*twin, optimiser, state));
    }
    ++state.epoch;  // a checkpoint between epochs stands at the start of the next
    save();
    --state.epoch;
  }

  if (!load_checkpoint(best, identity, spec.epochs, *twin, nullptr)) {
    fail_run("{}: the best weights are gone; remove {} to train from the start", best.string(),
             folder.string());
  }
  twin->eval();
  twin->norm_frozen = false;
  twin->products = Products::float32;
  return state.result;
}

}  // namespace neurontwin

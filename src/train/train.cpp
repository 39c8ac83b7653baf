#include "train/train.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <future>

#include "config/shown.hpp"
#include "files/files.hpp"
#include "statistics/ranking.hpp"
#include "train/by_ranks.hpp"
#include "train/checkpoint.hpp"
#include "train/step.hpp"

namespace nt::train {
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

constexpr size_t kMostSetbacks = 10;
constexpr double kWorse = 1.1;  // times the best loss, see TrainSpec::setback_epochs

/// What the first loss that is no finite number is a loss of; null: all are finite.
const twin::HeadKind* not_finite(const twin::TwinSpec& spec, std::span<const double> losses_of_heads) {
  for (size_t i = 0; i < losses_of_heads.size(); ++i) {
    if (!std::isfinite(losses_of_heads[i])) return &twin::head_kind(spec.heads[i].name);
  }
  return nullptr;
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

/// The signals of the data set that a twin's heads learn from.
std::vector<std::string> signals_for(const twin::TwinSpec& spec) {
  std::vector<std::string> signals;
  for (const auto& head : spec.heads) {
    if (const auto& signal = twin::head_kind(head.name).signal; !signal.empty()) signals.push_back(signal);
  }
  return signals;
}

/// Null for the CPU.
std::unique_ptr<twin::DevicePasses> passes_on(device::Kind kind, const twin::Twin& twin) {
  if (kind == device::Kind::cpu) return nullptr;
  return twin::device_passes(twin, device::open_device(kind));
}

/// As many windows of a device's pass, so that it has enough to do and memory for it.
constexpr int64_t kRowsOnDevice = 400'000;

struct Validation {
  std::vector<double> losses;  // of each head, mean over trials
  double auc = 0;
  std::string trouble = {};  // where a loss is no finite number
};

/// Training from wherever its folder says that it stands. run() is the order of things.
class Trainer {
 public:
  Trainer(twin::Twin& twin, const Training& training, const GrowingTrials& trials,
          const dataset::Split& valid)
      : twin_(twin),
        training_(training),
        spec_(training.spec),
        trials_(trials),
        valid_(valid),
        last_(training.folder / "last.safetensors"),
        best_(training.folder / "best.safetensors"),
        ranks_(*training.ranks),
        device_(passes_on(training.device, twin)),
        average_(spec_.average_steps),
        step_(twin, spec_, ranks_, average_, device_.get()),
        initial_(twin.numbers),
        validation_s_(spec_.checkpoint_every_s) {
    gathering_ = {twin.history_ms(), spec_.window_ms, spec_.full_history, spec_.soma_skips_after_spike_ms,
                  signals_for(twin.spec())};
    if (device_ != nullptr) require_devices_can_share(ranks_, twin_, spec_);
    for (int i = 0; device_ != nullptr && i < 2; ++i)
      inputs_.push_back(
          std::make_unique<twin::DeviceInput>(training.device, twin.channels(), twin.history_ms()));
    progress_ = {"train", 0, static_cast<double>(spec_.epochs * spec_.steps_per_epoch), "steps", ""};
  }

  TrainResult run() {
    resume();
    for (; state_.epoch < spec_.epochs; ++state_.epoch) {
      share_state(ranks_, twin_, step_.optimiser, average_, state_);
      const auto& split = data_of_epoch();
      steps_of_epoch(split);
      finish_epoch(validate());
      if (training_.after_epoch) training_.after_epoch(state_.result);
    }
    if (state_.result.best_epoch == 0) {
      throw Diverged(fmt::format("training diverged: {}", state_.result.setbacks.back().words));
    }
    take_best_weights();
    return std::move(state_.result);
  }

 private:
  void resume() {
    average_.start(twin_.numbers);
    if (ranks_.is_first()) resume_from_folder();
    share_state(ranks_, twin_, step_.optimiser, average_, state_);
    if (!state_.result.epochs.empty())
      progress_.note = fmt::format("resumed after epoch {}", state_.result.epochs.size());
    watch_.lap_s();
    since_checkpoint_.lap_s();
  }

  void resume_from_folder() {
    const auto& folder = training_.folder;
    std::filesystem::create_directories(folder);
    files::remove_half_written(folder);
    state_.identity = training_.identity;
    if (auto found =
            load_checkpoint(last_, training_.identity, spec_.epochs, twin_, &step_.optimiser, &average_)) {
      state_ = std::move(*found);
    } else if (std::filesystem::exists(last_) || std::filesystem::exists(folder / "last.pt")) {  // 0.1's name
      put_aside(folder);
    }
  }

  /// Waiting for data is no computing.
  const dataset::Split& data_of_epoch() {
    account_time();
    const auto& split = trials_.first(spec_.trials_in(state_.epoch, trials_.all));
    watch_.lap_s();
    return split;
  }

  void account_time() {
    const double s = watch_.lap_s();
    state_.epoch_seconds += s;
    state_.result.seconds += s;
  }

  /// The ranks have the same, so that one of them is enough.
  void keep(const std::filesystem::path& file) {
    step_.fetch();
    if (ranks_.is_first())
      files::write_file_atomically(file, checkpoint_bytes(twin_, step_.optimiser, average_, state_));
  }

  void save() {
    account_time();
    keep(last_);
    since_checkpoint_.lap_s();
  }

  /// The next step's windows are gathered, and copied to the device, while this one is computed. They depend
  /// on the seed and the step alone, so a run that goes on from a checkpoint sees the same.
  std::future<StepBatch> gather_in_background(const dataset::Split& split, int64_t step) const {
    return std::async(std::launch::async, [this, &split, step] {
      const auto count = spec_.trials_in(step / spec_.steps_per_epoch, trials_.all);
      const auto windows = dataset::draw_windows(split, count, training_.seed, static_cast<uint64_t>(step),
                                                 spec_.batch_windows, spec_.window_ms, spec_.skip_ms);
      const auto share = ranks::share_of(std::ssize(windows), ranks_.rank(), ranks_.size());
      StepBatch batch{
          dataset::gather(split, std::span(windows).subspan(share.first, share.count), gathering_), {}};
      if (ranks_.size() > 1) {
        auto outputs = gathering_;
        outputs.history_ms = 0;
        batch.all = dataset::gather(split, windows, outputs);
      }
      if (device_ != nullptr) {
        auto& input = *inputs_[static_cast<size_t>(step % 2)];  // the other one is in use
        input.upload(twin::windows_of(batch.own));
        batch.on_device = &input;
      }
      return batch;
    });
  }

  void steps_of_epoch(const dataset::Split& split) {
    const auto& phase = spec_.phase(state_.epoch);
    const int64_t first_step = state_.epoch * spec_.steps_per_epoch;
    std::future<StepBatch> next;
    if (state_.step_in_epoch < spec_.steps_per_epoch)
      next = gather_in_background(split, first_step + state_.step_in_epoch);
    for (; state_.step_in_epoch < spec_.steps_per_epoch; ++state_.step_in_epoch) {
      if (ranks_.any(training_.watcher.stop_requested())) {
        save();
        fail_run("stopped while training; run the same command again to go on from {}", last_.string());
      }
      if (since_checkpoint_.elapsed_s() > spec_.checkpoint_every_s) save();
      const int64_t step = first_step + state_.step_in_epoch;
      const auto batch = next.get();
      if (state_.step_in_epoch + 1 < spec_.steps_per_epoch) next = gather_in_background(split, step + 1);
      const double rate = spec_.learning_rate(step) * state_.rate_factor;
      add_losses(step_.take(batch, phase, rate, state_.gradient_lengths), step);
      progress_.done = static_cast<double>(step + 1);
      training_.watcher.tell(progress_);
    }
  }

  void add_losses(std::span<const double> loss, int64_t step) {
    if (const auto* head = not_finite(twin_.spec(), loss)) {
      return set_back(step, fmt::format("the loss of the {} is no longer a finite number in step {}",
                                        head->words, step + 1));
    }
    step_.add_to_average(step + 1);
    for (size_t i = 0; i < loss.size(); ++i) state_.loss_sums[twin_.spec().heads[i].name] += loss[i];
  }

  /// Training went bad: back to the best weights there are, or to those that it started from, with half of
  /// the learning rate. Diverged if that has been tried often enough.
  void set_back(int64_t step, const std::string& words) {
    auto& setbacks = state_.result.setbacks;
    if (setbacks.size() >= kMostSetbacks) {
      throw Diverged(fmt::format(
          "training diverged in epoch {}: {}, whose data are finite, after {} setbacks that halved the "
          "learning rate each; lower train.schedule's learning_rate ({})",
          state_.epoch + 1, words, setbacks.size(), spec_.phase(state_.epoch).learning_rate));
    }
    step_.hand_to_host();
    state_.rate_factor /= 2;
    setbacks.push_back({step + 1, words, state_.rate_factor});
    if (state_.result.best_epoch > 0) {
      take_best_weights(&step_.optimiser);
    } else {
      twin_.numbers = initial_;
      step_.optimiser = Nadam(twin_.layout(), spec_.l2);
    }
    average_.start(twin_.numbers);
    progress_.note = fmt::format("setback: {}; back to {}, learning rate x {:g}", words,
                                 state_.result.best_epoch > 0
                                     ? fmt::format("the weights of epoch {}", state_.result.best_epoch)
                                     : "the start",
                                 state_.rate_factor);
  }

  /// Losses and AUC over all bins of the validation split, or of its first trials, of the averaged weights if
  /// there are such. Leaves these in the twin.
  Validation validate() {
    // An interruption is to cost no more than checkpoint_every_s, or the validation it falls into.
    if (since_checkpoint_.elapsed_s() + validation_s_ > spec_.checkpoint_every_s) save();
    const Stopwatch validating;
    step_.hand_to_host();
    average_.swap(twin_.numbers);
    auto gathering = gathering_;
    gathering.window_ms = valid_.duration_ms();
    gathering.full_history = true;
    const size_t heads = twin_.spec().heads.size();
    Validation v{std::vector<double>(heads, 0.0)};
    std::vector<float> score, spike;
    const size_t trials = spec_.valid_trials > 0
                              ? std::min(static_cast<size_t>(spec_.valid_trials), valid_.trials())
                              : valid_.trials();
    const int64_t log_odds = twin_.first_output("spike");
    // Of each trial and head; each rank computes those of some trials.
    std::vector<double> loss_of(trials * heads, 0.0);
    const auto share = ranks::share_of(static_cast<int64_t>(trials), ranks_.rank(), ranks_.size());
    answer_trials(share, gathering, [&](int64_t i, const auto& batch, const auto& outputs) {
      std::ranges::copy(losses(twin_.spec(), outputs, batch, spec_.heads),
                        loss_of.begin() + std::ssize(v.losses) * i);
      for (int64_t r = 0; r < outputs.rows; ++r) score.push_back(outputs.at(r, log_odds));
      spike.insert(spike.end(), batch.spikes.begin(), batch.spikes.end());
    });
    ranks_.sum(std::span(loss_of));
    for (size_t i = 0; i < trials; ++i) {
      const auto loss = std::span(loss_of).subspan(i * heads, heads);
      if (const auto* head = not_finite(twin_.spec(), loss); head != nullptr && v.trouble.empty()) {
        v.trouble =
            fmt::format("in the validation after epoch {} the loss of the {} is no finite number in {}",
                        state_.epoch + 1, head->words, valid_.place_of(i));
      }
      for (size_t h = 0; h < loss.size(); ++h) v.losses[h] += loss[h] / static_cast<double>(trials);
    }
    v.auc = auc_of(score, spike, trials);
    validation_s_ = validating.elapsed_s();
    account_time();
    return v;
  }

  /// take(trial, its whole as a batch, what the twin says to it) for some trials of the validation split. A
  /// device is given many at the same time.
  template <class Take>
  void answer_trials(const ranks::Share& share, const dataset::Gathering& gathering, Take&& take) {
    const int64_t end = share.first + share.count,
                  at_once =
                      device_ == nullptr ? 1 : std::max<int64_t>(1, kRowsOnDevice / valid_.duration_ms());
    std::vector<dataset::WindowBatch> batches;
    for (int64_t first = share.first; first < end; first += at_once) {
      const int64_t count = std::min(at_once, end - first);
      batches.clear();
      for (int64_t i = first; i < first + count; ++i) {
        const std::array<dataset::Window, 1> whole{dataset::Window{static_cast<size_t>(i), 0}};
        batches.push_back(dataset::gather(valid_, whole, gathering));
      }
      const auto outputs = device_ == nullptr ? twin_.forward(batches.front()) : on_device(batches);
      const int64_t rows = outputs.rows / count;
      for (int64_t k = 0; k < count; ++k)
        take(first + k, batches[static_cast<size_t>(k)],
             twin::Outputs<float>{outputs.values + k * rows * outputs.row, rows, outputs.row});
    }
  }

  /// What the device says to batches of one window each, one after the other.
  twin::Outputs<float> on_device(std::span<const dataset::WindowBatch> batches) {
    std::vector<int32_t> events;
    for (size_t k = 0; k < batches.size(); ++k) {
      const auto begin = static_cast<std::ptrdiff_t>(events.size());
      events.insert(events.end(), batches[k].events.begin(), batches[k].events.end());
      for (auto e = events.begin() + begin; e != events.end(); e += 3) *e = static_cast<int32_t>(k);
    }
    auto& input = *inputs_.front();
    input.upload({events, std::ssize(batches), batches.front().window_ms});
    return device_->forward(twin_.numbers, input, twin::NormBy::running, false);
  }

  /// From the bins of this rank's share of the validation trials: over those of all.
  double auc_of(const std::vector<float>& score, const std::vector<float>& spike, size_t trials) const {
    std::vector<int64_t> bins;
    for (int r = 0; r < ranks_.size(); ++r)
      bins.push_back(ranks::share_of(static_cast<int64_t>(trials), r, ranks_.size()).count *
                     valid_.duration_ms());
    std::vector<float> scores(trials * valid_.duration_ms()), spikes(scores.size());
    ranks_.gather(score, bins, scores);
    ranks_.gather(spike, bins, spikes);
    std::vector<uint8_t> is_spike;
    for (const float s : spikes) is_spike.push_back(s > 0);
    return statistics::area_under_roc(scores, is_spike);
  }

  double sum_of(const std::string& head) const {
    const auto found = state_.loss_sums.find(head);
    return found == state_.loss_sums.end() ? 0 : found->second;
  }

  EpochRecord record_of(const Validation& v) const {
    const auto steps = static_cast<double>(spec_.steps_per_epoch);
    const auto& phase = spec_.phase(state_.epoch);
    // Epochs are compared by the last phase's weights, so that a change of weights is no change of quality.
    const auto& judge = spec_.schedule.back();
    EpochRecord record{.epoch = state_.epoch + 1};
    record.seen_s = static_cast<double>((state_.epoch + 1) * spec_.steps_per_epoch * spec_.batch_windows *
                                        spec_.window_ms) /
                    1000;
    for (size_t i = 0; i < v.losses.size(); ++i) {
      const auto& kind = twin::head_kind(twin_.spec().heads[i].name);
      const double weight = spec_.weight(phase, kind), mean = sum_of(kind.name) / steps;
      record.train_loss += weight * mean;
      record.train_losses[kind.loss_name] += kind.judged ? mean : weight * mean;
      if (!kind.judged) continue;
      record.valid_losses[kind.loss_name] += v.losses[i];
      record.valid_loss += spec_.weight(judge, kind) * v.losses[i];
    }
    record.valid_auc = v.auc;
    record.learning_rate =
        spec_.learning_rate((state_.epoch + 1) * spec_.steps_per_epoch - 1) * state_.rate_factor;
    record.seconds = state_.epoch_seconds;
    record.best = std::isfinite(record.valid_loss) &&
                  (state_.result.best_epoch == 0 || record.valid_loss < state_.best_valid_loss);
    return record;
  }

  void finish_epoch(const Validation& v) {
    const auto record = record_of(v);
    state_.result.epochs.push_back(record);
    progress_.note = fmt::format("epoch {} validation loss {:.5f} AUC {}", record.epoch, record.valid_loss,
                                 config::shown(record.valid_auc, "{:.5f}"));
    state_.loss_sums.clear();
    state_.epoch_seconds = 0;
    state_.step_in_epoch = 0;
    if (record.best) {
      state_.best_valid_loss = record.valid_loss;
      state_.result.best_epoch = record.epoch;
      keep(best_);
    }
    average_.swap(twin_.numbers);
    const int64_t last_step = (state_.epoch + 1) * spec_.steps_per_epoch - 1;
    if (!v.trouble.empty()) {
      set_back(last_step, v.trouble);
    } else if (record.valid_loss > spec_.setback_factor * state_.best_valid_loss || stays_worse()) {
      set_back(last_step,
               fmt::format("the validation loss of epoch {} is {:.5f}, {:.2f} times the best, {:.5f}",
                           record.epoch, record.valid_loss, record.valid_loss / state_.best_valid_loss,
                           state_.best_valid_loss));
    }
    ++state_.epoch;  // a checkpoint between epochs stands at the start of the next
    save();
    --state_.epoch;
  }

  /// The last setback_epochs epochs, since the best one and since the last setback, were a tenth worse.
  bool stays_worse() const {
    const auto& [epochs, setbacks, best_epoch, seconds] = state_.result;
    if (spec_.setback_epochs == 0) return false;
    const int64_t since =
        std::max(best_epoch, setbacks.empty() ? 0 : (setbacks.back().step - 1) / spec_.steps_per_epoch + 1);
    if (std::ssize(epochs) - since < spec_.setback_epochs) return false;
    return std::all_of(epochs.end() - spec_.setback_epochs, epochs.end(),
                       [&](const auto& epoch) { return epoch.valid_loss > kWorse * state_.best_valid_loss; });
  }

  void take_best_weights(Nadam* optimiser = nullptr) {
    WeightAverage average(spec_.average_steps);
    if (ranks_.is_first() &&
        !load_checkpoint(best_, training_.identity, spec_.epochs, twin_, optimiser, &average))
      fail_best_gone();
    ranks_.from_first(std::span<float>(twin_.numbers));
    if (optimiser != nullptr) share_optimiser(ranks_, *optimiser);
  }

  [[noreturn]] void fail_best_gone() const {
    fail_run("{}: the best weights are gone; remove {} to train from the start", best_.string(),
             training_.folder.string());
  }

  twin::Twin& twin_;
  const Training& training_;
  const TrainSpec& spec_;
  const GrowingTrials& trials_;
  const dataset::Split& valid_;
  std::filesystem::path last_, best_;
  const ranks::Ranks& ranks_;
  std::unique_ptr<twin::DevicePasses> device_;              // null: the twin itself computes
  std::vector<std::unique_ptr<twin::DeviceInput>> inputs_;  // of a device: of this step and of the next
  WeightAverage average_;
  TrainStep step_;
  twin::Numbers<float> initial_;
  TrainState state_;
  dataset::Gathering gathering_;
  Progress progress_;
  Stopwatch watch_, since_checkpoint_;
  double validation_s_;  // how long one takes, until seen perhaps too long
};

}  // namespace

TrainResult train(twin::Twin& twin, const Training& training, const GrowingTrials& trials,
                  const dataset::Split& valid_split) {
  return Trainer(twin, training, trials, valid_split).run();
}

TrainResult train(twin::Twin& twin, const Training& training, const dataset::Split& train_split,
                  const dataset::Split& valid_split) {
  return train(twin, training,
               {static_cast<int64_t>(train_split.trials()),
                [&](int64_t) -> const dataset::Split& { return train_split; }},
               valid_split);
}

}  // namespace nt::train

#include "train/step.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "train/detail/device_nadam.hpp"

namespace nt::train {

TrainStep::TrainStep(twin::Twin& twin, const TrainSpec& spec, const ranks::Ranks& ranks,
                     WeightAverage& average, twin::DevicePasses* device)
    : optimiser(twin.layout(), spec.l2),
      twin_(twin),
      spec_(spec),
      ranks_(ranks),
      average_(average),
      device_(device),
      gradients_(static_cast<size_t>(twin.layout().trained())) {
  if (ranks.size() == 1) {
    if (device != nullptr) resident_ = device->resident();
    if (resident_ != nullptr) on_device_ = std::make_unique<DeviceNadam>(*resident_, optimiser, average);
    return;
  }
  twin.parallel.sum_over_processes = [&ranks](std::span<double> numbers) { ranks.sum(numbers); };
}

TrainStep::~TrainStep() {
  twin_.parallel.sum_over_processes = nullptr;
}

twin::Outputs<float> TrainStep::forward(const StepBatch& batch, twin::NormBy norm) {
  if (on_device_ != nullptr) {
    if (host_is_ahead_) on_device_->upload(twin_.numbers, optimiser, average_);
    host_is_ahead_ = false;
    device_is_ahead_ = true;
    return resident_->forward(*batch.on_device, norm, true);
  }
  if (device_ != nullptr) return device_->forward(twin_.numbers, *batch.on_device, norm, true);
  return twin_.forward(batch.own, norm, true);
}

double TrainStep::backward(const StepBatch& batch, std::span<const float> output_gradient) {
  if (on_device_ != nullptr) {
    resident_->backward(*batch.on_device, output_gradient);
    return on_device_->length_of_gradients();
  }
  if (device_ != nullptr)
    device_->backward(twin_.numbers, *batch.on_device, output_gradient, gradients_);
  else
    twin_.backward(output_gradient, gradients_);
  ranks_.sum(std::span<float>(gradients_));
  return length_of(gradients_);
}

void TrainStep::update(double learning_rate, double gradient_factor) {
  if (on_device_ != nullptr) return on_device_->step(optimiser.next_rates(learning_rate), gradient_factor);
  if (gradient_factor != 1)
    for (float& g : gradients_) g *= static_cast<float>(gradient_factor);
  optimiser.step(learning_rate, gradients_, twin_.numbers, twin_.parallel);
}

void TrainStep::add_to_average(int64_t step) {
  if (!average_.is_kept()) return;
  const int64_t trained = twin_.layout().trained();
  if (on_device_ != nullptr)
    on_device_->add_to_average(trained, average_.share_of(step));
  else
    average_.add(twin_.numbers, trained, step);
}

void TrainStep::fetch() {
  if (device_is_ahead_) on_device_->download(twin_.numbers, optimiser, average_);
  device_is_ahead_ = false;
}

void TrainStep::hand_to_host() {
  fetch();
  host_is_ahead_ = true;
}

twin::Outputs<float> TrainStep::of_all_ranks(const twin::Outputs<float>& own, const StepBatch& batch) {
  if (ranks_.size() == 1) return own;
  const int64_t per_window = batch.all.window_ms * own.row;
  std::vector<int64_t> counts;
  for (int r = 0; r < ranks_.size(); ++r)
    counts.push_back(ranks::share_of(batch.all.windows, r, ranks_.size()).count * per_window);
  outputs_.resize(batch.all.windows * per_window);
  ranks_.gather({own.values, static_cast<size_t>(own.rows * own.row)}, counts, outputs_);
  return {outputs_.data(), batch.all.windows * batch.all.window_ms, own.row};
}

std::vector<double> TrainStep::take(const StepBatch& batch, const SchedulePhase& phase, double learning_rate,
                                    GradientLengths& lengths) {
  const auto norm = phase.freeze_norm ? twin::NormBy::running : twin::NormBy::batch;
  const bool alone = ranks_.size() == 1;
  const auto own = forward(batch, norm);
  // A loss is a mean over the bins of all windows that count: each rank computes it of all.
  const auto outputs = of_all_ranks(own, batch);
  output_gradient_.resize(outputs.rows * outputs.row);
  auto loss = losses<float>(twin_.spec(), outputs, alone ? batch.own : batch.all, spec_.heads,
                            spec_.weights(phase, twin_.spec().heads), output_gradient_);
  if (!std::ranges::all_of(loss, [](double l) { return std::isfinite(l); })) return loss;
  const auto first = alone ? 0 : ranks::share_of(batch.all.windows, ranks_.rank(), ranks_.size()).first;
  const std::span<const float> gradient(output_gradient_);
  const double length =
      backward(batch, gradient.subspan(first * batch.own.window_ms * own.row, own.rows * own.row));
  if (!std::isfinite(length)) {
    loss.front() = std::numeric_limits<double>::quiet_NaN();
    return loss;
  }
  double most = spec_.clip_gradient > 0 ? spec_.clip_gradient : std::numeric_limits<double>::infinity();
  if (spec_.clip_over_usual > 0) most = std::min(most, usual_limit(lengths, length, spec_.clip_over_usual));
  update(learning_rate, clip_factor(length, most));
  return loss;
}

double length_of(std::span<const float> gradient) {
  double square = 0;
  for (const float g : gradient) square += static_cast<double>(g) * static_cast<double>(g);
  return std::sqrt(square);
}

double clip_factor(double length, double most) {
  constexpr double kTiny = 1e-6;  // as in torch.nn.utils.clip_grad_norm_
  const double factor = most / (length + kTiny);
  return factor < 1 ? factor : 1;
}

double usual_limit(GradientLengths& lengths, double length, double over_usual) {
  constexpr int64_t kFewest = 20, kRemembered = 200;  // gradients
  constexpr double kShortest = 1e-30;                 // whose logarithm is taken
  const double most = lengths.count < kFewest ? std::numeric_limits<double>::infinity()
                                              : over_usual * std::exp(lengths.mean_log);
  lengths.count = std::min(lengths.count + 1, kRemembered);
  const double seen = std::log(std::max(std::min(length, most), kShortest));
  lengths.mean_log += (seen - lengths.mean_log) / static_cast<double>(lengths.count);
  return most;
}

}  // namespace nt::train

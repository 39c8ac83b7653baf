#include "interpret/detail/response.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "interpret/detail/drive_gradient.hpp"
#include "interpret/filters.hpp"
#include "statistics/bootstrap.hpp"

namespace nt::interpret {
namespace {

constexpr size_t kMomentsAtOnce = 128;
constexpr size_t kResamples = 200;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// What an answer whose gradient by the drive is this gains by one more spike, [channel][lag].
template <class T>
Eigen::MatrixXd of_one_spike(const twin::TwinOf<T>& twin, const std::vector<double>& gradient) {
  const int64_t channels = twin.channels(), lags = twin.network().window_ms();
  std::vector<int32_t> events;
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t lag = 0; lag < lags; ++lag)
      events.insert(events.end(), {0, static_cast<int32_t>(c), static_cast<int32_t>(lags - 1 - lag)});
  }
  const std::vector<T> rounded_to_twin(gradient.begin(), gradient.end());
  const auto of_spike = twin.spike_gradients({events, 1, 1}, rounded_to_twin);
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const Rows>(of_spike.data(), channels, lags);
}

/// The mean of some channels' responses. `weight`: how often each counts, with a stride; null: once.
std::vector<double> mean_over(const Eigen::MatrixXd& response, std::span<const int64_t> channels,
                              const float* weight = nullptr, size_t stride = 1) {
  std::vector<double> mean(response.cols(), 0);
  double total = 0;
  for (size_t i = 0; i < channels.size(); ++i) {
    const double w = weight != nullptr ? weight[i * stride] : 1;
    total += w;
    for (size_t lag = 0; lag < mean.size(); ++lag)
      mean[lag] += w * response(channels[i], static_cast<int64_t>(lag));
  }
  for (double& m : mean) m /= total;
  return mean;
}

/// A part of a mean's shape, with the interval of those of the resampled means.
statistics::Estimate estimate_of(const ResponseShape& shape, std::span<const ResponseShape> drawn,
                                 double ResponseShape::*part) {
  std::vector<double> values;
  for (const auto& of_drawn : drawn) values.push_back(of_drawn.*part);
  return statistics::estimate(shape.*part, std::move(values));
}

MeanShape mean_shape(const Eigen::MatrixXd& response, const SynapseSet& set, uint64_t seed) {
  MeanShape of_mean;
  of_mean.mean = mean_over(response, set.channels);
  const auto shape = shape_of(of_mean.mean);
  const auto weight = statistics::resampling_weights(set.channels.size(), kResamples, seed);
  std::vector<ResponseShape> drawn;
  for (size_t b = 0; b < kResamples; ++b)
    drawn.push_back(shape_of(mean_over(response, set.channels, &weight[b], kResamples)));
  const auto of = [&](double ResponseShape::*part) { return estimate_of(shape, drawn, part); };
  of_mean.peak = of(&ResponseShape::peak);
  of_mean.peak_lag_ms = of(&ResponseShape::peak_lag_ms);
  of_mean.width_ms = of(&ResponseShape::width_ms);
  of_mean.decay_tau_ms = of(&ResponseShape::decay_tau_ms);
  auto notes = notes_on(shape);
  if (of_mean.peak.low <= 0 && of_mean.peak.high >= 0)
    notes.peak_lag = notes.width = notes.decay = "the peak is not told from zero";
  if (notes.decay.empty())
    notes.decay = why_no_time_constant({shape.peak, shape.decay_tau_ms, shape.decay_r2}, shape.lags_from_peak,
                                       of_mean.decay_tau_ms);
  of_mean.noted = {shape, std::move(notes)};
  return of_mean;
}

/// The smallest of `at` within which at least `share` of the weight lies.
double within(std::span<const double> at, std::span<const double> weight, double share) {
  std::vector<size_t> order(at.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return at[a] < at[b]; });
  const double total = std::accumulate(weight.begin(), weight.end(), 0.0);
  double sum = 0;
  for (const size_t i : order) {
    sum += weight[i];
    if (sum >= share * total) return at[i];
  }
  return kNaN;
}

Reach reach_of(const Eigen::MatrixXd& response, std::span<const SynapsePlace> places) {
  const Eigen::VectorXd of_lag = response.cwiseAbs().colwise().sum(),
                        of_channel = response.cwiseAbs().rowwise().sum();
  const std::span lags(of_lag.data(), static_cast<size_t>(of_lag.size()));
  const std::span channels(of_channel.data(), static_cast<size_t>(of_channel.size()));
  std::vector<double> lag_ms(lags.size()), path_um;
  std::iota(lag_ms.begin(), lag_ms.end(), 0.0);
  for (const auto& place : places) path_um.push_back(place.path_um);
  return {within(lag_ms, lags, 0.5), within(lag_ms, lags, 0.95), within(path_um, channels, 0.5),
          within(path_um, channels, 0.95)};
}

AnswerResponse answer_response(const Eigen::MatrixXd& response, std::span<const SynapsePlace> places) {
  AnswerResponse answer{reach_of(response, places)};
  for (const auto& of_channel : response.rowwise()) {
    const auto shape = shape_of(std::vector<double>(of_channel.begin(), of_channel.end()));
    answer.peak.push_back(shape.peak);
    answer.peak_lag_ms.push_back(shape.peak_lag_ms);
  }
  return answer;
}

}  // namespace

template <class T>
MeanResponse mean_response(twin::TwinOf<T>& twin, const dataset::Split& split,
                           std::span<const Moment> moments) {
  const auto size = static_cast<size_t>(twin.drive_ms(1) * twin.drive_width());
  std::vector<double> soma(size, 0.0), spike(size, 0.0);
  for (size_t at = 0; at < moments.size(); at += kMomentsAtOnce) {
    const auto some = moments.subspan(at, std::min(kMomentsAtOnce, moments.size() - at));
    const auto batch = windows_at(split, some, twin.history_ms());
    const auto drive = twin.drive(twin::windows_of(batch));
    const auto add = [&](std::string_view head, std::vector<double>& mean) {
      const auto gradient = gradient_by_drive<T>(twin, drive, batch.windows, twin.first_output(head));
      for (size_t i = 0; i < gradient.size(); ++i)
        mean[i % size] += static_cast<double>(gradient[i]) / static_cast<double>(moments.size());
    };
    add("soma", soma);
    add("spike", spike);
  }
  return {of_one_spike(twin, soma), of_one_spike(twin, spike)};
}

template MeanResponse mean_response(twin::TwinOf<float>&, const dataset::Split&, std::span<const Moment>);
template MeanResponse mean_response(twin::TwinOf<double>&, const dataset::Split&, std::span<const Moment>);

ResponseShape shape_of(std::span<const double> response) {
  const auto greatest = std::max_element(response.begin(), response.end(),
                                         [](double a, double b) { return std::abs(a) < std::abs(b); });
  if (greatest == response.end() || *greatest == 0) return {kNaN, kNaN, kNaN, kNaN, kNaN, 0, false};
  const auto at = static_cast<size_t>(greatest - response.begin());
  const double half = *greatest / 2, sign = half > 0 ? 1 : -1;
  const auto beyond = [&](size_t i) { return sign * (response[i] - half) > 0; };
  const auto crossing = [&](size_t inside, size_t outside) {
    const double f = (response[inside] - half) / (response[inside] - response[outside]);
    return static_cast<double>(inside) + f * (static_cast<double>(outside) - static_cast<double>(inside));
  };
  size_t first = at, last = at;
  while (first > 0 && beyond(first - 1)) --first;
  while (last + 1 < response.size() && beyond(last + 1)) ++last;
  const double begin = first > 0 ? crossing(first, first - 1) : 0;
  const double end =
      last + 1 < response.size() ? crossing(last, last + 1) : static_cast<double>(response.size() - 1);
  const auto decay = fit_exponential(response.subspan(at));
  return {*greatest,
          static_cast<double>(at),
          end - begin,
          decay.tau_ms,
          decay.r2,
          response.size() - at,
          last + 1 < response.size()};
}

ShapeNotes notes_on(const ResponseShape& shape, double least_peak) {
  if (std::isnan(shape.peak)) return {"zero throughout", "zero throughout", "zero throughout"};
  if (std::abs(shape.peak) < least_peak) {
    const auto note = fmt::format("no change above {:g}", least_peak);
    return {note, note, note};
  }
  ShapeNotes notes;
  if (shape.lags_from_peak <= 1) notes.peak_lag = "greatest at the end of what is looked at";
  if (!shape.returns)
    notes.width = fmt::format("longer than {:g} ms: beyond half of its peak to the end", shape.width_ms);
  notes.decay = why_no_time_constant({shape.peak, shape.decay_tau_ms, shape.decay_r2}, shape.lags_from_peak);
  return notes;
}

ResponseSummary summarise(const MeanResponse& response, std::span<const SynapsePlace> places, uint64_t seed) {
  ResponseSummary summary{
      {}, answer_response(response.soma_mV, places), answer_response(response.spike_log_odds, places)};
  for (auto& set : sets_by_part(places)) {
    auto soma_mV = mean_shape(response.soma_mV, set, seed);
    auto spike_log_odds = mean_shape(response.spike_log_odds, set, seed);
    summary.sets.push_back({std::move(set), std::move(soma_mV), std::move(spike_log_odds)});
  }
  return summary;
}

}  // namespace nt::interpret

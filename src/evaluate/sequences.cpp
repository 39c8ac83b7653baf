#include "evaluate/sequences.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dataset/input_events.hpp"
#include "simulate/by_ranks.hpp"
#include "statistics/bootstrap.hpp"

namespace nt::evaluate {
namespace {

constexpr size_t kMostSynapses = 64;

/// The synapses that are named, or all. Each once, and neither one nor too many.
std::vector<uint32_t> synapses_of(const config::Settings& settings, std::vector<uint32_t> synapses,
                                  int excitatory) {
  const auto key = settings.full_key("synapses"), where = settings.where("synapses");
  if (synapses.empty()) {
    synapses.resize(excitatory);
    std::iota(synapses.begin(), synapses.end(), 0u);
    if (synapses.size() > kMostSynapses) {
      fail_input(
          "{}: the neuron has {} excitatory synapses, too many for one sequence; name at most {} of them in "
          "'{}', such as those along one branch",
          where, excitatory, kMostSynapses, key);
    }
  }
  if (synapses.size() > kMostSynapses)
    fail_input("{}: '{}' names {} synapses, expected at most {}", where, key, synapses.size(), kMostSynapses);
  if (synapses.size() < 2) {
    fail_input("{}: a sequence over {} synapse has no order; '{}' takes at least two", where, synapses.size(),
               key);
  }
  auto sorted = synapses;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end())
    fail_input("{}: '{}' names synapse {} twice, expected each once", where, key, *twice);
  return synapses;
}

std::vector<stimulus::SynapseOrder> orders_of(const SequenceSpec& spec, uint64_t seed) {
  const auto inward = stimulus::inward_order(spec.synapses, spec.distance_um);
  std::vector<stimulus::SynapseOrder> orders{inward, stimulus::SynapseOrder(inward.rbegin(), inward.rend())};
  for (auto& order : stimulus::random_orders(spec.synapses, static_cast<size_t>(spec.orders), seed))
    orders.push_back(std::move(order));
  return orders;
}

std::vector<stimulus::SynapticInput> inputs_of(const SequenceSpec& spec, uint64_t seed) {
  std::vector<stimulus::SynapticInput> inputs;
  for (const auto& order : orders_of(spec, seed))
    inputs.push_back(stimulus::sequence_input(order, spec.start_ms, spec.interval_ms));
  return inputs;
}

std::vector<double> distances(const SequenceSpec& spec, const stimulus::SynapseOrder& order) {
  std::vector<double> distance_um;
  for (const auto synapse : order) {
    const auto place = std::find(spec.synapses.begin(), spec.synapses.end(), synapse) - spec.synapses.begin();
    distance_um.push_back(spec.distance_um[place]);
  }
  return distance_um;
}

/// Pearson's correlation of weighted pairs; NaN where one of them is constant.
double correlation(std::span<const double> x, std::span<const double> y, std::span<const double> weight) {
  double n = 0, mx = 0, my = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    n += weight[i];
    mx += weight[i] * x[i];
    my += weight[i] * y[i];
  }
  mx /= n;
  my /= n;
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double dx = x[i] - mx, dy = y[i] - my;
    xx += weight[i] * dx * dx;
    yy += weight[i] * dy * dy;
    xy += weight[i] * dx * dy;
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : std::nan("");
}

double rms_difference(std::span<const double> x, std::span<const double> y, std::span<const double> weight) {
  double n = 0, squares = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    n += weight[i];
    squares += weight[i] * (x[i] - y[i]) * (x[i] - y[i]);
  }
  return std::sqrt(squares / n);
}

}  // namespace

SequenceSpec read_sequences(const config::Settings& settings, const cell::Neuron& neuron) {
  SequenceSpec spec;
  const int excitatory = cell::excitatory_synapses(neuron);
  spec.orders = settings.integer("orders", spec.orders, {0, 1e5});
  spec.interval_ms = settings.integer("interval_ms", spec.interval_ms, {1, 1000});
  spec.start_ms = settings.integer("start_ms", spec.start_ms, {0, 1e5});
  spec.after_ms = settings.integer("after_ms", spec.after_ms, {1, 1e5});
  const auto named =
      settings.integers("synapses", std::vector<int64_t>{}, {0, static_cast<double>(excitatory - 1)});
  if (spec.orders == 0) return spec;
  if (spec.orders < 3) {
    fail_input("{}: '{}' is {}, expected at least 3 to correlate over, or 0 for no test",
               settings.where("orders"), settings.full_key("orders"), spec.orders);
  }
  const auto* cell = cell::compartmental(neuron);
  if (cell == nullptr) {
    fail_input("{}: the synapses of a point neuron have no places, and so no order; leave '{}' out",
               settings.where("orders"), settings.full_key("orders"));
  }
  spec.synapses = synapses_of(settings, {named.begin(), named.end()}, excitatory);
  const auto compartment = cell::excitatory_compartments(neuron);
  for (const auto synapse : spec.synapses) {
    const auto c = static_cast<size_t>(compartment[synapse]);
    spec.distance_um.push_back(cell->geometry.compartments[c].path_um);
  }
  return spec;
}

SequenceAnswers simulate_sequences(const SequenceSpec& spec, const cell::Neuron& neuron,
                                   const simulate::SimulationSpec& simulation, uint64_t seed, int threads,
                                   const ranks::Ranks& ranks) {
  const auto recordings =
      simulate::simulate_by(ranks, neuron, simulation, inputs_of(spec, seed), spec.duration_ms(), threads);
  if (!ranks.is_first()) return {};
  SequenceAnswers answers;
  for (const auto& order : orders_of(spec, seed))
    answers.directionality.push_back(stimulus::directionality(distances(spec, order)));
  const auto at_ms = [](const simulate::Recording& r, int64_t ms) { return r.soma_mV[ms * 8]; };
  answers.rest_mV = at_ms(recordings.front(), spec.start_ms);
  for (const auto& recording : recordings) {
    int64_t peak_ms = spec.start_ms;
    for (int64_t t = spec.start_ms; t < spec.duration_ms(); ++t)
      if (at_ms(recording, t) > at_ms(recording, peak_ms)) peak_ms = t;
    if (peak_ms == spec.duration_ms() - 1) {
      fail_run(
          "evaluate.sequences: the soma is still rising {} ms after a sequence's last spike; raise "
          "evaluate.sequences.after_ms",
          spec.after_ms);
    }
    answers.peak_mV.push_back(at_ms(recording, peak_ms));
  }
  return answers;
}

std::vector<double> twin_peaks(twin::Twin& twin, const SequenceSpec& spec, uint64_t seed) {
  const auto inputs = inputs_of(spec, seed);
  const auto events =
      dataset::input_events(inputs, twin.channels(), twin.history_ms());  // no inhibition among them
  const auto soma_mV = twin::predict(twin, {events, std::ssize(inputs), spec.duration_ms()}).soma_mV;
  std::vector<double> peak_mV;
  const auto length = static_cast<size_t>(spec.duration_ms()), start = static_cast<size_t>(spec.start_ms);
  for (size_t i = 0; i < inputs.size(); ++i)
    peak_mV.push_back(static_cast<double>(
        std::ranges::max(std::span(soma_mV).subspan(i * length + start, length - start))));
  return peak_mV;
}

Metrics sequence_metrics(const SequenceAnswers& answers, int64_t resamples, uint64_t seed) {
  Metrics metrics;
  const auto random = [](const std::vector<double>& all) { return std::span(all).subspan(2); };
  const auto peak = random(answers.peak_mV), twin = random(answers.twin_peak_mV),
             index = random(answers.directionality);
  const auto [low, high] = std::minmax_element(peak.begin(), peak.end());
  metrics["sequences.count"] = peak.size();
  metrics["sequences.inward_peak_mV"] = answers.peak_mV[0] - answers.rest_mV;
  metrics["sequences.outward_peak_mV"] = answers.peak_mV[1] - answers.rest_mV;
  metrics["sequences.random_peak_range_mV"] =
      std::vector<double>{*low - answers.rest_mV, *high - answers.rest_mV};
  metrics["sequences.twin_inward_peak_mV"] = answers.twin_peak_mV[0] - answers.rest_mV;
  metrics["sequences.twin_outward_peak_mV"] = answers.twin_peak_mV[1] - answers.rest_mV;

  // [order][resample], as the trials of the other metrics are drawn.
  const auto drawn = statistics::resampling_weights(peak.size(), static_cast<size_t>(resamples), seed);
  const auto put = [&](const std::string& name, auto&& value_of) {
    std::vector<double> weight(peak.size(), 1), values;
    const double value = value_of(weight);
    if (std::isnan(value)) return;
    for (size_t b = 0; b < static_cast<size_t>(resamples); ++b) {
      for (size_t i = 0; i < weight.size(); ++i) weight[i] = drawn[i * static_cast<size_t>(resamples) + b];
      values.push_back(value_of(weight));
    }
    metrics.put("sequences." + name, statistics::estimate(value, std::move(values)));
  };
  using Weight = std::span<const double>;
  put("twin_correlation", [&](Weight w) { return correlation(twin, peak, w); });
  put("directionality_correlation", [&](Weight w) { return correlation(index, peak, w); });
  put("twin_peak_rmse_mV", [&](Weight w) { return rms_difference(twin, peak, w); });
  return metrics;
}

}  // namespace nt::evaluate

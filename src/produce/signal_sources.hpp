#pragma once
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataset/signal.hpp"
#include "progress/watcher.hpp"
#include "simulate/cable.hpp"
#include "simulate/trial.hpp"

namespace nt::produce {

struct DatasetPlan;

/// How a signal of one data set is made, trial by trial; values are [ms][value]. Either at_ms or
/// from_recording is set. Several threads call them at once.
struct SignalMaker {
  /// What is recorded for it inside a detailed neuron.
  std::vector<simulate::Quantity> quantities = {};
  /// While a trial is simulated: the values of one millisecond, from the voltage of every compartment then.
  std::function<void(std::span<const float> compartments_mV, std::span<float> values)> at_ms = {};
  /// After a trial's end; `quantities` are those above, [quantity][ms].
  std::function<std::vector<float>(const simulate::Recording& recording,
                                   std::span<const std::vector<float>> quantities)>
      from_recording = {};
};

/// Where a data set is made and how, for what a signal needs before the first trial.
struct SignalPreparation {
  std::filesystem::path folder;
  int threads = 1;
  Watcher watcher = {};
};

/// A signal that data sets may have. Each is in a file of its own, signal_NAME.cpp, and named in
/// signal_sources.cpp.
struct SignalSource {
  std::string_view name, unit;  // see Signal
  /// Of the plan's neuron and settings; 0: its data set has no such signal.
  int64_t (*values_per_ms)(const DatasetPlan& plan);
  /// Called for plans that have the signal, once for a data set. The plan outlives what is returned.
  SignalMaker (*maker)(const DatasetPlan& plan, const SignalPreparation& preparation);
  /// The lines that it adds to the configuration of data sets that have it: its settings. A signal that has
  /// none names itself, so that data sets from before it was recorded are known to be others.
  std::string (*configuration)(const DatasetPlan& plan);
  /// A file that it keeps beside the shards; removed where a data set has no such signal.
  std::string_view file = {};
  bool list = false;  // see Signal
};

/// All there are, in the order in which shards hold them.
std::span<const SignalSource> signal_sources();

/// Those that the data set of a plan has, and the lines that they add to its configuration.
std::vector<dataset::Signal> signals_of(const DatasetPlan& plan);
std::string signals_configuration(const DatasetPlan& plan);

/// What makes the signals of plan.identity, in their order.
std::vector<SignalMaker> signal_makers(const DatasetPlan& plan, const SignalPreparation& preparation);

}  // namespace nt::produce

#pragma once
#include <optional>
#include <string>
#include <vector>

#include "search/halving.hpp"
#include "search/space.hpp"

namespace nt::search {

enum class Criterion { smallest_not_worse, target, complexity_index };
std::string_view name_of(Criterion criterion);

/// What networks are judged by on the validation set: the area under the ROC curve of their spikes, or the
/// variance explained of the voltage, which is all that a neuron without spikes has.
enum class Measure { auc, variance_explained };
std::string_view name_of(Measure measure);

/// A network that somebody published, to be shown beside those found.
struct PublishedNetwork {
  std::string name;
  double depth = 0, parameters = 0, auc = 0;
};

/// Reads [search].
struct SearchSpec {
  SearchSpace space;
  Halving halving;
  // Of every network's layers, whatever [twin] says.
  twin::Activation activation = twin::Activation::relu;
  std::optional<double> weight_sd;  // as in [twin] where it is not said
  Criterion criterion = Criterion::smallest_not_worse;
  Size size = Size::depth;
  Measure measure = Measure::auc;
  double epsilon = 0.001;
  double confidence = 0.95;
  double target_auc = 0, target_variance_explained = 0;  // 0: no target
  int64_t resamples = 1000;
  /// How often the networks that may be the answer are trained, each time from other random weights.
  int64_t trainings = 1;
  bool generalise = false;  // ask them about the inputs of [evaluate.generalisation], too
  std::vector<PublishedNetwork> published;
  // When to stop; 0: never for this reason. At least one is not 0.
  double budget_samples_h = 0;  // hours of simulated neuron trained on, all trials together
  double budget_minutes = 0;    // of wall time, all sessions together
  int64_t trials = 0;           // configurations
  int64_t quiet_rungs = 0;      // the front has not moved by more than epsilon in so many finished rungs
};
SearchSpec read_search(const config::Settings& settings);

}  // namespace nt::search

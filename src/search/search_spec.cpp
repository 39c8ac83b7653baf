#include "search/search_spec.hpp"

#include <array>

namespace nt::search {
namespace {

constexpr std::array<std::string_view, 3> kCriteria{"smallest_not_worse", "target", "complexity_index"};
constexpr std::array<std::string_view, 2> kMeasures{"auc", "variance_explained"};
constexpr std::array<std::string_view, 2> kActivations{"linear", "relu"};  // in the order of Activation

}  // namespace

std::string_view name_of(Criterion criterion) {
  return kCriteria[static_cast<size_t>(criterion)];
}
std::string_view name_of(Measure measure) {
  return kMeasures[static_cast<size_t>(measure)];
}

SearchSpec read_search(const config::Settings& settings) {
  SearchSpec spec;
  spec.space = read_space(settings);
  spec.halving = read_halving(settings);
  spec.activation = settings.choice("activation", kActivations, spec.activation);
  if (settings.has("weight_sd")) spec.weight_sd = settings.number("weight_sd", {}, config::kNotNegative);
  spec.criterion = settings.choice("criterion", kCriteria, spec.criterion);
  spec.size = settings.choice("size", kSizeNames, spec.size);
  spec.measure = settings.choice("measure", kMeasures,
                                 spec.space.spike_weight > 0 ? Measure::auc : Measure::variance_explained);
  spec.epsilon = settings.number("epsilon", spec.epsilon, config::kNotNegative);
  spec.confidence = settings.number("confidence", spec.confidence, {0.5, 0.9999});
  spec.target_auc = settings.number("target_auc", spec.target_auc, {0, 1});
  spec.target_variance_explained =
      settings.number("target_variance_explained", spec.target_variance_explained, {0, 1});
  spec.trainings = settings.integer("trainings", spec.trainings, {1, 1000});
  spec.generalise = settings.flag("generalise", spec.generalise);
  spec.resamples = settings.integer("resamples", spec.resamples, {10, 1e6});
  spec.budget_samples_h = settings.number("budget_samples_h", spec.budget_samples_h, config::kNotNegative);
  spec.budget_minutes = settings.number("budget_minutes", spec.budget_minutes, config::kNotNegative);
  spec.trials = settings.integer("trials", spec.trials, {0, 1e6});
  spec.quiet_rungs = settings.integer("quiet_rungs", spec.quiet_rungs, config::kNotNegative);
  for (const auto& network : settings.tables("published")) {
    spec.published.push_back({network.text("name"), network.number("depth", {}, config::kPositive),
                              network.number("parameters", {}, config::kPositive),
                              network.number("auc", {}, {0, 1})});
  }
  if (spec.budget_samples_h == 0 && spec.budget_minutes == 0 && spec.trials == 0) {
    fail_input(
        "{}: '{}' is missing, as are budget_minutes and trials; a search needs at least one, for example "
        "budget_minutes = 60",
        settings.where("budget_samples_h"), settings.full_key("budget_samples_h"));
  }
  if (spec.criterion == Criterion::target && spec.target_auc == 0 && spec.target_variance_explained == 0) {
    fail_input(
        "{}: '{}' is \"target\", expected target_auc or target_variance_explained beside it; the paper's is "
        "target_auc = 0.991",
        settings.where("criterion"), settings.full_key("criterion"));
  }
  if (spec.criterion == Criterion::complexity_index) {
    if (spec.measure != Measure::auc) {
      fail_input(
          "{}: '{}' is \"complexity_index\", which is made from the AUC of spikes; expected measure = "
          "\"auc\"",
          settings.where("criterion"), settings.full_key("criterion"));
    }
    spec.space = probe_space(std::move(spec.space));
  }
  return spec;
}

}  // namespace nt::search

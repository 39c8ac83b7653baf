#include "neurontwin/evaluate.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "evaluate/evaluate.hpp"
#include "front_door/models.hpp"

namespace neurontwin {

namespace {

/// The form of outputs that a twin was trained on, as it says itself.
nt::dataset::Labels labels_of(const Twin& twin) {
  const auto& provenance = twin.model().description.provenance;
  const auto experiment = provenance.find("experiment");
  if (experiment == provenance.end() || !experiment->is_string()) return {};
  const auto text = experiment->get<std::string>();
  return nt::dataset::read_labels(
      nt::config::Settings::from_text(text, "the twin's experiment").table("data"));
}

/// The interval of a metric, if it has one.
std::array<double, 2> interval_of(const nt::evaluate::Metrics& all, const std::string& name) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const auto* interval = std::get_if<std::vector<double>>(&all[name + "_ci95"].kinds());
  return interval != nullptr && interval->size() == 2 ? std::array{(*interval)[0], (*interval)[1]}
                                                      : std::array{kNaN, kNaN};
}

Metrics metrics_of(const nt::evaluate::Metrics& all) {
  Metrics metrics;
  for (const auto& [name, value] : all) {
    if (!value.is_number() || value.is_null()) continue;
    const auto [low, high] = interval_of(all, name);
    metrics.all.push_back({name, value.number(), low, high});
  }
  return metrics;
}

}  // namespace

const Metric* Metrics::find(std::string_view name) const {
  const auto found = std::ranges::find(all, name, &Metric::name);
  return found == all.end() ? nullptr : &*found;
}

double Metrics::value(std::string_view name) const {
  const auto* metric = find(name);
  return metric == nullptr ? std::nan("") : metric->value;
}

Metrics evaluate(const Twin& twin, const Dataset& dataset, const EvaluateOptions& options) {
  const auto settings = nt::config::Settings::from_text(options.settings, "EvaluateOptions::settings");
  const auto spec = nt::evaluate::read_evaluate(settings);
  settings.reject_unread();
  if (spec.trains_networks())
    nt::fail_input(
        "one_unit_network, rate_network, binary_network and k_tree train networks of an experiment; "
        "leave them out, or run the experiment");
  if (twin.excitatory_synapses() != dataset.excitatory_synapses ||
      twin.inhibitory_synapses() != dataset.inhibitory_synapses)
    nt::fail_input("{}: has {} excitatory and {} inhibitory synapses, the twin {} and {}",
                   dataset.folder.string(), dataset.excitatory_synapses, dataset.inhibitory_synapses,
                   twin.excitatory_synapses(), twin.inhibitory_synapses());
  const auto open = [&](const std::string& split) {
    return nt::dataset::Split::open(dataset.folder, split, labels_of(twin));
  };
  auto working = working_twin(twin, options.threads, options.device);
  return metrics_of(nt::evaluate::evaluate(working, spec, options.seed, open("train"), open("valid"),
                                           open("test"), options.watcher)
                        .metrics);
}

}  // namespace neurontwin

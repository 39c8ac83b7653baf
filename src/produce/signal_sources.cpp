#include "produce/signal_sources.hpp"

#include <algorithm>
#include <array>

#include "produce/plan.hpp"

namespace nt::produce {

SignalSource nexus_voltage();
SignalSource dendritic_components();
SignalSource targets_signal();

std::span<const SignalSource> signal_sources() {
  static const std::array all{
      nexus_voltage(),
      dendritic_components(),
      targets_signal(),
  };
  return all;
}

std::vector<dataset::Signal> signals_of(const DatasetPlan& plan) {
  std::vector<dataset::Signal> signals;
  for (const auto& source : signal_sources()) {
    const auto values = source.values_per_ms(plan);
    if (values == 0) continue;
    signals.push_back(
        {std::string(source.name), std::string(source.unit), values, source.list || values > 1});
  }
  return signals;
}

std::string signals_configuration(const DatasetPlan& plan) {
  std::string lines;
  for (const auto& source : signal_sources())
    if (source.values_per_ms(plan) > 0) lines += source.configuration(plan);
  return lines;
}

std::vector<SignalMaker> signal_makers(const DatasetPlan& plan, const SignalPreparation& preparation) {
  for (const auto& source : signal_sources()) {
    if (!source.file.empty() && plan.identity.find_signal(source.name) == nullptr)
      std::filesystem::remove(preparation.folder / source.file);
  }
  std::vector<SignalMaker> makers;
  for (const auto& signal : plan.identity.signals) {
    const auto source = std::ranges::find(signal_sources(), signal.name, &SignalSource::name);
    if (source == signal_sources().end()) fail_run("no simulation makes the signal '{}'", signal.name);
    const auto& maker = makers.emplace_back(source->maker(plan, preparation));
    if (source->values_per_ms(plan) == 0 || (!maker.at_ms && !maker.from_recording))
      fail_run("the signal '{}' cannot be made of {}", signal.name, words_for(plan.cell));
  }
  return makers;
}

}  // namespace nt::produce

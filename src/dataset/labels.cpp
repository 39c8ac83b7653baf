#include "dataset/labels.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace nt::dataset {

Labels read_labels(const config::Settings& settings) {
  static constexpr std::array<std::string_view, 2> kKinds{"exact", "published"};
  Labels labels;
  labels.published = settings.choice("labels", kKinds, "exact") == "published";
  labels.soma_ceiling_mV = settings.number("soma_ceiling_mV", labels.soma_ceiling_mV, {-200, 200});
  return labels;
}

float rounded_to_half(float x) {
  constexpr int kSignificantBits = 11;
  if (x == 0) return x;
  const float spacing = std::ldexp(1.0f, std::ilogb(x) + 1 - kSignificantBits);
  return std::nearbyint(x / spacing) * spacing;
}

TrialView labelled(TrialView trial, const Labels& labels) {
  const auto ceiling = static_cast<float>(labels.soma_ceiling_mV);
  const bool clipped = std::ranges::any_of(trial.soma_mV, [&](float mV) { return mV > ceiling; });
  if (!clipped && !labels.published) return trial;
  auto altered = std::make_shared<AlteredOutputs>();
  if (clipped) {
    altered->soma_mV.reserve(trial.soma_mV.size());
    for (const float mV : trial.soma_mV) altered->soma_mV.push_back(std::min(mV, ceiling));
    trial.soma_mV = altered->soma_mV;
  }
  if (labels.published) {
    const float last_ms = std::nextafter(static_cast<float>(trial.soma_mV.size()), 0.0f);
    for (const float t : trial.spike_times_ms)
      altered->spike_times_ms.push_back(std::min(rounded_to_half(t), last_ms));
    trial.spike_times_ms = altered->spike_times_ms;
  }
  trial.altered = std::move(altered);
  return trial;
}

}  // namespace nt::dataset

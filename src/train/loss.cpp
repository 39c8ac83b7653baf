#include "train/loss.hpp"

#include <algorithm>
#include <limits>

namespace neurontwin {

template <class T>
std::vector<double> losses(const TwinSpec& spec, const Outputs<T>& outputs, const WindowBatch& batch,
                           const HeadSettings& settings, std::span<const double> weights,
                           std::span<T> gradient) {
  std::vector<double> of_head, values, derivatives;
  int64_t first = 0;
  for (size_t i = 0; i < spec.heads.size(); ++i) {
    const auto& head = spec.heads[i];
    const auto count = static_cast<size_t>(outputs.rows * head.outputs);
    values.resize(count);
    derivatives.resize(gradient.empty() ? 0 : count);
    for (int64_t r = 0, at = 0; r < outputs.rows; ++r) {
      for (int64_t o = 0; o < head.outputs; ++o, ++at)
        values[static_cast<size_t>(at)] = static_cast<double>(outputs.at(r, first + o));
    }
    of_head.push_back(head_kind(head.name).loss({batch, values, head.outputs, settings}, derivatives));
    for (int64_t r = 0, at = 0; r < outputs.rows && !gradient.empty(); ++r) {
      for (int64_t o = 0; o < head.outputs; ++o, ++at)
        gradient[static_cast<size_t>(r * outputs.row + first + o)] =
            static_cast<T>(weights[i] * derivatives[static_cast<size_t>(at)]);
    }
    first += head.outputs;
  }
  return of_head;
}

template std::vector<double> losses(const TwinSpec&, const Outputs<float>&, const WindowBatch&,
                                    const HeadSettings&, std::span<const double>, std::span<float>);
template std::vector<double> losses(const TwinSpec&, const Outputs<double>&, const WindowBatch&,
                                    const HeadSettings&, std::span<const double>, std::span<double>);

double area_under_roc(std::span<const float> score, std::span<const uint8_t> spike) {
  std::vector<float> with, without;
  for (size_t i = 0; i < score.size(); ++i) (spike[i] ? with : without).push_back(score[i]);
  if (with.empty() || without.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(without.begin(), without.end());
  double wins = 0;
  for (const float s : with) {
    const auto [below, above] = std::equal_range(without.begin(), without.end(), s);
    wins += static_cast<double>(below - without.begin()) + 0.5 * static_cast<double>(above - below);
  }
  return wins / (static_cast<double>(with.size()) * static_cast<double>(without.size()));
}

}  // namespace neurontwin

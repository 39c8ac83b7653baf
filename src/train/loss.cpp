#include "train/loss.hpp"

namespace nt::train {

template <class T>
std::vector<double> losses(const twin::TwinSpec& spec, const twin::Outputs<T>& outputs,
                           const dataset::WindowBatch& batch, const twin::HeadSettings& settings,
                           std::span<const double> weights, std::span<T> gradient) {
  std::vector<double> of_head, values, derivatives;
  int64_t first = 0;
  for (size_t i = 0; i < spec.heads.size(); ++i) {
    const auto& head = spec.heads[i];
    const auto count = static_cast<size_t>(outputs.rows * head.outputs);
    values.resize(count);
    derivatives.resize(gradient.empty() ? 0 : count);
    for (int64_t r = 0, at = 0; r < outputs.rows; ++r) {
      for (int64_t o = 0; o < head.outputs; ++o, ++at)
        values[at] = static_cast<double>(outputs.at(r, first + o));
    }
    of_head.push_back(twin::head_kind(head.name).loss({batch, values, head.outputs, settings}, derivatives));
    for (int64_t r = 0, at = 0; r < outputs.rows && !gradient.empty(); ++r) {
      for (int64_t o = 0; o < head.outputs; ++o, ++at)
        gradient[r * outputs.row + first + o] = static_cast<T>(weights[i] * derivatives[at]);
    }
    first += head.outputs;
  }
  return of_head;
}

template std::vector<double> losses(const twin::TwinSpec&, const twin::Outputs<float>&,
                                    const dataset::WindowBatch&, const twin::HeadSettings&,
                                    std::span<const double>, std::span<float>);
template std::vector<double> losses(const twin::TwinSpec&, const twin::Outputs<double>&,
                                    const dataset::WindowBatch&, const twin::HeadSettings&,
                                    std::span<const double>, std::span<double>);

}  // namespace nt::train

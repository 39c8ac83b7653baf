#include "train/loss.hpp"

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

}  // namespace neurontwin

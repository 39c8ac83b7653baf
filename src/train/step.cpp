#include "train/step.hpp"

#include <algorithm>
#include <cmath>

namespace neurontwin {

TrainStep::TrainStep(Twin& twin, const TrainSpec& spec)
    : optimiser(twin.layout(), spec.l2),
      twin_(twin),
      spec_(spec),
      gradients_(static_cast<size_t>(twin.layout().trained())) {}

std::vector<double> TrainStep::take(const WindowBatch& batch, const SchedulePhase& phase) {
  const auto norm = phase.freeze_norm ? NormBy::running : NormBy::batch;
  const auto outputs = twin_.forward(batch, norm, true);
  output_gradient_.resize(static_cast<size_t>(outputs.rows * outputs.row));
  const auto loss = losses<float>(twin_.spec(), outputs, batch, spec_.heads,
                                  spec_.weights(phase, twin_.spec().heads), output_gradient_);
  twin_.backward(output_gradient_, gradients_);
  if (spec_.clip_gradient > 0) clip_length(gradients_, spec_.clip_gradient);
  optimiser.step(phase.learning_rate, gradients_, twin_.numbers, twin_.parallel);
  return loss;
}

void clip_length(std::span<float> gradient, double most) {
  double square = 0;
  for (const float g : gradient) square += static_cast<double>(g) * static_cast<double>(g);
  constexpr double kTiny = 1e-6;  // as in torch.nn.utils.clip_grad_norm_
  const double factor = most / (std::sqrt(square) + kTiny);
  if (!(factor < 1)) return;
  for (float& g : gradient) g *= static_cast<float>(factor);
}

}  // namespace neurontwin

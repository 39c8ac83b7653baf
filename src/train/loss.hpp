#pragma once
#include "dataset/windows.hpp"
#include "twin/twin.hpp"

namespace nt::train {

/// What each head's loss counts in the sum that is minimised, in the order of the twin's heads.
using LossWeights = std::vector<double>;

/// The losses of a batch, one for each head, in their order: means over the bins that count (see the heads),
/// without their weights.
///
/// `gradient`: the derivative of their weighted sum by every output of the twin, [window][ms][output]; empty
/// if it is not wanted. RunError if the data lack what a head is about.
template <class T>
std::vector<double> losses(const twin::TwinSpec& spec, const twin::Outputs<T>& outputs,
                           const dataset::WindowBatch& batch, const twin::HeadSettings& settings,
                           std::span<const double> weights = {}, std::span<T> gradient = {});

}  // namespace nt::train

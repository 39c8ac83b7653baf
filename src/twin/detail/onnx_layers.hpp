#pragma once
#include "twin/detail/onnx_graph.hpp"
#include "twin/network_spec.hpp"

namespace nt::twin {

// Parts of the ONNX models of convolutional networks. Signals are [batch][feature][ms].

/// What each layer hands on, ms by ms, after a silence.
std::vector<HiddenSignal<float>> answers_to_silence(const NetworkSpec& spec, const ParameterLayout& layout,
                                                    std::span<const float> numbers, int64_t channels);

/// The signal with the `reach_ms` of it behind it that the model keeps under this name. At the start they are
/// all `silent`, [feature], or 0 where that is empty.
std::string with_past(OnnxGraph& graph, const std::string& name, const std::string& signal, int64_t features,
                      int64_t reach_ms, std::span<const float> silent);

/// Filters as ONNX wants them, [feature][input][tap], the last tap being the present: of a first layer, and
/// from [tap][input][feature].
std::string onnx_filters(OnnxGraph& graph, const FirstFilters& from);
std::string onnx_filters(OnnxGraph& graph, const float* weight, int64_t taps, int64_t inputs,
                         int64_t features);

/// Normalised with the running averages: one factor and one summand for each feature.
std::string normalised(OnnxGraph& graph, const std::string& y, const float* scale, const float* shift,
                       const float* mean, const float* variance, int64_t features);

}  // namespace nt::twin

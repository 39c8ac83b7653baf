#include "twin/detail/activation_norm_code.hpp"
#include "twin/detail/convolution_code.hpp"
#include "twin/detail/event_filters_code.hpp"

NT_KERNEL(neurontwin_event_filters, nt::twin::device_code::EventFiltersArguments,
          nt::twin::device_code::event_filters, 256)
NT_KERNEL(neurontwin_event_filters_backward, nt::twin::device_code::EventFiltersArguments,
          nt::twin::device_code::event_filters_backward, 256)
NT_KERNEL(neurontwin_shaped_filters, nt::twin::device_code::ShapedFiltersArguments,
          nt::twin::device_code::shaped_filters, 256)
NT_KERNEL(neurontwin_shaped_filters_backward, nt::twin::device_code::ShapedFiltersArguments,
          nt::twin::device_code::shaped_filters_backward, 256)
NT_KERNEL(neurontwin_convolution_forward, nt::twin::device_code::ConvolutionArguments,
          nt::twin::device_code::convolution_forward, 256)
NT_KERNEL(neurontwin_convolution_weight_gradient, nt::twin::device_code::ConvolutionArguments,
          nt::twin::device_code::convolution_weight_gradient, 256)
NT_KERNEL(neurontwin_convolution_input_gradient, nt::twin::device_code::ConvolutionArguments,
          nt::twin::device_code::convolution_input_gradient, 256)
NT_KERNEL(neurontwin_norm_activate, nt::twin::device_code::NormArguments,
          nt::twin::device_code::norm_activate, 256)
NT_KERNEL(neurontwin_norm_average, nt::twin::device_code::NormArguments, nt::twin::device_code::norm_average,
          256)
NT_KERNEL(neurontwin_norm_deviations, nt::twin::device_code::NormArguments,
          nt::twin::device_code::norm_deviations, 256)
NT_KERNEL(neurontwin_norm_variance, nt::twin::device_code::NormArguments,
          nt::twin::device_code::norm_variance, 256)
NT_KERNEL(neurontwin_norm_apply, nt::twin::device_code::NormArguments, nt::twin::device_code::norm_apply, 256)
NT_KERNEL(neurontwin_norm_gradient_sums, nt::twin::device_code::NormArguments,
          nt::twin::device_code::norm_gradient_sums, 256)
NT_KERNEL(neurontwin_norm_gradients, nt::twin::device_code::NormArguments,
          nt::twin::device_code::norm_gradients, 256)
NT_KERNEL(neurontwin_norm_input_gradient, nt::twin::device_code::NormArguments,
          nt::twin::device_code::norm_input_gradient, 256)
NT_KERNEL(neurontwin_norm_bias_gradient, nt::twin::device_code::NormArguments,
          nt::twin::device_code::norm_bias_gradient, 256)
NT_KERNEL(neurontwin_norm_add_gradient, nt::twin::device_code::NormArguments,
          nt::twin::device_code::norm_add_gradient, 256)

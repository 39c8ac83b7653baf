#include "twin/detail/convolutional_stream_code.hpp"

NT_KERNEL(neurontwin_convolutional_stream, nt::twin::device_code::ConvolutionalStreamArguments,
          nt::twin::device_code::convolutional_stream, 256)

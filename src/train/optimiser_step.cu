#include "train/detail/nadam_code.hpp"

NT_KERNEL(neurontwin_gradient_squares, nt::train::device_code::SquaresArguments,
          nt::train::device_code::squares, 256)
NT_KERNEL(neurontwin_nadam, nt::train::device_code::NadamArguments, nt::train::device_code::nadam, 256)
NT_KERNEL(neurontwin_weight_average, nt::train::device_code::AverageArguments,
          nt::train::device_code::average, 256)

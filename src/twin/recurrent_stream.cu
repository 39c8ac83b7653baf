#include "twin/detail/recurrent_stream_code.hpp"

NT_KERNEL(neurontwin_recurrent_stream, nt::twin::device_code::RecurrentStreamArguments,
          nt::twin::device_code::recurrent_stream, 256)

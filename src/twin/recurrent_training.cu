#include "twin/detail/recurrent_training_code.hpp"

NT_KERNEL(neurontwin_recurrent_drive, nt::twin::device_code::DriveArguments,
          nt::twin::device_code::recurrent_drive, 256)
NT_KERNEL(neurontwin_recurrent_synapses, nt::twin::device_code::DriveArguments,
          nt::twin::device_code::recurrent_synapses, 256)
NT_KERNEL(neurontwin_recurrent_forward, nt::twin::device_code::MemoryArguments,
          nt::twin::device_code::recurrent_forward, 256)
NT_KERNEL(neurontwin_recurrent_backward, nt::twin::device_code::MemoryArguments,
          nt::twin::device_code::recurrent_backward, 256)

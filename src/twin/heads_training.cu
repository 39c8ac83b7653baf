#include "twin/detail/heads_code.hpp"

NT_KERNEL(neurontwin_heads_forward, nt::twin::device_code::HeadsArguments,
          nt::twin::device_code::heads_forward, 256)
NT_KERNEL(neurontwin_heads_backward, nt::twin::device_code::HeadsArguments,
          nt::twin::device_code::heads_backward, 256)
NT_KERNEL(neurontwin_pack_heads, nt::twin::device_code::PackHeadsArguments, nt::twin::device_code::pack_heads,
          256)
NT_KERNEL(neurontwin_unpack_heads, nt::twin::device_code::PackHeadsArguments,
          nt::twin::device_code::unpack_heads, 256)
NT_KERNEL(neurontwin_add_windows, nt::twin::device_code::AddWindowsArguments,
          nt::twin::device_code::add_windows, 256)

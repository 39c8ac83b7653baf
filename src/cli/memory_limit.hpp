#pragma once

namespace nt::cli {

/// Where a limit on address space is set (ulimit -v): InputError if it does not leave what `threads` threads
/// of the linear algebra library take beside the program. Without that the library would wait for its memory
/// for ever. Also has the library take it now. Before main runs, the program looks whether the limit lets it
/// start at all.
void require_address_space(int threads);

}  // namespace nt::cli

#pragma once
#include <cstddef>

// A driver of a GPU that is not there: its memory is the program's, and its kernels do nothing. It counts
// what a real one would have refused.
extern "C" {
/// Calls that a driver refuses: without a context, grids and shared memory that no GPU has, images that are
/// none.
int mock_refusals();
int mock_launches();
int mock_allocations();              // that have not been released
int mock_contexts();                 // retained and not released
void mock_set_memory(size_t bytes);  // beyond which allocations fail
}

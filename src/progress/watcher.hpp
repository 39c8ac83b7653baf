#pragma once
#include "neurontwin/error.hpp"

namespace nt {

// The library's own words for who waits for long work.
using neurontwin::Progress;
using neurontwin::Watcher;

}  // namespace nt

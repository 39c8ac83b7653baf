#pragma once
#include <cstdint>
#include <vector>

#include "device/device.hpp"
#include "seconds_of.hpp"

namespace nt::bench {

/// Networks of so many recurrent twins of 20 units, each with 100 connections from others and a background of
/// 1 Hz at each synapse: seconds to wire them, and how fast they go on for so many ms.
void measure_networks(const std::vector<int64_t>& neurons, int64_t ms, device::Kind kind,
                      const Results& results);

}  // namespace nt::bench

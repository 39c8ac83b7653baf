#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "device/device.hpp"

namespace nt::bench {

/// Networks of so many recurrent twins of 20 units, each with 100 connections from others and a background of
/// 1 Hz at each synapse: seconds to wire them, and how fast they go on for so many ms.
nlohmann::ordered_json measure_networks(const std::vector<int64_t>& neurons, int64_t ms, device::Kind kind);

}  // namespace nt::bench

#pragma once
#include <cstdint>
#include <string>

namespace nt::dataset {

/// What a data set holds at each whole millisecond beside input, output spikes and the somatic voltage.
struct Signal {
  std::string name;  // "nexus_mV": it is the data set /output/nexus_mV of a shard
  std::string unit;
  int64_t values_per_ms = 1;
  bool list = false;  // a shard has a third dimension for the values of a millisecond even where it is one

  bool operator==(const Signal&) const = default;
};

}  // namespace nt::dataset

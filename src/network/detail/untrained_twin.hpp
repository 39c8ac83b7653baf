#pragma once
#include <filesystem>

#include "config/temporary_folder.hpp"
#include "files/files.hpp"
#include "twin/recurrent.hpp"
#include "twin/saved_twin.hpp"

namespace nt::network {

/// For tests: a file of a twin that nobody trained, of five excitatory and four inhibitory synapses, which
/// says 0.02 at rest.
inline std::filesystem::path untrained_twin() {
  twin::RecurrentSpec r;
  r.memory_units = 6;
  r.history_ms = 20;
  r.excitatory_channels = 5;
  r.wiring = {3, {0, 1, 3, 4, 6, 7, 9, 10, 11, 12}, {0, 0, 1, 1, 1, 2, 2, 1, 2, 0, 2, 1}, {5, 40, 8}};
  twin::TwinDescription d;
  d.excitatory_synapses = 5;
  d.inhibitory_synapses = 4;
  d.thresholds = {{"spike.threshold", 0.03}};
  twin::Twin twin{twin::TwinSpec(r), 9, 3};
  twin.array("spike_bias")[0] = -4;
  const auto file = config::own_temporary_folder() / "untrained-twin.safetensors";
  files::write_file_atomically(file, twin_bytes(twin, d));
  return file;
}

}  // namespace nt::network

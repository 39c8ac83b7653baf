#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace nt::files {

/// Spikes of a population, in the order of time.
struct SonataSpikes {
  std::string_view population;
  std::span<const double> time_ms;
  std::span<const uint32_t> node;
};

/// One value of each of some nodes, the first ones of a population, at regular times.
struct SonataReport {
  std::string_view population;
  uint64_t nodes = 0;
  std::span<const float> values;  // [time][node]
  double start_ms = 0, step_ms = 1;
  std::string_view units;
};

/// Writes a file of spikes, or of values, as the SONATA format has them (Dai et al. 2020, PLoS Comput Biol
/// 16:e1007696): /spikes/POPULATION/{timestamps,node_ids}; /report/POPULATION/{data,mapping/...}, each node
/// one element. Seen when it is whole. RunError names the file and the reason.
void write_sonata_spikes(const std::filesystem::path& file, std::span<const SonataSpikes> populations);
void write_sonata_report(const std::filesystem::path& file, std::span<const SonataReport> populations);

}  // namespace nt::files

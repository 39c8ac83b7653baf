#pragma once
#include <functional>
#include <string>
#include <vector>

#include "network/compare.hpp"
#include "neurontwin/run.hpp"
#include "progress/watcher.hpp"

namespace nt::run {

/// A network as a command asks for it.
struct NetworkAsked {
  network::Spec spec;
  std::string resolved;  // its file with every default, as TOML text
  std::string identity;  // of what determines its spikes, but the duration
  std::filesystem::path folder;
  int threads = 1;
};
/// InputError where it is wrong.
NetworkAsked read_network(const neurontwin::NetworkOptions& options);

std::string words_for(const NetworkAsked& asked);

/// What a call did.
struct Computed {
  double seconds = 0;
  int64_t ms = 0;
};

/// Something that is done to a network once, before the ms that begins then.
struct Intervention {
  int64_t at_ms = 0;
  std::function<void(network::Network&)> act = {};
};

/// Brings a network to its end in a folder that this command has locked: from the checkpoint there if it is
/// of this identity.
Computed go_to_end(network::Network& network, const std::string& identity,
                   const std::filesystem::path& folder, int64_t checkpoint_s, const Watcher& watcher,
                   const Intervention& intervention = {});

/// spikes.h5 and, where voltages were recorded, soma.h5.
void write_network(const network::Network& network, const std::filesystem::path& folder);

std::string activity_json(const NetworkAsked& asked, const network::Network& network,
                          const std::vector<network::Activity>& activity, const Computed& computed);
std::string comparison_json(const NetworkAsked& asked, const std::vector<network::Course>& courses,
                            double perturbation_mV);

/// As the front door has it.
neurontwin::PopulationActivity activity_value(const network::Activity& activity);

neurontwin::NetworkRun run_network(const neurontwin::NetworkOptions& options);
std::vector<neurontwin::NetworkCourse> compare_network(const neurontwin::NetworkOptions& options,
                                                       double perturbation_mV);

}  // namespace nt::run

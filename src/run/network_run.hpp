#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "files/files.hpp"
#include "network/compare.hpp"
#include "neurontwin/run.hpp"
#include "progress/watcher.hpp"
#include "ranks/ranks.hpp"

namespace nt::run {

/// A network as a command asks for it.
struct NetworkAsked {
  network::Spec spec;
  std::string resolved;  // its file with every default, as TOML text
  std::string identity;  // of what determines its spikes, but the duration
  std::filesystem::path folder;
  int threads = 1;
  device::Kind device = device::Kind::cpu;  // where twins are computed
  std::shared_ptr<const ranks::Ranks> ranks = ranks::alone();
};
/// InputError where it is wrong.
NetworkAsked read_network(const neurontwin::NetworkOptions& options,
                          std::shared_ptr<const ranks::Ranks> ranks = ranks::alone());

/// InputError on each of its ranks unless all read the same network.
void require_same_on_all_ranks(const NetworkAsked& asked);

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

/// The folder of a network's results, made and held by one program at a time.
struct NetworkFolder {
  std::filesystem::path folder;
  std::unique_ptr<files::FolderLock> lock;

  explicit NetworkFolder(const std::filesystem::path& folder);
  ~NetworkFolder();  // leaves no .lock
  NetworkFolder(const NetworkFolder&) = delete;
  NetworkFolder& operator=(const NetworkFolder&) = delete;
};

/// On rank 0; null on the others.
std::unique_ptr<NetworkFolder> held_by_first(const NetworkAsked& asked);

/// Puts a network where the checkpoint in the folder was, if there is one of this identity. InputError where
/// that is beyond its end, or what it records does not fit into memory. For all ranks of the network, as what
/// follows.
void go_on(network::Network& network, const std::string& identity, const std::filesystem::path& folder,
           const Watcher& watcher);

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

/// What run_network() would do, in words: everything that it would refuse is refused, and the time is told by
/// a beginning. Nothing is written.
std::string network_plan(const neurontwin::NetworkOptions& options);

/// For all ranks; rank 0 has what it came to.
neurontwin::NetworkRun run_network(const neurontwin::NetworkOptions& options,
                                   std::shared_ptr<const ranks::Ranks> ranks);
std::vector<neurontwin::NetworkCourse> compare_network(const neurontwin::NetworkOptions& options,
                                                       double perturbation_mV,
                                                       const std::shared_ptr<const ranks::Ranks>& ranks);

}  // namespace nt::run

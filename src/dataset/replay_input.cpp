#include "dataset/replay_input.hpp"

#include <algorithm>
#include <numeric>

#include "dataset/hdf5.hpp"

namespace neurontwin {
namespace {

Events read_events(const Hdf5File& file, const std::filesystem::path& path, const std::string& group) {
  const auto synapse = file.read<uint32_t>(group + "/compartment"),
             time = file.read<uint32_t>(group + "/time_ms");
  if (synapse.size() != time.size()) {
    fail_input("{}: {} has {} compartments but {} times", path.string(), group, synapse.size(), time.size());
  }
  std::vector<size_t> order(time.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return time[a] < time[b]; });
  Events events;
  for (const size_t i : order) {
    events.time_ms.push_back(time[i]);
    events.synapse.push_back(synapse[i]);
  }
  return events;
}

}  // namespace

SynapticInput read_replay_input(const std::filesystem::path& path) {
  const Hdf5File file(path);
  return {read_events(file, path, "/input/exc"), read_events(file, path, "/input/inh")};
}

}  // namespace neurontwin

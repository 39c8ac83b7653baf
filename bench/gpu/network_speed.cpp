#include "network_speed.hpp"

#include <fmt/format.h>

#include <optional>
#include <thread>

#include "config/temporary_folder.hpp"
#include "files/files.hpp"
#include "network/network.hpp"
#include "training_speed.hpp"
#include "twin/saved_twin.hpp"

namespace nt::bench {
namespace {

network::Spec network_of(int64_t neurons, const std::filesystem::path& twin) {
  return network::read_network(config::Settings::from_text(
      fmt::format(
          "[[populations]]\nname = 'twins'\nkind = 'twin'\ntwin = '{}'\nneurons = {}\nspikes = 'draw'\n"
          "[[projections]]\nfrom = 'twins'\nto = 'twins'\nrule = 'fixed-indegree'\nindegree = 100\n"
          "delay_ms = [1, 10]\nsynapses = 'excitatory'\n"
          "[[backgrounds]]\nto = 'twins'\nsynapses = 'excitatory'\nrate_hz = 1\n",
          twin.string(), neurons),
      "network.toml"));
}

}  // namespace

void measure_networks(const std::vector<int64_t>& neurons, int64_t ms, device::Kind kind,
                      const Results& results) {
  const config::TemporaryFolder folder;
  const auto file = folder.path() / "twin.safetensors";
  twin::Twin twin(twin::TwinSpec(recurrent_twin(20)), kChannels, 1);
  twin.array("spike_bias")[0] = -5.3f;  // 5 Hz at rest; an untrained twin spikes in every other ms
  twin::TwinDescription description;
  description.excitatory_synapses = description.inhibitory_synapses = kChannels / 2;
  files::write_file_atomically(file, twin::twin_bytes(twin, description));
  results.all = nlohmann::ordered_json::array();
  for (const int64_t count : neurons) {
    std::optional<network::Network> network;
    const double wiring_s = seconds_of([&] {
      network.emplace(network_of(count, file),
                      twin::on_threads(static_cast<int>(std::thread::hardware_concurrency())), kind);
    });
    network->advance();  // memory is taken
    const double run_s = seconds_of([&] {
      for (int64_t t = 0; t < ms; ++t) network->advance();
    });
    results.all.push_back({{"twins", count},
                           {"contacts", network->contacts(0)},
                           {"s_to_wire", wiring_s},
                           {"ms", ms},
                           {"rate_hz", 1000 * static_cast<double>(network->record(0).spikes.time_ms.size()) /
                                           static_cast<double>(count * network->now_ms())},
                           {"neuron_ms_per_s", static_cast<double>(count * ms) / run_s}});
    results.keep();
  }
}

}  // namespace nt::bench

// Populations of twins on a device, emulated, and what a device does not compute.
#include <gtest/gtest.h>

#include "config/temporary_folder.hpp"
#include "files/files.hpp"
#include "network/network.hpp"
#include "twin/recurrent.hpp"
#include "twin/saved_twin.hpp"

namespace nt::network {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kDuration_ms = 300;

/// A twin that nobody trained, of five excitatory and four inhibitory synapses.
fs::path some_twin() {
  twin::RecurrentSpec r;
  r.memory_units = 6;
  r.history_ms = 20;
  r.excitatory_channels = 5;
  r.wiring = {3, {0, 1, 3, 4, 6, 7, 9, 10, 11, 12}, {0, 0, 1, 1, 1, 2, 2, 1, 2, 0, 2, 1}, {5, 40, 8}};
  twin::TwinDescription d;
  d.excitatory_synapses = 5;
  d.inhibitory_synapses = 4;
  twin::Twin twin{twin::TwinSpec(r), 9, 3};
  twin.array("spike_bias")[0] = -4;
  const auto file = config::own_temporary_folder() / "twin.safetensors";
  files::write_file_atomically(file, twin_bytes(twin, d));
  return file;
}

/// Twins that excite each other, under a background.
Spec twins() {
  const auto settings = config::Settings::from_text(
      fmt::format("seed = 7\n[[populations]]\nname = 't'\nkind = 'twin'\ntwin = '{}'\nneurons = 150\n"
                  "spikes = 'draw'\nrecord_soma = 2\n[[projections]]\nfrom = 't'\nto = 't'\n"
                  "rule = 'fixed-indegree'\nindegree = 4\ndelay_ms = [1, 5]\nsynapses = 'excitatory'\n"
                  "[[backgrounds]]\nto = 't'\nsynapses = 'excitatory'\nrate_hz = 40\n",
                  some_twin().string()),
      "network.toml");
  return read_network(settings);
}

Record course_of(Network& network, int64_t until_ms = kDuration_ms) {
  while (network.now_ms() < until_ms) network.advance();
  return network.record(0);
}

TEST(TwinsOnADevice, SpikeAsOnTheCpu) {
  Network cpu(twins(), {}), emulated(twins(), {}, device::Kind::emulate);
  const auto right = course_of(cpu), ours = course_of(emulated);
  EXPECT_GT(right.spikes.time_ms.size(), 200u);
  // Draws decide by probabilities that are the same to 1e-7: none of these 45 000 is as close.
  EXPECT_EQ(ours.spikes.time_ms, right.spikes.time_ms);
  EXPECT_EQ(ours.spikes.neuron, right.spikes.neuron);
  for (size_t i = 0; i < right.soma_mV.size(); ++i) EXPECT_NEAR(ours.soma_mV[i], right.soma_mV[i], 1e-3);
}

TEST(TwinsOnADevice, GoOnFromAStateToTheLastBit) {
  Network whole(twins(), {}, device::Kind::emulate), first(twins(), {}, device::Kind::emulate),
      second(twins(), {}, device::Kind::emulate);
  static_cast<void>(course_of(first, 173));
  second.set_state(first.state());
  const auto right = course_of(whole), ours = course_of(second);
  EXPECT_EQ(ours.spikes.neuron, right.spikes.neuron);
  EXPECT_EQ(ours.soma_mV, right.soma_mV);
  EXPECT_EQ(second.state(), whole.state());
}

TEST(TwinsOnADevice, AreNoDetailedNeurons) {
  auto spec = twins();
  spec.populations[0].kind = Kind::cell;
  try {
    Network network(spec, {}, device::Kind::emulate);
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("'t'"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("--as twins"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace nt::network

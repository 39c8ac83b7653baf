// Populations of twins on a device, emulated, and what a device does not compute.
#include <gtest/gtest.h>

#include "device/tested.hpp"
#include "network/detail/untrained_twin.hpp"
#include "network/network.hpp"

namespace nt::network {
namespace {

constexpr int64_t kDuration_ms = 300;

/// Twins that excite each other, under a background.
Spec twins() {
  const auto settings = config::Settings::from_text(
      fmt::format("seed = 7\n[[populations]]\nname = 't'\nkind = 'twin'\ntwin = '{}'\nneurons = 150\n"
                  "spikes = 'draw'\nrecord_soma = 2\n[[projections]]\nfrom = 't'\nto = 't'\n"
                  "rule = 'fixed-indegree'\nindegree = 4\ndelay_ms = [1, 5]\nsynapses = 'excitatory'\n"
                  "[[backgrounds]]\nto = 't'\nsynapses = 'excitatory'\nrate_hz = 40\n",
                  untrained_twin().string()),
      "network.toml");
  return read_network(settings);
}

Record course_of(Network& network, int64_t until_ms = kDuration_ms) {
  while (network.now_ms() < until_ms) network.advance();
  return network.record(0);
}

TEST(TwinsOnADevice, SpikeAsOnTheCpu) {
  Network cpu(twins(), {}), emulated(twins(), {}, device::tested_kind());
  const auto right = course_of(cpu), ours = course_of(emulated);
  EXPECT_GT(right.spikes.time_ms.size(), 200u);
  // Draws decide by probabilities that are the same to 1e-7: none of these 45 000 is as close.
  EXPECT_EQ(ours.spikes.time_ms, right.spikes.time_ms);
  EXPECT_EQ(ours.spikes.neuron, right.spikes.neuron);
  for (size_t i = 0; i < right.soma_mV.size(); ++i) EXPECT_NEAR(ours.soma_mV[i], right.soma_mV[i], 1e-3);
}

TEST(TwinsOnADevice, GoOnFromAStateToTheLastBit) {
  Network whole(twins(), {}, device::tested_kind()), first(twins(), {}, device::tested_kind()),
      second(twins(), {}, device::tested_kind());
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
    Network network(spec, {}, device::tested_kind());
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("'t'"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("--as twins"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace nt::network

#pragma once
#include <algorithm>

#include "random/draws.hpp"
#include "random/random.hpp"

namespace nt::network {

using random::Draws;

/// What a draw of a network is for. Stages of random::Stage have other numbers, and so no number in common.
/// Values are part of every result: never renumber.
inline constexpr uint32_t kWiring = 70, kInput = 71, kSpikes = 72;
static_assert(std::ranges::none_of(random::kStages, [](random::Stage s) {
  return static_cast<uint32_t>(s) >= kWiring && static_cast<uint32_t>(s) <= kSpikes;
}));

/// The streams of these stages, by their first number and how many members they have.
inline constexpr random::NumberedStream kProjection{kWiring, 0,
                                                    0x10000};  // who is connected; trial: the target
inline constexpr random::NumberedStream kContacts{kWiring, 0x10000,
                                                  0x10000};  // on which synapses, and how late
inline constexpr random::NumberedStream kPlaces{kWiring, 0x20000,
                                                0x10000};  // of a population; trial: the neuron
inline constexpr random::NumberedStream kPerturbation{kWiring, 0x30000, 0x10000};
inline constexpr random::NumberedStream kBackground{kInput, 0,
                                                    0x7FFFFFFF};  // of a neuron; trial: input and ms
inline constexpr random::NumberedStream kSource{kInput, 0x80000000,
                                                0x7FFFFFFF};                 // of a population; trial: the ms
inline constexpr random::NumberedStream kSpikeDraw{kSpikes, 0, 0xFFFFFFFF};  // of a neuron; trial: the ms

}  // namespace nt::network

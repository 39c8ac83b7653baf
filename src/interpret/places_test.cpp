#include "interpret/places.hpp"

#include <gtest/gtest.h>

namespace nt::interpret {
namespace {

TEST(Places, APointNeuronsSynapsesAreOnItsSoma) {
  const cell::Neuron neuron = cell::IntegrateAndFire{};
  const auto places = synapse_places(neuron);
  ASSERT_EQ(std::ssize(places), cell::excitatory_synapses(neuron) + cell::inhibitory_synapses(neuron));
  const auto sets = sets_by_part(places);
  ASSERT_EQ(sets.size(), 2u);
  EXPECT_TRUE(sets[0].excitatory);
  EXPECT_EQ(std::ssize(sets[0].channels), cell::excitatory_synapses(neuron));
  EXPECT_EQ(sets[1].channels.front(), cell::excitatory_synapses(neuron));
  EXPECT_EQ(names_of(sets[1]).dump(), R"({"part":"soma","kind":"inhibitory"})");
}

TEST(Places, SetsGoFromTheSomaOutwardAndLeaveOutWhatIsEmpty) {
  const std::vector<SynapsePlace> places{{true, morphology::Part::tuft, 3, 900},
                                         {true, morphology::Part::basal, 1, 50},
                                         {false, morphology::Part::tuft, 3, 900},
                                         {true, morphology::Part::tuft, 4, 950}};
  const auto sets = sets_by_part(places);
  ASSERT_EQ(sets.size(), 3u);
  EXPECT_EQ(sets[0].part, morphology::Part::basal);
  EXPECT_EQ(sets[1].channels, (std::vector<int64_t>{0, 3}));
  EXPECT_FALSE(sets[2].excitatory);
}

TEST(Places, GroupsOfOnePartAreSetsOfTheirOwn) {
  const auto part = morphology::Part::basal;
  const std::vector<SynapsePlace> places{{true, part, 1, 50, "ampa"},
                                         {true, part, 1, 60, "nmda"},
                                         {true, part, 1, 70, "ampa"},
                                         {false, part, 1, 50, "gaba"}};
  const auto sets = sets_by_part(places);
  ASSERT_EQ(sets.size(), 3u);
  EXPECT_EQ(sets[0].channels, (std::vector<int64_t>{0, 2}));
  EXPECT_EQ(names_of(sets[1]).dump(), R"({"part":"basal","kind":"excitatory","group":"nmda"})");
  EXPECT_FALSE(sets[2].excitatory);
}

}  // namespace
}  // namespace nt::interpret

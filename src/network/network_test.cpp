// What networks do: who is connected, when spikes arrive, and that nothing depends on threads or stops.
#include "network/network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "config/temporary_folder.hpp"
#include "files/files.hpp"
#include "network/activity.hpp"
#include "network/compare.hpp"
#include "network/detail/section_places.hpp"
#include "network/detail/untrained_twin.hpp"
#include "simulate/simulator.hpp"
#include "twin/recurrent.hpp"
#include "twin/saved_twin.hpp"

namespace nt::network {
namespace {

namespace fs = std::filesystem;

const fs::path kProject = fs::path(__FILE__).parent_path().parent_path().parent_path();

fs::path written(const std::string& name, const std::string& text) {
  const auto file = config::own_temporary_folder() / name;
  files::write_file_atomically(file, text);
  return file;
}

Spec spec_of(const std::string& text) {
  const auto settings = config::Settings::from_text(text, "network.toml");
  auto spec = read_network(settings);
  settings.reject_unread();
  return spec;
}

std::string refusal(const std::string& text) {
  try {
    Network network(spec_of(text), {});
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::string point_population(const std::string& name, int neurons) {
  return fmt::format("[[populations]]\nname = '{}'\nkind = 'cell'\ncell = '{}'\nneurons = {}\n", name,
                     (kProject / "cells/if.toml").string(), neurons);
}

std::string twin_population(const std::string& name, int neurons, const std::string& more = "") {
  return fmt::format("[[populations]]\nname = '{}'\nkind = 'twin'\ntwin = '{}'\nneurons = {}\n{}\n", name,
                     untrained_twin().string(), neurons, more);
}

std::string projection(const std::string& from, const std::string& to, const std::string& more) {
  return fmt::format("[[projections]]\nfrom = '{}'\nto = '{}'\nsynapses = 'excitatory'\n{}\n", from, to,
                     more);
}

/// The sources of each target.
std::map<uint32_t, std::vector<uint32_t>> sources_of(const Connections& c) {
  std::map<uint32_t, std::vector<uint32_t>> sources;
  for (uint32_t s = 0; s + 1 < c.first.size(); ++s)
    for (uint64_t k = c.first[s]; k < c.first[s + 1]; ++k) sources[c.target[k]].push_back(s);
  return sources;
}

Connections wired(const std::string& rule, int neurons = 50, const std::string& populations_more = "") {
  Network network(
      spec_of("seed = 4\n" + point_population("a", neurons) + populations_more + projection("a", "a", rule)),
      {});
  return network.connections(0);
}

TEST(Wiring, FixedIndegreeGivesEachTargetSoManyOthers) {
  const auto c = wired("rule = 'fixed-indegree'\nindegree = 12");
  const auto sources = sources_of(c);
  ASSERT_EQ(sources.size(), 50u);
  for (const auto& [target, of_target] : sources) {
    const std::set<uint32_t> distinct(of_target.begin(), of_target.end());
    EXPECT_EQ(of_target.size(), 12u);
    EXPECT_EQ(distinct.size(), 12u) << target;
    EXPECT_FALSE(distinct.contains(target)) << target;
  }
  // Every other neuron is a source as often as any: 12 of 49 of the 50 targets, within five standard errors.
  for (uint32_t s = 0; s < 50; ++s)
    EXPECT_NEAR(static_cast<double>(c.first[s + 1] - c.first[s]), 12, 5 * std::sqrt(12 * 37.0 / 49));
}

TEST(Wiring, FixedIndegreeMayTakeAllOthersAndNotMore) {
  for (const auto& [target, of_target] : sources_of(wired("rule = 'fixed-indegree'\nindegree = 9", 10)))
    EXPECT_EQ(of_target.size(), 9u);
  EXPECT_NE(
      refusal(point_population("a", 10) + projection("a", "a", "rule = 'fixed-indegree'\nindegree = 10"))
          .find("10 sources in 'a', which has only 9"),
      std::string::npos);
  EXPECT_EQ(wired("rule = 'fixed-indegree'\nindegree = 30\nmultapses = true", 10).contacts(), 300u);
}

TEST(Wiring, FixedProbabilityConnectsThatShareOfPairs) {
  const auto c = wired("rule = 'fixed-probability'\nprobability = 0.2", 200);
  const double pairs = 200 * 199;
  EXPECT_NEAR(static_cast<double>(c.contacts()), 0.2 * pairs, 5 * std::sqrt(pairs * 0.2 * 0.8));
  for (const auto& [target, of_target] : sources_of(c)) EXPECT_EQ(std::ranges::count(of_target, target), 0);
  EXPECT_EQ(wired("rule = 'fixed-probability'\nprobability = 1", 20).contacts(), 20u * 19);
  EXPECT_EQ(wired("rule = 'fixed-probability'\nprobability = 1\nautapses = true", 20).contacts(), 400u);
  EXPECT_EQ(wired("rule = 'fixed-probability'\nprobability = 0", 20).contacts(), 0u);
}

TEST(Wiring, AllToAllLeavesOutAutapsesUnlessTheyAreAskedFor) {
  EXPECT_EQ(wired("rule = 'all-to-all'", 7).contacts(), 42u);
  EXPECT_EQ(wired("rule = 'all-to-all'\nautapses = true", 7).contacts(), 49u);
}

TEST(Wiring, ContactsOfATargetAreOnSynapsesOfTheirOwnAsLongAsThereAreSome) {
  const auto c = wired("rule = 'fixed-indegree'\nindegree = 16\ncontacts = 5", 20);  // of 80 synapses
  std::map<uint32_t, std::set<uint32_t>> synapses;
  for (size_t k = 0; k < c.contacts(); ++k) synapses[c.target[k]].insert(c.synapse[k]);
  for (const auto& [target, of_target] : synapses) EXPECT_EQ(of_target.size(), 80u) << target;
  EXPECT_LT(*std::ranges::max_element(c.synapse), 80u);
}

TEST(Wiring, IsAFunctionOfTheSeed) {
  const std::string text = point_population("a", 40) +
                           projection("a", "a", "rule = 'fixed-indegree'\nindegree = 5\ndelay_ms = [1, 9]");
  const auto of_seed = [&](int seed) {
    return Network(spec_of(fmt::format("seed = {}\n", seed) + text), {}).connections(0);
  };
  const auto a = of_seed(1), b = of_seed(1), other = of_seed(2);
  EXPECT_EQ(a.target, b.target);
  EXPECT_EQ(a.synapse, b.synapse);
  EXPECT_EQ(a.delay_ms, b.delay_ms);
  EXPECT_NE(a.target, other.target);
  for (const float delay : a.delay_ms) EXPECT_TRUE(delay >= 1 && delay <= 9 && delay == std::floor(delay));
}

TEST(Wiring, TheDistanceRuleFallsOffWithItsLength) {
  Network network(spec_of(point_population("a", 300) + "box_um = [1000, 1000, 0]\n" +
                          projection("a", "a", "rule = 'distance'\nprobability = 0.5\nlength_um = 100")),
                  {});
  const auto& c = network.connections(0);
  const auto places = places_of(network.spec().populations[0], network.spec().seed, 0);
  std::array<double, 3> expected{}, found{}, variance{};
  const auto band = [&](double um) { return static_cast<size_t>(std::min(2.0, um / 100)); };
  for (uint32_t s = 0; s < 300; ++s) {
    for (uint32_t t = 0; t < 300; ++t) {
      if (s == t) continue;
      const double um = places.distance_um(s, places, t), p = 0.5 * std::exp(-um / 100);
      expected[band(um)] += p;
      variance[band(um)] += p * (1 - p);
    }
    for (uint64_t k = c.first[s]; k < c.first[s + 1]; ++k)
      ++found[band(places.distance_um(s, places, c.target[k]))];
  }
  for (size_t b = 0; b < 3; ++b) EXPECT_NEAR(found[b], expected[b], 5 * std::sqrt(variance[b])) << b;
}

TEST(Wiring, AListSaysEveryConnection) {
  const auto file = written("edges.csv", "source,target,synapse,delay_ms\n3,1,17,2\n0,1,5,1\n2,0,80,4\n");
  const auto c = wired(fmt::format("rule = 'list'\nfile = '{}'", file.string()), 4);
  EXPECT_EQ(c.first, (std::vector<uint64_t>{0, 1, 1, 2, 3}));
  EXPECT_EQ(c.target, (std::vector<uint32_t>{1, 0, 1}));
  EXPECT_EQ(c.synapse, (std::vector<uint32_t>{5, 80, 17}));
  EXPECT_EQ(c.delay_ms, (std::vector<float>{1, 4, 2}));
  EXPECT_EQ(wired("rule = 'list'\nsources = [0, 1]\ntargets = [1, 2]", 4).target,
            (std::vector<uint32_t>{1, 2}));
  const auto bad = [&](const std::string& text) {
    return refusal(
        point_population("a", 4) +
        projection("a", "a", fmt::format("rule = 'list'\nfile = '{}'", written("bad.csv", text).string())));
  };
  EXPECT_NE(bad("source,target\n0,1\n1,9\n").find("bad.csv:3: there is no neuron 9 in 'a', which has 4"),
            std::string::npos);
  EXPECT_NE(bad("source,target\n2,2\n").find("bad.csv:2: neuron 2 of 'a' is connected to itself"),
            std::string::npos);
  EXPECT_NE(bad("source,target\n0,1\n0,1\n").find("twice"), std::string::npos);
  EXPECT_NE(bad("source,target,delay_ms\n0,1,0.5\n").find("the delay is 0.5 ms, expected from 1"),
            std::string::npos);
  EXPECT_NE(bad("source\n0\n").find("has no column 'target'"), std::string::npos);
  EXPECT_NE(bad("").find("bad.csv:1: is empty, expected a line that names the columns"), std::string::npos);
  EXPECT_NE(bad("source,target\n").find("network.toml:7: lists no connection"), std::string::npos);
  EXPECT_NE(bad("source,target,synapse\n0,1,3\n0,1,3\n")
                .find("bad.csv:3: neuron 0 of 'a' is connected to neuron 1 of 'a' twice"),
            std::string::npos);
  EXPECT_NE(bad("source,target,contacts\n0,1,2\n0,2,1000000000\n")
                .find("bad.csv:3: 1000000000 contacts of one connection, expected from 1 to 10000"),
            std::string::npos);
  EXPECT_NE(bad("source,target,weight\n0,1,1e30\n").find("bad.csv:2: a weight of 1e+30, expected from"),
            std::string::npos);
}

TEST(Wiring, SectionsAreNumberedAsSonataHasThem) {
  dataset::CellTable table;
  table.section = {"apic", "soma", "dend", "dend", "dend", "axon"};
  table.region = {"apical", "soma", "basal", "basal", "basal", "axon"};
  table.x = {0.5, 0.5, 1.0 / 6, 0.5, 5.0 / 6, 0.5};
  table.excitatory_compartment = {2, 3, 4, 0};
  table.inhibitory_compartment = {5};
  SynapseChoice choice;
  choice.group = "excitatory";
  const SectionPlaces places(choice, table);
  EXPECT_TRUE(places.has_sections());
  using Synapses = std::vector<uint32_t>;
  EXPECT_EQ(places.nearest(2, 0.9, 1, ""), (Synapses{2}));
  EXPECT_EQ(places.nearest(2, 0.3, 4, ""), (Synapses{0, 1, 2, 0}));  // and again from the nearest
  EXPECT_EQ(places.nearest(3, 0.9, 2, ""), (Synapses{3, 3}));
  EXPECT_THROW(places.nearest(1, 0.5, 1, ""), InputError);  // the axon has an inhibitory one alone
  EXPECT_THROW(places.nearest(4, 0.5, 1, ""), InputError);
  EXPECT_THROW(places.nearest(2, -0.1, 1, ""), InputError);
}

TEST(Networks, ASpikeArrivesAfterItsDelay) {
  const auto spikes = written("source.csv", "unit,time_ms\n0,10\n0,30.6\n1,20\n");
  Network network(
      spec_of(fmt::format("[[populations]]\nname = 's'\nkind = 'recorded'\nfile = '{}'\nneurons = 2\n",
                          spikes.string()) +
              point_population("n", 2) + "record_soma = 2\n" +
              "[[projections]]\nfrom = 's'\nto = 'n'\nrule = 'one-to-one'\nsynapses = 'excitatory'\n"
              "contacts = 3\ndelay_ms = 4\n"),
      {});
  for (int t = 0; t < 50; ++t) network.advance();
  const auto soma = [&](size_t ms, size_t neuron) { return network.record(1).soma_mV[2 * ms + neuron]; };
  EXPECT_EQ(soma(13, 0), -75);
  EXPECT_EQ(soma(14, 0), -69);                                   // three contacts of 2 mV
  EXPECT_NEAR(soma(34, 0), -75 + 6 + 6 * std::exp(-1.0), 1e-4);  // in the ms in which it arrives
  EXPECT_EQ(soma(23, 1), -75);
  EXPECT_EQ(soma(24, 1), -69);
  EXPECT_EQ(network.record(0).spikes.time_ms, (std::vector<double>{10, 20, 30.6}));
}

/// Twins that excite each other, and point neurons that they drive, under their own background.
std::string busy_network() {
  return "seed = 7\nms = 400\n" + twin_population("t", 150, "spikes = 'draw'") +
         twin_population("u", 20, "spikes = 'draw'\nrefractory_ms = 3") + point_population("n", 30) +
         "record_soma = 2\n" + "[[populations]]\nname = 'p'\nkind = 'poisson'\nneurons = 40\nrate_hz = 20\n" +
         projection("t", "t", "rule = 'fixed-indegree'\nindegree = 4\ndelay_ms = [1, 5]") +
         projection("t", "u", "rule = 'fixed-probability'\nprobability = 0.2") +
         projection("t", "n", "rule = 'fixed-indegree'\nindegree = 20\ncontacts = 4") +
         projection("p", "n", "rule = 'all-to-all'\ndelay_ms = 2") +
         "[[backgrounds]]\nto = 't'\nsynapses = 'excitatory'\nrate_hz = 40\n"
         "[[backgrounds]]\nto = 't'\nsynapses = 'inhibitory'\nrate_hz = 20\nfrom_ms = 100\n";
}

std::vector<Record> course_of(Network& network, int64_t until_ms) {
  while (network.now_ms() < until_ms) network.advance();
  std::vector<Record> records;
  for (size_t p = 0; p < network.spec().populations.size(); ++p) records.push_back(network.record(p));
  return records;
}

void expect_same(const std::vector<Record>& a, const std::vector<Record>& b) {
  for (size_t p = 0; p < a.size(); ++p) {
    EXPECT_EQ(a[p].spikes.time_ms, b[p].spikes.time_ms) << p;
    EXPECT_EQ(a[p].spikes.neuron, b[p].spikes.neuron) << p;
    EXPECT_EQ(a[p].soma_mV, b[p].soma_mV) << p;
  }
}

TEST(Networks, SpikeTheSameOnAnyNumberOfThreads) {
  Network one(spec_of(busy_network()), twin::on_threads(1));
  const auto course = course_of(one, 400);
  for (const auto& record : course) EXPECT_GT(record.spikes.time_ms.size(), 20u);
  for (const int threads : {2, 5}) {
    Network other(spec_of(busy_network()), twin::on_threads(threads));
    expect_same(course, course_of(other, 400));
  }
}

TEST(Networks, GoOnFromAStateToTheLastBit) {
  Network whole(spec_of(busy_network()), {});
  Network first(spec_of(busy_network()), {}), second(spec_of(busy_network()), twin::on_threads(2));
  static_cast<void>(course_of(first, 173));
  static_cast<void>(course_of(second, 250));
  second.set_state(first.state());
  EXPECT_EQ(second.now_ms(), 173);
  expect_same(course_of(whole, 400), course_of(second, 400));
  EXPECT_EQ(whole.state(), second.state());
}

TEST(Networks, RefuseADamagedStateAndThatOfAnotherNetwork) {
  Network network(spec_of(point_population("a", 4)), {}), other(spec_of(point_population("a", 5)), {});
  auto state = network.state();
  EXPECT_THROW(other.set_state(state), InputError);
  EXPECT_THROW(network.set_state("short"), InputError);
  auto& one = state[state.size() / 2];
  one = static_cast<char>(one + 1);
  EXPECT_THROW(network.set_state(state), InputError);
}

TEST(Networks, PointNeuronsOfANetworkDoWhatTheirSimulatorDoes) {
  // All that reaches them is from Poisson sources, whose spikes are known afterwards.
  Network network(
      spec_of("seed = 2\n[[populations]]\nname = 'p'\nkind = 'poisson'\nneurons = 60\nrate_hz = 30\n" +
              point_population("n", 5) +
              projection("p", "n", "rule = 'fixed-indegree'\nindegree = 40\ncontacts = 2\ndelay_ms = 3")),
      {});
  const auto course = course_of(network, 600);
  const auto& c = network.connections(0);
  std::vector<stimulus::TimedInput> inputs(5);
  const auto& sources = course[0].spikes;
  for (size_t i = 0; i < sources.time_ms.size(); ++i)
    for (uint64_t k = c.first[sources.neuron[i]]; k < c.first[sources.neuron[i] + 1]; ++k) {
      inputs[c.target[k]].excitatory.time_ms.push_back(sources.time_ms[i] + 3);
      inputs[c.target[k]].excitatory.synapse.push_back(c.synapse[k]);
    }
  const auto trials = simulate::simulate(*network.spec().populations[1].cell, {}, inputs, 601, 1);
  size_t spikes = 0;
  for (uint32_t n = 0; n < 5; ++n) {
    std::vector<double> of_neuron;
    for (size_t k = 0; k < course[1].spikes.time_ms.size(); ++k)
      if (course[1].spikes.neuron[k] == n) of_neuron.push_back(course[1].spikes.time_ms[k]);
    EXPECT_EQ(of_neuron, trials[n].spike_times_ms);
    spikes += of_neuron.size();
  }
  EXPECT_GT(spikes, 10u);  // the last input, on its way at the end, is played by neither
}

TEST(Networks, RefuseWhatDoesNotFit) {
  EXPECT_NE(refusal("[[populations]]\nname = 'a'\nkind = 'poisson'\nneurons = 3\nrate_hz = 1\nspeed = 3\n")
                .find("network.toml:6"),
            std::string::npos);
  EXPECT_NE(refusal(point_population("a", 3) + projection("b", "a", "rule = 'all-to-all'"))
                .find("there is no population 'b'; there are a"),
            std::string::npos);
  EXPECT_NE(refusal(twin_population("a", 3) + projection("a", "a", "rule = 'all-to-all'\nweight = 2"))
                .find("a twin's synapse has the weight that it was trained with"),
            std::string::npos);
  EXPECT_NE(refusal(point_population("a", 3) + projection("a", "a", "rule = 'all-to-all'\ndelay_ms = 0.5"))
                .find("delay_ms"),
            std::string::npos);
  EXPECT_NE(
      refusal(point_population("a", 3) + "[[backgrounds]]\nto = 'a'\nsynapses = 'excitatoryy'\nrate_hz = 1\n")
          .find("there is no group of synapses 'excitatoryy'"),
      std::string::npos);
}

TEST(Networks, RefuseWhatDoesNotFitIntoMemory) {
  // 16 million neurons with 16 million contacts each: 4 PB.
  EXPECT_NE(
      refusal(point_population("a", 16'000'000) +
              projection("a", "a", "rule = 'fixed-indegree'\nindegree = 16000000"))
          .find(
              "network.toml:7: 'fixed-indegree' from 'a' to 'a' makes 2.56e+14 contacts, which take 4.1 PB"),
      std::string::npos);
}

TEST(Networks, RefuseWhatMeansNothing) {
  const auto background = [](const std::string& more) {
    return refusal(point_population("a", 3) + "[[backgrounds]]\nto = 'a'\nrate_hz = 1\n" + more);
  };
  EXPECT_NE(background("synapses = 'excitatory'\nfrom_ms = 20\nuntil_ms = 10\n")
                .find("network.toml:11: 'backgrounds"),
            std::string::npos)
      << background("synapses = 'excitatory'\nfrom_ms = 20\nuntil_ms = 10\n");
  EXPECT_NE(background("synapses = [3, 4, 3]\n").find("network.toml:9: synapse 3 stands there twice"),
            std::string::npos);
  EXPECT_NE(refusal(point_population("a", 3) + "record_soma = 4\n").find("record_soma"), std::string::npos);
  EXPECT_NE(refusal(point_population("a", 3) + "[measures]\ntransient_ms = 1000\n")
                .find("network.toml:7: 'measures.transient_ms' is 1000, which leaves nothing of 1000 ms"),
            std::string::npos);
  EXPECT_NE(refusal(twin_population("a", 3, "spikes = 'draw'\nthreshold = 0.1"))
                .find("network.toml:7: 'populations[0].threshold' means nothing beside spikes = \"draw\""),
            std::string::npos)
      << refusal(twin_population("a", 3, "spikes = 'draw'\nthreshold = 0.1"));
  EXPECT_NE(refusal(twin_population("a", 3, "threshold = 1")).find("where a twin fires never"),
            std::string::npos);
  EXPECT_NE(
      refusal(point_population("a", 3) + projection("a", "a", "rule = 'list'\nsources = []\ntargets = []"))
          .find("is empty, expected at least one connection"),
      std::string::npos);
}

TEST(Networks, ErrorsOfATwinSayWhereItIsNamed) {
  const auto with = [](const fs::path& twin) {
    return refusal(
        fmt::format("[[populations]]\nname = 'a'\nkind = 'twin'\nneurons = 2\ntwin = '{}'\n", twin.string()));
  };
  EXPECT_TRUE(with("nowhere.safetensors").starts_with("network.toml:5: "));
  EXPECT_TRUE(with(written("damaged.safetensors", "no twin")).starts_with("network.toml:5: "));
  const auto list = written("weights.csv", "source,target,weight\n0,1,2\n");
  EXPECT_NE(refusal(twin_population("a", 3) +
                    projection("a", "a", fmt::format("rule = 'list'\nfile = '{}'", list.string())))
                .find("weights.csv:2: a weight of 2, but the synapses of 'a' are those of a twin"),
            std::string::npos);
}

TEST(Networks, ATwinFiresWhereItsProbabilityRisesAboveTheThreshold) {
  constexpr int64_t kMs = 300;
  std::string csv = "unit,time_ms\n", list = "source,target,synapse\n";
  std::vector<std::array<int32_t, 3>> events;
  random::Random random(1, random::Stage::test_cases, 0, {random::StreamName::test_case});
  for (int32_t s = 0; s < 9; ++s) list += fmt::format("{},0,{}\n", s, s);
  for (int32_t t = 0; t + 1 < kMs; ++t)
    for (int32_t s = 0; s < 9; ++s)
      if (random.uniform() < 0.05) {
        csv += fmt::format("{},{}\n", s, t);
        events.push_back({0, s, t + 1});
      }
  auto saved = twin::load_twin(untrained_twin());
  std::vector<int32_t> flat;
  for (const auto& event : events) flat.insert(flat.end(), event.begin(), event.end());
  twin::Twin::Stream stream(saved.twin, 1);
  const auto outputs = stream.advance(flat, kMs);
  std::vector<float> log_odds;
  for (int64_t t = 0; t < kMs; ++t) log_odds.push_back(outputs.at(t, saved.twin.first_output("spike")));
  auto sorted = log_odds;
  std::ranges::sort(sorted);
  const double middle = (static_cast<double>(sorted[200]) + static_cast<double>(sorted[201])) / 2;
  std::vector<double> expected;
  for (size_t t = 0; t < log_odds.size(); ++t)
    if (log_odds[t] > middle && (t == 0 || log_odds[t - 1] <= middle))
      expected.push_back(static_cast<double>(t));
  Network network(
      spec_of(fmt::format("[[populations]]\nname = 's'\nkind = 'recorded'\nfile = '{}'\nneurons = 9\n",
                          written("drive.csv", csv).string()) +
              twin_population(
                  "t", 1, fmt::format("threshold = {:.17g}\nrecord_soma = 1", 1 / (1 + std::exp(-middle)))) +
              projection("s", "t",
                         fmt::format("rule = 'list'\nfile = '{}'", written("ends.csv", list).string()))),
      {});
  const auto course = course_of(network, kMs);
  EXPECT_EQ(course[1].spikes.time_ms, expected);
  EXPECT_GT(expected.size(), 5u);
  for (int64_t t = 0; t < kMs; ++t)
    EXPECT_EQ(course[1].soma_mV[static_cast<size_t>(t)], outputs.at(t, saved.twin.first_output("soma"))) << t;
}

SpikeTrain poisson_train(uint32_t neurons, double hz, int64_t ms, uint64_t seed) {
  SpikeTrain train;
  random::Random random(seed, random::Stage::test_cases, 0, {random::StreamName::test_case});
  for (int64_t t = 0; t < ms; ++t)
    for (uint32_t n = 0; n < neurons; ++n)
      if (random.uniform() < hz / 1000) {
        train.time_ms.push_back(static_cast<double>(t));
        train.neuron.push_back(n);
      }
  return train;
}

TEST(Activity, OfPoissonNeuronsIsThatOfPoissonProcesses) {
  const auto a = activity_of("p", 50, poisson_train(50, 20, 40'000, 1), {.until_ms = 40'000});
  EXPECT_NEAR(a.rate_hz, 20, 5 * std::sqrt(20.0 / 50 / 40));
  EXPECT_NEAR(a.cv, 1, 0.02);  // a ms at a time, CV^2 is 1 - p
  EXPECT_NEAR(a.correlation, 0, 5 / std::sqrt(8000.0 * 1225));
  EXPECT_NEAR(a.fano, 1, 5 * std::sqrt(2.0 / 8000));
  double power = 0;
  for (const double p : a.power) power += p / static_cast<double>(a.power.size());
  EXPECT_NEAR(power, 2 * 20.0 / 50, 0.05 * 2 * 20.0 / 50);
  EXPECT_EQ(a.silent_share, 0);
}

TEST(Activity, OfAClockHasOneLineAndNoVariation) {
  SpikeTrain clock;
  for (int k = 0; k < 400; ++k)
    for (uint32_t n = 0; n < 2; ++n) clock.time_ms.push_back(25.0 * k), clock.neuron.push_back(n);
  const auto a = activity_of("c", 3, clock, {.until_ms = 10'000});
  EXPECT_NEAR(a.cv, 0, 1e-12);
  EXPECT_NEAR(a.correlation, 1, 1e-12);
  EXPECT_NEAR(a.silent_share, 1.0 / 3, 1e-12);
  const auto peak = std::ranges::max_element(a.power) - a.power.begin();
  EXPECT_NEAR(std::fmod(a.frequency_hz[static_cast<size_t>(peak)], 40), 0, 1e-9);
}

TEST(Comparison, FindsWhenCoursesPart) {
  const auto spec = spec_of("ms = 1000\n" + point_population("a", 2));
  const auto course = [&](std::vector<double> of_0, std::vector<double> of_1) {
    Course c;
    Record record;
    for (const double t : of_0) record.spikes.time_ms.push_back(t), record.spikes.neuron.push_back(0);
    for (const double t : of_1) record.spikes.time_ms.push_back(t), record.spikes.neuron.push_back(1);
    c.records.push_back(record);
    c.activity.push_back(activity_of("a", 2, record.spikes, {.until_ms = 1000}));
    return c;
  };
  const auto reference = course({10, 200, 400}, {50, 300});
  const auto same = differences_of(spec, reference, course({11, 199, 402}, {50, 300}));
  EXPECT_EQ(same[0].first_divergence_ms, 1000);
  EXPECT_EQ(same[0].matched_share, 1);
  EXPECT_EQ(same[0].rate_error_hz, 0);
  const auto other = differences_of(spec, reference, course({10, 203}, {50, 300}));
  EXPECT_EQ(other[0].first_divergence_ms, 200);
  EXPECT_EQ(other[0].median_divergence_ms, 1000);  // neuron 1 never parts
  EXPECT_NEAR(other[0].matched_share, 2 * 3 / 9.0, 1e-12);
  EXPECT_NEAR(other[0].rate_error_hz, 0.5, 1e-12);
}

}  // namespace
}  // namespace nt::network

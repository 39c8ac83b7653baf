#include "stimulus/artificial_cell.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "config/error.hpp"
#include "config/temporary_folder.hpp"
#include "stimulus/stimulus.hpp"

namespace nt::stimulus {
namespace {

/// A NetStim in our own words: trains of `number` spikes, of whose intervals a part is drawn.
constexpr auto kTrain =
    "NEURON { ARTIFICIAL_CELL Train RANGE interval, number, start, noise RANDOM r }\n"
    "PARAMETER { interval = 10 (ms) number = 5 start = 20 (ms) noise = 0 }\nASSIGNED { left }\n"
    "INITIAL { left = number\n IF (number > 0) { net_send(start, 1) } }\n"
    "FUNCTION next() { next = (1 - noise)*interval + noise*random_negexp(r, interval) }\n"
    "NET_RECEIVE(w) { IF (flag == 1 && left > 0) { net_event(t)\n left = left - 1\n net_send(next(), 1) } }";
/// A leaky integrate-and-fire cell of events.
constexpr auto kLeaky =
    "NEURON { ARTIFICIAL_CELL Leaky RANGE tau, refractory, m }\n"
    "PARAMETER { tau = 10 (ms) refractory = 5 (ms) }\nASSIGNED { m t0 silent }\n"
    "INITIAL { m = 0\n t0 = 0\n silent = 0 }\n"
    "NET_RECEIVE(w) {\n IF (flag == 1) { silent = 0\n m = 0\n t0 = t } ELSE { IF (silent == 0) {\n"
    "  m = m*exp(-(t - t0)/tau) + w\n  t0 = t\n"
    "  IF (m > 1) { net_event(t)\n silent = 1\n net_send(refractory, 1) } } } }";

class ArtificialCells : public testing::Test {
 protected:
  std::filesystem::path written(const std::string& text, const std::string& name = "x.mod") const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  ArtificialCell cell(const std::string& text, const std::map<std::string, double>& given = {}) const {
    return {written(text), [&](const mechanism::Parameter& p) {
              const auto it = given.find(p.name);
              return it == given.end() ? p.value : it->second;
            }};
  }
  std::string refusal(const std::string& text) const {
    try {
      cell(text).spikes_ms(100, {}, {});
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  const config::TemporaryFolder folder_;
};

random::DrawStream stream(uint64_t trial) {
  return {random::trial_key(1, random::Stage::test_cases, trial), 0x80000000};
}

TEST_F(ArtificialCells, OfATrainSpikeAtItsIntervals) {
  const auto train = cell(kTrain);
  EXPECT_TRUE(train.starts_itself());
  EXPECT_EQ(train.spikes_ms(1000, {}, {}), (std::vector<double>{20, 30, 40, 50, 60}));
  EXPECT_EQ(train.spikes_ms(45, {}, {}), (std::vector<double>{20, 30, 40}));
  EXPECT_EQ(cell(kTrain, {{"number", 2}, {"start", 5}}).spikes_ms(1000, {}, {}),
            (std::vector<double>{5, 15}));
}

TEST_F(ArtificialCells, OfANoisyTrainHaveExponentialIntervalsOfTheirOwnInEachTrial) {
  const auto train = cell(kTrain, {{"number", 1e6}, {"noise", 1}, {"start", 0}});
  const auto spikes = train.spikes_ms(100000, {}, stream(0));
  double sum = 0, squares = 0;
  for (size_t k = 1; k < spikes.size(); ++k) {
    const double interval = spikes[k] - spikes[k - 1];
    sum += interval, squares += interval * interval;
  }
  const auto n = static_cast<double>(spikes.size() - 1);
  EXPECT_NEAR(sum / n, 10, 5 * 10 / std::sqrt(n));
  EXPECT_NEAR(squares / n - sum / n * (sum / n), 100, 5 * 100 * std::sqrt(8 / n));
  EXPECT_EQ(train.spikes_ms(100000, {}, stream(0)), spikes);
  EXPECT_NE(train.spikes_ms(100000, {}, stream(1)), spikes);
}

TEST_F(ArtificialCells, ThatIntegrateFireOnEventsThatComeTogether) {
  const auto leaky = cell(kLeaky);
  EXPECT_FALSE(leaky.starts_itself());
  // 0.6 and 0.6 after 1 ms: 0.6 exp(-0.1) + 0.6 = 1.14; after 50 ms: 0.604.
  const std::vector<OutsideEvent> together{{10, 0.6}, {11, 0.6}, {14, 2}, {60, 0.6}, {110, 0.6}};
  EXPECT_EQ(leaky.spikes_ms(200, together, {}), (std::vector<double>{11}));
}

TEST_F(ArtificialCells, ThatCannotBeSimulatedAreNamed) {
  const auto expect = [&](const std::string& text, const std::string& words) {
    EXPECT_NE(refusal(text).find(words), std::string::npos) << refusal(text);
  };
  const std::string head = "NEURON { ARTIFICIAL_CELL x }\nASSIGNED { m v }\n";
  expect("NEURON { SUFFIX x }", "no ARTIFICIAL_CELL");
  expect(head + "INITIAL { net_send(1, 1) }", "no spikes");
  expect(head + "INITIAL { net_send(1, 1) }\nNET_RECEIVE(w) { m = m + v\n net_event(t) }",
         "'v' is of a membrane");
  expect(head + "INITIAL { net_send(1, 1) }\nNET_RECEIVE(w) { net_event(t)\n net_send(0, 1) }",
         "without end");
  expect(head + "INITIAL { net_event(0) }\nNET_RECEIVE(w) { net_event(t) }",
         "net_event belongs into NET_RECEIVE");
}

RandomRates read(const std::string& text, const std::filesystem::path& folder) {
  std::ofstream(folder / "stimulus.toml") << text;
  const auto settings = config::Settings::from_file(folder / "stimulus.toml");
  SynapsePool pool{"all", {0, 1, 2}, {}, {1.0 / 3, 1.0 / 3, 1.0 / 3}, {}};
  auto rates = read_stimulus(settings, {pool}, {{"a", true, 0, 3, {0, 10, 20}}});
  settings.reject_unread();
  return rates;
}

TEST_F(ArtificialCells, DriveEachSynapseOfAGroupByAnInstanceOfItsOwn) {
  written(kTrain, "train.mod");
  const auto rates = read(
      "groups = { a = { kind = \"artificial-cell\", mechanism = \"train.mod\", interval = 8, "
      "number = 1000, noise = 1 } }\n",
      folder_.path());
  const auto input = draw_input(rates, 3, random::Stage::stimulus_train, 0, 4000);
  std::vector<std::vector<uint32_t>> trains(3);
  for (size_t k = 0; k < input.excitatory.time_ms.size(); ++k)
    trains[input.excitatory.synapse[k]].push_back(input.excitatory.time_ms[k]);
  for (const auto& train : trains) EXPECT_NEAR(static_cast<double>(train.size()), 4000 / 8.5, 120);
  EXPECT_NE(trains[0], trains[1]);
  const auto again = draw_input(rates, 3, random::Stage::stimulus_train, 0, 4000);
  EXPECT_EQ(again.excitatory.time_ms, input.excitatory.time_ms);
}

TEST_F(ArtificialCells, ThatNothingStartsAskForEvents) {
  written(kLeaky, "leaky.mod");
  try {
    read("groups = { a = { kind = \"artificial-cell\", mechanism = \"leaky.mod\" } }\n", folder_.path());
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("events = {"), std::string::npos) << error.what();
  }
  const auto rates = read(
      "groups = { a = { kind = \"artificial-cell\", mechanism = \"leaky.mod\", events = { "
      "rate_hz = 300, weight = 0.5 } } }\n",
      folder_.path());
  EXPECT_GT(draw_input(rates, 3, random::Stage::stimulus_train, 0, 4000).excitatory.time_ms.size(), 50u);
}

}  // namespace
}  // namespace nt::stimulus

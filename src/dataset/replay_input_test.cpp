#include "dataset/replay_input.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "config/temporary_folder.hpp"
#include "files/hdf5.hpp"

namespace nt::dataset {
namespace {

namespace fs = std::filesystem;

class ReplayInput : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = config::own_temporary_folder() / "replay-input";
    fs::create_directories(folder_);
    std::ofstream(folder_ / "cell.swc") << "1 1 0 0 0 10 -1\n2 3 0 11 0 1 1\n3 3 0 111 0 1 2\n";
    cell_ = cell::read_detailed_cell(
        config::Settings::from_text("kind = \"detailed\"\nmorphology = \"cell.swc\"\n"
                                    "excitatory = { mechanism = \"DoubleExp\", regions = [\"basal\"] }\n"
                                    "inhibitory = { mechanism = \"DoubleExp\", regions = [\"basal\"] }\n",
                                    "cell.toml"),
        folder_);
    synapses_ = cell_.placements[*cell_.excitatory.placement].compartments.size();
  }

  /// A file whose excitatory input is this; no inhibitory input.
  stimulus::TimedInput read(const std::vector<double>& time_ms, const std::vector<double>& synapse,
                            const std::vector<double>& weight = {}, const std::string& name = "synapse",
                            size_t trials = 0, const std::string& more = "") const {
    files::Hdf5Image image;
    image.write<double>("/input/exc/time_ms", time_ms, "ms");
    image.write<double>("/input/exc/" + name, synapse, "index");
    if (!weight.empty()) image.write<double>("/input/exc/weight", weight, "1");
    if (trials > 0) image.write<uint64_t>("/input/exc/offset", std::vector<uint64_t>(trials + 1), "events");
    if (!more.empty()) image.write<double>("/input/exc/" + more, time_ms, "1");
    image.write<double>("/input/inh/time_ms", std::vector<double>{}, "ms");
    image.write<double>("/input/inh/synapse", std::vector<double>{}, "index");
    const auto file = folder_ / "input.h5";
    files::write_file_atomically(file, image.bytes());
    return read_replay_input(file, cell_);
  }

  std::string refusal(const std::vector<double>& time_ms, const std::vector<double>& synapse,
                      const std::vector<double>& weight = {}, size_t trials = 0,
                      const std::string& more = "") const {
    try {
      read(time_ms, synapse, weight, "synapse", trials, more);
    } catch (const InputError& error) {
      const std::string said = error.what();
      EXPECT_EQ(said.find((folder_ / "input.h5").string() + ": /input/exc "), 0u) << said;
      return said.substr(said.find("/input/exc ") + 11);
    }
    return "accepted";
  }

  fs::path folder_;
  cell::DetailedCell cell_;
  size_t synapses_ = 0;
};

TEST_F(ReplayInput, KeepsTimesAndWeightsAsTheyAreInTheOrderOfTime) {
  const auto input = read({100.5, 3.25, 7}, {1, 0, 2}, {0.5, 2, 1});
  EXPECT_EQ(input.excitatory.time_ms, (std::vector<double>{3.25, 7, 100.5}));
  EXPECT_EQ(input.excitatory.synapse, (std::vector<uint32_t>{0, 2, 1}));
  EXPECT_EQ(input.excitatory.weight, (std::vector<double>{2, 1, 0.5}));
  EXPECT_TRUE(input.inhibitory.time_ms.empty());
}

TEST_F(ReplayInput, IsReadUnderTheOldNameOfSynapse) {
  EXPECT_EQ(read({1}, {2}, {}, "compartment").excitatory.synapse, (std::vector<uint32_t>{2}));
}

TEST_F(ReplayInput, IsReadFromAFileOfOneTrial) {
  EXPECT_EQ(read({1}, {2}, {}, "synapse", 1).excitatory.synapse, (std::vector<uint32_t>{2}));
  EXPECT_EQ(refusal({1}, {2}, {}, 3),
            "has an 'offset', as a data set of several trials; a replay is one trial");
}

TEST_F(ReplayInput, ThatIsNoInputIsRefusedByName) {
  const auto has = fmt::format("the cell has {} of this kind, counted from 0", synapses_);
  EXPECT_EQ(refusal({1}, {static_cast<double>(synapses_)}),
            fmt::format("event 0 is of synapse {}; {}", synapses_, has));
  EXPECT_EQ(refusal({1, 2}, {0, -1}), "event 1 is of synapse -1; " + has);
  EXPECT_EQ(refusal({1}, {0.5}), "event 0 is of synapse 0.5; " + has);
  EXPECT_EQ(refusal({1}, {NAN}), "event 0 is of synapse nan; " + has);
  EXPECT_EQ(refusal({NAN}, {0}), "event 0 is at nan ms, expected from 0 to 10000000 ms");
  EXPECT_EQ(refusal({-0.5}, {0}), "event 0 is at -0.5 ms, expected from 0 to 10000000 ms");
  EXPECT_EQ(refusal({INFINITY}, {0}), "event 0 is at inf ms, expected from 0 to 10000000 ms");
  EXPECT_EQ(refusal({1, 2}, {0}), "has 1 synapses but 2 times");
  EXPECT_EQ(refusal({1, 2}, {0, 0}, {1}), "has 1 weights but 2 times");
  EXPECT_EQ(refusal({1}, {0}, {-1}), "event 0 has the weight -1, expected from 0 to 1000000");
  EXPECT_EQ(refusal({1}, {0}, {}, 0, "wieght"),
            "has a 'wieght', which would have no effect; known: synapse, time_ms, weight");
  EXPECT_EQ(refusal({1}, {0}, {INFINITY}), "event 0 has the weight inf, expected from 0 to 1000000");
}

}  // namespace
}  // namespace nt::dataset

// What makes no physical sense is refused where it is described.
#include "cell/physical.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "cell/detail/assemble.hpp"
#include "cell/neuron.hpp"
#include "config/temporary_folder.hpp"

namespace nt::cell {
namespace {

namespace fs = std::filesystem;

/// A synapse whose NET_RECEIVE begins like this; its conductance is a state in uS, as in NEURON's ExpSyn.
mechanism::Mechanism synapse(const std::string& receives) {
  return mechanism::compile_mechanism(
      "NEURON { POINT_PROCESS Syn RANGE tau, e NONSPECIFIC_CURRENT i }\n"
      "PARAMETER { tau = 2 (ms) e = 0 (mV) }\nASSIGNED { v (mV) i (nA) }\nSTATE { g (uS) }\n"
      "INITIAL { g = 0 }\nBREAKPOINT { SOLVE s METHOD cnexp\n i = g*(v - e) }\n"
      "DERIVATIVE s { g' = -g/tau }\n" +
          receives,
      "syn.mod");
}

TEST(EventWeight, IsAskedForUnlessItIsDeclaredAsANumber) {
  EXPECT_TRUE(needs_weight(synapse("NET_RECEIVE(weight (uS)) { g = g + weight }")));
  EXPECT_TRUE(needs_weight(synapse("NET_RECEIVE(weight) { g = g + weight }")));
  EXPECT_TRUE(needs_weight(synapse("NET_RECEIVE(w (nA), other (ms)) { g = g + 0.001*w }")));
  EXPECT_FALSE(needs_weight(synapse("NET_RECEIVE(weight (1)) { g = g + 0.001*weight }")));
  EXPECT_FALSE(needs_weight(synapse("NET_RECEIVE(weight (uS)) { g = g + 0.001 }")));
  EXPECT_TRUE(needs_weight(synapse("NET_RECEIVE(w) { v = w }")));
  EXPECT_TRUE(needs_weight(synapse("NET_RECEIVE(w) { if (flag == 0) { net_send(w, 1) } else { g = 1 } }")));
  EXPECT_TRUE(needs_weight(synapse("NET_RECEIVE(w, a) { INITIAL { a = w } g = g + a }")));
}

TEST(EventWeight, OfAConductanceIsNotNegativeThatOfACurrentMayBe) {
  const auto range = [](const std::string& unit) {
    return weight_range(synapse("NET_RECEIVE(w " + unit + ") { g = g + w }"));
  };
  EXPECT_EQ(range("(uS)").low, 0);
  EXPECT_EQ(range("(nanosiemens)").low, 0);
  EXPECT_EQ(range("").low, 0);
  EXPECT_LT(range("(nA)").low, 0);
  EXPECT_NEAR(range("(uS)").high, 1000, 1e-9);  // 1 mS
  EXPECT_NEAR(range("(nanosiemens)").high, 1e6, 1e-6);
}

TEST(Units, OfConductancesAreKnown) {
  const std::pair<const char*, double> known[] = {
      {"S", 1},         {"mho", 1},         {"uS", 1e-6},  {"umho", 1e-6}, {"micromho", 1e-6},
      {"nS", 1e-9},     {"pS", 1e-12},      {"S/cm2", 1},  {"mho/cm2", 1}, {"mS/cm2", 1e-3},
      {"pS/um2", 1e-4}, {"siemens/cm2", 1}, {"S/m2", 1e-4}};
  for (const auto& [unit, siemens] : known) {
    ASSERT_TRUE(siemens_in(unit)) << unit;
    EXPECT_NEAR(*siemens_in(unit), siemens, 1e-12 * siemens) << unit;
  }
  for (const auto* other : {"", "1", "ms", "mV", "nA", "S/cm3", "s", "degC", "/mV"})
    EXPECT_FALSE(siemens_in(other)) << other;
}

class Description : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = config::own_temporary_folder() / "physical";
    fs::create_directories(folder_);
    std::ofstream(folder_ / "cell.swc") << "1 1 0 0 0 10 -1\n2 3 0 11 0 1 1\n3 3 0 111 0 1 2\n";
  }

  std::string refusal(const std::string& text) const {
    try {
      const auto settings = config::Settings::from_text(text, "cell.toml");
      text.find("detailed") != text.npos ? void(read_detailed_cell(settings, folder_))
                                         : void(read_neuron(settings));
      settings.reject_unread();
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  }

  std::string detailed(const std::string& key, const std::string& value) const {
    std::string text =
        "kind = \"detailed\"\nmorphology = \"cell.swc\"\n"
        "excitatory = { mechanism = \"DoubleExp\", regions = [\"basal\"], gmax = 0.001, e = 0 }\n"
        "insert = [ { mechanism = \"leak\", regions = [\"soma\", \"basal\"], g = 1e-4 } ]\n";
    const auto at = text.find(key);
    return refusal(text.replace(at, key.size(), value));
  }

  fs::path folder_;
};

TEST_F(Description, OfANegativeConductanceIsRefusedWithItsLine) {
  EXPECT_EQ(
      detailed("gmax = 0.001", "gmax = -0.001"),
      "cell.toml:3: 'excitatory.gmax' of DoubleExp is -0.001 uS in dend[0], expected from 0 to 1000 uS");
  EXPECT_EQ(
      detailed("gmax = 0.001", "gmax = \"0.001*(50 - distance)\"").find("cell.toml:3: 'excitatory.gmax'"),
      0u);
  EXPECT_EQ(detailed("e = 0 }", "e = 0, weight = -1 }"),
            "cell.toml:3: 'excitatory.weight' is -1, expected from 0 to 1000000");
  EXPECT_EQ(detailed("insert = [",
                     "point = [ { mechanism = \"AlphaSynapse\", section = \"soma[0]\", gmax = -1 } ]\n"
                     "insert = ["),
            "cell.toml:4: 'point[0].gmax' is -1, expected from 0 to 1000");
  EXPECT_NE(detailed("g = 1e-4", "g = -1e-4").find("negative"), std::string::npos);
}

TEST_F(Description, OutsideWhatMembranesHaveIsRefusedWithTheRange) {
  EXPECT_EQ(
      detailed("e = 0", "e = 1e30"),
      "cell.toml:3: 'excitatory.e' of DoubleExp is 1e+30 mV in dend[0], expected from -1000 to 1000 mV");
  EXPECT_EQ(detailed("g = 1e-4", "g = 1e39").find("cell.toml:4: 'insert[0].g' of leak is 1e+39 S/cm2"), 0u);
  EXPECT_EQ(detailed("insert", "reversal_mV = { na = 1e9 }\ninsert"),
            "cell.toml:4: 'reversal_mV.na' is 1000000000, expected from -1000 to 1000");
  for (const auto* line :
       {"excitatory_weight_mV = 1e39", "inhibitory_weight_mV = -1e39", "threshold_mV = 1e300",
        "reset_mV = -1e5", "spike_mV = 1e30", "membrane_time_constant_ms = 1e300"}) {
    const auto said = refusal(fmt::format("kind = \"integrate-and-fire\"\n{}\n", line));
    EXPECT_EQ(said.find("cell.toml:2: '"), 0u) << line << ": " << said;
    EXPECT_NE(said.find("expected from"), std::string::npos) << line << ": " << said;
  }
  EXPECT_NE(
      refusal("kind = \"two-layer\"\nbranch_output_mV = 1e30\n").find("cell.toml:2: 'branch_output_mV'"),
      std::string::npos);
}

TEST(Conductance, OfAFilesOwnMayBeALimitThatNothingReaches) {
  const auto cell = morphology::cut(
      morphology::read_swc("1 1 0 0 0 10 -1\n", "cell.swc"), [](const morphology::Section&) { return 1; },
      100);
  const mechanism::Parameter limit{"gmax", 1e9, "uS"}, negative{"gmax", -1, "uS"}, slope{"b", -1, "uS"};
  EXPECT_NO_THROW(check_value(slope.value, slope, "Limited", /*given=*/false, cell, 0, "b"));
  EXPECT_THROW(check_value(slope.value, slope, "Limited", /*given=*/true, cell, 0, "b"), InputError);
  EXPECT_NO_THROW(check_value(limit.value, limit, "Limited", /*given=*/false, cell, 0, "gmax"));
  EXPECT_THROW(check_value(limit.value, limit, "Limited", /*given=*/true, cell, 0, "gmax"), InputError);
  EXPECT_THROW(check_value(negative.value, negative, "Limited", /*given=*/false, cell, 0, "gmax"),
               InputError);
}

TEST(Conductance, OfOtherNamesInMillisiemensIsATimeAsPublishedFilesWriteIt) {
  EXPECT_EQ(physical_range({"gmax", 1, "mS"}).high, 1);
  EXPECT_TRUE(is_conductance({"gmax", 1, "mS"}));
  EXPECT_EQ(physical_range({"nmin", 2, "mS"}).high, physical_range({"nmin", 2, "ms"}).high);
  EXPECT_FALSE(is_conductance({"nmin", 2, "mS"}));
}

TEST_F(Description, WhoseFormulaIsNoNumberIsRefused) {
  for (const auto* formula : {"0/0", "1/0", "0*log(0)"}) {
    const auto said = detailed("g = 1e-4", fmt::format("g = \"{}\"", formula));
    EXPECT_EQ(said.find("cell.toml:4: 'insert[0].g' of leak is "), 0u) << formula << ": " << said;
    EXPECT_NE(said.find("expected a finite number"), std::string::npos) << formula << ": " << said;
  }
}

TEST_F(Description, MaySayTheWeightOfItsEvents) {
  const auto read = [&](const std::string& weight) {
    return read_detailed_cell(
        config::Settings::from_text(
            "kind = \"detailed\"\nmorphology = \"cell.swc\"\nexcitatory = { mechanism = \"DoubleExp\", "
            "regions = [\"basal\"]" +
                weight + " }\n",
            "cell.toml"),
        folder_);
  };
  EXPECT_EQ(read("").excitatory.weight, 1);
  EXPECT_EQ(read(", weight = 0.25").excitatory.weight, 0.25);
}

}  // namespace
}  // namespace nt::cell

// Mechanisms in .mod files: the lanes against the plain reference, and against what is known of their
// equations.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "cell/initial_state.hpp"
#include "config/temporary_folder.hpp"
#include "simulate/cable.hpp"
#include "simulate/detail/cable_reference.hpp"
#include "simulate/detail/diffusion.hpp"
#include "simulate/group.hpp"
#include "simulate/simulator.hpp"

namespace nt::simulate {
namespace {

constexpr auto kPool =
    "NEURON { SUFFIX pool USEION ca READ ica, cai WRITE cai RANGE rest }\nPARAMETER { rest = 0.002 }\n"
    "ASSIGNED { ica }\nSTATE { store }\nINITIAL { store = rest\n cai = rest }\n"
    "BREAKPOINT { store = store + dt*(-0.2*ica - (store - rest)/20)\n cai = store }";
constexpr auto kCalcium =
    "NEURON { SUFFIX calcium USEION ca READ eca WRITE ica RANGE gbar }\nPARAMETER { gbar = 1e-4 (S/cm2) }\n"
    "ASSIGNED { v eca ica }\nSTATE { m }\nBREAKPOINT { SOLVE s METHOD cnexp\n ica = gbar*m*(v - eca) }\n"
    "DERIVATIVE s { m' = (1/(1 + exp(-(v + 30)/6)) - m)/3 }";

/// Two mechanisms that see and change the same potassium before and after their blocks.
constexpr auto kMoves =
    "NEURON { SUFFIX moves USEION k READ ki, ek WRITE ki, ik }\nASSIGNED { v ik ek n }\nSTATE { ki x }\n"
    "INITIAL { ki = 60  n = ek/100  x = 1 }\nAFTER INITIAL { ki = ki + 1 }\n"
    "BEFORE BREAKPOINT { ki = ki + 1e-4*(v + 60)  n = 0.99*n + 0.01*ek }\n"
    "BREAKPOINT { SOLVE s METHOD cnexp\n ik = 1e-5*(v - ek)*(2 + x + n/50) }\n"
    "DERIVATIVE s { x' = (ki/60 - x)/4\n ki' = -0.3*ik - (ki - 60)/20 }\n"
    "AFTER SOLVE { ki = ki + 0.001*x }\nBEFORE STEP { n = n + 1e-3*ki }";
constexpr auto kSees =
    "NEURON { SUFFIX sees USEION k READ ki, ek NONSPECIFIC_CURRENT i }\nASSIGNED { v i ki ek a b }\n"
    "STATE { y }\nBEFORE INITIAL { a = ki + ek }\nINITIAL { y = ki/60 }\nAFTER INITIAL { b = ki/60 }\n"
    "BEFORE BREAKPOINT { b = 0.9*b + 0.1*ek/70 }\n"
    "BREAKPOINT { SOLVE s METHOD cnexp\n i = 1e-5*(a/100 + b + y)*(v + 40) }\n"
    "DERIVATIVE s { y' = (ki/60 - y)/3 }\nAFTER SOLVE { y = 0.99*y + 0.01*ki/50 }\n"
    "BEFORE STEP { b = b + 0.01*(ek + ki) }";

constexpr auto kSpread =
    "NEURON { SUFFIX spread NONSPECIFIC_CURRENT i RANGE D, first }\nPARAMETER { D = 0.6  first = 1 }\n"
    "ASSIGNED { v i diam }\nSTATE { c }\nINITIAL { c = first }\n"
    "BREAKPOINT { SOLVE s METHOD sparse\n i = 1e-5*c*(v + 30) }\n"
    "KINETIC s { COMPARTMENT diam*diam { c }\n LONGITUDINAL_DIFFUSION D*diam { c }\n ~ c << (0) }";

/// A soma and a dendrite in a folder of its own, with .mod files.
class UserMechanism : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
    write("cell.swc", "1 1 0 -10 0 10 -1\n2 1 0 10 0 10 1\n3 3 0 11 0 1 2\n4 3 0 211 0 1 3\n");
    write("pool.mod", kPool);
    write("calcium.mod", kCalcium);
    write("spread.mod", kSpread);
    write("moves.mod", kMoves);
    write("sees.mod", kSees);
  }
  void TearDown() override { ::unsetenv("XDG_CACHE_HOME"); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  cell::DetailedCell cell(const std::string& insert, const std::string& more = "") const {
    const auto settings = config::Settings::from_text(
        "kind = \"detailed\"\nmorphology = \"cell.swc\"\ncelsius = 30\n"
        "point = [ { mechanism = \"IClamp\", section = \"soma[0]\", del = 2, dur = 15, amp = 0.3 } ]\n"
        "insert = [ { mechanism = \"leak\", regions = [\"soma\", \"basal\"], g = 2e-4, e = -65 }, " +
            insert + " ]\n" + more,
        "cell.toml");
    auto cell = cell::read_detailed_cell(settings, folder_.path());
    settings.reject_unread();
    return cell;
  }
  const config::TemporaryFolder folder_;
};

Recording run(const cell::DetailedCell& cell, const CableSpec& spec, int64_t ms,
              Precision precision = Precision::in_double) {
  const stimulus::SynapticInput silence;
  return simulate(cell, {spec, precision}, std::span(&silence, 1), ms, 1)[0];
}

/// Every compartment at whole milliseconds, both ways.
void expect_lanes_equal_reference(const cell::DetailedCell& cell) {
  constexpr int64_t kMs = 25;
  for (const auto scheme : {Scheme::backward_euler, Scheme::crank_nicolson}) {
    const CableSpec spec{0.025, scheme, true, 1, 1};
    const auto reference = simulate_reference(cell, spec, stimulus::SynapticInput{}, kMs * 40);
    for (const auto precision : {Precision::in_double, Precision::in_float}) {
      const auto lanes = run(cell, spec, kMs, precision);
      // Double: rounding of a thousand steps. Float: 1e-5 of the largest voltage a step, most of which decays
      // again.
      const double tolerance = precision == Precision::in_double ? 1e-6 : 0.02;
      for (size_t c = 0; c < cell.geometry.compartments.size(); ++c)
        for (int64_t ms = 1; ms < kMs; ++ms)
          ASSERT_NEAR(lanes.dendrites_mV[c * kMs + static_cast<size_t>(ms)], reference.v_mV[ms * 40 - 1][c],
                      tolerance + 4e-6 * 100)
              << "compartment " << c << " at " << ms << " ms";
    }
  }
}

TEST_F(UserMechanism, AConcentrationThatBreakpointStepsIsThatOfTheReference) {
  expect_lanes_equal_reference(cell(
      R"({ mechanism = "calcium.mod", regions = ["soma", "basal"] }, { mechanism = "pool.mod", regions = ["soma"] })"));
}

TEST_F(UserMechanism, BlocksBeforeAndAfterThatLookAtIonsHaveTheirMomentAsInTheReference) {
  expect_lanes_equal_reference(
      cell("{ mechanism = \"moves.mod\", regions = [\"soma\", \"basal\"] }, "
           "{ mechanism = \"sees.mod\", regions = [\"soma\", \"basal\"] }"));
}

TEST_F(UserMechanism, APoolWithoutCalciumCurrentRestsWhereInitialPutsIt) {
  const auto start =
      cell::initial_state(cell(R"({ mechanism = "pool.mod", regions = ["soma"], rest = 0.004 })"), 0.025);
  const auto& calcium = start.ions.at("ca");
  EXPECT_EQ(calcium.inside_mM[0], 0.004);
  EXPECT_DOUBLE_EQ(calcium.reversal_mV[0], mechanism::nernst_factor_mV(30, 2) * std::log(2 / 0.004));
}

TEST_F(UserMechanism, CalciumsReversalPotentialIsNeuronsDefaultWhereNobodyLooksAtItsConcentration) {
  const std::string channel = R"({ mechanism = "calcium.mod", regions = ["soma", "basal"] })";
  const auto alone = cell::initial_state(cell(channel), 0.025);
  EXPECT_DOUBLE_EQ(alone.ions.at("ca").reversal_mV[0], 132.4579341637009);
  const auto given = cell::initial_state(cell(channel, "reversal_mV = { ca = 120 }"), 0.025);
  EXPECT_EQ(given.ions.at("ca").reversal_mV[0], 120);
  const auto pool = cell::initial_state(
      cell(channel + R"(, { mechanism = "pool.mod", regions = ["soma"] })", "reversal_mV = { ca = 120 }"),
      0.025);
  const auto& reversal_mV = pool.ions.at("ca").reversal_mV;
  EXPECT_DOUBLE_EQ(reversal_mV[0], mechanism::nernst_factor_mV(30, 2) * std::log(2 / 0.002));  // the soma
  EXPECT_EQ(reversal_mV.back(), 120);                                                          // the dendrite
}

TEST_F(UserMechanism, AReversalPotentialThatIsFixedStaysWhateverTheConcentrationDoes) {
  const auto fixed = cell(
      R"({ mechanism = "calcium.mod", regions = ["soma", "basal"] }, { mechanism = "pool.mod", regions = ["soma"] })",
      "reversal_mV = { ca = 120 }\nions = { ca = { fixed_reversal = true } }");
  EXPECT_EQ(cell::initial_state(fixed, 0.025).ions.at("ca").reversal_mV[0], 120);
  expect_lanes_equal_reference(fixed);
}

TEST_F(UserMechanism, InitialStatesSeeWhatThoseBeforeThemWrote) {
  // A mechanism that writes a concentration comes first, whatever its name.
  write("a.mod",
        "NEURON { SUFFIX a USEION ca READ cai, eca }\nASSIGNED { v cai eca }\nSTATE { x y }\nINITIAL { x = "
        "cai\n y = eca }");
  const auto neuron =
      cell(R"({ mechanism = "a.mod", regions = ["soma"] }, { mechanism = "pool.mod", regions = ["soma"] })");
  const auto start = cell::initial_state(neuron, 0.025);
  for (size_t p = 0; p < neuron.placements.size(); ++p) {
    if (neuron.placements[p].mechanism().name != "a") continue;
    EXPECT_EQ(start.stored[p].at(0), 0.002);
    EXPECT_DOUBLE_EQ(start.stored[p].at(1), mechanism::nernst_factor_mV(30, 2) * std::log(2 / 0.002));
  }
}

TEST_F(UserMechanism, AReversalPotentialThatTwoFilesSetInOnePlaceIsNoted) {
  for (const auto* name : {"a", "b"})
    write(std::string(name) + ".mod", "NEURON { SUFFIX " + std::string(name) +
                                          " USEION ca WRITE eca }\nASSIGNED { eca }\nINITIAL { eca = 90 }");
  const auto both =
      cell(R"({ mechanism = "a.mod", regions = ["soma"] }, { mechanism = "b.mod", regions = ["soma"] })");
  ASSERT_EQ(both.notes.size(), 1u);
  EXPECT_TRUE(both.notes[0].starts_with("a and b both set eca: "));
  const auto apart =
      cell(R"({ mechanism = "a.mod", regions = ["soma"] }, { mechanism = "b.mod", regions = ["basal"] })");
  EXPECT_TRUE(apart.notes.empty());
}

/// A magnesium channel whose gate the concentrations close, and a pool on both sides of the membrane.
constexpr auto kMagnesium =
    "NEURON { SUFFIX magnesium USEION mg READ emg, mgi, mgo WRITE img VALENCE 2 RANGE g }\n"
    "PARAMETER { g = 1e-4 (S/cm2) }\nASSIGNED { v emg mgi mgo img }\nSTATE { m }\n"
    "BREAKPOINT { SOLVE s METHOD cnexp\n img = g*m*(v - emg)*mgo/(1 + mgi) }\n"
    "DERIVATIVE s { m' = (1/(1 + exp(-(v + 40)/8)) - m)/2 }";
constexpr auto kMagnesiumPool =
    "NEURON { SUFFIX both USEION mg READ img, mgi, mgo WRITE mgi, mgo VALENCE 2 }\n"
    "ASSIGNED { img }\nSTATE { mgi mgo }\nINITIAL { mgi = 0.4\n mgo = 1.5 }\n"
    "BREAKPOINT { SOLVE s METHOD cnexp }\n"
    "DERIVATIVE s { mgi' = -60*img - (mgi - 0.4)/10\n mgo' = 60*img - (mgo - 1.5)/30 }";

TEST_F(UserMechanism, AnyIonMayComeAndGoOnBothSidesOfTheMembrane) {
  write("magnesium.mod", kMagnesium);
  write("both.mod", kMagnesiumPool);
  const auto neuron = cell(
      R"({ mechanism = "magnesium.mod", regions = ["soma", "basal"] }, { mechanism = "both.mod", regions = ["soma"] })",
      "ions = { mg = { inside_mM = 0.5, outside_mM = 1.2 } }");
  const auto start = cell::initial_state(neuron, 0.025).ions.at("mg");
  EXPECT_DOUBLE_EQ(start.reversal_mV[0], mechanism::nernst_factor_mV(30, 2) * std::log(1.5 / 0.4));
  EXPECT_DOUBLE_EQ(start.reversal_mV.back(), mechanism::nernst_factor_mV(30, 2) * std::log(1.2 / 0.5));
  expect_lanes_equal_reference(neuron);
  // The concentrations are felt: without the pool the voltage is another one.
  const auto fixed = cell(R"({ mechanism = "magnesium.mod", regions = ["soma", "basal"] })",
                          "ions = { mg = { inside_mM = 0.5, outside_mM = 1.2 } }");
  EXPECT_GT(std::fabs(run(neuron, {}, 20).soma_mV.back() - run(fixed, {}, 20).soma_mV.back()), 0.05);
}

TEST_F(UserMechanism, AnIonNobodySaysMoreOfIsAsInNeuron) {
  write("magnesium.mod", kMagnesium);
  write("leaks.mod",
        "NEURON { SUFFIX leaks USEION mg READ emg WRITE img VALENCE 2 }\nASSIGNED { v emg img }\n"
        "BREAKPOINT { img = 1e-5*(v - emg) }");
  // 1 mM on both sides and 0 mV (NEURON 8.2: emg of a section with either mechanism is 0).
  for (const std::string name : {"magnesium", "leaks"}) {
    const auto mg =
        cell::initial_state(cell("{ mechanism = \"" + name + ".mod\", regions = [\"soma\"] }"), 0.025)
            .ions.at("mg");
    EXPECT_EQ(mg.inside_mM[0], 1);
    EXPECT_EQ(mg.outside_mM[0], 1);
    EXPECT_EQ(mg.reversal_mV[0], 0);
  }
}

TEST_F(UserMechanism, ChannelsOfTheCatalogueFeelAnIonThatAFileChanges) {
  write("sodium.mod",
        "NEURON { SUFFIX sodium USEION na READ ina, nai WRITE nai }\nASSIGNED { ina }\nSTATE { nai }\n"
        "INITIAL { nai = 12 }\nBREAKPOINT { SOLVE s METHOD cnexp }\n"
        "DERIVATIVE s { nai' = -400*ina - (nai - 12)/50 }");
  const std::string channel = R"({ mechanism = "NaTa_t", regions = ["soma"], gbar = 0.02 })";
  const auto neuron = cell(channel + R"(, { mechanism = "sodium.mod", regions = ["soma"] })");
  EXPECT_DOUBLE_EQ(cell::initial_state(neuron, 0.025).ions.at("na").reversal_mV[0],
                   mechanism::nernst_factor_mV(30, 1) * std::log(140. / 12));
  expect_lanes_equal_reference(neuron);
  EXPECT_GT(std::fabs(run(neuron, {}, 5).soma_mV.back() - run(cell(channel), {}, 5).soma_mV.back()), 0.05);
}

TEST_F(UserMechanism, AValenceIsKnownAndTheSameInAllFiles) {
  write("unknown.mod",
        "NEURON { SUFFIX unknown USEION mg READ mgi }\nASSIGNED { mgi }\nSTATE { x }\nINITIAL { x = mgi }");
  write("one.mod",
        "NEURON { SUFFIX one USEION ca READ cai VALENCE 1 }\nASSIGNED { cai }\nSTATE { x }\nINITIAL { x = "
        "cai }");
  const auto refusal = [&](const std::string& name) -> std::string {
    try {
      cell("{ mechanism = \"" + name + ".mod\", regions = [\"soma\"] }");
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(refusal("unknown").find("unknown.mod: the valence of ion mg is unknown"), std::string::npos);
  EXPECT_NE(refusal("one").find("one.mod: ion ca has VALENCE 1, but elsewhere it is 2"), std::string::npos);
}

TEST_F(UserMechanism, ComparisonsAsNumbersPowersAndTablesRunInLanes) {
  write("odd.mod",
        "NEURON { SUFFIX odd NONSPECIFIC_CURRENT i RANGE g, p }\nPARAMETER { g = 2e-4 p = 3 }\nASSIGNED { v "
        "i minf }\n"
        "STATE { m }\nBREAKPOINT { SOLVE s METHOD cnexp\n i = g*(v > -50)*(v + 60) + 1e-5*g*(v + 62)^p + "
        "g*m*(v + 80) }\n"
        "DERIVATIVE s { rates(v)\n m' = (minf - m)/4 }\n"
        "PROCEDURE rates(u) {\n TABLE minf FROM -80 TO -20 WITH 7\n minf = 1/(1 + exp(-(u + 45)/5)) }");
  const std::string odd = R"({ mechanism = "odd.mod", regions = ["soma", "basal"] })";
  const auto exact = cell(odd, "tables = \"exact\""), as_neuron = cell(odd);
  expect_lanes_equal_reference(exact);
  expect_lanes_equal_reference(as_neuron);
  ASSERT_EQ(exact.notes.size(), 1u);
  EXPECT_NE(exact.notes[0].find("odd.mod:10: TABLE is not used"), std::string::npos);
  EXPECT_TRUE(as_neuron.notes.empty());
  // Seven intervals of 8.6 mV are coarse: the two differ.
  EXPECT_GT(std::fabs(run(exact, {}, 20).soma_mV.back() - run(as_neuron, {}, 20).soma_mV.back()), 0.01);
}

TEST_F(UserMechanism, ATableThatDiffersFromPlaceToPlaceIsRefused) {
  write("placed.mod",
        "NEURON { SUFFIX placed NONSPECIFIC_CURRENT i RANGE half }\nPARAMETER { half = -40 }\nASSIGNED { v i "
        "minf }\n"
        "BREAKPOINT { rates(v)\n i = 1e-4*minf*(v + 60) }\n"
        "PROCEDURE rates(u) {\n TABLE minf FROM -100 TO 100 WITH 50\n minf = 1/(1 + exp(-(u - half)/5)) }");
  const auto neuron =
      cell(R"({ mechanism = "placed.mod", regions = ["soma", "basal"], half = "-40 - 0.1*distance" })",
           "tables = \"as NEURON\"");
  EXPECT_THROW(run(neuron, {}, 5), InputError);
}

TEST_F(UserMechanism, TheSomasVoltageIsThatOfItsMiddle) {
  auto neuron =
      cell(R"({ mechanism = "calcium.mod", regions = ["basal"] })",
           "compartment_spacing_um = 8\nrecord = [ { name = \"middle\", section = \"soma[0]\", x = 0.5 } ]");
  ASSERT_EQ(neuron.geometry.first_compartment[1], 5);
  const auto recording = run(neuron, {}, 20);
  EXPECT_EQ(recording.soma_mV, recording.sites[0].mV);
}

TEST_F(UserMechanism, DiffusionSolvesItsEquation) {
  write("cell.swc",
        "1 1 0 -10 0 10 -1\n2 1 0 10 0 10 1\n3 3 0 11 0 1 2\n4 3 0 211 0 2 3\n5 3 90 250 0 1 4\n"
        "6 3 -90 250 0 0.5 4\n");
  const auto neuron =
      cell(R"({ mechanism = "spread.mod", regions = ["soma", "basal"], first = "1 + distance/100" })");
  constexpr double kStep_ms = 0.5;
  const auto all = diffusions_of(neuron, kStep_ms);
  ASSERT_EQ(all.size(), 1u);
  const auto& placement = neuron.placements[all[0].placement];
  const size_t n = placement.compartments.size();
  ASSERT_GT(n, 8u);
  EXPECT_EQ(std::count(all[0].parent.begin(), all[0].parent.end(), -1), 1) << "all hang together";
  std::vector<double> before;
  for (const auto& own : placement.parameters) before.push_back(own[1]);
  auto after = before;
  diffuse<double>(all[0], 1, [&](size_t i) { return &after[i]; });
  // What flows in is what there is more.
  std::vector<double> inflow(n);
  const auto compartment = [&](size_t i) { return neuron.geometry.compartments[placement.compartments[i]]; };
  for (size_t i = 0; i < n; ++i) {
    if (all[0].parent[i] < 0) continue;
    const auto above = static_cast<size_t>(all[0].parent[i]);
    const auto a = compartment(i), b = compartment(above);
    const double constant = 0.6 * (a.diameter_um + b.diameter_um) / 2,
                 flow = constant * (after[above] - after[i]) / ((a.length_um + b.length_um) / 2);
    inflow[i] += flow;
    inflow[above] -= flow;
  }
  for (size_t i = 0; i < n; ++i) {
    const auto c = compartment(i);
    EXPECT_NEAR(c.diameter_um * c.diameter_um * c.length_um * (after[i] - before[i]) / kStep_ms, inflow[i],
                1e-11);
    EXPECT_NE(after[i], before[i]);
  }
}

TEST_F(UserMechanism, DiffusionInLanesIsThatOfTheReference) {
  expect_lanes_equal_reference(
      cell(R"({ mechanism = "spread.mod", regions = ["soma", "basal"], first = "1 + distance/100" })"));
}

}  // namespace
}  // namespace nt::simulate

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "config/error.hpp"
#include "mechanism/plain_mechanism.hpp"

namespace nt::mechanism {
namespace {

/// A mechanism run one step at a time by the plain evaluation of its expressions.
struct Running : Plain {
  explicit Running(const std::string& text)
      : Plain(text, Kinetics::as_neuron, Generators::given, Tables::exact) {
    set("celsius", 6.3);
    set("diam", 1);
  }
  void receive(double weight) {
    set(m.receiving->arguments.at(0), weight);
    become(m.receiving->stored);
  }
};

/// A mechanism with one state x and these blocks.
std::string with(const std::string& blocks, const std::string& declared = "") {
  return "NEURON { SUFFIX x NONSPECIFIC_CURRENT i }\nPARAMETER { g = 2 tau = 4 } ASSIGNED { v i " + declared +
         " }\nSTATE { x y }\n" + blocks;
}

TEST(Compile, AChannelHasParametersStatesCurrentsAndIons) {
  const auto m = compile_mechanism(
      "NEURON { SUFFIX kdr USEION k READ ek WRITE ik }\nPARAMETER { gbar = 0.1 (S/cm2) }\nASSIGNED { v ek ik "
      "}\nSTATE { n }\n"
      "BREAKPOINT { SOLVE s METHOD cnexp\n ik = gbar*n^4*(v - ek) }\nDERIVATIVE s { n' = (1 - n)/3 "
      "}\nINITIAL { n = 0.25 }",
      "kdr.mod");
  EXPECT_EQ(m.name, "kdr");
  EXPECT_FALSE(m.point_process);
  ASSERT_EQ(m.parameters.size(), 1u);
  EXPECT_EQ(m.parameter("gbar")->unit, "S/cm2");
  EXPECT_EQ(m.parameter("gbar")->value, 0.1);
  EXPECT_EQ(m.parameter("g"), nullptr);
  EXPECT_EQ(m.stored, std::vector<std::string>{"n"});
  EXPECT_EQ(m.states, 1u);
  ASSERT_EQ(m.ions.size(), 2u);
  EXPECT_EQ(m.ions[0].quantity, IonQuantity::reversal_mV);
  EXPECT_TRUE(m.ions[1].unread);  // nobody changes potassium
  ASSERT_EQ(m.currents.size(), 1u);
  EXPECT_EQ(m.currents[0].ion, "k");
  EXPECT_FALSE(m.graph.node(m.symbol("ek")).varying);
  EXPECT_FALSE(m.receiving.has_value());
}

TEST(Compile, CurrentAndConductance) {
  Running r(with("BREAKPOINT { i = g*x*(v + 70)^2 }"));
  r.set("v", -60);
  r.set("x", 0.5);
  EXPECT_DOUBLE_EQ(r.current(), 100);
  EXPECT_DOUBLE_EQ(r.of(r.m.conductance), 20);
}

TEST(Compile, APointProcessScalesItsCurrentToTheMembrane) {
  Running r(
      "NEURON { POINT_PROCESS x NONSPECIFIC_CURRENT i }\nPARAMETER { g = 0.5 }\nASSIGNED { v i }\nBREAKPOINT "
      "{ i = g*v }");
  r.set("v", 10);
  r.set(kAreaScale, 4);
  EXPECT_DOUBLE_EQ(r.current(), 20);
  EXPECT_DOUBLE_EQ(r.of(r.m.conductance), 2);
}

TEST(Compile, CnexpIsExactForFrozenRates) {
  // Every way to write a linear equation: towards a target, decay, growth, source alone.
  const std::vector<std::tuple<std::string, double, double>> equations{// text, a, b of x' = a x + b
                                                                       {"(3 - x)/tau", -0.25, 0.75},
                                                                       {"-x/tau", -0.25, 0},
                                                                       {"2*(1 - x) - 5*x", -7, 2},
                                                                       {"x*0.5 + 1", 0.5, 1},
                                                                       {"(1 - x)*g - x/tau", -2.25, 2}};
  for (const auto& [text, a, b] : equations) {
    Running r(
        with("BREAKPOINT { SOLVE s METHOD cnexp\n i = 0*v }\nDERIVATIVE s { x' = " + text + " y' = 2 }"));
    r.set("x", 0.3);
    r.advance();
    const double target = -b / a;
    EXPECT_NEAR(r.get("x"), target + (0.3 - target) * std::exp(a * 0.025), 1e-15) << text;
    EXPECT_DOUBLE_EQ(r.get("y"), 0.05) << text;
  }
}

TEST(Compile, TheQuickStepOfAGateIsTheExactOneToWhatFloatCanTell) {
  // Its rate depends on v; z = rate dt is what the exponential of the step would be of.
  Running r(
      with("BREAKPOINT { SOLVE s METHOD cnexp\n i = 0*v }\n"
           "DERIVATIVE s { x' = (0.75 - x)*(v + 100) y' = (v - y)/(5 + v*v) }"));
  r.set("x", 0.2);
  const auto gain = [&](double z) {
    r.set("v", z / 0.025 - 100);
    return (r.of(r.m.advanced_quickly[0]) - 0.2) / 0.55;
  };
  for (const double z : {1e-4, 1e-3, 0.01, 0.1, 0.3, 0.5})
    EXPECT_NEAR(gain(z) / -std::expm1(-z), 1, 3.5e-6) << z;
  EXPECT_NEAR(gain(1.6) / -std::expm1(-1.6), 1, 6e-4);
  for (double z = 4; z < 1e6;
       z *= 1.5) {  // however stiff: never beyond the target, and most of the way to it
    EXPECT_LE(gain(z), 1 + 1e-12) << z;
    EXPECT_GE(gain(z), 0.93) << z;
  }
  EXPECT_NEAR(gain(1e6), 1, 1e-4);
}

TEST(Compile, DerivimplicitIsABackwardEulerStepToConvergence) {
  // x' = -x^2 + y, y' = -3 y + x: the new values satisfy the implicit equations.
  Running r(
      with("BREAKPOINT { SOLVE s METHOD derivimplicit\n i = 0*v }\nDERIVATIVE s { x' = -x^2 + y\n y' = -3*y "
           "+ x }"));
  r.set("x", 0.8);
  r.set("y", 0.4);
  r.set("dt", 0.1);
  r.advance();
  const double x = r.get("x"), y = r.get("y");
  EXPECT_NEAR(x, 0.8 + 0.1 * (-x * x + y), 1e-15);
  EXPECT_NEAR(y, 0.4 + 0.1 * (-3 * y + x), 1e-15);
}

TEST(Compile, KineticSchemesConserveMassAndReachEquilibrium) {
  const std::string text =
      "NEURON { SUFFIX x NONSPECIFIC_CURRENT i }\nPARAMETER { a = 0.3 b = 0.7 }\nASSIGNED { v i }\nSTATE { A "
      "B C }\n"
      "INITIAL { A = 1 }\nBREAKPOINT { SOLVE k METHOD sparse\n i = C*v }\n"
      "KINETIC k { ~ A <-> B (a, b)\n ~ B <-> C (2, 1)\n CONSERVE A + B + C = 1 }";
  Running r(text);
  r.initialise();
  r.set("dt", 0.5);
  for (int step = 0; step < 400; ++step) {
    r.advance();
    ASSERT_NEAR(r.get("A") + r.get("B") + r.get("C"), 1, 1e-13);
  }
  // Detailed balance: B/A = 3/7, C/B = 2.
  EXPECT_NEAR(r.get("B") / r.get("A"), 3.0 / 7, 1e-12);
  EXPECT_NEAR(r.get("C") / r.get("B"), 2, 1e-12);
}

TEST(Compile, ReactionsCountMolecules) {
  // 2 A -> B at rate k A^2, C fed at a constant rate, D lost.
  Running r(
      "NEURON { SUFFIX x NONSPECIFIC_CURRENT i }\nASSIGNED { v i }\nSTATE { A B C D }\n"
      "BREAKPOINT { SOLVE k METHOD sparse\n i = 0*v }\nKINETIC k { ~ 2 A <-> B (0.5, 0)\n ~ C << (3)\n ~ D "
      "-> (4) }");
  for (const auto* name : {"A", "B", "C", "D"}) r.set(name, 1);
  r.advance();
  const double a = r.get("A");
  EXPECT_NEAR(a, 1 - 2 * 0.025 * 0.5 * a * a, 1e-14);
  EXPECT_NEAR(a + 2 * r.get("B"), 3, 1e-14);
  EXPECT_NEAR(r.get("C"), 1 + 0.025 * 3, 1e-14);
  EXPECT_NEAR(r.get("D"), 1 / (1 + 0.025 * 4), 1e-14);
}

TEST(Compile, ProceduresAndFunctionsAreExecutedWithLocalsOfTheirOwn) {
  Running r(with(
      "BREAKPOINT { LOCAL a\n a = 3\n rates(2)\n i = a*q*twice(v) + fmin(v, 1) + fmax(v, 20) + pow(v, 2) }\n"
      "PROCEDURE rates(k) { LOCAL a\n a = 100\n q = k + a }\nFUNCTION twice(z) { twice = 2*z }",
      "q"));
  r.set("v", 10);
  EXPECT_DOUBLE_EQ(r.current(), 3 * 102 * 20 + 1 + 20 + 100);
}

TEST(Compile, FunctionsOfTheLanguage) {
  Running r(
      with("BREAKPOINT { i = sinh(v) + cosh(v) - exp(v) + log(v) + log10(v) + sqrt(v) + fabs(-v) + floor(v) "
           "+ ceil(v) + tanh(v) }"));
  r.set("v", 2.5);
  EXPECT_NEAR(r.current(), std::log(2.5) + std::log10(2.5) + std::sqrt(2.5) + 2.5 + 2 + 3 + std::tanh(2.5),
              1e-13);
}

TEST(Compile, AnglesOfTangentsSinesAndCosines) {
  for (const double v :
       {-1e6, -2.5, -2.4, -1.0, -0.7, -0.66, -0.3, -1e-5, 0.0, 1e-9, 0.5, 0.65, 1.0, 2.42, 77.0}) {
    Running r(with("BREAKPOINT { i = atan(v) + 10*atan2(v, -2) + 100*atan2(-1, v) }"));
    r.set("v", v);
    EXPECT_NEAR(r.current(), std::atan(v) + 10 * std::atan2(v, -2) + 100 * std::atan2(-1, v), 1e-12) << v;
  }
  for (const double v : {-1.0, -0.999, -0.5, 0.0, 1e-6, 0.3, 0.9999999, 1.0}) {
    Running r(with("BREAKPOINT { i = asin(v) + 10*acos(v) }"));
    r.set("v", v);
    EXPECT_NEAR(r.current(), std::asin(v) + 10 * std::acos(v), 1e-14) << v;
  }
}

TEST(Compile, BranchesSelectByLane) {
  Running r(
      with("BREAKPOINT { LOCAL a\n a = 1\n IF (v < -50) { a = 2 } ELSE IF (v >= 0 && v != 5) { a = 3\n q = 4 "
           "} ELSE { q = 7 }\n i = a*1000 + q }",
           "q"));
  const std::vector<std::pair<double, double>> expected{
      {-60, 2000}, {-50, 1007}, {5, 1007}, {0, 3004}, {10, 3004}};
  for (const auto& [v, i] : expected) {
    r.set("v", v);
    EXPECT_DOUBLE_EQ(r.current(), i) << v;
  }
}

TEST(Compile, AssignedVariablesThatALaterBlockReadsAreKept) {
  // `peak` is set when an event comes and read in BREAKPOINT; `once` is set in INITIAL alone and never
  // varies.
  Running r(
      "NEURON { POINT_PROCESS x NONSPECIFIC_CURRENT i }\nPARAMETER { g = 3 }\nASSIGNED { v i peak once "
      "}\nSTATE { A }\n"
      "INITIAL { once = 2*g\n peak = 1 }\nBREAKPOINT { SOLVE s METHOD cnexp\n i = A*peak*once }\nDERIVATIVE "
      "s { A' = -A/5 }\n"
      "NET_RECEIVE(w) { A = A + w\n peak = peak + once }");
  EXPECT_EQ(r.m.states, 1u);
  EXPECT_EQ(r.m.stored, (std::vector<std::string>{"A", "peak"}));
  r.initialise();
  r.receive(0.5);
  EXPECT_DOUBLE_EQ(r.get("A"), 0.5);
  EXPECT_DOUBLE_EQ(r.get("peak"), 7);
  EXPECT_DOUBLE_EQ(r.current(), 0.5 * 7 * 6);
  // Half a step's decay of an event's effect, for second order in time.
  EXPECT_DOUBLE_EQ(r.of(r.m.half_step_decay[0]), std::exp(-0.0125 / 5));
  EXPECT_DOUBLE_EQ(r.of(r.m.half_step_decay[1]), 1);
}

TEST(Compile, AConcentrationIsAStateOfItsIon) {
  Running r(
      "NEURON { SUFFIX pool USEION ca READ ica WRITE cai }\nASSIGNED { ica }\nSTATE { cai }\n"
      "BREAKPOINT { SOLVE s METHOD cnexp }\nDERIVATIVE s { cai' = -2*ica - (cai - 0.5)/10 }");
  EXPECT_TRUE(r.m.stored.empty());
  ASSERT_EQ(r.m.advanced_concentration.size(), 1u);
  r.set("cai", 0.2);
  r.set("ica", -0.1);
  EXPECT_NEAR(r.of(r.m.advanced_concentration[0]), 2.5 + (0.2 - 2.5) * std::exp(-0.0025), 1e-14);
}

TEST(Compile, ConstantsOfUnitsAndDefineAreKnown) {
  Running r("DEFINE n 3\nUNITS { F = (faraday) (coulomb) }\n" + with("BREAKPOINT { i = n*F }"));
  EXPECT_DOUBLE_EQ(r.current(), 3 * 96485.33212331001);
}

TEST(Compile, AStateStartsFromX0OrStartBeforeInitial) {
  Running r(
      "NEURON { SUFFIX x NONSPECIFIC_CURRENT i }\nPARAMETER { x0 = 0.25 }\nASSIGNED { v i }\n"
      "STATE { x  y START 0.75  z }\nINITIAL { z = x + y }\nBREAKPOINT { i = x*y*z*v }");
  r.initialise();
  EXPECT_EQ(r.get("x"), 0.25);
  EXPECT_EQ(r.get("y"), 0.75);
  EXPECT_EQ(r.get("z"), 1);
}

TEST(Compile, WhereAStateStartsTheLaterOfParameterAndStartCounts) {
  const std::string head =
      "NEURON { SUFFIX x NONSPECIFIC_CURRENT i }\nASSIGNED { v i }\nBREAKPOINT { i = x[1] }\n";
  const std::string parameter = "PARAMETER { x0 = 0.25 }\n", states = "STATE { x[2] START 3 }\n";
  Running before(head + parameter + states), after(head + states + parameter),
      given(head + parameter + states);
  before.initialise();
  after.initialise();
  given.set("x0", 7);
  given.initialise();
  EXPECT_EQ(before.m.parameter("x0")->value, 3);
  EXPECT_EQ(before.get("x[1]"), 3);
  EXPECT_EQ(after.get("x[1]"), 0.25);
  EXPECT_EQ(given.get("x[1]"), 7);
}

TEST(Compile, WhatConductanceNamesIsTheSlopeAndBreakpointIsExecutedOnce) {
  // As NEURON 8.2.2 has it: `_g = g + n`, and no second evaluation beside v.
  Running r(with(
      "BREAKPOINT { LOCAL h\n CONDUCTANCE g\n CONDUCTANCE n USEION k\n CONDUCTANCE h\n h = 10\n n = n + 1\n"
      " i = g*v*v }",
      "n"));
  r.set("v", 2);
  EXPECT_EQ(r.current(), 8);
  EXPECT_EQ(r.of(r.m.conductance), 2 + 1 + 10);
  r.become(r.m.after_current);
  EXPECT_EQ(r.get("n"), 1);
  EXPECT_THROW(compile_mechanism(with("BREAKPOINT { i = v }\nPROCEDURE p() { CONDUCTANCE g }"), "x.mod"),
               InputError);
}

TEST(Compile, BesideConductanceAProcedureThatReadsVIsRefusedWithoutSolve) {
  // NEURON 8.2.2 hands v to the text of BREAKPOINT alone, and nothing else renews it where nothing is solved.
  const std::string calls = "i = g*v }\nPROCEDURE p() { g = 1/(1 + exp(-v)) }";
  try {
    compile_mechanism(with("BREAKPOINT { CONDUCTANCE g\n p()\n " + calls), "x.mod");
    ADD_FAILURE() << "it was compiled";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("x.mod:7: v in a PROCEDURE or FUNCTION beside CONDUCTANCE"),
              std::string::npos)
        << error.what();
  }
  EXPECT_NO_THROW(compile_mechanism(with("BREAKPOINT { p()\n " + calls), "x.mod"));
  EXPECT_NO_THROW(compile_mechanism(with("BREAKPOINT { SOLVE s METHOD cnexp\n CONDUCTANCE g\n p()\n " +
                                         calls + "\nDERIVATIVE s { x' = -x }"),
                                    "x.mod"));
}

TEST(Compile, AParameterThatTheFileAssignsKeepsTheLastValue) {
  // `rise` is set once and for all; `gate` by each step, and read by the current.
  Running r(
      with("INITIAL { rise = 3*g\n gate = 0.5 }\nBREAKPOINT { SOLVE s METHOD cnexp\n i = gate*v }\n"
           "DERIVATIVE s { gate = x\n x' = rise }",
           "} PARAMETER { rise = 1 gate = 7"));
  EXPECT_EQ(r.m.parameter("gate")->value, 7);
  r.initialise();
  r.set("v", 1);
  EXPECT_EQ(r.current(), 0.5);
  r.set("x", 0.25);
  r.advance();
  EXPECT_EQ(r.current(), 0.25);
  EXPECT_DOUBLE_EQ(r.get("x"), 0.25 + 6 * 0.025);
  // NEURON has one `gate` for all places, since it is not in RANGE: said, not silent.
  ASSERT_EQ(r.m.notes.size(), 1u);
  EXPECT_NE(r.m.notes[0].find("NEURON shares 'gate' between all places"), std::string::npos);
}

TEST(Compile, WithCnexpAStatementReadsWhatTheOnesBeforeItLeft) {
  // y' sees the new x; `seen` is set between the two.
  Running r(with(
      "BREAKPOINT { SOLVE s METHOD cnexp\n i = seen*v }\nDERIVATIVE s { x' = -x/tau\n seen = x\n y' = x }",
      "seen"));
  r.set("x", 1);
  r.set("y", 0);
  r.advance();
  const double x = std::exp(-0.025 / 4);
  EXPECT_DOUBLE_EQ(r.get("x"), x);
  EXPECT_DOUBLE_EQ(r.get("seen"), x);
  EXPECT_DOUBLE_EQ(r.get("y"), 0.025 * x);
}

TEST(Compile, WithCnexpWhatWasComputedFromTheStateIsANumber) {
  // nocmodl looks at the text of the equation: x does not stand in it, so the step is explicit.
  Running r(
      with("BREAKPOINT { SOLVE s METHOD cnexp\n i = r*v }\nDERIVATIVE s { r = x\n x' = 1 - r/3 }", "r"));
  r.set("x", 0.5);
  r.advance();
  EXPECT_DOUBLE_EQ(r.get("x"), 0.5 + 0.025 * (1 - 0.5 / 3));
}

TEST(Compile, AnEquationUnderIfCountsWhereItsConditionHolds) {
  Running r(
      with("BREAKPOINT { SOLVE s METHOD cnexp\n i = x*v }\n"
           "DERIVATIVE s { IF (v > -50) { x' = (1 - x)/5 } ELSE { x' = -x/50 }\n IF (v > 0) { y' = 1 } }"));
  for (const double v : {-60, -40}) {
    r.set("v", v);
    r.set("x", 0.5);
    r.set("y", 0.5);
    r.advance();
    EXPECT_NEAR(r.get("x"), v > -50 ? 1 - 0.5 * std::exp(-0.005) : 0.5 * std::exp(-0.0005), 1e-15);
    EXPECT_EQ(r.get("y"), 0.5);
  }
}

TEST(Compile, EulerTakesAllDerivativesAtTheOldStates) {
  Running r(with("BREAKPOINT { SOLVE s METHOD euler\n i = x*v }\nDERIVATIVE s { x' = -x\n y' = x - y }"));
  r.set("x", 1);
  r.set("y", 0);
  for (const auto& [x, y] : {std::pair(0.975, 0.025), {0.950625, 0.04875}}) {
    r.advance();
    EXPECT_NEAR(r.get("x"), x, 1e-15);
    EXPECT_NEAR(r.get("y"), y, 1e-15);
  }
}

TEST(Compile, ConserveTakesThePlaceOfItsLastStatesEquation) {
  // From states that do not sum up to the total, the first step shows which equation was replaced.
  // NEURON 8.2.2.
  const std::vector<std::tuple<std::string, double, double, double>> sums{
      {"a + b + c", .09960687018, .1135941414, .7867989884},
      {"c + b + a", .7909400357, .1102381552, .09882180912},
      {"a + c + b", .1046408495, .7931813551, .1021777954}};
  for (const auto& [sum, a, b, c] : sums) {
    Running r(
        "NEURON { SUFFIX x NONSPECIFIC_CURRENT i }\nASSIGNED { v i }\nSTATE { a b c }\n"
        "BREAKPOINT { SOLVE s METHOD sparse\n i = a*v }\nKINETIC s { ~ a <-> b (0.5, 0.3)\n ~ b <-> c (0.2, "
        "0.7)\n"
        " CONSERVE " +
        sum + " = 1 }");
    for (const auto* name : {"a", "b", "c"}) r.set(name, 0.1);
    r.advance();
    EXPECT_NEAR(r.get("a"), a, 1e-9) << sum;
    EXPECT_NEAR(r.get("b"), b, 1e-9) << sum;
    EXPECT_NEAR(r.get("c"), c, 1e-9) << sum;
  }
}

TEST(Compile, ConserveCountsAndItsTotalMayDependOnAState) {
  // NEURON 8.2.2, which iterates to the same solution.
  Running r(
      "NEURON { SUFFIX x NONSPECIFIC_CURRENT i }\nPARAMETER { total = 1 }\nASSIGNED { v i }\nSTATE { a b c "
      "}\n"
      "BREAKPOINT { SOLVE s METHOD sparse\n i = a*v }\nKINETIC s { ~ 2 a <-> b (0.5, 0.3)\n ~ b <-> c (0.2, "
      "0.7)\n"
      " CONSERVE a + 2 b + 2 c = total*(1 + a) }");
  for (const auto* name : {"a", "b", "c"}) r.set(name, 0.1);
  r.advance();
  EXPECT_NEAR(r.get("a"), .1013289182, 1e-9);
  EXPECT_NEAR(r.get("b"), .1057071305, 1e-9);
  EXPECT_NEAR(r.get("c"), .3942928695, 1e-9);
}

TEST(Compile, ReactionsUnderIfHappenWhereTheirConditionHolds) {
  Running r(
      with("BREAKPOINT { SOLVE s METHOD sparse\n i = y*v }\n"
           "KINETIC s { IF (v < 0) { ~ x <-> y (1, 3) } ELSE { ~ x <-> y (3, 1)\n ~ x << (0.5) } }"));
  for (const double v : {-60, 60}) {
    r.set("v", v);
    r.set("x", 1);
    r.set("y", 0);
    r.set("dt", 1e6);
    r.advance();
    if (v < 0) {
      EXPECT_NEAR(r.get("y"), 0.25, 1e-6);
    } else {
      EXPECT_NEAR(r.get("x") + r.get("y"), 1 + 0.5e6, 1e-3);
    }
  }
}

TEST(Compile, InALinearSchemeRatesAndFluxesThatDependOnStatesAreNumbers) {
  // NEURON's sparse method solves a scheme without reactions of higher order in one step, whose matrix holds
  // the rates.
  Running r(
      with("BREAKPOINT { SOLVE s METHOD sparse\n i = y*v }\n"
           "KINETIC s { ~ x << ((1 - x)/10)\n ~ x <-> y (3*(2 - y), 0.5) }"));
  r.set("x", 0.4);
  r.set("y", 0.1);
  r.advance();
  // (1 + dt K) step = dt f
  const double dt = 0.025, forward = 3 * 1.9, backward = 0.5;
  const double flux = forward * 0.4 - backward * 0.1, fx = 0.06 - flux, fy = flux;
  const double determinant = (1 + dt * forward) * (1 + dt * backward) - dt * forward * dt * backward;
  EXPECT_NEAR(r.get("x"), 0.4 + dt * (fx * (1 + dt * backward) + fy * dt * backward) / determinant, 1e-14);
  EXPECT_NEAR(r.get("y"), 0.1 + dt * (fy * (1 + dt * forward) + fx * dt * forward) / determinant, 1e-14);
}

TEST(Compile, SteadyStateInInitialIsWhereTheSchemeRests) {
  Running r(
      with("INITIAL { x = 1\n SOLVE s STEADYSTATE sparse }\nBREAKPOINT { SOLVE s METHOD sparse\n i = y*v }\n"
           "KINETIC s { ~ x <-> y (2, 3) }"));
  r.initialise();
  EXPECT_NEAR(r.get("x"), 0.6, 1e-9);
  EXPECT_NEAR(r.get("y"), 0.4, 1e-9);
}

TEST(Compile, WhatAnImplicitBlockAssignsComesFromItsNewStates) {
  Running r(
      with("BREAKPOINT { SOLVE s METHOD sparse\n i = seen*v }\nKINETIC s { seen = 10*x\n ~ x <-> y (1, 1) }",
           "seen"));
  r.set("x", 1);
  r.set("y", 0);
  r.advance();
  EXPECT_DOUBLE_EQ(r.get("seen"), 10 * r.get("x"));
  EXPECT_LT(r.get("x"), 1);
}

TEST(Compile, InitialSetsAConcentrationAndBreakpointWithoutACurrentStepsIt) {
  Running r(
      "NEURON { SUFFIX x USEION ca READ ica, cai WRITE cai }\nPARAMETER { rest = 0.01 }\nASSIGNED { ica }\n"
      "STATE { pool }\nINITIAL { pool = rest\n cai = rest }\n"
      "BREAKPOINT { pool = pool + dt*(-ica - (pool - rest)/20)\n IF (pool < rest) { pool = rest }\n cai = "
      "pool }");
  EXPECT_EQ(r.of(r.m.initial_concentration.at(0)), 0.01);
  EXPECT_TRUE(r.m.currents.empty());
  EXPECT_EQ(r.m.after_current[0], r.m.symbol("pool"));  // with the states, not with the currents
  r.set("pool", 0.02);
  r.set("ica", -1);
  const double pool = 0.02 + 0.025 * (1 - 0.0005);
  EXPECT_DOUBLE_EQ(r.of(r.m.advanced[0]), pool);
  EXPECT_DOUBLE_EQ(r.of(r.m.advanced_concentration[0]), pool);
}

TEST(Compile, WhatBreakpointAddsUpCountsTwiceAStepAsInNeuron) {
  // NEURON evaluates a current at v + 0.001 mV and at v, and once before the first step: n is 2, 4, 6.
  Running r(with("BREAKPOINT { n = n + 1\n i = g*v }", "n"));
  r.initialise();
  for (const double n : {2, 4, 6}) {
    EXPECT_EQ(r.get("n"), n);
    r.become(r.m.after_current);
  }
}

TEST(Compile, AComparisonIsANumberAndPowersHaveTheirSign) {
  Running r(with("BREAKPOINT { i = g*(v > -50)*(v + 60) + (v + 65)^p }", "} PARAMETER { p = 3"));
  r.set("v", -75);
  EXPECT_DOUBLE_EQ(r.current(), -1000);
  r.set("v", -45);
  EXPECT_DOUBLE_EQ(r.current(), 2 * 15 + 8000);
}

TEST(Compile, AParameterMayBeCalledScale) {
  // It is not the factor by which a point process's current becomes a density.
  Running r(
      "NEURON { POINT_PROCESS x NONSPECIFIC_CURRENT i }\nPARAMETER { scale = 3 }\nASSIGNED { v i "
      "}\nBREAKPOINT { i = scale*v }");
  r.set("v", 2);
  r.set(kAreaScale, 10);
  EXPECT_DOUBLE_EQ(r.current(), 60);
}

TEST(Compile, ZeroOverZeroIsNotZero) {
  EXPECT_TRUE(std::isnan(Running(with("BREAKPOINT { i = 0/0 }")).current()));
}

TEST(Compile, ATableIsNamedOnceAndUsedOnRequestOnly) {
  const auto text = with(
      "BREAKPOINT { rates(v)\n rates(v + 1)\n i = m }\n"
      "PROCEDURE rates(u) {\n TABLE m DEPEND g FROM -100 TO 100 WITH 4\n m = g*u*u }",
      "m");
  Running exact(text);
  exact.set("v", 24);
  EXPECT_DOUBLE_EQ(exact.current(), 2 * 25 * 25);
  ASSERT_EQ(exact.m.notes.size(), 1u);
  EXPECT_NE(exact.m.notes[0].find("x.mod:8: TABLE is not used"), std::string::npos);

  // Entries at -100, -50, 0, 50, 100; a straight line between them, the last one beyond.
  const auto m = compile_mechanism(text, "x.mod", {.tables = Tables::as_neuron});
  EXPECT_TRUE(m.notes.empty());
  const auto at = [&](Expr e, double v) {
    return m.graph.evaluate(e, {{m.symbol("v"), v}, {m.symbol("g"), 2}});
  };
  EXPECT_DOUBLE_EQ(at(m.total_current, 24), 5000. * 25 / 50);
  EXPECT_DOUBLE_EQ(at(m.total_current, 500), 20000);
  EXPECT_DOUBLE_EQ(at(m.conductance, 24), 100);
  EXPECT_DOUBLE_EQ(at(m.conductance, 500), 0);
}

TEST(Compile, ATableOfWhatChangesDuringASimulationIsRefused) {
  try {
    compile_mechanism(
        with("BREAKPOINT { f1(v)\n i = m }\nPROCEDURE f1(u) {\n TABLE m FROM 0 TO 1 WITH 4\n m = u*x }", "m"),
        "x.mod", {.tables = Tables::as_neuron});
    ADD_FAILURE() << "accepted";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "x.mod:7: 'm' of the TABLE in f1 changes during a simulation");
  }
}

TEST(Compile, ErrorsNameFileAndLine) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {with("BREAKPOINT { i = tua*v }"), "x.mod:4: 'tua' is not declared; did you mean 'tau'?"},
      {with("BREAKPOINT { i = elephant*v }"), "x.mod:4: 'elephant' is not declared"},
      {with("BREAKPOINT { z = 1\n i = v }"), "x.mod:4: 'z' is not declared"},
      {with("BREAKPOINT { i = f(v) }"), "x.mod:4: there is no function 'f'"},
      {with("BREAKPOINT { rates()\n i = v }"), "x.mod:4: there is no function or procedure 'rates'"},
      {with("BREAKPOINT { i = exp(v, 2) }"), "x.mod:4: exp takes 1 argument, not 2"},
      {with("BREAKPOINT { i = f(v) }\nFUNCTION f(a, b) { f = a }"), "x.mod:4: f takes 2 arguments, not 1"},
      {with("BREAKPOINT { i = f(v) }\nFUNCTION f(a) { f = f(a) }"),
       "x.mod:5: 'f' calls itself, or the calls are nested too deep; write it with a loop (FROM, WHILE)"},
      {with("BREAKPOINT { SOLVE s METHOD cnexp\n i = v }"),
       "x.mod:4: there is no DERIVATIVE, KINETIC, LINEAR or PROCEDURE 's' to solve"},
      {with("BREAKPOINT { SOLVE s METHOD magic\n i = v }\nDERIVATIVE s { x' = 1 }"),
       "x.mod:4: METHOD 'magic' cannot be compiled here; use cnexp, derivimplicit, euler, runge or sparse"},
      {with("BREAKPOINT { SOLVE s METHOD cnexp\n i = v }\nDERIVATIVE s { x' = x*x }"),
       "x.mod:6: x' is not linear in x; use METHOD derivimplicit"},
      {with("BREAKPOINT { SOLVE s METHOD cnexp\n i = v }\nDERIVATIVE s { g' = 1 }"),
       "x.mod:6: 'g' is not a STATE"},
      {with("BREAKPOINT { IF (v > 0) { SOLVE s METHOD cnexp }\n i = v }\nDERIVATIVE s { x' = 1 }"),
       "x.mod:4: SOLVE s inside IF cannot be compiled here"},
      {with("BREAKPOINT { x' = 1\n i = v }"), "x.mod:4: a derivative outside of DERIVATIVE"},
      {with("STATE { x }\nBREAKPOINT { i = v }"), "x.mod:4: a second state 'x'"},
      {with("STATE { g }\nBREAKPOINT { i = v }"), "x.mod:4: state 'g' is also a parameter"},
      {"NEURON { SUFFIX x\n USEION ca READ kai }",
       "x.mod:2: 'kai' is not a variable of ion ca; known: eca, cai, cao, ica"},
      {"NEURON { SUFFIX x USEION ca READ ica\n NONSPECIFIC_CURRENT i }\nASSIGNED { ica i }\nBREAKPOINT { i = "
       "2*ica }",
       "x.mod:1: a current that depends on ica, which is still being summed up, cannot be compiled here"},
      {with("BREAKPOINT { net_send(1, 1)\n i = v }"),
       "x.mod:4: net_send belongs into NET_RECEIVE or INITIAL"},
      {with("BREAKPOINT { ~ x <-> y (1, 1)\n i = v }"), "x.mod:4: a reaction outside of a KINETIC block"},
      {with("BREAKPOINT { SOLVE a METHOD cnexp\n i = v }\nDERIVATIVE a { x' = -x }\nPROCEDURE p() { SOLVE a "
            "}"),
       "x.mod:7: SOLVE a inside PROCEDURE p cannot be compiled here"},
      {with("INITIAL { SOLVE a METHOD cnexp }\nBREAKPOINT { i = v }\nDERIVATIVE a { x' = -x }"),
       "x.mod:4: SOLVE a in INITIAL without STEADYSTATE cannot be compiled here"},
      {with("BREAKPOINT { SOLVE a METHOD euler\n i = v }\nDERIVATIVE a { IF (v > 0) { x' = 1 } }"),
       "x.mod:6: x' under IF is possible with METHOD cnexp only"},
      {with("BREAKPOINT { SOLVE a METHOD euler\n i = v }\nDERIVATIVE a { x' = 1\n x' = 2 }"),
       "x.mod:7: a second equation for x'"},
      {with("BREAKPOINT { SOLVE a METHOD derivimplicit\n i = v }\nDERIVATIVE a { x' = -x\n x = 1 }"),
       "x.mod:7: state 'x' is assigned in the block that solves it, which cannot be compiled here"},
      {with("BREAKPOINT { SOLVE a METHOD cnexp\n i = v }\nDERIVATIVE a { x' = f(x) }\nFUNCTION f(z) { f = -z "
            "}"),
       "x.mod:6: x' is not linear in x for METHOD cnexp, which does not look into functions; use METHOD "
       "derivimplicit, as NEURON does here"},
      {with("BREAKPOINT { SOLVE a METHOD euler\n i = v }\nKINETIC a { ~ x <-> y (1, 2) }"),
       "x.mod:4: METHOD 'euler' of a KINETIC block cannot be compiled here; use sparse"},
      {with("BREAKPOINT { SOLVE a METHOD sparse\n i = v }\nKINETIC a { IF (v > 0) { CONSERVE x + y = 1 } }"),
       "x.mod:6: CONSERVE belongs into a KINETIC block, not under IF"},
      {with("BREAKPOINT { celsius = 30\n i = v }"),
       "x.mod:4: 'celsius' cannot be assigned: it is given from outside"},
      {"DEFINE n 3\n" + with("BREAKPOINT { n = 4\n i = v }"),
       "x.mod:5: 'n' cannot be assigned: it is a constant"},
  };
  for (const auto& [text, message] : wrong) EXPECT_EQ(refusal(text), message) << text;
}

TEST(Compile, AnIonIsFollowedWhereTheFileChangesItsConcentrationOrReadsItsCurrent) {
  const auto unread = [](const Mechanism& m) {
    return std::any_of(m.ions.begin(), m.ions.end(), [](const IonVariable& ion) { return ion.unread; });
  };
  const std::string channel =
      "NEURON { SUFFIX x USEION mg READ emg WRITE img VALENCE 2 }\nASSIGNED { v emg img }\n"
      "BREAKPOINT { img = v - emg }";
  const auto alone = compile_mechanism(channel, "x.mod");
  EXPECT_TRUE(unread(alone));
  EXPECT_TRUE(alone.followed_ions().empty());
  EXPECT_FALSE(alone.graph.node(alone.symbol("emg")).varying);
  EXPECT_EQ(alone.ions[0].valence, 2);
  const auto in_company = compile_mechanism(channel, "x.mod", {.followed_ions = {"mg"}});
  EXPECT_FALSE(unread(in_company));
  EXPECT_TRUE(in_company.graph.node(in_company.symbol("emg")).varying);
  for (const std::string use : {"READ img", "WRITE mgi", "WRITE mgo"}) {
    const auto m = compile_mechanism("NEURON { SUFFIX x USEION mg " + use + " CHARGE 2 }", "x.mod");
    EXPECT_EQ(m.followed_ions(), std::set<std::string>{"mg"}) << use;
    EXPECT_FALSE(unread(m)) << use;
  }
}

TEST(Compile, FunctionsThatDoubleTheWorkAtEachLevelAreRefusedInTime) {
  std::string text = "BREAKPOINT { i = f0(v) }\nFUNCTION f30(a) { f30 = a }\n";
  for (int k = 0; k < 30; ++k)
    text += "FUNCTION f" + std::to_string(k) + "(a) { f" + std::to_string(k) + " = f" +
            std::to_string(k + 1) + "(a + 1)*f" + std::to_string(k + 1) + "(a + 2) }\n";
  EXPECT_NE(refusal(with(text)).find("functions call each other too many times to be compiled"),
            std::string::npos);
}

}  // namespace
}  // namespace nt::mechanism

// One test for each construct of NMODL beyond those of plain channels (compile_test.cpp).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "mechanism/plain_mechanism.hpp"

namespace nt::mechanism {
namespace {

TEST(Language, VerbatimThatDoesNothingIsNothing) {
  Plain r(
      channel("BREAKPOINT { f1(3)\n i = a }\nPROCEDURE f1(u) { a = u\n VERBATIM\n /* none; of it */\n"
              "#include <math.h>\n return 0; // here\n ENDVERBATIM\n }"));
  EXPECT_EQ(r.current(), 3);
}

TEST(Language, CThatNothingReachesIsNobodysBusiness) {
  Plain r(
      "VERBATIM\nextern double f(double);\nENDVERBATIM\n" +
      channel(
          "BREAKPOINT { i = 1 }\nPROCEDURE setup() { VERBATIM\n if (ifarg(1)) { g(1); }\n ENDVERBATIM\n }"));
  EXPECT_EQ(r.current(), 1);
}

TEST(Language, AReturnLeavesTheProcedure) {
  Plain r(
      channel("BREAKPOINT { f1(v)\n i = a }\nPROCEDURE f1(u) { a = 1\n IF (u > 0) {\n VERBATIM\n return;\n "
              "ENDVERBATIM\n }\n"
              " a = 2 }"));
  r.set("v", 1);
  EXPECT_EQ(r.current(), 1);
  r.set("v", -1);
  EXPECT_EQ(r.current(), 2);
}

TEST(Language, VerbatimMayTakeTheIonsOwnConcentration) {
  Plain r(
      "NEURON { SUFFIX x USEION ca READ cai WRITE cai }\nSTATE { cai }\n"
      "INITIAL { cai = 7\n VERBATIM\n cai = _ion_cai;\n ENDVERBATIM\n }");
  r.set("cai", 3);
  EXPECT_EQ(r.of(r.m.initial_concentration.at(0)), 3);
}

TEST(Language, OtherCIsRefusedWhereItIsReached) {
  EXPECT_EQ(
      refusal(channel("BREAKPOINT { i = 1\n VERBATIM\n i = sin(v);\n ENDVERBATIM\n }")),
      "x.mod:6: VERBATIM holds C code ('i = sin(v)'), which cannot be compiled here; express it in NMODL");
  EXPECT_EQ(
      refusal(channel("BREAKPOINT { i = 1\n VERBATIM\n return 0;\n ENDVERBATIM\n }")),
      "x.mod:6: return in BREAKPOINT: NEURON takes no current then; leave it out, or set the current to 0");
}

TEST(Language, AnUnsetGeneratorOfNumbersDrawsZero) {
  Plain r(
      channel(
          "BREAKPOINT { i = 1 + draw() }\nFUNCTION draw() {\nVERBATIM\ndouble value;\nif (_p_rng) { value = "
          "nrn_random_pick(_p_rng); return value; } else {\nENDVERBATIM\n draw = "
          "exprand(1)\nVERBATIM\n}\nENDVERBATIM\n"
          " draw = value }",
          "value"),
      Kinetics::as_neuron, Generators::none);
  EXPECT_EQ(r.current(), 1);
  ASSERT_EQ(r.m.notes.size(), 1u);
  EXPECT_NE(r.m.notes[0].find("x.mod:6: draw() is 0"), std::string::npos);
}

TEST(Language, APointerIsRefusedWhereItIsRead) {
  const std::string head = "NEURON { SUFFIX x POINTER p NONSPECIFIC_CURRENT i }\nASSIGNED { v i p }\n";
  EXPECT_EQ(refusal(head + "BREAKPOINT { i = v }"), "accepted");
  EXPECT_EQ(refusal(head + "BREAKPOINT { i = v*p }"),
            "x.mod:3: 'p' is a POINTER or EXTERNAL (line 1): it stands for something outside the mechanism, "
            "which cannot be compiled here; make it a PARAMETER");
}

TEST(Language, FileLocalsAreKeptAndShared) {
  Plain r("LOCAL k\n" + channel("INITIAL { k = 5 }\nBREAKPOINT { i = k }"));
  r.initialise();
  EXPECT_EQ(r.current(), 5);
}

TEST(Language, NamesOfRangeMayBeMissing) {
  const auto m = compile_mechanism("NEURON { SUFFIX x RANGE nothing }", "x.mod");
  ASSERT_EQ(m.notes.size(), 1u);
  EXPECT_EQ(m.notes[0], "x.mod: 'nothing' is in RANGE or GLOBAL, but the file does not declare it");
}

TEST(Language, PrintingIsNoted) {
  Plain r(channel("BREAKPOINT { i = 1\n printf(\"t %g\\n\", t) }"));
  EXPECT_EQ(r.current(), 1);
  EXPECT_EQ(r.m.notes.at(0), "x.mod:6: printf does nothing here");
}

TEST(Language, AnInnerLocalHidesAnOuterOne) {
  Plain r(channel("BREAKPOINT { LOCAL k\n k = 1\n IF (v > 0) { LOCAL k\n k = 7\n a = k }\n i = k }"));
  r.set("v", 1);
  EXPECT_EQ(r.current(), 1);
}

TEST(Language, ArraysAndLoops) {
  Plain r("DEFINE N 4\n" + channel("BREAKPOINT { LOCAL s\n FROM k = 0 TO N - 1 { part[k] = k*k }\n s = 0\n"
                                   " FROM k = N - 1 TO 0 BY -1 { s = 2*s + part[k] }\n i = s + part[v] }",
                                   "part[N]"));
  r.set("v", 2.7);  // C takes the whole part
  EXPECT_EQ(r.current(), ((9 * 2 + 4) * 2 + 1) * 2 + 0 + 4);
  EXPECT_EQ(refusal("DEFINE N 4\n" + channel("BREAKPOINT { i = b[N] }", "b[N]")),
            "x.mod:6: 'b[4]': there are 4 elements, counted from 0");
}

TEST(Language, AnElementWithAVaryingIndexIsSet) {
  Plain r(channel("BREAKPOINT { b[v] = 5\n i = b[0] + 10*b[1] }", "b[2]"));
  r.set("v", 1);
  EXPECT_EQ(r.current(), 50);
}

TEST(Language, WhileTurnsAsOftenAsIsKnown) {
  Plain r(channel("BREAKPOINT { LOCAL k\n k = 1\n WHILE (k < 50) { k = 3*k }\n i = k }"));
  EXPECT_EQ(r.current(), 81);
}

TEST(Language, CompartmentsDivideFluxes) {
  Plain r(
      channel("BREAKPOINT { SOLVE s METHOD sparse\n i = x }\n"
              "KINETIC s { COMPARTMENT 4 { x }\n COMPARTMENT 0.5 { y }\n ~ x <-> y (2, 0) }"));
  r.set("x", 1);
  r.advance();
  const double x = 1 / (1 + 0.025 * 2 / 4);  // 4 x' = -2 x, backward Euler
  EXPECT_NEAR(r.get("x"), x, 1e-15);
  EXPECT_NEAR(4 * r.get("x") + 0.5 * r.get("y"), 4, 1e-14);
}

TEST(Language, AConcentrationInAReactionThatTheSchemeDoesNotChange) {
  Plain r(channel("BREAKPOINT { SOLVE s METHOD sparse\n i = x }\nKINETIC s { ~ x + a <-> y (2, 0) }"));
  EXPECT_EQ(r.m.states, 2u);
}

TEST(Language, LinearEquationsSetTheStates) {
  Plain r(
      channel("INITIAL { SOLVE start }\nBREAKPOINT { i = x }\nLINEAR start { ~ x + y = 1\n ~ 3*x = 2*y }"));
  r.initialise();
  EXPECT_NEAR(r.get("x"), 0.4, 1e-15);
  EXPECT_NEAR(r.get("y"), 0.6, 1e-15);
  EXPECT_EQ(refusal(channel("INITIAL { SOLVE l }\nBREAKPOINT { i = x }\nLINEAR l { ~ x + y = 1 }")),
            "x.mod:5: LINEAR l has 1 equations for 2 states");
}

TEST(Language, RungeKuttasStep) {
  // NEURON 8.2.2 for x' = -x, y' = x - y from 1, 0.
  Plain r(channel("BREAKPOINT { SOLVE s METHOD runge\n i = x }\nDERIVATIVE s { x' = -x\n y' = x - y }"));
  r.set("x", 1);
  r.advance();
  EXPECT_NEAR(r.get("x"), .9753099121, 1e-10);
  EXPECT_NEAR(r.get("y"), .0243827474, 1e-10);
}

TEST(Language, BlocksBeforeAndAfter) {
  Plain r(channel(
      "INITIAL { a = 1 }\nBEFORE BREAKPOINT { a = a + 1 }\nBREAKPOINT { SOLVE s METHOD cnexp\n i = x }\n"
      "DERIVATIVE s { x' = 1 }\nAFTER SOLVE { y = 2*x }"));
  r.advance();
  EXPECT_DOUBLE_EQ(r.get("y"), 0.05);
}

TEST(Language, WhatStandsBeforeBreakpointIsExecutedOnceAtOneVoltage) {
  Plain r(channel("INITIAL { a = 1 }\nBEFORE BREAKPOINT { a = a + 1\n b = v*v }\nBREAKPOINT { i = a*v + b }",
                  "b"));
  r.initialise();
  EXPECT_EQ(r.get("a"), 2);  // once before the first step
  r.set("v", 3);
  EXPECT_EQ(r.current(), 3 * 3 + 9);
  EXPECT_EQ(r.of(r.m.conductance), 3);  // of a*v alone
  r.advance();
  EXPECT_EQ(r.get("a"), 3);
}

TEST(Language, WhatBreakpointCountsItselfIsCountedTwice) {
  Plain r(channel("INITIAL { a = 1 }\nBEFORE BREAKPOINT { a = 10*a }\nBREAKPOINT { a = a + 1\n i = a*v }"));
  r.initialise();
  EXPECT_EQ(r.get("a"), 12);
  r.advance();
  EXPECT_EQ(r.get("a"), 122);
}

TEST(Language, WhatStandsBeforeStepIsExecutedAtItsEndAndOnceBeforeTheFirst) {
  Plain r(
      channel("INITIAL { a = 1  x = 3 }\nBREAKPOINT { SOLVE s METHOD cnexp\n y = 2*v\n i = y + b }\n"
              "DERIVATIVE s { x' = 1 }\nBEFORE STEP { a = a + 1\n b = y + x }",
              "b"));
  r.set("v", -70);
  r.initialise();
  EXPECT_EQ(r.get("a"), 2);
  EXPECT_EQ(r.get("b"), -137);  // y as BREAKPOINT left it
  r.set("v", -60);
  r.advance();
  EXPECT_EQ(r.get("a"), 3);
}

TEST(Language, BlocksBeforeAndAfterHaveAMomentOfTheirOwnWhereTheyLookAtIons) {
  const auto text = [](const std::string& more) {
    return "NEURON { SUFFIX x USEION ca READ cai, eca WRITE cai NONSPECIFIC_CURRENT i }\n"
           "ASSIGNED { v i cai eca n }\nINITIAL { cai = 2 }\nBREAKPOINT { i = n }\n" +
           more;
  };
  const auto apart =
      compile_mechanism(text("BEFORE STEP { n = twice() }\nFUNCTION twice() { twice = 2*eca }"), "x.mod");
  ASSERT_TRUE(apart.before_step);
  EXPECT_TRUE(apart.start.before_step && apart.start.breakpoint && apart.counts_steps);
  const auto together = compile_mechanism(text("BEFORE STEP { n = n + v }"), "x.mod");
  EXPECT_FALSE(together.has_own_moments());
  EXPECT_TRUE(together.start.before_step && together.counts_steps);
  const auto without = compile_mechanism(text(""), "x.mod");
  EXPECT_FALSE(without.start.breakpoint || without.start.before_step || without.counts_steps);
}

TEST(Language, AnEventForTheStartBesideABlockThatNeuronExecutesAfterItIsNoted) {
  const auto notes = [](const std::string& delay, const std::string& before) {
    return compile_mechanism(
               "NEURON { POINT_PROCESS X NONSPECIFIC_CURRENT i RANGE late }\nPARAMETER { late = 3 }\n"
               "ASSIGNED { v i n }\nINITIAL { net_send(" +
                   delay + ", 1) }\nBREAKPOINT { i = n }\nNET_RECEIVE(w) { n = n + 1 }\n" + before,
               "x.mod")
        .notes;
  };
  const std::string before = "BEFORE STEP { n = 0.9*n }";
  ASSERT_EQ(notes("0", before).size(), 1U);
  EXPECT_TRUE(
      notes("0", before)[0].starts_with("x.mod:4: an event that net_send sends in INITIAL for time 0"));
  EXPECT_EQ(notes("late", before).size(), 1U);
  EXPECT_TRUE(notes("2", before).empty());
  EXPECT_TRUE(notes("0", "").empty());
}

TEST(Language, BlocksBeforeAndAfterDoNotReadSumsOfCurrentsNorSetReversalPotentials) {
  const auto with = [](const std::string& block) {
    return "NEURON { SUFFIX x USEION k READ ik, ek WRITE ek NONSPECIFIC_CURRENT i }\nASSIGNED { v i ik ek a "
           "}\n"
           "BREAKPOINT { i = a }\n" +
           block;
  };
  EXPECT_EQ(refusal(with("AFTER SOLVE { a = ik }")),
            "x.mod:4: AFTER SOLVE reads ik, which is no one value there; read it in what BREAKPOINT solves");
  EXPECT_EQ(refusal(with("BEFORE STEP { ek = -80 }")),
            "x.mod:4: BEFORE STEP sets ek, which NEURON forgets again; set it in BREAKPOINT");
}

TEST(Language, AStateThatBeforeInitialSetsStartsAnewAndAConcentrationToo) {
  Plain r(
      "NEURON { SUFFIX x USEION ca READ cai WRITE cai NONSPECIFIC_CURRENT i }\nPARAMETER { y0 = 0.4 }\n"
      "ASSIGNED { v i cai n }\nSTATE { y }\nBEFORE INITIAL { y = 7  cai = 9  n = 3 + cai }\n"
      "INITIAL { n = 2*n }\nBREAKPOINT { i = n*y }");
  r.set("cai", 5);
  r.set(std::string("cai") + kAtRest, 1);
  r.initialise();
  EXPECT_EQ(r.get("y"), 0.4);
  EXPECT_EQ(r.of(r.m.initial_concentration.at(0)), 5);
  EXPECT_EQ(r.get("n"), 24);  // BEFORE INITIAL reads what it has set itself
}

TEST(Language, ACurrentThatIsOnlyWrittenIsTheFilesOwnWhereItIsRead) {
  const auto text = [](const std::string& read) {
    return "NEURON { SUFFIX x USEION ca READ cai" + read +
           " WRITE cai, ica }\nASSIGNED { v ica }\nSTATE { cai }\n"
           "BREAKPOINT { SOLVE s METHOD euler\n ica = 2*v }\nDERIVATIVE s { cai' = -ica }";
  };
  Plain own(text("")), all(text(", ica"));
  for (auto* r : {&own, &all}) {
    r->set("v", 10);
    r->set("ica", 5);  // of all mechanisms
    r->become(r->m.after_current);
  }
  EXPECT_EQ(own.of(own.m.advanced_concentration.at(0)), -0.025 * 20);
  EXPECT_EQ(all.of(all.m.advanced_concentration.at(0)), -0.025 * 5);
}

TEST(Language, ACurrentMayBeInReadAndWriteAndNeverBeRead) {
  Plain r("NEURON { SUFFIX x USEION k READ ik WRITE ik }\nASSIGNED { v ik }\nBREAKPOINT { ik = 2*v }");
  r.set("v", 10);
  EXPECT_EQ(r.current(), 20);
}

TEST(Language, AConcentrationThatBreakpointCountsIsCountedTwice) {
  Plain r(
      "NEURON { SUFFIX x USEION ca READ cai WRITE cai NONSPECIFIC_CURRENT i }\nASSIGNED { v i cai }\n"
      "BREAKPOINT { cai = cai + 1\n i = cai*v }");
  r.set("v", 3);
  r.set("cai", 5);
  EXPECT_EQ(r.current(), 7 * 3);
  EXPECT_EQ(r.of(r.m.concentration_after_current.at(0)), 7);
  EXPECT_TRUE(r.m.start.breakpoint);
}

TEST(Language, CurrentsBesideThatOfAnElectrodeCountAsInwardAsInNeuron) {
  const std::string both = "NEURON { POINT_PROCESS x NONSPECIFIC_CURRENT i ELECTRODE_CURRENT e }\n";
  Plain r(both + "ASSIGNED { v i e }\nBREAKPOINT { i = 2\n e = 0.5 }");
  EXPECT_EQ(r.current(), -2.5);
  ASSERT_EQ(r.m.notes.size(), 1u);
  EXPECT_NE(r.m.notes[0].find("x.mod:3: i beside an ELECTRODE_CURRENT counts as inward too"),
            std::string::npos);
  EXPECT_NE(refusal("NEURON { SUFFIX x USEION k WRITE ik ELECTRODE_CURRENT e }\nASSIGNED { v ik e }\n"
                    "BREAKPOINT { ik = 1\n e = 1 }")
                .find("x.mod:3: ik beside an ELECTRODE_CURRENT: NEURON counts both as inward"),
            std::string::npos);
}

TEST(Language, TimesThatNeuronHasNotAreRefused) {
  EXPECT_EQ(refusal(channel("AFTER BREAKPOINT { a = 1 }\nBREAKPOINT { i = a }")),
            "x.mod:5: AFTER BREAKPOINT: NEURON has no such time; it has BEFORE BREAKPOINT and AFTER SOLVE");
  EXPECT_NE(refusal(channel("AFTER STEP { a = 1 }\nBREAKPOINT { i = a }"))
                .find("x.mod:5: AFTER STEP: NEURON does not"),
            std::string::npos);
}

TEST(Language, AReversalPotentialIsWritten) {
  Plain r(
      "NEURON { SUFFIX x USEION k READ ki WRITE ek }\nASSIGNED { ki ek }\nINITIAL { ek = -70 }\nBREAKPOINT { "
      "ek = -60 - ki }");
  ASSERT_EQ(r.m.written_ion_variables().size(), 1u);
  EXPECT_EQ(r.of(r.m.initial_concentration.at(0)), -70);
  r.set("ki", 5);
  EXPECT_EQ(r.of(r.m.advanced_concentration.at(0)), -65);  // without a current: with the states
  EXPECT_TRUE(r.m.followed_ions().contains("k"));
}

TEST(Language, GoldmansCurrent) {
  Plain k(channel("BREAKPOINT { i = nrn_ghk(v, 5e-5, 2, 2) }"));
  k.set("v", -40);
  const double x = 2 * -40 / (1000 * 8.31446261815324 * 303.15 / 96485.33212331001);
  const double expected =
      .001 * 2 * 96485.33212331001 * (5e-5 * -x / (std::exp(-x) - 1) - 2 * x / (std::exp(x) - 1));
  EXPECT_NEAR(k.current(), expected, 1e-12 * std::fabs(expected));
}

TEST(Language, AStreamHasVariablesOfItsOwn) {
  Plain r(synapse(
      "NET_RECEIVE(w, left, last) { INITIAL { left = 0.5\n last = t }\n x = x + w*left\n left = left/2 }"));
  EXPECT_EQ(r.m.stored, (std::vector<std::string>{"x", "left of the stream", "last of the stream"}));
  r.initialise();
  EXPECT_EQ(r.get("left of the stream"), 0.5);
  r.set("w of the event", 4);
  r.become(r.m.receiving->stored);
  EXPECT_EQ(r.get("x"), 2);
  EXPECT_EQ(r.get("left of the stream"), 0.25);
  EXPECT_FALSE(r.m.receiving->keeps_weight);
}

TEST(Language, AWeightThatIsChangedIsKept) {
  Plain r(synapse("NET_RECEIVE(w) { x = x + w\n w = w/2 }"));
  EXPECT_TRUE(r.m.receiving->keeps_weight);
  r.set("w of the event", 8);
  r.initialise();
  r.become(r.m.receiving->stored);
  EXPECT_EQ(r.get("x"), 8);
  EXPECT_EQ(r.get("w of the stream"), 4);
}

TEST(Language, AnArgumentOfNetReceiveThatIsCalledFlagIsTheEventsFlag) {
  Plain r(synapse("NET_RECEIVE(flag) { IF (flag == 1000) { x = 7 } }"));
  r.set("flag of the event", 1000);  // the weight, which the file has no word for
  r.set(kEventFlag, 1);
  r.become(r.m.receiving->stored);
  EXPECT_EQ(r.get("x"), 0);
  r.set(kEventFlag, 1000);
  r.become(r.m.receiving->stored);
  EXPECT_EQ(r.get("x"), 7);
}

TEST(Language, EventsThatAMechanismSendsToItself) {
  Plain r(synapse(
      "INITIAL { net_send(3, 1) }\n"
      "NET_RECEIVE(w) { IF (flag == 1) { on = 1\n net_send(2 + w, 2) } ELSE { on = 0\n net_move(t + 1) } }"));
  ASSERT_EQ(r.m.initial_sends.size(), 1u);
  EXPECT_EQ(r.of(r.m.initial_sends[0].time), 3);
  const auto& sends = r.m.receiving->sends;
  ASSERT_EQ(sends.size(), 2u);
  r.set("w of the event", 1);
  r.set("t", 10);
  for (const double flag : {1, 0}) {
    r.set(kEventFlag, flag);
    EXPECT_EQ(r.of(sends[0].when), flag);
    EXPECT_EQ(r.of(sends[1].when), 1 - flag);
  }
  EXPECT_EQ(r.of(sends[0].time), 3);
  EXPECT_EQ(r.of(sends[1].time), 11);
  EXPECT_TRUE(sends[1].move);
}

TEST(Language, AWatchReplacesThoseOfEarlierEvents) {
  Plain r(synapse("NET_RECEIVE(w) { IF (flag == 0) { WATCH (v > -20) 1 } ELSE {\n WATCH (v < -50) 2 } }"));
  const auto& watches = r.m.receiving->watches;
  ASSERT_EQ(watches.size(), 2u);
  r.set("v", -60);
  r.become(r.m.receiving->stored);
  EXPECT_EQ(r.get("watch 0"), 1);  // on, and below
  EXPECT_EQ(r.get("watch 1"), 0);
  EXPECT_EQ(r.of(watches[0].value), -40);
  r.set(kEventFlag, 1);
  r.become(r.m.receiving->stored);
  EXPECT_EQ(r.get("watch 0"), 0);
  EXPECT_EQ(r.get("watch 1"), 2);  // on, and above already
}

TEST(Language, TwoWatchesMayStandInOneLine) {
  Plain r(synapse("NET_RECEIVE(w) { IF (flag == 0) { WATCH (v > -60) 2 WATCH (v < -80) 3 } }"));
  const auto& watches = r.m.receiving->watches;
  ASSERT_EQ(watches.size(), 2u);
  r.set("v", -90);
  r.become(r.m.receiving->stored);
  EXPECT_EQ(r.get("watch 0"), 1);  // on, and below
  EXPECT_EQ(r.get("watch 1"), 2);  // on, and beyond already
  EXPECT_EQ(r.of(watches[0].flag), 2);
  EXPECT_EQ(r.of(watches[1].flag), 3);
}

TEST(Language, ATableMayHoldAnArrayAndAConcentrationThatIsNotReadYet) {
  const std::string text =
      "NEURON { SUFFIX x USEION ca READ cai NONSPECIFIC_CURRENT i }\nASSIGNED { v i cai a[2] b }\n"
      "BREAKPOINT { f1(v)\n i = a[1] + b }\nPROCEDURE f1(u) { TABLE a, b FROM 0 TO 10 WITH 10\n a[0] = u\n"
      " a[1] = u*u + cai";
  Plain r(text + " }");
  r.set("cai", 0.25);
  r.set("v", 3);
  EXPECT_DOUBLE_EQ(r.current(), 9);
  EXPECT_NE(r.m.notes.at(0).find("as in NEURON it is made once"), std::string::npos);
  Plain with_c(text + "\n VERBATIM\n return 0;\n ENDVERBATIM\n }");
  with_c.set("cai", 0.25);
  with_c.set("v", 3);
  EXPECT_DOUBLE_EQ(with_c.current(), 9.25);
}

TEST(Language, ATableThatAsksATableFurtherDownFindsZeroThere) {
  // NEURON makes tables in the file's order where it takes the file for safe for threads; else at the first
  // call.
  const auto current = [](const std::string& declared, const std::string& more) {
    Plain r("NEURON { SUFFIX x NONSPECIFIC_CURRENT i " + declared + " }\nASSIGNED { v i a }\n" +
            "BREAKPOINT { f1(v)\n i = a }\n" +
            "FUNCTION before(u) { TABLE FROM 0 TO 10 WITH 10\n before = 100*u }\n" +
            "PROCEDURE f1(u) { TABLE a FROM 0 TO 10 WITH 10\n a = u + before(u) + after(u) }\n" +
            "FUNCTION after(u) { TABLE FROM 0 TO 10 WITH 10\n after = 10*u }\n" + more);
    r.set("v", 3);
    return r.current();
  };
  EXPECT_DOUBLE_EQ(current("", ""), 303);
  EXPECT_DOUBLE_EQ(current("GLOBAL a", ""), 333);
  EXPECT_DOUBLE_EQ(current("THREADSAFE GLOBAL a", ""), 303);
  EXPECT_DOUBLE_EQ(current("", "VERBATIM\nint n;\nENDVERBATIM\n"), 333);
  EXPECT_DOUBLE_EQ(current("THREADSAFE", "VERBATIM\nint n;\nENDVERBATIM\n"), 303);
  EXPECT_DOUBLE_EQ(current("", "LOCAL c\nINITIAL { c = 2 }\n"), 303);
}

TEST(Language, WhatATableDoesNotNameIsSetByItsLastEntry) {
  Plain r(
      channel("INITIAL { f1(v) }\nBREAKPOINT { f1(v)\n i = a + 100*q }\n"
              "PROCEDURE f1(u) { TABLE a FROM 0 TO 10 WITH 10\n q = u + 2\n a = u*q }",
              "q"));
  r.set("v", 3);
  r.initialise();
  EXPECT_DOUBLE_EQ(r.current(), 15 + 100 * 12);
}

std::string scheme(const std::string& kinetic) {
  return "NEURON { SUFFIX x NONSPECIFIC_CURRENT i }\nPARAMETER { k = 0.7 }\nASSIGNED { v i }\nSTATE { a b c "
         "}\n"
         "INITIAL { a = 1\n b = 0\n c = 0 }\nBREAKPOINT { SOLVE s METHOD sparse\n i = a }\nKINETIC s { " +
         kinetic + " }";
}

TEST(Language, AnExactStepOfALinearSchemeIsTheExponential) {
  // a -> b -> c with the rates k and 0.2: also in steps many times longer than they take.
  for (const double dt : {0.025, 1.0, 10.0, 200.0}) {
    Plain plain(scheme("~ a <-> b (k, 0)\n ~ b <-> c (0.2, 0)"), Kinetics::exact);
    plain.set("dt", dt);
    plain.initialise();
    plain.advance();
    const double k = 0.7, a = std::exp(-k * dt),
                 b = k / (0.2 - k) * (std::exp(-k * dt) - std::exp(-0.2 * dt));
    // 1.6e-5 is the largest error of the four steps' quotient of polynomials below 0.
    EXPECT_NEAR(plain.get("a"), a, 2e-5) << dt;
    EXPECT_NEAR(plain.get("b"), b, 4e-5) << dt;
    EXPECT_NEAR(plain.get("c"), 1 - a - b, 4e-5) << dt;
  }
}

TEST(Language, AnExactStepKnowsSourcesAndConservedSums) {
  Plain source(scheme("~ a << (2)\n ~ a -> (k)"), Kinetics::exact);
  source.set("dt", 1);
  source.initialise();
  source.advance();
  EXPECT_NEAR(source.get("a"), 2 / 0.7 + (1 - 2 / 0.7) * std::exp(-0.7), 1e-5);
  Plain sum(scheme("~ a <-> b (k, 0.3)\n CONSERVE a + b = 2"), Kinetics::exact);
  sum.set("dt", 1);
  sum.initialise();
  sum.advance();
  EXPECT_NEAR(sum.get("a") + sum.get("b"), 2, 1e-12);
}

TEST(Language, WithoutTheOptionASchemeTakesNeuronsStep) {
  Plain plain(scheme("~ a <-> b (k, 0)"));
  plain.set("dt", 1);
  plain.initialise();
  plain.advance();
  EXPECT_NEAR(plain.get("a"), 1 / 1.7, 1e-12);
}

TEST(Language, AChainOfManyStatesIsStepped) {
  // 120 shells, through which a molecule diffuses: what backward Euler makes of it.
  constexpr int kShells = 120;
  Plain plain(
      "DEFINE N 120\nNEURON { SUFFIX x }\nSTATE { s[N] }\nINITIAL { FROM i = 0 TO N-1 { s[i] = 0 }\n s[0] = "
      "1 }\n"
      "BREAKPOINT { SOLVE d METHOD sparse }\nKINETIC d { FROM i = 0 TO N-2 { ~ s[i] <-> s[i+1] (3, 3) } }");
  plain.set("dt", 1);
  plain.initialise();
  plain.advance();
  std::vector<double> s(kShells), diagonal(kShells, 7);
  s[0] = 1, diagonal.front() = diagonal.back() = 4;
  for (size_t i = 1; i < kShells;
       ++i) {  // Thomas' elimination of a tridiagonal system with -3 beside the diagonal
    const double factor = -3 / diagonal[i - 1];
    diagonal[i] += 3 * factor;
    s[i] -= factor * s[i - 1];
  }
  for (size_t i = kShells; i-- > 0;) s[i] = (s[i] + (i + 1 < kShells ? 3 * s[i + 1] : 0)) / diagonal[i];
  for (int i = 0; i < kShells; ++i)
    EXPECT_NEAR(plain.get("s[" + std::to_string(i) + "]"), s[static_cast<size_t>(i)], 1e-12) << i;
}

TEST(Language, ASchemeOfManyStatesThatIsNotLinearTakesABackwardEulerStep) {
  // 16 shells, through which a molecule diffuses, with a buffer that binds it: 48 states.
  constexpr int kShells = 16;
  Plain plain(
      "DEFINE N 16\nNEURON { SUFFIX x }\nSTATE { a[N] b[N] c[N] }\n"
      "INITIAL { FROM i = 0 TO N-1 { a[i] = 0\n b[i] = 1 + i\n c[i] = 0 }\n a[0] = 3 }\n"
      "BREAKPOINT { SOLVE d METHOD sparse }\nKINETIC d {\n"
      "FROM i = 0 TO N-1 { ~ a[i] + b[i] <-> c[i] (2, 0.5) }\n"
      "FROM i = 0 TO N-2 { ~ a[i] <-> a[i+1] (3, 3) } }");
  const double dt = 0.05;
  plain.set("dt", dt);
  plain.initialise();
  const auto of = [&](const char* name) {
    std::vector<double> all;
    for (int i = 0; i < kShells; ++i) all.push_back(plain.get(fmt::format("{}[{}]", name, i)));
    return all;
  };
  const auto before = of("a"), bound_before = of("c");
  plain.advance();
  const auto a = of("a"), b = of("b"), c = of("c");
  EXPECT_GT(c[0], 0.1);
  for (size_t i = 0; i < kShells; ++i) {
    const double binding = 2 * a[i] * b[i] - 0.5 * c[i];
    const double inflow = 3 * ((i > 0 ? a[i - 1] - a[i] : 0) + (i + 1 < kShells ? a[i + 1] - a[i] : 0));
    EXPECT_NEAR(a[i] - before[i], dt * (inflow - binding), 1e-9) << i;
    EXPECT_NEAR(c[i] - bound_before[i], dt * binding, 1e-9) << i;
  }
}

TEST(Language, MoreStatesThanCanBeSolvedAreCounted) {
  EXPECT_EQ(
      refusal("DEFINE N 301\nNEURON { SUFFIX x }\nSTATE { s[N] }\nBREAKPOINT { SOLVE d METHOD sparse }\n"
              "KINETIC d { FROM i = 0 TO N-2 { ~ s[i] <-> s[i+1] (1, 1) } }"),
      "x.mod:4: 301 coupled states; at most 300 can be compiled here");
}

TEST(Language, StatesThatAllReactWithEachOtherAreTooManySooner) {
  EXPECT_NE(refusal("DEFINE N 90\nNEURON { SUFFIX x }\nSTATE { s[N] }\nBREAKPOINT { SOLVE d METHOD sparse }\n"
                    "KINETIC d { FROM i = 0 TO N-2 { FROM j = i+1 TO N-1 { ~ s[i] <-> s[j] (1, i) } } }")
                .find("states are coupled too closely"),
            std::string::npos);
}

}  // namespace
}  // namespace nt::mechanism

// Loops whose number of turns is known only during a simulation.
#include <gtest/gtest.h>

#include <cmath>

#include "mechanism/plain_mechanism.hpp"
#include "mechanism/tape.hpp"

namespace nt::mechanism {
namespace {

/// The current by a tape, which runs what events do.
double current_by_tape(const Plain& r) {
  const Tape tape(r.m.graph, {r.m.total_current}, "x.mod");
  std::vector<double> fixed, symbols, memory;
  for (const Expr e : tape.fixed()) fixed.push_back(r.of(e));
  for (const Expr e : tape.symbols()) symbols.push_back(r.values.at(e));
  double current = 0;
  tape.run(fixed.data(), symbols.data(), memory, &current);
  return current;
}

double current_at(Plain& r, double v) {
  r.set("v", v);
  const double plain = r.current();
  EXPECT_EQ(current_by_tape(r), plain);
  return plain;
}

TEST(Loops, FromTurnsFromWholeNumberToWholeNumber) {
  // C's: the bounds lose what stands after the point, toward 0.
  Plain r(channel("BREAKPOINT { LOCAL s\n s = 0\n FROM k = -v TO v + 1 { s = s + 10 + k }\n i = s }"));
  EXPECT_EQ(current_at(r, 2.6), 10 * 6 + 3);  // -2 to 3
  EXPECT_EQ(current_at(r, -0.7), 21);         // 0 to 1
  EXPECT_EQ(current_at(r, -3), 0);            // 3 to -2: no turn
}

TEST(Loops, BoundsAreComputedInWholeNumbers) {
  // As NEURON's compiler writes them: ((int) v) - ((int) g), ((int) v) / 2.
  Plain r(channel("BREAKPOINT { LOCAL s\n s = 0\n FROM k = v - g TO v/2 { s = s + 10 + k }\n i = s }"));
  r.set("g", 2.9);
  EXPECT_EQ(current_at(r, 3.8), 10 + 1);  // 3 - 2 to 1
}

TEST(Loops, FromLooksAtItsEndInEachTurn) {
  Plain r(channel(
      "BREAKPOINT { LOCAL n, s\n n = v\n s = 0\n FROM k = 0 TO n { n = n - 1\n s = s + 1 }\n i = s }"));
  EXPECT_EQ(current_at(r, 5), 3);
  // Also where all is known.
  Plain known(channel(
      "BREAKPOINT { LOCAL n, s\n n = 5\n s = 0\n FROM k = 0 TO n { n = n - 1\n s = s + 1 }\n i = s }"));
  EXPECT_EQ(known.current(), 3);
}

TEST(Loops, VariablesChangeAllAtOnce) {
  Plain r(
      channel("BREAKPOINT { LOCAL a, b, c, n\n a = 0\n b = 1\n n = v\n"
              " WHILE (n > 0) { c = a + b\n a = b\n b = c\n n = n - 1 }\n i = a }"));
  EXPECT_EQ(current_at(r, 10), 55);  // Fibonacci's
  EXPECT_EQ(current_at(r, 0), 0);
}

TEST(Loops, InLoops) {
  Plain r(
      channel("BREAKPOINT { LOCAL s\n s = 0\n FROM k = 1 TO v { FROM j = k TO v { s = s + k*j\n"
              " FROM m = 0 TO 2 { s = s + 100 } } }\n i = s }"));
  EXPECT_EQ(current_at(r, 3), 1 + 2 + 3 + 4 + 6 + 9 + 6 * 300);
}

TEST(Loops, UnderIfTurnOnlyThere) {
  // Without the IF it would have no end at v = 0.
  Plain r(channel("BREAKPOINT { LOCAL s\n s = 0\n IF (v > 0) { WHILE (s < 10) { s = s + v } }\n i = s }"));
  EXPECT_EQ(current_at(r, 4), 12);
  EXPECT_EQ(current_at(r, 0), 0);
  EXPECT_EQ(current_at(r, -1), 0);
}

TEST(Loops, InFunctionsAndStates) {
  Plain r(channel(
      "BREAKPOINT { SOLVE s METHOD cnexp\n i = x }\n"
      "DERIVATIVE s { x' = (sum(v) - x)/2 }\n"
      "FUNCTION sum(u) { LOCAL n\n n = u\n sum = 0\n WHILE (n > 0) { sum = sum + n*n\n n = n - 1 } }"));
  r.set("v", 3);
  r.advance();
  EXPECT_NEAR(r.get("x"), 14 * (1 - std::exp(-0.025 / 2)), 1e-12);
}

TEST(Loops, HaveDerivatives) {
  // sum of v^k for k from 0 to a; its derivative by v is the conductance.
  Plain r(
      "NEURON { SUFFIX x NONSPECIFIC_CURRENT i }\nPARAMETER { a = 4 }\nASSIGNED { v i }\n"
      "BREAKPOINT { LOCAL s, p\n s = 0\n p = 1\n FROM k = 0 TO a { s = s + p\n p = p*v }\n i = s }");
  const double v = 1.3;
  r.set("v", v);
  double slope = 0;
  for (int k = 1; k <= 4; ++k) slope += k * std::pow(v, k - 1);
  EXPECT_NEAR(r.of(r.m.conductance), slope, 1e-12);
  // One that turns by v, but counts alone, has none.
  Plain steps(channel("BREAKPOINT { LOCAL s\n s = 0\n FROM k = 1 TO v { s = s + 1 }\n i = s }"));
  EXPECT_TRUE(steps.m.graph.is_constant(steps.m.conductance, 0));
}

TEST(Loops, ReadElementsByTheirNumber) {
  const std::string text =
      "NEURON { POINT_PROCESS x NONSPECIFIC_CURRENT i }\nASSIGNED { v i part[20] }\nSTATE { x }\nINITIAL { "
      "FROM k = 0 TO 19 { part[k] = k*k } }\nBREAKPOINT { LOCAL s\n s = 0\n"
      " FROM k = v TO 19 { s = s + part[k] }\n i = s + part[v] }\nNET_RECEIVE(w) { part[w] = -1 }";
  Plain r(text);
  r.initialise();
  EXPECT_EQ(current_at(r, 18.5), 18 * 18 + 19 * 19 + 18 * 18);
  r.set("v", 20);
  EXPECT_TRUE(std::isnan(r.current())) << "there is no element 20";
  // They stand one after the other, for kernels to look up.
  for (size_t k = 1; k < 20; ++k) EXPECT_EQ(r.m.stored[k + r.m.states], "part[" + std::to_string(k) + "]");
}

TEST(Loops, DrawAsOftenAsTheyTurn) {
  Plain r(
      "NEURON { SUFFIX x NONSPECIFIC_CURRENT i }\nPARAMETER { n = 400 }\nASSIGNED { v i open }\nSTATE { x }\n"
      "INITIAL { open = 0 }\nBREAKPOINT { SOLVE s METHOD cnexp\n i = open }\n"
      "DERIVATIVE s { x' = -x\n FROM k = 1 TO n { IF (scop_random() < 0.25) { open = open + 1 } } }");
  r.initialise();
  r.advance();
  EXPECT_NEAR(r.get("open"), 100, 4 * std::sqrt(400 * 0.25 * 0.75));
  const double first = r.get("open");
  r.advance();
  EXPECT_NE(r.get("open"), 2 * first) << "other numbers in the next step";
}

TEST(Loops, WithoutAnEndAreFoundOut) {
  Plain r(channel("BREAKPOINT { LOCAL s\n s = v\n WHILE (s > -1e9) { s = s + 1 }\n i = s }"));
  r.set("v", 1);
  try {
    r.current();
    FAIL() << "it came to an end";
  } catch (const RunError& error) {
    EXPECT_EQ(
        std::string(error.what()),
        "x.mod:7: the loop has turned 10000000 times in one step and goes on; its condition never becomes 0");
  }
}

TEST(Loops, DoNothingThatHasToBeCounted) {
  EXPECT_NE(refusal(channel("BREAKPOINT { SOLVE s METHOD sparse\n i = x }\n"
                            "KINETIC s { FROM k = 0 TO v { ~ x <-> y (1, k) } }"))
                .find("x.mod:7: a reaction, an equation, SOLVE or WATCH in a loop whose number of turns "
                      "depends on the simulation"),
            std::string::npos);
  EXPECT_NE(refusal(synapse("NET_RECEIVE(w) { FROM k = 0 TO w { net_send(k, 1) } }"))
                .find("net_send in a loop whose number of turns depends"),
            std::string::npos);
}

TEST(Loops, AbsIsThatOfWholeNumbers) {
  Plain r(channel("BREAKPOINT { i = abs(v) + 10*fabs(v) }"));
  r.set("v", -2.5);
  EXPECT_EQ(r.current(), 27);
}

}  // namespace
}  // namespace nt::mechanism

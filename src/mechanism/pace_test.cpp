#include "mechanism/pace.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace nt::mechanism {
namespace {

using Parts = std::vector<std::vector<size_t>>;

Mechanism channel(const std::string& derivatives, const std::string& current = "g*m*h*(v + 80)",
                  const std::string& more = "") {
  return compile_mechanism(
      "NEURON { POINT_PROCESS x NONSPECIFIC_CURRENT i }\nPARAMETER { g = 1 tau = 0.5 }\nASSIGNED { v i "
      "}\nSTATE { m h }\n"
      "BREAKPOINT { SOLVE s METHOD cnexp\n i = " +
          current + " }\nDERIVATIVE s { " + derivatives + " }\n" + more,
      "x.mod");
}

std::vector<double> time_constants(const Mechanism& m) {
  std::map<Expr, double> values;
  for (const auto& p : m.parameters) values[m.symbol(p.name)] = p.value;
  values[m.symbol(kAreaScale)] = 1;
  return shortest_time_constants_ms(m, values);
}

TEST(Pace, FindsFixedTimeConstants) {
  const auto all = time_constants(channel("m' = (1 - m)/tau h' = -h/80"));
  ASSERT_EQ(all.size(), 2u);
  // Measured over a step of 1e-3 ms: an exponential's slope, to half of 1e-3/tau.
  EXPECT_NEAR(all[0], 0.5, 2e-3);
  EXPECT_NEAR(all[1], 80, 0.01);
}

TEST(Pace, FindsTheShortestOverTheVoltagesOfAMembrane) {
  // tau = 10 ms / (1 + exp(v/10)): shortest at 20 mV.
  const auto all = time_constants(channel("m' = (1 - m)*(1 + exp(v/10))/10 h' = 0.01"));
  EXPECT_NEAR(all[0], 10 / (1 + std::exp(2)), 0.01);
  EXPECT_EQ(all[1], std::numeric_limits<double>::infinity());
}

TEST(Pace, StatesMoreThanFourTimesSlowerAreAPartOfTheirOwn) {
  EXPECT_EQ(parts_of(channel("m' = (1 - m)/tau h' = -h/80")), (Parts{{0}, {1}}));
  EXPECT_EQ(parts_of(channel("m' = -m/80 h' = (1 - h)/tau")), (Parts{{1}, {0}}));
  EXPECT_EQ(parts_of(channel("m' = (1 - m)/tau h' = -h/1.9")), (Parts{{0, 1}}));
}

TEST(Pace, StatesThatDriveEachOtherStayTogether) {
  EXPECT_EQ(parts_of(channel("m' = (1 - m)/tau h' = (m - h)/80")), (Parts{{0, 1}}));
}

TEST(Pace, WhatReceivesEventsIsOnePart) {
  EXPECT_EQ(parts_of(channel("m' = -m/tau h' = -h/80", "g*m*h*v", "NET_RECEIVE(w) { m = m + w }")),
            (Parts{{0, 1}}));
}

TEST(Pace, ACurrentThatIsAStraightLineOfVoltageIsOhmic) {
  EXPECT_TRUE(is_ohmic(channel("m' = -m h' = -h")));
  EXPECT_FALSE(is_ohmic(channel("m' = -m h' = -h", "m*v/(1 + exp(-v))")));
}

}  // namespace
}  // namespace nt::mechanism

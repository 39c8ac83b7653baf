// Random numbers in NMODL, by the plain evaluation of the expressions: RANDOM of NEURON 9, NEURON's older
// functions, and generators that its interpreter gives.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "config/message_of.hpp"
#include "mechanism/mechanism.hpp"
#include "random/random.hpp"

namespace nt::mechanism {
namespace {

std::string drawing(const std::string& assignments, const std::string& more = "") {
  return "NEURON { SUFFIX x RANGE a, b RANDOM r, other }\nSTATE { a b }\n" + more + "\nBREAKPOINT { " +
         assignments + " }";
}

/// An instance that is advanced step by step.
struct Instance {
  Mechanism m;
  std::map<Expr, double> values;
  random::DrawStream stream;

  explicit Instance(const std::string& text, const random::DrawStream& from = {}, const Reading& reading = {})
      : m(compile_mechanism(text, "x.mod", reading)), stream(from) {
    for (const auto& p : m.parameters) values[m.symbol(p.name)] = p.value;
    for (const auto* name : {"v", "t", "dt", "celsius", "area", "diam"}) set(name, 1);
    for (const auto& name : m.stored) set(name, 0);
    become(m.initial);
  }
  void set(const std::string& name, double value) {
    if (const Expr e = m.symbol(name); e >= 0) values[e] = value;
  }
  double get(const std::string& name) const { return values.at(m.symbol(name)); }
  void become(const std::vector<Expr>& next) {
    std::vector<double> results;
    for (const Expr e : next) results.push_back(m.graph.evaluate(e, values, stream));
    for (size_t i = 0; i < results.size(); ++i) set(m.stored[i], results[i]);
  }
  double next() {
    become(m.advanced);
    return get("a");
  }
};

constexpr int kDraws = 20000;

/// Mean and variance of a in so many steps are these, within five standard errors; `fourth`: the fourth
/// central moment, of which the variance's error follows.
void expect_moments(const std::string& assignment, double mean, double variance, double fourth) {
  Instance instance(drawing(assignment));
  double sum = 0, squares = 0;
  for (int k = 0; k < kDraws; ++k) {
    const double d = instance.next() - mean;
    sum += d;
    squares += d * d;
  }
  EXPECT_NEAR(sum / kDraws, 0, 5 * std::sqrt(variance / kDraws)) << assignment;
  EXPECT_NEAR(squares / kDraws, variance, 5 * std::sqrt((fourth - variance * variance) / kDraws))
      << assignment;
}

TEST(RandomNumbers, EachFunctionDrawsFromItsDistribution) {
  expect_moments("a = random_uniform(r)", 0.5, 1.0 / 12, 1.0 / 80);
  expect_moments("a = random_uniform(r, 2, 6)", 4, 16.0 / 12, 256.0 / 80);
  expect_moments("a = random_dpick(r)", 0.5, 1.0 / 12, 1.0 / 80);
  expect_moments("a = random_negexp(r)", 1, 1, 9);
  expect_moments("a = random_negexp(r, 3)", 3, 9, 9 * 81);
  expect_moments("a = random_normal(r)", 0, 1, 3);
  expect_moments("a = random_normal(r, 5, 2)", 5, 4, 48);
  expect_moments("a = random_ipick(r)/4294967296", 0.5, 1.0 / 12, 1.0 / 80);
  expect_moments("a = scop_random()", 0.5, 1.0 / 12, 1.0 / 80);
  expect_moments("a = exprand(2)", 2, 4, 9 * 16);
  expect_moments("a = normrand(-1, 3)", -1, 9, 3 * 81);
}

TEST(RandomNumbers, OfADistributionThatCannotBeAreRefused) {
  const auto refusal = [](const std::string& assignment) {
    return config::message_of([&] { compile_mechanism(drawing(assignment), "x.mod"); });
  };
  EXPECT_EQ(refusal("a = random_uniform(r, 6, 2)"),
            "x.mod:4: random_uniform has the bounds 6 and 2, expected the lower one first");
  EXPECT_EQ(refusal("a = random_negexp(r, -3)"),
            "x.mod:4: random_negexp has a mean of -3, expected 0 or more");
  EXPECT_EQ(refusal("a = random_normal(r, 0, -1)"),
            "x.mod:4: random_normal has a standard deviation of -1, expected 0 or more");
  EXPECT_EQ(refusal("a = exprand(-1)"), "x.mod:4: exprand has a mean of -1, expected 0 or more");
  EXPECT_EQ(refusal("a = normrand(0, -1)"),
            "x.mod:4: normrand has a standard deviation of -1, expected 0 or more");
  // What cannot be known before the simulation, and what is just possible.
  for (const auto* assignment : {"a = random_uniform(r, v, 2)", "a = random_uniform(r, 2, 2)",
                                 "a = random_negexp(r, 0)", "a = random_normal(r, -5, 0)"})
    EXPECT_EQ(refusal(assignment), "no error") << assignment;
}

TEST(RandomNumbers, OfAParameterWhoseDefaultCannotBeAreNoted) {
  const auto m = compile_mechanism(drawing("a = random_negexp(r, mean)", "PARAMETER { mean = -3 }"), "x.mod");
  ASSERT_EQ(m.notes.size(), 1u);
  EXPECT_EQ(m.notes[0],
            "x.mod:4: random_negexp has a mean of -3 unless the cell sets another value; expected 0 or more");
}

TEST(RandomNumbers, AGeneratorMayStandInRange) {
  const auto m = compile_mechanism(
      "NEURON { SUFFIX x RANGE a, r RANDOM r }\nSTATE { a }\nBREAKPOINT { a = random_uniform(r) }", "x.mod");
  EXPECT_EQ(m.notes, std::vector<std::string>{});
}

TEST(RandomNumbers, AWholePickIsAWholeNumber) {
  Instance instance(drawing("a = random_ipick(r)"));
  for (int k = 0; k < 100; ++k) {
    const double n = instance.next();
    EXPECT_EQ(n, std::floor(n));
    EXPECT_LT(n, 4294967296.0);
  }
}

TEST(RandomNumbers, TheNextDrawIsAnotherNumberAlsoAfterManyRounds) {
  Instance instance(drawing("a = random_uniform(r)"));
  instance.set("draws of r", 65530);
  instance.set("rounds of draws of r", 41);
  std::set<double> seen;
  for (int k = 0; k < 20; ++k) seen.insert(instance.next());
  EXPECT_EQ(seen.size(), 20u);
  EXPECT_EQ(instance.get("draws of r"), 14);
  EXPECT_EQ(instance.get("rounds of draws of r"), 42);
}

TEST(RandomNumbers, ADrawIsAFunctionOfTrialStreamGeneratorAndNumber) {
  const auto text = drawing("a = random_uniform(r)\n b = random_uniform(other)");
  const auto one = random::trial_key(1, random::Stage::test_cases, 0),
             two = random::trial_key(1, random::Stage::test_cases, 1);
  const double first = Instance(text, {one, 0}).next();
  EXPECT_EQ(first, Instance(text, {one, 0}).next());
  EXPECT_NE(first, Instance(text, {two, 0}).next());
  EXPECT_NE(first, Instance(text, {one, 2}).next());
  Instance both(text, {one, 0});
  both.next();
  EXPECT_NE(both.get("a"), both.get("b"));
  // The second generator's stream is the next one.
  EXPECT_EQ(both.get("b"), Instance(drawing("a = random_uniform(r)"), {one, 1}).next());
}

TEST(RandomNumbers, ABranchThatIsNotTakenDrawsNothing) {
  Instance instance(
      drawing("IF (v > 0) { a = random_uniform(r) } ELSE { a = random_uniform(r) + random_uniform(r) }"));
  instance.next();
  EXPECT_EQ(instance.get("draws of r"), 1);
  instance.set("v", -1);
  instance.next();
  EXPECT_EQ(instance.get("draws of r"), 3);
}

TEST(RandomNumbers, ASequenceCanBeSetToAnyOfItsNumbers) {
  Instance instance(drawing("a = random_uniform(r)", "INITIAL { random_setseq(r, 65537) }"));
  EXPECT_EQ(instance.get("draws of r"), 1);
  EXPECT_EQ(instance.get("rounds of draws of r"), 1);
  const double first = instance.next();
  Instance from_start(drawing("a = random_uniform(r)"));
  from_start.set("draws of r", 65535);
  from_start.next();
  from_start.next();
  EXPECT_EQ(first, from_start.next());
}

TEST(RandomNumbers, WhatInitialDrawsDiffersBetweenTrials) {
  const auto text = drawing("a = a", "INITIAL { a = random_normal(r) }");
  EXPECT_TRUE(compile_mechanism(text, "x.mod").draws_at_start);
  EXPECT_FALSE(compile_mechanism(drawing("a = random_normal(r)"), "x.mod").draws_at_start);
  const auto start = [&](uint64_t trial) {
    return Instance(text, {random::trial_key(1, random::Stage::test_cases, trial), 0}).get("a");
  };
  EXPECT_EQ(start(0), start(0));
  EXPECT_NE(start(0), start(1));
}

TEST(RandomNumbers, AnEventDrawsOnceAndWhatItAddsVaries) {
  Instance instance(
      "NEURON { POINT_PROCESS x NONSPECIFIC_CURRENT i RANDOM r }\nASSIGNED { v i }\nSTATE { a }\n"
      "BREAKPOINT { i = a*v }\nNET_RECEIVE(w) { IF (random_uniform(r) < 0.3) { a = a + w } }");
  for (const auto& argument : instance.m.receiving->arguments) instance.set(argument, 1);
  instance.set(kEventFlag, 0);
  for (int k = 0; k < kDraws; ++k) instance.become(instance.m.receiving->stored);
  EXPECT_NEAR(instance.get("a") / kDraws, 0.3, 5 * std::sqrt(0.3 * 0.7 / kDraws));
  EXPECT_EQ(instance.get("draws of r"), kDraws);
}

/// A FUNCTION that draws in C as published synapses do.
std::string picking(const std::string& name, const std::string& fallback) {
  return "NEURON { SUFFIX x RANGE a POINTER rng }\nASSIGNED { rng }\nSTATE { a }\nBREAKPOINT { a = " + name +
         "() }\nFUNCTION " + name +
         "() {\nVERBATIM\n double value;\n if (_p_rng) {\n /* streams for each instance */\n value = "
         "nrn_random_pick(_p_rng);\n return value;\n } else {\nENDVERBATIM\n" +
         fallback + "\nVERBATIM\n }\nENDVERBATIM\n " + name + " = value\n}";
}

TEST(RandomNumbers, AGeneratorThatNeuronsInterpreterGivesIsThere) {
  for (const auto& [text, mean] : {std::pair(picking("urand", "value = scop_random(1)"), 0.5),
                                   {picking("erand", "erand = exprand(1)"), 1.0},
                                   {picking("urand", ""), 0.5}}) {
    Instance instance(text);
    double sum = 0;
    for (int k = 0; k < kDraws; ++k) sum += instance.next();
    EXPECT_NEAR(sum / kDraws, mean, 5 * mean / std::sqrt(kDraws)) << text;
    EXPECT_EQ(instance.m.notes.size(), 1u);
  }
}

TEST(RandomNumbers, WithoutAGeneratorSuchAFunctionIsZeroAsInNeuron) {
  Instance instance(picking("erand", "erand = exprand(1)"), {}, {.generators = Generators::none});
  EXPECT_EQ(instance.next(), 0);
  EXPECT_TRUE(instance.m.generators.empty());
}

std::string refusal(const std::string& text) {
  try {
    compile_mechanism(text, "x.mod");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(RandomNumbers, WhatCannotBeDrawnIsNamed) {
  const auto expect = [](const std::string& text, const std::string& words) {
    EXPECT_NE(refusal(text).find(words), std::string::npos) << refusal(text);
  };
  expect(drawing("a = random_uniform(q)"), "RANDOM");
  expect(drawing("a = random_uniform()"), "RANDOM");
  expect(drawing("a = random_uniform(r, 1)"), "0 or 2 numbers");
  expect(drawing("a = r"), "'r' is a generator of random numbers");
  expect(drawing("r = 1"), "'r' is a generator of random numbers");
  expect(drawing("a = poisrand(3)"), "poisrand");
  expect(picking("toss", ""), "from which distribution");
}

}  // namespace
}  // namespace nt::mechanism

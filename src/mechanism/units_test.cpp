#include "mechanism/detail/units.hpp"

#include <gtest/gtest.h>

#include "config/error.hpp"
#include "mechanism/detail/syntax.hpp"

namespace nt::mechanism::nmodl {
namespace {

double ratio(const std::string& from, const std::string& to, const UnitDefinitions& defined = {}) {
  const auto a = read_unit(from, defined), b = read_unit(to, defined);
  EXPECT_EQ(a.powers, b.powers) << from << " and " << to;
  return a.size / b.size;
}

TEST(Units, PhysicalConstantsHaveNeuronsValuesInTheUnitThatIsAskedFor) {
  EXPECT_DOUBLE_EQ(ratio("faraday", "coulomb"), 96485.33212331001);
  EXPECT_DOUBLE_EQ(ratio("faraday", "10000 coulomb"), 9.648533212331001);
  EXPECT_DOUBLE_EQ(ratio("faraday", "kilocoulomb"), 96.48533212331001);
  EXPECT_DOUBLE_EQ(ratio("faraday", "kilocoulombs"), 96.48533212331001);
  EXPECT_DOUBLE_EQ(ratio("k-mole", "joule/degC"), 8.31446261815324);
  EXPECT_DOUBLE_EQ(ratio("k-mole", "mV-coulomb/degC", {{"mV", "millivolt"}}), 8314.46261815324);
  EXPECT_DOUBLE_EQ(ratio("pi", "1"), 3.14159265358979323846);
  EXPECT_DOUBLE_EQ(ratio("e", "coulomb"), 1.602176634e-19);
  EXPECT_DOUBLE_EQ(ratio("planck", "joule-sec"), 6.62607015e-34);
}

TEST(Units, PowersPrefixesPluralsAndNumbersInFront) {
  EXPECT_DOUBLE_EQ(ratio("liter", "cm3"), 1000);
  EXPECT_DOUBLE_EQ(ratio("1/liter", "1/m3"), 1000);
  EXPECT_DOUBLE_EQ(ratio("mA/cm2", "amp/m2", {{"mA", "milliamp"}}), 10);
  EXPECT_DOUBLE_EQ(ratio("millimolar", "mole/m3", {{"molar", "mole/liter"}}), 1);
  EXPECT_DOUBLE_EQ(ratio("5 coulombs", "millicoulomb"), 5000);
  EXPECT_DOUBLE_EQ(ratio("1.5+3 volt", "kilovolt"), 1.5);
  EXPECT_DOUBLE_EQ(ratio("2-3 sec", "ms"), 2);
  EXPECT_DOUBLE_EQ(ratio("/ms", "hertz"), 1000);
}

TEST(Units, WhatIsNoUnitIsNamed) {
  const auto refusal = [](const std::string& text, const UnitDefinitions& defined = {}) {
    try {
      read_unit(text, defined);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refusal("furlongs/fortnight"), "unknown unit 'furlongs'");
  EXPECT_EQ(refusal("1e4 coulomb"),
            "the number 1e4 coulomb: in a unit, an exponent is written without the letter, as in 1+4");
  EXPECT_EQ(refusal("m12"), "the power of the unit 'm' is not from 1 to 9");
  EXPECT_EQ(refusal("zig", {{"zig", "zag"}, {"zag", "zig"}}), "the unit 'zag' is defined by itself");
}

TEST(Units, OfDifferentThingsAreConvertedAsInNeuronAndNoted) {
  const auto file = parse("NEURON { SUFFIX x }\nUNITS { k = (volt) (ampere) }", "x.mod");
  EXPECT_DOUBLE_EQ(file.constants.at(0).second, 1);
  ASSERT_EQ(file.notes.size(), 1u);
  EXPECT_NE(file.notes[0].find("x.mod:2: k converts (volt) to (ampere), which measure different things"),
            std::string::npos);
}

}  // namespace
}  // namespace nt::mechanism::nmodl

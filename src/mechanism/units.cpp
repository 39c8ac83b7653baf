#include "mechanism/detail/units.hpp"

#include <charconv>
#include <cmath>
#include <string_view>

#include "config/error.hpp"

namespace nt::mechanism::nmodl {
namespace {

enum Base : size_t { metre, kilogram, second, coulomb, kelvin };

/// Definitions nested deeper than this go round in a circle.
constexpr int kDeepest = 30;

const std::map<std::string, Unit, std::less<>> kBases{{"m", {1, {1, 0, 0, 0, 0}}},
                                                      {"kg", {1, {0, 1, 0, 0, 0}}},
                                                      {"sec", {1, {0, 0, 1, 0, 0}}},
                                                      {"coul", {1, {0, 0, 0, 1, 0}}},
                                                      {"K", {1, {0, 0, 0, 0, 1}}}};

/// The units of NEURON's table that models use, and its physical constants (CODATA 2018).
const std::map<std::string, std::string, std::less<>> kKnown{{"two", "2"},
                                                             {"pi", "3.14159265358979323846"},
                                                             {"mole", "6.02214076+23"},
                                                             {"mol", "mole"},
                                                             {"e", "1.602176634-19 coul"},
                                                             {"c", "2.99792458+8 m/sec"},
                                                             {"g", "9.80665 m/sec2"},
                                                             {"faraday", "e-mole"},
                                                             {"boltzmann", "1.380649-23 joule/K"},
                                                             {"k", "boltzmann"},
                                                             {"gasconstant", "k-mole"},
                                                             {"R", "gasconstant"},
                                                             {"planck", "6.62607015-34 joule-sec"},
                                                             {"percent", ".01"},
                                                             {"%", ".01"},
                                                             {"radian", ".5 / pi"},
                                                             {"degree", ".0055555555555555555556 pi-radian"},
                                                             {"second", "sec"},
                                                             {"s", "sec"},
                                                             {"minute", "60 sec"},
                                                             {"min", "minute"},
                                                             {"hour", "60 min"},
                                                             {"hr", "hour"},
                                                             {"ms", "millisec"},
                                                             {"us", "microsec"},
                                                             {"ns", "nanosec"},
                                                             {"day", "24 hr"},
                                                             {"gram", ".001 kg"},
                                                             {"gm", "gram"},
                                                             {"mg", "milligram"},
                                                             {"meter", "m"},
                                                             {"metre", "m"},
                                                             {"cm", "centimeter"},
                                                             {"mm", "millimeter"},
                                                             {"km", "kilometer"},
                                                             {"nm", "nanometer"},
                                                             {"um", "micrometer"},
                                                             {"micron", "micrometer"},
                                                             {"angstrom", ".1 nanometer"},
                                                             {"cc", "cm3"},
                                                             {"liter", "1000 cc"},
                                                             {"litre", "liter"},
                                                             {"ml", "milliliter"},
                                                             {"newton", "kg-m/sec2"},
                                                             {"nt", "newton"},
                                                             {"N", "newton"},
                                                             {"joule", "nt-m"},
                                                             {"cal", "4.1868 joule"},
                                                             {"kcal", "kilocal"},
                                                             {"erg", "cm2-gm/sec2"},
                                                             {"ev", "e-volt"},
                                                             {"pascal", "nt/m2"},
                                                             {"atmosphere", "1.01325+5 nt/m2"},
                                                             {"coulomb", "coul"},
                                                             {"C", "coul"},
                                                             {"ampere", "coul/sec"},
                                                             {"amp", "ampere"},
                                                             {"watt", "joule/sec"},
                                                             {"volt", "watt/amp"},
                                                             {"V", "volt"},
                                                             {"ohm", "volt/amp"},
                                                             {"mho", "/ohm"},
                                                             {"siemens", "/ohm"},
                                                             {"S", "siemens"},
                                                             {"farad", "coul/volt"},
                                                             {"pf", "picofarad"},
                                                             {"henry", "sec2/farad"},
                                                             {"megohm", "megaohm"},
                                                             {"kilohm", "kiloohm"},
                                                             {"hertz", "/sec"},
                                                             {"Hz", "hertz"},
                                                             {"hz", "/sec"},
                                                             {"khz", "1+3 /sec"},
                                                             {"degC", "K"},
                                                             {"kelvin", "K"}};

/// In NEURON's order, which decides what "megam" means.
constexpr std::array<std::pair<std::string_view, double>, 16> kPrefixes{{{"atto", 1e-18},
                                                                         {"femto", 1e-15},
                                                                         {"pico", 1e-12},
                                                                         {"nano", 1e-9},
                                                                         {"micro", 1e-6},
                                                                         {"milli", 1e-3},
                                                                         {"centi", 1e-2},
                                                                         {"deci", 1e-1},
                                                                         {"deka", 1e1},
                                                                         {"hecta", 1e2},
                                                                         {"hecto", 1e2},
                                                                         {"kilo", 1e3},
                                                                         {"mega", 1e6},
                                                                         {"meg", 1e6},
                                                                         {"giga", 1e9},
                                                                         {"tera", 1e12}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Unit read(std::string_view text, const UnitDefinitions& defined, int depth);

/// One word: known, defined, with a prefix, or a plural.
Unit word(const std::string& whole, const UnitDefinitions& defined, int depth) {
  if (depth > kDeepest) fail_input("the unit '{}' is defined by itself", whole);
  std::string_view name = whole;
  double prefix = 1;
  for (;;) {
    if (const auto base = kBases.find(name); base != kBases.end())
      return {prefix * base->second.size, base->second.powers};
    std::string_view definition;
    if (const auto known = kKnown.find(name); known != kKnown.end())
      definition = known->second;
    else if (const auto own = defined.find(std::string(name)); own != defined.end())
      definition = own->second;
    if (!definition.empty()) {
      auto unit = read(definition, defined, depth + 1);
      unit.size *= prefix;
      return unit;
    }
    bool shorter = false;
    for (const auto& [letters, factor] : kPrefixes) {
      if (!name.starts_with(letters) || name.size() == letters.size()) continue;
      prefix *= factor;
      name.remove_prefix(letters.size());
      shorter = true;
      break;
    }
    if (shorter) continue;
    if (name.size() < 2 || name.back() != 's') fail_input("unknown unit '{}'", whole);
    name.remove_suffix(1);
  }
}

/// The number in front, 1 if there is none: "10000", ".5", "6.02+23".
double leading_number(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
  if (end == 0) return 1;
  std::string digits(text.substr(0, end));
  if (end + 1 < text.size() && (text[end] == 'e' || text[end] == 'E') && is_digit(text[end + 1]))
    fail_input("the number {}: in a unit, an exponent is written without the letter, as in 1+4", text);
  if (end + 1 < text.size() && (text[end] == '+' || text[end] == '-') && is_digit(text[end + 1])) {
    digits += text[end] == '+' ? "e" : "e-";
    for (++end; end < text.size() && is_digit(text[end]); ++end) digits += text[end];
  }
  double value = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || rest != digits.data() + digits.size() || !(value > 0))
    fail_input("'{}' is not a positive number", digits);
  text.remove_prefix(end);
  return value;
}

Unit read(std::string_view text, const UnitDefinitions& defined, int depth) {
  Unit unit{leading_number(text), {}};
  bool divides = false;
  while (!text.empty()) {
    if (const char c = text.front(); c == ' ' || c == '-' || c == '/') {
      divides |= c == '/';
      text.remove_prefix(1);
      continue;
    }
    const auto end = text.find_first_of(" -/0123456789");
    const auto name = text.substr(0, end);
    if (name.empty()) fail_input("expected a unit, found '{}'", text);
    text.remove_prefix(name.size());
    int power = 1;
    if (!text.empty() && is_digit(text.front())) {
      power = text.front() - '0';
      text.remove_prefix(1);
      if (power == 0 || (!text.empty() && is_digit(text.front())))
        fail_input("the power of the unit '{}' is not from 1 to 9", name);
    }
    const auto factor = word(std::string(name), defined, depth);
    for (int i = 0; i < power; ++i) {
      unit.size = divides ? unit.size / factor.size : unit.size * factor.size;
      for (size_t b = 0; b < unit.powers.size(); ++b)
        unit.powers[b] += divides ? -factor.powers[b] : factor.powers[b];
    }
  }
  return unit;
}

}  // namespace

Unit read_unit(const std::string& text, const UnitDefinitions& defined) {
  return read(text, defined, 0);
}

}  // namespace nt::mechanism::nmodl

// The catalogue against the formulas of its papers, written down here a second time.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "mechanism/catalogue.hpp"
#include "mechanism/mechanism.hpp"

namespace nt::mechanism {
namespace {

using std::exp;
using std::pow;

/// Rates at 21 C carried to 34 C.
const double q = pow(2.3, 1.3);

double lin(double u, double k) {
  return u / (1 - exp(-u / k));
}

struct Gate {
  double steady, time_constant_ms;
};
Gate of_rates(double a, double b, double faster = 1) {
  return {a / (a + b), 1 / (a + b) / faster};
}

struct Channel {
  std::string name;
  std::map<std::string, std::function<Gate(double v, double cai)>> gates;
};

std::vector<Channel> channels() {
  const auto na = [](double m_half, double h_half) {
    return std::map<std::string, std::function<Gate(double, double)>>{
        {"m", [=](double v,
                  double) { return of_rates(0.182 * lin(v + m_half, 6), 0.124 * lin(-v - m_half, 6), q); }},
        {"h", [=](double v, double) {
           return of_rates(0.015 * lin(-(v + h_half), 6), 0.015 * lin(v + h_half, 6), q);
         }}};
  };
  return {
      {"NaTa_t", na(38, 66)},
      {"NaTs2_t", na(32, 60)},
      {"Nap_Et2",
       {{"m",
         [](double v, double) {
           return Gate{1 / (1 + exp(-(v + 52.6) / 4.6)),
                       6 / (0.182 * lin(v + 38, 6) + 0.124 * lin(-v - 38, 6)) / q};
         }},
        {"h",
         [](double v, double) {
           const double a = -2.88e-6 * (v + 17) / (1 - exp((v + 17) / 4.63)),
                        b = 6.94e-6 * (v + 64.4) / (1 - exp(-(v + 64.4) / 2.63));
           return Gate{1 / (1 + exp((v + 48.8) / 10)), 1 / (a + b) / q};
         }}}},
      {"Im",
       {{"m",
         [](double v, double) {
           return of_rates(3.3e-3 * exp(0.1 * (v + 35)), 3.3e-3 * exp(-0.1 * (v + 35)), q);
         }}}},
      {"K_Pst",
       {{"m",
         [](double v, double) {
           const double u = v + 10,
                        tau = u < -50 ? 1.25 + 175.03 * exp(0.026 * u) : 1.25 + 13 * exp(-0.026 * u);
           return Gate{1 / (1 + exp(-(u + 1) / 12)), tau / q};
         }},
        {"h",
         [](double v, double) {
           const double u = v + 10;
           return Gate{1 / (1 + exp((u + 54) / 11)),
                       (360 + (1010 + 24 * (u + 55)) * exp(-pow((u + 75) / 48, 2))) / q};
         }}}},
      {"K_Tst",
       {{"m",
         [](double v, double) {
           return Gate{1 / (1 + exp(-(v + 10) / 19)), (0.34 + 0.92 * exp(-pow((v + 81) / 59, 2))) / q};
         }},
        {"h",
         [](double v, double) {
           return Gate{1 / (1 + exp((v + 76) / 10)), (8 + 49 * exp(-pow((v + 83) / 23, 2))) / q};
         }}}},
      {"SKv3_1",
       {{"m",
         [](double v, double) {
           return Gate{1 / (1 + exp(-(v - 18.7) / 9.7)), 4 / (1 + exp(-(v + 46.56) / 44.14))};
         }}}},
      {"SK_E2",
       {{"z",
         [](double, double cai) {
           return Gate{1 / (1 + pow(0.00043 / (cai < 1e-7 ? cai + 1e-7 : cai), 4.8)), 1};
         }}}},
      {"Ih",
       {{"m",
         [](double v, double) {
           return of_rates(0.00643 * (v + 154.9) / (exp((v + 154.9) / 11.9) - 1), 0.193 * exp(v / 33.1));
         }}}},
      {"Ca_HVA",
       {{"m",
         [](double v, double) {
           return of_rates(0.055 * (-27 - v) / (exp((-27 - v) / 3.8) - 1), 0.94 * exp((-75 - v) / 17));
         }},
        {"h",
         [](double v, double) {
           return of_rates(0.000457 * exp((-13 - v) / 50), 0.0065 / (exp((-v - 15) / 28) + 1));
         }}}},
      {"Ca_LVAst",
       {{"m",
         [](double v, double) {
           return Gate{1 / (1 + exp(-(v + 40) / 6)), (5 + 20 / (1 + exp((v + 35) / 5))) / q};
         }},
        {"h",
         [](double v, double) {
           return Gate{1 / (1 + exp((v + 90) / 6.4)), (20 + 50 / (1 + exp((v + 50) / 7))) / q};
         }}}},
  };
}

Mechanism of_catalogue(const std::string& name) {
  for (const auto& entry : catalogue())
    if (entry.name == name) return compile_mechanism(entry.text, name + ".mod");
  ADD_FAILURE() << name << " is not in the catalogue";
  return {};
}

class Symbols {
 public:
  explicit Symbols(const Mechanism& m) : m_(m) {
    for (const auto& p : m.parameters) set(p.name, p.value);
    set("dt", 0.025);
    set(kAreaScale, 1);
    for (const auto* name : {"t", "ica", "ik", "ina"}) set(name, 0);
    for (const auto& [name, value] :
         {std::pair{"ek", -85.0}, {"ena", 50.0}, {"eca", 120.0}, {"cai", 1e-4}, {"cao", 2.0}})
      set(name, value);
  }
  void set(const std::string& name, double value) {
    if (const Expr e = m_.symbol(name); e >= 0) values_[e] = value;
  }
  double of(Expr e) const { return m_.graph.evaluate(e, values_); }

 private:
  const Mechanism& m_;
  std::map<Expr, double> values_;
};

/// Voltages at which no formula is 0/0, and calcium from nothing to a spike's.
constexpr double kFrom_mV = -121.3, kTo_mV = 60, kStep_mV = 1.37;

TEST(Kinetics, SteadyStatesAndStepsAreThoseOfThePapers) {
  for (const auto& channel : channels()) {
    const auto m = of_catalogue(channel.name);
    ASSERT_EQ(m.states, channel.gates.size()) << channel.name;
    Symbols symbols(m);
    for (double v = kFrom_mV; v < kTo_mV; v += kStep_mV) {
      for (const double cai : {5e-8, 5e-5, 4.3e-4, 1e-2}) {
        symbols.set("v", v);
        symbols.set("cai", cai);
        for (const auto& name : m.stored) symbols.set(name, 0.37);
        for (size_t s = 0; s < m.states; ++s) {
          const auto gate = channel.gates.at(m.stored[s])(v, cai);
          // 1e-11 and rounding that the formulas' 0/0 multiply near their holes, as written here: up to 1e-12
          // there.
          EXPECT_NEAR(symbols.of(m.initial[s]), gate.steady, 1e-11 * gate.steady)
              << channel.name << " " << m.stored[s] << " at " << v;
          const double step = 0.37 + (1 - exp(-0.025 / gate.time_constant_ms)) * (gate.steady - 0.37);
          EXPECT_NEAR(symbols.of(m.advanced[s]), step, 1e-11 * step)
              << channel.name << " " << m.stored[s] << " at " << v;
        }
        if (channel.name != "SK_E2") break;
      }
    }
  }
}

TEST(Kinetics, FormulasPassThroughTheirHoles) {
  // u/(1 - exp(-u/k)) is k at 0: the channel's neighbourhood is smooth there.
  for (const auto& [name, at] : {std::pair{"NaTa_t", -38.0},
                                 {"NaTa_t", -66.0},
                                 {"NaTs2_t", -32.0},
                                 {"NaTs2_t", -60.0},
                                 {"Nap_Et2", -17.0},
                                 {"Nap_Et2", -64.4},
                                 {"Nap_Et2", -38.0},
                                 {"Ih", -154.9},
                                 {"Ca_HVA", -27.0}}) {
    const auto m = of_catalogue(name);
    Symbols symbols(m);
    for (const auto& state : m.stored) symbols.set(state, 0.37);
    const auto advanced = [&](size_t s, double v) {
      symbols.set("v", v);
      return symbols.of(m.advanced[s]);
    };
    for (size_t s = 0; s < m.states; ++s) {
      for (const double v : {at - 1e-13, at, at + 1e-9, at + 0.01}) {
        // Linear between points 0.2 mV on either side, but for the curvature over that distance.
        const double before = advanced(s, at - 0.2), after = advanced(s, at + 0.2);
        EXPECT_NEAR(advanced(s, v), before + (v - at + 0.2) / 0.4 * (after - before), 1e-5)
            << name << " " << m.stored[s] << " at " << v;
      }
    }
  }
}

TEST(Kinetics, CurrentsAreConductanceTimesDrivingForce) {
  const std::map<std::string, std::pair<std::function<double(double, double)>, double>> expected{
      {"NaTa_t", {[](double m, double h) { return m * m * m * h; }, 50}},
      {"NaTs2_t", {[](double m, double h) { return m * m * m * h; }, 50}},
      {"Nap_Et2", {[](double m, double h) { return m * m * m * h; }, 50}},
      {"Im", {[](double m, double) { return m; }, -85}},
      {"K_Pst", {[](double m, double h) { return m * m * h; }, -85}},
      {"K_Tst", {[](double m, double h) { return m * m * m * m * h; }, -85}},
      {"SKv3_1", {[](double m, double) { return m; }, -85}},
      {"SK_E2", {[](double z, double) { return z; }, -85}},
      {"Ih", {[](double m, double) { return m; }, -45}},
      {"Ca_HVA", {[](double m, double h) { return m * m * h; }, 120}},
      {"Ca_LVAst", {[](double m, double h) { return m * m * h; }, 120}}};
  for (const auto& [name, formula] : expected) {
    const auto m = of_catalogue(name);
    Symbols symbols(m);
    symbols.set("gbar", 0.02);
    symbols.set("v", -33);
    for (const auto& state : m.stored) symbols.set(state, state == "h" ? 0.7 : 0.4);
    const double g = 0.02 * formula.first(0.4, 0.7), i = g * (-33 - formula.second);
    EXPECT_NEAR(symbols.of(m.total_current), i, 1e-14 * std::fabs(i)) << name;
    EXPECT_NEAR(symbols.of(m.conductance), g, 1e-14 * g) << name;
  }
}

TEST(Kinetics, IhMayBeShifted) {
  const auto m = of_catalogue("Ih");
  Symbols plain(m), shifted(m);
  shifted.set("vshift", 12);
  plain.set("v", -80);
  shifted.set("v", -68);
  EXPECT_NEAR(shifted.of(m.initial[0]), plain.of(m.initial[0]), 1e-15);
}

TEST(Kinetics, CalciumEntersAThinShellAndDecaysToRest) {
  const auto m = of_catalogue("CaDynamics_E2");
  Symbols symbols(m);
  symbols.set("gamma", 0.000637);
  symbols.set("decay", 35.725651);
  symbols.set("ica", -0.003);
  symbols.set("cai", 2e-4);
  const double influx = 1e4 * 0.003 * 0.000637 / (2 * 96485.33212331 * 0.1);
  const double target = 1e-4 + influx * 35.725651;
  const double wanted = 2e-4 + (1 - exp(-0.025 / 35.725651)) * (target - 2e-4);
  ASSERT_EQ(m.advanced_concentration.size(), 1u);
  EXPECT_NEAR(symbols.of(m.advanced_concentration[0]), wanted, 1e-11 * wanted);
}

TEST(Kinetics, AnEventOpensASynapseToItsPeak) {
  // Peak of the difference of exponentials: gmax, at  rise decay / (decay - rise) log(decay / rise).
  const auto m = of_catalogue("DoubleExp");
  Symbols symbols(m);
  const auto become = [&](const std::vector<Expr>& next) {
    std::vector<double> values;
    for (const Expr e : next) values.push_back(symbols.of(e));
    for (size_t s = 0; s < next.size(); ++s) symbols.set(m.stored[s], values[s]);
  };
  become(m.initial);
  symbols.set(m.receiving->arguments.at(0), 1);
  become(m.receiving->stored);
  symbols.set("dt", 0.2 * 8 / 7.8 * std::log(40.0));
  become(m.advanced);
  symbols.set("v", -60);
  EXPECT_NEAR(symbols.of(m.total_current), 0.001 * 20, 1e-14);
  EXPECT_NEAR(symbols.of(m.conductance), 0.001, 1e-15);
}

TEST(Kinetics, MagnesiumBlocksNmda) {
  const auto m = of_catalogue("AMPANMDA");
  Symbols symbols(m);
  for (const auto& [state, value] : {std::pair{"A_ampa", 0.0},
                                     {"B_ampa", 0.0},
                                     {"A_nmda", 0.0},
                                     {"B_nmda", 1.0},
                                     {"ampa_factor", 1.0},
                                     {"nmda_factor", 1.0}})
    symbols.set(state, value);
  for (const double v : {-90.0, -60.0, -20.0, 30.0}) {
    symbols.set("v", v);
    EXPECT_NEAR(symbols.of(m.total_current), 0.0004 * v / (1 + exp(-0.08 * v) / 3.57), 1e-16) << v;
  }
}

}  // namespace
}  // namespace nt::mechanism

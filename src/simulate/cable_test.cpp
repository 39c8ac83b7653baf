// The cable solver against its plain reference, and against what the cable equation is known to do.
#include "simulate/cable.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <random>

#include "config/temporary_folder.hpp"
#include "simulate/detail/cable_plan.hpp"
#include "simulate/detail/cable_reference.hpp"
#include "simulate/node_order.hpp"
#include "simulate/simulator.hpp"
#include "simulate/unphysical_voltage.hpp"

namespace nt::simulate {
namespace {

namespace fs = std::filesystem;

const fs::path kProject = fs::path(__FILE__).parent_path().parent_path().parent_path();

/// A file in the temporary folder.
fs::path written(const std::string& name, const std::string& text) {
  const auto folder = config::own_temporary_folder() / "neurontwin-cable-test";
  fs::create_directories(folder);
  const auto file = folder / name;
  if (FILE* out = std::fopen(file.c_str(), "w")) {
    std::fputs(text.c_str(), out);
    std::fclose(out);
  }
  return file;
}

/// A cell of the given description; its morphology is the SWC text.
cell::DetailedCell cell_of(const std::string& name, const std::string& swc, const std::string& description) {
  const auto settings = config::Settings::from_text(
      fmt::format("kind = \"detailed\"\nmorphology = \"{}\"\n{}", name, description), name + ".toml");
  auto cell = cell::read_detailed_cell(settings, written(name, swc).parent_path());
  settings.reject_unread();
  return cell;
}

/// The layer-5 cell's biophysics on a tree of a few compartments that has one of every kind.
cell::DetailedCell small_layer_five_cell(bool driven = false) {
  const auto swc = written("small-layer-5.swc",
                           "1 1 0 -10 0 8 -1\n2 1 0 10 0 8 1\n"
                           "3 3 0 -11 0 1 1\n4 3 0 -60 0 0.8 3\n5 3 20 -100 0 0.5 4\n6 3 -20 -100 0 0.5 4\n"
                           "7 4 0 11 0 2 2\n8 4 0 720 0 1.2 7\n9 4 50 800 0 0.6 8\n10 4 -60 860 0 0.5 8\n");
  std::vector<std::string> settings{"compartment_spacing_um=150"};
  if (driven)
    settings.emplace_back(
        "point=[{ mechanism = \"IClamp\", section = \"soma[0]\", del = 2, dur = 8, amp = 3 }]");
  cell::CellChoices choices;
  choices.morphology = swc;
  return cell::read_detailed_cell(config::Settings::from_file(kProject / "cells/l5pc.toml", "", settings),
                                  kProject / "cells", choices);
}

/// `events` spikes at random synapses, most of them early, so that the cell fires.
stimulus::SynapticInput random_input(const cell::DetailedCell& cell, unsigned seed, int events,
                                     uint32_t last_ms) {
  std::mt19937 random(seed);
  stimulus::SynapticInput input;
  const auto fill = [&](stimulus::Events& into, const cell::SynapseGroup& synapses, int n) {
    std::vector<std::pair<uint32_t, uint32_t>> all;
    const auto synapse_count =
        static_cast<uint32_t>(cell.placements[*synapses.placement].compartments.size());
    for (int k = 0; k < n; ++k)
      all.emplace_back(1 + static_cast<uint32_t>(random() % last_ms),
                       static_cast<uint32_t>(random() % synapse_count));
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    for (const auto& [ms, synapse] : all) {
      into.time_ms.push_back(ms);
      into.synapse.push_back(synapse);
    }
  };
  fill(input.excitatory, cell.excitatory, events);
  fill(input.inhibitory, cell.inhibitory, events / 4);
  return input;
}

Recording run(const cell::DetailedCell& cell, const CableSpec& spec, const stimulus::SynapticInput& input,
              int64_t ms, Precision precision = Precision::in_double) {
  return simulate(cell, {spec, precision}, std::span(&input, 1), ms, 1)[0];
}

double greatest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double most = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    most = std::max(most, std::fabs(static_cast<double>(a[i]) - b[i]));
  return most;
}

// ---- against the plain reference

class AgainstReference : public testing::TestWithParam<std::pair<Scheme, Precision>> {};

TEST_P(AgainstReference, EveryCompartmentIsTheSame) {
  const auto [scheme, precision] = GetParam();
  const auto cell = small_layer_five_cell(true);
  CableSpec spec;
  spec.scheme = scheme;
  spec.root_steps = 1;
  spec.most_steps = 1;
  spec.dendrites = true;
  const size_t ms = 12, steps_per_ms = 40;
  const auto input = random_input(cell, 7, 600, 8);
  const auto fast = run(cell, spec, input, ms, precision);
  const auto plain = simulate_reference(cell, spec, input, ms * steps_per_ms);
  double highest = -100;
  // Double: what is recorded is float, 4e-6 mV. Float: its rounding, and that of its gates' steps, in a
  // spike.
  const double tolerance_mV = precision == Precision::in_double ? 1e-5 : 0.03;
  for (size_t steps = 1; steps < plain.v_mV.size(); ++steps) {
    const auto& v = plain.v_mV[steps - 1];
    highest = std::max(highest, v[0]);
    if (steps % 5 == 0) {
      ASSERT_NEAR(fast.soma_mV[steps / 5], v[0], tolerance_mV) << "step " << steps;
    }
    if (steps % steps_per_ms != 0) continue;
    for (size_t c = 0; c < v.size(); ++c)
      ASSERT_NEAR(fast.dendrites_mV[c * ms + steps / steps_per_ms], v[c], tolerance_mV)
          << "compartment " << c << ", step " << steps;
  }
  EXPECT_GT(highest, -20) << "the comparison should cover a spike";
}

INSTANTIATE_TEST_SUITE_P(EveryWay, AgainstReference,
                         testing::Values(std::pair(Scheme::backward_euler, Precision::in_double),
                                         std::pair(Scheme::crank_nicolson, Precision::in_double),
                                         std::pair(Scheme::crank_nicolson, Precision::in_float)));

// ---- trials side by side

TEST(Lanes, ATrialIsTheSameAloneInCompanyAndOnManyThreads) {
  const auto cell = small_layer_five_cell();
  std::vector<stimulus::SynapticInput> inputs;
  for (unsigned k = 0; k < 37; ++k)
    inputs.push_back(random_input(cell, k, 20 + 10 * static_cast<int>(k), 15));
  const auto together = simulate(cell, {{}, Precision::in_float}, inputs, 20, 1);
  const auto threaded = simulate(cell, {{}, Precision::in_float}, inputs, 20, 3);
  for (size_t k = 0; k < inputs.size(); ++k) {
    EXPECT_EQ(together[k].soma_mV, threaded[k].soma_mV) << k;
    if (k % 9 == 0) {
      EXPECT_EQ(together[k].soma_mV, run(cell, {}, inputs[k], 20, Precision::in_float).soma_mV) << k;
    }
  }
}

TEST(NodeOrder, PutsSomaAndAxonFirstAndEveryNodeAfterItsParent) {
  const auto cell = small_layer_five_cell();
  const auto order = order_nodes(cell.geometry);
  EXPECT_EQ(order.root_nodes, 3);
  ASSERT_EQ(order.nodes.size(), cell.geometry.nodes.size());
  for (size_t i = 0; i < order.nodes.size(); ++i) {
    EXPECT_LT(order.nodes[i].parent, static_cast<int>(i));
    if (order.nodes[i].compartment < 0) continue;
    EXPECT_EQ(order.node_of[order.nodes[i].compartment], static_cast<int>(i));
    const auto region = cell.geometry.region(order.nodes[i].compartment);
    EXPECT_EQ(region == morphology::Region::soma || region == morphology::Region::axon, i < 3);
  }
}

// ---- order of the schemes

/// The greatest error at the soma below threshold, against steps of 1/16 of the finest.
std::vector<double> errors_at(const cell::DetailedCell& cell, CableSpec spec,
                              const stimulus::SynapticInput& input, const std::vector<double>& steps_ms) {
  CableSpec fine;
  fine.dt_ms = 0.001953125;
  const auto truth = run(cell, fine, input, 40);
  std::vector<double> errors;
  for (const double dt : steps_ms) {
    spec.dt_ms = dt;
    errors.push_back(greatest_difference(run(cell, spec, input, 40).soma_mV, truth.soma_mV));
  }
  return errors;
}

TEST(Convergence, TheErrorOfTheDefaultSchemeFallsWithTheSquareOfTheStep) {
  const auto cell = small_layer_five_cell();
  const auto input = random_input(cell, 3, 30, 20);
  const auto errors = errors_at(cell, {}, input, {0.125, 0.0625, 0.03125});
  EXPECT_LT(errors[0], 0.5) << "no spike";
  for (size_t k = 0; k + 1 < errors.size(); ++k) {
    // 4 for the second order; more or less where levels change their steps with dt.
    EXPECT_GT(errors[k] / errors[k + 1], 3) << errors[k] << " " << errors[k + 1];
    EXPECT_LT(errors[k] / errors[k + 1], 6) << errors[k] << " " << errors[k + 1];
  }
}

TEST(Convergence, TheErrorOfBackwardEulerFallsWithTheStep) {
  const auto cell = small_layer_five_cell();
  CableSpec euler;
  euler.scheme = Scheme::backward_euler;
  const auto errors = errors_at(cell, euler, random_input(cell, 3, 30, 20), {0.0625, 0.03125});
  EXPECT_NEAR(errors[0] / errors[1], 2, 0.3);
}

// ---- cables whose voltage is known

/// A cylinder of one basal dendrite. Its soma, as thick, is its first half spacing.
cell::DetailedCell cylinder(double length_um, double diameter_um, double spacing_um,
                            const std::string& more) {
  const double soma_um = spacing_um / 2;
  const auto swc = fmt::format("1 1 0 0 0 {0} -1\n2 1 {1} 0 0 {0} 1\n3 3 {1} 0 0 {0} 2\n4 3 {2} 0 0 {0} 3\n",
                               diameter_um / 2, soma_um, soma_um + length_um);
  return cell_of(
      "cylinder.swc", swc,
      fmt::format("initial_mV = -65\ncompartment_spacing_um = {}\naxial_resistivity_ohm_cm = 100\n{}",
                  spacing_um, more));
}

/// From the middle of the soma to the cable's end.
double reach_um(const cell::DetailedCell& cell) {
  const auto& last = cell.geometry.compartments.back();
  return last.path_um + last.length_um / 2;
}

constexpr double kLeak_S_cm2 = 1e-4;

std::string leaky(const std::string& point) {
  return fmt::format(
      "insert = [ {{ mechanism = \"leak\", regions = [\"soma\", \"basal\"], g = {}, e = -65 }} ]\n"
      "point = [ {} ]",
      kLeak_S_cm2, point);
}

/// lambda = sqrt(d Rm / 4 Ra) (Rall 1977), in um.
double length_constant_um(double diameter_um) {
  return 1e4 * std::sqrt(diameter_um * 1e-4 / (4 * 100 * kLeak_S_cm2));
}

/// The voltage over rest of every compartment at the end of the run, by its distance from the dendrite's
/// start.
std::vector<std::pair<double, double>> profile(const cell::DetailedCell& cell, int64_t ms) {
  CableSpec spec;
  spec.dendrites = true;
  const auto recording = run(cell, spec, {}, ms);
  std::vector<std::pair<double, double>> v;
  for (size_t c = 0; c < cell.geometry.compartments.size(); ++c)
    v.emplace_back(cell.geometry.compartments[c].path_um,
                   recording.dendrites_mV[(c + 1) * static_cast<size_t>(ms) - 1] + 65.0);
  return v;
}

const std::string kSteadyCurrent =
    "{ mechanism = \"IClamp\", section = \"soma[0]\", x = 0.5, del = 0, dur = 1e9, amp = 0.05 }";

TEST(Cable, SteadyVoltageDecaysWithTheLengthConstant) {
  // V(x) = V0 exp(-x/lambda) in a cable without an end in sight (Rall 1977).
  const auto cell = cylinder(5000, 1, 10, leaky(kSteadyCurrent));
  const auto v = profile(cell, 200);  // 20 time constants
  const double lambda_um = length_constant_um(1);
  for (const auto& [x_um, mV] : v) {
    if (x_um < 20 || x_um > 1500) continue;
    const double expected = v[0].second * std::exp(-(x_um - v[0].first) / lambda_um);
    EXPECT_NEAR(mV, expected, 2e-3 * v[0].second) << x_um;  // compartments of lambda/50
  }
  // R = 2 sqrt(Rm Ra) / (pi d^1.5) for a current that flows one way.
  const double input_Mohm =
      1e-6 * 2 * std::sqrt(100 / kLeak_S_cm2) / (std::numbers::pi * std::pow(1e-4, 1.5));
  EXPECT_NEAR(v[0].second, 0.05 * input_Mohm, 0.01 * v[0].second);  // the first compartment is not a point
}

TEST(Cable, SteadyVoltageOfASealedEndIsAHyperbolicCosine) {
  // V(x) = V0 cosh((L - x)/lambda) / cosh(L/lambda)
  const auto cell = cylinder(600, 1, 6, leaky(kSteadyCurrent));
  const double length_um = reach_um(cell), lambda_um = length_constant_um(1);
  const auto v = profile(cell, 200);
  for (const auto& [x_um, mV] : v) {
    const double expected =
        v[0].second * std::cosh((length_um - x_um) / lambda_um) / std::cosh(length_um / lambda_um);
    EXPECT_NEAR(mV, expected, 1e-3 * v[0].second) << x_um;
  }
}

class ARallpackCable : public testing::TestWithParam<int> {};

TEST_P(ARallpackCable, ChargesAtBothEndsAsTheSeriesSays) {
  // As rallpack 1 (Bhalla, Bilitch and Bower 1992): 1 mm of cable, 1 um thick, 0.1 nA into one end; here with
  // Ra 100 ohm cm and Rm 10 kohm cm2. The step response of a sealed cable in its eigenmodes: cosines of n pi
  // x/l, each with the time constant tau / (1 + (n pi lambda/l)^2).
  const auto cell =
      cylinder(995, 1, 10,
               leaky("{ mechanism = \"IClamp\", section = \"soma[0]\", del = 0, dur = 1e9, amp = 0.1 }") +
                   "\nrecord = [ { name = \"end\", section = \"dend[0]\", x = 1 } ]");
  // The dendrite continues the soma: the cable begins where the soma does.
  const double soma_um = cell.geometry.compartments[0].length_um, length_um = reach_um(cell) + soma_um / 2;
  const double lambda_um = length_constant_um(1), tau_ms = 1e-3 / kLeak_S_cm2;
  CableSpec spec;
  spec.root_steps = GetParam();
  const auto recording = run(cell, spec, {}, 50);
  const double membrane_Mohm = 1e-6 / (kLeak_S_cm2 * std::numbers::pi * 1e-4 * length_um * 1e-4);
  const auto expected = [&](double x_um, double t_ms) {
    double sum = 1 - std::exp(-t_ms / tau_ms);
    for (int n = 1; n < 4000; ++n) {
      const double k = n * std::numbers::pi, rate = 1 + std::pow(k * lambda_um / length_um, 2);
      sum += 2 * std::cos(k * x_um / length_um) * (1 - std::exp(-t_ms * rate / tau_ms)) / rate;
    }
    return 0.1 * membrane_Mohm * sum;
  };
  const double end_um = length_um - cell.geometry.compartments.back().length_um / 2;
  // Of 60 mV. A soma with steps of its own sees the step of current a little late, for a while.
  const double tolerance_mV = GetParam() == 1 ? 0.02 : 0.1;
  for (size_t k = 8; k < recording.soma_mV.size(); ++k) {
    const double t_ms = static_cast<double>(k) / 8;
    ASSERT_NEAR(recording.soma_mV[k] + 65, expected(soma_um / 2, t_ms), tolerance_mV) << t_ms;
    ASSERT_NEAR(recording.sites[0].mV[k] + 65, expected(end_um, t_ms), tolerance_mV) << t_ms;
  }
}

INSTANTIATE_TEST_SUITE_P(WithStepsOfItsOwnForTheSomaAndWithout, ARallpackCable, testing::Values(1, 4));

TEST(Charge, WhatIsInjectedIsOnTheMembrane) {
  // Without a leak, the charge of a pulse is the sum of C dV over the tree, wherever it went.
  const auto cell = cell_of(
      "tree.swc",
      "1 1 0 -5 0 5 -1\n2 1 0 5 0 5 1\n3 3 0 6 0 1 2\n4 3 0 100 0 1 3\n5 3 60 180 0 0.5 4\n"
      "6 3 -90 160 0 0.7 4\n7 3 -200 200 0 0.2 6\n",
      "initial_mV = -65\ncompartment_spacing_um = 20\n"
      "point = [ { mechanism = \"IClamp\", section = \"dend[2]\", x = 0.99, del = 1, dur = 2, amp = 0.3 } ]");
  for (const int root_steps : {1, 4}) {
    CableSpec spec;
    spec.root_steps = root_steps;
    const size_t ms = 40;
    spec.dendrites = true;
    const auto recording = run(cell, spec, {}, static_cast<int64_t>(ms));
    double charge_pC = 0;
    for (size_t c = 0; c < cell.geometry.compartments.size(); ++c)
      charge_pC += 1e-5 * cell.capacitance_uF_cm2[c] * cell.geometry.compartments[c].area_um2 *
                   (recording.dendrites_mV[(c + 1) * ms - 1] + 65);  // uF/cm2 um2 is 1e-5 nF
    // Rounding only with one step for all; with steps of its own the soma's share is of second order.
    EXPECT_NEAR(charge_pC, 0.3 * 2, root_steps == 1 ? 1e-5 : 2e-4) << root_steps;
  }
}

// ---- one compartment whose differential equation is solved another way

/// A soma of one compartment with what `description` says; its area in um2 is `area`.
cell::DetailedCell one_compartment(const std::string& description) {
  return cell_of("soma.swc", "1 1 0 -10 0 10 -1\n2 1 0 10 0 10 1\n", description);
}

/// Classical Runge-Kutta: `f` gives the derivative.
template <class State, class F>
State runge_kutta(State y, double h, const F& f) {
  const auto moved = [](State a, const State& d, double s) {
    for (size_t i = 0; i < a.size(); ++i) a[i] += s * d[i];
    return a;
  };
  const State k1 = f(y), k2 = f(moved(y, k1, h / 2)), k3 = f(moved(y, k2, h / 2)), k4 = f(moved(y, k3, h));
  for (size_t i = 0; i < y.size(); ++i) y[i] += h / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
  return y;
}

TEST(SquidAxon, FiresWhenItsDifferentialEquationSays) {
  // Hodgkin and Huxley 1952 at 6.3 C, under 10 uA/cm2, by Runge-Kutta in steps of 1 us.
  const auto cell = one_compartment(
      "initial_mV = -65\nreversal_mV = { na = 50, k = -77 }\ninsert = [ { mechanism = \"squid\", regions = "
      "[\"soma\"] } ]\n"
      "point = [ { mechanism = \"IClamp\", section = \"soma[0]\", del = 0, dur = 1e9, amp = "
      "0.12566370614359174 } ]");
  const auto lin = [](double u, double k) { return u / (1 - std::exp(-u / k)); };
  const auto rates = [&](double v) {
    return std::array{std::pair(0.1 * lin(v + 40 + 1e-9, 10), 4 * std::exp(-(v + 65) / 18)),
                      std::pair(0.07 * std::exp(-(v + 65) / 20), 1 / (1 + std::exp(-(v + 35) / 10))),
                      std::pair(0.01 * lin(v + 55 + 1e-9, 10), 0.125 * std::exp(-(v + 65) / 80))};
  };
  using State = std::array<double, 4>;
  const auto f = [&](const State& y) {
    const auto r = rates(y[0]);
    State d;
    d[0] = 10 - 120 * std::pow(y[1], 3) * y[2] * (y[0] - 50) - 36 * std::pow(y[3], 4) * (y[0] + 77) -
           0.3 * (y[0] + 54.3);
    for (size_t i = 0; i < 3; ++i) d[i + 1] = r[i].first * (1 - y[i + 1]) - r[i].second * y[i + 1];
    return d;
  };
  State y{-65, 0, 0, 0};
  const auto start = rates(-65);
  for (size_t i = 0; i < 3; ++i) y[i + 1] = start[i].first / (start[i].first + start[i].second);
  std::vector<double> truth;
  for (int step = 0; step < 60000; ++step) {
    if (step % 125 == 0) truth.push_back(y[0]);
    y = runge_kutta(y, 1e-3, f);
  }
  CableSpec spec;
  double before = 0;
  for (const double dt : {0.025, 0.0125}) {
    spec.dt_ms = dt;
    const auto v = run(cell, spec, {}, 60).soma_mV;
    ASSERT_EQ(v.size(), truth.size());
    double squares = 0;
    for (size_t i = 0; i < v.size(); ++i) squares += std::pow(v[i] - truth[i], 2);
    const double rms_mV = std::sqrt(squares / static_cast<double>(v.size()));
    EXPECT_LT(rms_mV, 0.05) << dt;
    if (before > 0) {
      EXPECT_GT(before / rms_mV, 3.5) << "second order: half the step, a quarter of the error";
    }
    before = rms_mV;
    EXPECT_GE(output_spikes(v).size(), 3u);
  }
}

/// How a passive compartment of tau = C/gl answers a small conductance g(t) at a driving force: the
/// convolution of g with the membrane's exponential, by Simpson's rule in fine steps.
std::vector<double> small_psp(double tau_ms, double force_mV, double capacitance_nF, size_t samples,
                              const std::function<double(double)>& g_uS) {
  std::vector<double> v{0};
  double now = 0;
  const double h = 0.125 / 64, decay = std::exp(-h / tau_ms);
  for (size_t k = 1; k < samples; ++k) {
    for (int i = 0; i < 64; ++i) {
      const double t = 0.125 * static_cast<double>(k - 1) + h * i;
      const double half = std::sqrt(decay);
      now = now * decay +
            h / 6 * (g_uS(t) * decay + 4 * g_uS(t + h / 2) * half + g_uS(t + h)) * force_mV / capacitance_nF;
    }
    v.push_back(now);
  }
  return v;
}

constexpr double kSomaArea_um2 = std::numbers::pi * 20 * 20;
constexpr double kSoma_nF = kSomaArea_um2 * 1e-5;

const std::string kPassiveSoma =
    "initial_mV = -70\ninsert = [ { mechanism = \"leak\", regions = [\"soma\"], g = 1e-4, e = -70 } ]\n";

TEST(Synapse, ADoubleExponentialConductanceMakesItsPostsynapticPotential) {
  const double gmax_uS = 1e-7, rise_ms = 0.3, decay_ms = 3;
  const auto cell =
      one_compartment(kPassiveSoma + fmt::format("excitatory = {{ mechanism = \"DoubleExp\", regions = "
                                                 "[\"soma\"], rise = {}, decay = {}, gmax = {}, e = 0 }}",
                                                 rise_ms, decay_ms, gmax_uS));
  stimulus::SynapticInput input;
  input.excitatory = {{2, 9}, {0, 0}};
  const double peak_ms = rise_ms * decay_ms / (decay_ms - rise_ms) * std::log(decay_ms / rise_ms);
  const double factor = 1 / (std::exp(-peak_ms / decay_ms) - std::exp(-peak_ms / rise_ms));
  const auto g = [&](double t) {
    double sum = 0;
    for (const double onset : {2.0, 9.0})
      if (t > onset)
        sum += gmax_uS * factor * (std::exp(-(t - onset) / decay_ms) - std::exp(-(t - onset) / rise_ms));
    return sum;
  };
  const auto v = run(cell, {}, input, 40).soma_mV;
  const auto expected = small_psp(10, 70, kSoma_nF, v.size(), g);
  const double highest = *std::max_element(expected.begin(), expected.end());
  ASSERT_GT(highest, 1e-3);
  for (size_t k = 0; k < v.size(); ++k)  // the recording's float is 8e-6 mV at -70
    ASSERT_NEAR(v[k] + 70, expected[k], 1e-2 * highest) << static_cast<double>(k) / 8 << " ms";
}

TEST(Synapse, AnAlphaConductanceMakesItsPostsynapticPotential) {
  const double gmax_uS = 1e-6, tau_ms = 2;
  const auto cell =
      one_compartment(kPassiveSoma + fmt::format("point = [ {{ mechanism = \"AlphaSynapse\", section = "
                                                 "\"soma[0]\", onset = 5, tau = {}, gmax = {}, e = 0 }} ]",
                                                 tau_ms, gmax_uS));
  const auto v = run(cell, {}, {}, 40).soma_mV;
  const auto expected = small_psp(10, 70, kSoma_nF, v.size(), [&](double t) {
    const double x = std::max(t - 5, 0.0) / tau_ms;
    return gmax_uS * x * std::exp(1 - x);
  });
  const double highest = *std::max_element(expected.begin(), expected.end());
  ASSERT_GT(highest, 1e-2);
  for (size_t k = 0; k < v.size(); ++k)
    ASSERT_NEAR(v[k] + 70, expected[k], 5e-3 * highest) << static_cast<double>(k) / 8 << " ms";
}

// ---- input at any time, of any weight

TEST(DeliverySteps, AreTheFirstThatStartAtMostHalfAStepBeforeTheEvent) {
  DeliverySteps steps(0.025);
  EXPECT_EQ(steps.of(0), 0);
  EXPECT_EQ(steps.of(100.5), 4020);
  EXPECT_EQ(steps.of(100.51), 4020);   // 4020.4 steps
  EXPECT_EQ(steps.of(100.514), 4021);  // 4020.56
  EXPECT_EQ(steps.of(0.0125), 0);      // half-way: the earlier
  for (int64_t ms = 0; ms < 10000; ++ms) ASSERT_EQ(steps.of(static_cast<double>(ms)), ms * 40);
}

TEST(DeliverySteps, HalfWayBetweenTwoFollowNeuronsClock) {
  // NEURON 8.2.2: an event at 20.0125 ms is delivered at the start of the step from 20.025 ms, for its clock
  // is a little behind after 800 steps.
  EXPECT_EQ(DeliverySteps(0.025).of(20.0125), 801);
}

TEST(SharedDelivery, KeepsAnEventsMeanTime) {
  for (const double time_ms : {0.0, 0.01, 20.0125, 100.51, 100.514}) {
    const auto [step, later] = shared_delivery(time_ms, 0.025);
    EXPECT_GE(later, 0);
    EXPECT_LT(later, 1);
    EXPECT_NEAR((static_cast<double>(step) + later) * 0.025, time_ms, 1e-7);
  }
  for (int64_t ms = 0; ms < 10000; ++ms) {
    const auto [step, later] = shared_delivery(static_cast<double>(ms), 0.025);
    ASSERT_EQ(step, ms * 40);
    ASSERT_EQ(later, 0);
  }
}

TEST(SharedDelivery, MakesTheErrorOfInputBetweenStepsFallAtSecondOrder) {
  const auto cell =
      one_compartment(kPassiveSoma +
                      "excitatory = { mechanism = \"DoubleExp\", regions = [\"soma\"], rise = 0.5, decay = "
                      "3, gmax = 1e-2, e = 0 }");
  stimulus::TimedInput input;
  for (const double ms : {2.013, 2.721, 3.307, 4.518, 5.2077, 7.9331})
    input.excitatory.time_ms.push_back(ms), input.excitatory.synapse.push_back(0);
  const auto soma_mV = [&](double dt_ms) {
    const CableSpec spec{.dt_ms = dt_ms, .root_steps = 1};
    return simulate(cell, {spec, Precision::in_double}, std::span(&input, 1), 20, 1)[0].soma_mV;
  };
  const auto truth = soma_mV(1.0 / 1024);
  ASSERT_GT(*std::max_element(truth.begin(), truth.end()), -65);
  double last_mV = greatest_difference(soma_mV(1.0 / 8), truth);
  for (const double dt_ms : {1.0 / 16, 1.0 / 32, 1.0 / 64}) {
    const double error_mV = greatest_difference(soma_mV(dt_ms), truth);
    EXPECT_LT(error_mV, last_mV / 2.8) << dt_ms;
    last_mV = error_mV;
  }
}

TEST(Levels, WaitAsManySmallStepsAsMediumOnes) {
  // So their error falls with the step as all else does.
  const auto cell = small_layer_five_cell();
  const auto waits = [&](double dt_ms) {
    std::vector<std::pair<int64_t, size_t>> all;
    const auto plan = make_cable_plan<double>(cell, {.dt_ms = dt_ms});
    for (const auto& level : plan.zones.back().levels) all.emplace_back(level.stride, level.advancing.size());
    return all;
  };
  const auto usual = waits(0.035);
  EXPECT_GT(usual.size(), 2u);
  EXPECT_EQ(waits(0.025), usual);
  EXPECT_EQ(waits(0.00625), usual);
  EXPECT_NE(waits(0.1), usual);  // time constants do not grow with the step
}

TEST(TimedInput, OfWholeMillisecondsIsTheSameTrial) {
  const auto cell = small_layer_five_cell();
  const auto input = random_input(cell, 3, 200, 8);
  const auto exact = stimulus::timed(input);
  EXPECT_EQ(run(cell, {}, input, 12).soma_mV,
            simulate(cell, {{}, Precision::in_double}, std::span(&exact, 1), 12, 1)[0].soma_mV);
}

TEST(TimedInput, AtAnyTimeAndOfAnyWeightIsThePlainReferences) {
  auto cell = small_layer_five_cell();
  cell.inhibitory.weight = 0.3;
  auto input = stimulus::timed(random_input(cell, 11, 300, 8));
  std::mt19937 random(1);
  std::uniform_real_distribution<double> off(-0.5, 0.5), weight(0, 2);
  for (auto* events : {&input.excitatory, &input.inhibitory})
    for (double& ms : events->time_ms) ms += off(random);
  for (size_t k = 0; k < input.excitatory.time_ms.size(); ++k)
    input.excitatory.weight.push_back(weight(random));
  for (const auto scheme : {Scheme::backward_euler, Scheme::crank_nicolson}) {
    const CableSpec spec{.scheme = scheme, .root_steps = 1, .most_steps = 1};
    const auto fast = simulate(cell, {spec, Precision::in_double}, std::span(&input, 1), 12, 1)[0];
    const auto plain = simulate_reference(cell, spec, input, 12 * 40);
    for (size_t steps = 5; steps < plain.v_mV.size(); steps += 5)  // the recording's float is 4e-6 mV
      ASSERT_NEAR(fast.soma_mV[steps / 5], plain.v_mV[steps - 1][0], 1e-5) << "step " << steps;
  }
}

TEST(TimedInput, OfHalfTheWeightTwiceIsOneOfTheWhole) {
  const auto cell =
      one_compartment(kPassiveSoma +
                      "excitatory = { mechanism = \"DoubleExp\", regions = [\"soma\"], rise = 0.3, "
                      "decay = 3, gmax = 1e-4, e = 0, weight = 0.5 }");
  const auto soma_mV = [&](const stimulus::TimedInput& input) {
    return simulate(cell, {{}, Precision::in_double}, std::span(&input, 1), 30, 1)[0].soma_mV;
  };
  const auto twice = soma_mV({{{2.3, 2.3}, {0, 0}, {}}, {}});
  EXPECT_EQ(twice, soma_mV({{{2.3}, {0}, {1.0}}, {}}));
  EXPECT_GT(*std::max_element(twice.begin(), twice.end()), -70 + 0.1);
  EXPECT_LT(greatest_difference(soma_mV({{{2.3}, {0}, {0.0}}, {}}), soma_mV({})), 1e-12);
}

// ---- voltages that no membrane has

/// More than a description may ask for.
void set_excitatory_reversal(cell::DetailedCell& cell, double mV) {
  auto& synapses = cell.placements[*cell.excitatory.placement];
  const auto& parameters = synapses.mechanism().parameters;
  for (size_t k = 0; k < parameters.size(); ++k)
    if (parameters[k].name == "e")
      for (auto& values : synapses.parameters) values[k] = mV;
}

std::string unphysical(const cell::DetailedCell& cell, const stimulus::SynapticInput& input,
                       Precision precision) {
  try {
    run(cell, {}, input, 20, precision);
  } catch (const UnphysicalVoltage& error) {
    EXPECT_EQ(error.trial, 0u);
    return error.description;
  }
  return "none";
}

TEST(Nonsense, OfAMechanismEndsTheRunAndNamesIt) {
  const auto cell = one_compartment(
      "insert = [ { mechanism = \"leak\", regions = [\"soma\"], g = 1e-4, e = -65 } ]\n"
      "point = [ { mechanism = \"AlphaSynapse\", section = \"soma[0]\", onset = 2, tau = 0, gmax = 1 } ]");
  for (const auto precision : {Precision::in_float, Precision::in_double}) {
    const auto said = unphysical(cell, {}, precision);  // its time constant is 0
    EXPECT_EQ(said.find("the voltage of soma[0](0.5) is no number at "), 0u) << said;
    EXPECT_NE(said.find("the current of AlphaSynapse is no number"), std::string::npos) << said;
  }
}

TEST(Nonsense, VoltagesOfADescriptionPastItsChecksEndTheRunAtTheFirstAndNameTheMechanism) {
  auto cell = small_layer_five_cell();
  set_excitatory_reversal(cell, 1e30);
  stimulus::SynapticInput input;
  input.excitatory = {{5}, {2}};
  for (const auto precision : {Precision::in_float, Precision::in_double}) {
    const auto said = unphysical(cell, input, precision);
    const auto& place =
        cell.geometry.compartments[cell.placements[*cell.excitatory.placement].compartments[2]];
    const auto& section = cell.geometry.sections[place.section].name;
    EXPECT_NE(said.find(" at 5.0"), std::string::npos) << said;  // a step or two after the event
    EXPECT_NE(said.find(" ms, expected from -1000 to 1000 mV"), std::string::npos) << said;
    EXPECT_NE(said.find(fmt::format("the current of AMPANMDA in {}({:.3g}) is ", section, place.x)),
              std::string::npos)
        << said;
  }
}

TEST(Nonsense, IsToldOfTheTrialThatHasIt) {
  auto cell = one_compartment(kPassiveSoma +
                              "excitatory = { mechanism = \"DoubleExp\", regions = [\"soma\"], gmax = 1 }");
  set_excitatory_reversal(cell, 5000);
  std::vector<stimulus::TimedInput> inputs(40);
  inputs[37].excitatory = {{3}, {0}, {}};
  try {
    simulate(cell, {{}, Precision::in_float}, inputs, 10, 2);
    FAIL() << "a soma beyond a volt";
  } catch (const UnphysicalVoltage& error) {
    EXPECT_EQ(error.trial, 37u) << error.what();
  }
}

TEST(Input, ThatNamesASynapseTheNeuronHasNotIsRefused) {
  const auto cell = small_layer_five_cell();
  stimulus::SynapticInput input;
  input.excitatory = {{1}, {100000}};
  EXPECT_THROW(run(cell, {}, input, 5), InputError);
}

}  // namespace
}  // namespace nt::simulate

// The cable solver as device code, emulated, against the CPU's float.
#include "simulate/device_cable.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <random>

#include "config/temporary_folder.hpp"
#include "device/tested.hpp"
#include "mechanism/user/compiler.hpp"
#include "random/random.hpp"
#include "simulate/detail/cable_module.hpp"
#include "simulate/simulator.hpp"
#include "simulate/unphysical_voltage.hpp"

namespace nt::simulate {
namespace {

namespace fs = std::filesystem;

/// Where the project lies; packed for another machine (bench/gpu/run_all), the tests run in its folder.
fs::path project() {
  const auto here = fs::path(__FILE__).parent_path().parent_path().parent_path();
  return fs::exists(here / "cells") ? here : fs::current_path();
}

/// The tests' own, with what is compiled kept there.
fs::path folder() {
  const auto folder = config::own_temporary_folder() / "neurontwin-device-cable-test";
  fs::create_directories(folder);
  ::setenv("XDG_CACHE_HOME", (folder / "cache").c_str(), 1);
  return folder;
}
void write(const std::string& name, const std::string& text) {
  std::ofstream(folder() / name) << text;
}

/// The layer-5 cell's biophysics on a tree of a few compartments that has one of every kind: more than one
/// block of nodes, ions that are followed, slow channels, synapses of both kinds.
cell::DetailedCell small_layer_five_cell() {
  write("small.swc",
        "1 1 0 -10 0 8 -1\n2 1 0 10 0 8 1\n"
        "3 3 0 -11 0 1 1\n4 3 0 -60 0 0.8 3\n5 3 20 -100 0 0.5 4\n6 3 -20 -100 0 0.5 4\n"
        "7 4 0 11 0 2 2\n8 4 0 720 0 1.2 7\n9 4 50 800 0 0.6 8\n10 4 -60 860 0 0.5 8\n");
  cell::CellChoices choices;
  choices.morphology = folder() / "small.swc";
  return cell::read_detailed_cell(
      config::Settings::from_file(project() / "cells/l5pc.toml", "",
                                  std::vector<std::string>{"compartment_spacing_um=15"}),
      project() / "cells", choices);
}

/// A soma and a dendrite with a leak, a current injected, and mechanisms of .mod files.
cell::DetailedCell cell_with(const std::string& more) {
  write("two.swc", "1 1 0 -10 0 10 -1\n2 1 0 10 0 10 1\n3 3 0 11 0 1 2\n4 3 0 211 0 1 3\n");
  write("pool.mod",
        "NEURON { SUFFIX pool USEION ca READ ica, cai WRITE cai RANGE rest }\nPARAMETER { rest = 0.002 }\n"
        "ASSIGNED { ica }\nSTATE { store }\nINITIAL { store = rest\n cai = rest }\n"
        "BREAKPOINT { store = store + dt*(-0.2*ica - (store - rest)/20)\n cai = store }");
  write(
      "calcium.mod",
      "NEURON { SUFFIX calcium USEION ca READ eca WRITE ica RANGE gbar }\nPARAMETER { gbar = 1e-4 (S/cm2) }\n"
      "ASSIGNED { v eca ica minf }\nSTATE { m }\nBREAKPOINT { SOLVE s METHOD cnexp\n ica = gbar*m*(v - eca) "
      "}\n"
      "DERIVATIVE s { rates(v)\n m' = (minf - m)/3 }\n"
      "PROCEDURE rates(v) { TABLE minf FROM -100 TO 100 WITH 50\n minf = 1/(1 + exp(-(v + 30)/6)) }");
  write("noise.mod",
        "NEURON { POINT_PROCESS noise NONSPECIFIC_CURRENT i RANGE sd RANDOM r }\nPARAMETER { sd = 0.02 }\n"
        "ASSIGNED { i x }\nINITIAL { x = random_normal(r, 0, sd) }\nBREAKPOINT { SOLVE fluctuate\n i = x }\n"
        "PROCEDURE fluctuate() { x = x*exp(-dt/5) + sd*sqrt(1 - exp(-2*dt/5))*normrand(0, 1) }");
  write("uneven.mod",
        "NEURON { SUFFIX uneven NONSPECIFIC_CURRENT i }\nFUNCTION_TABLE tau(v (mV)) (ms)\nASSIGNED { v i "
        "}\nSTATE { m }\n"
        "BREAKPOINT { SOLVE s METHOD cnexp\n i = 1e-4*m*(v + 30) }\nDERIVATIVE s { m' = (0.5 - m)/tau(v) }");
  write("spread.mod",
        "NEURON { SUFFIX spread NONSPECIFIC_CURRENT i RANGE first }\nPARAMETER { first = 1 D = 0.5 }\n"
        "ASSIGNED { v i diam }\nSTATE { c }\nINITIAL { c = first }\n"
        "BREAKPOINT { SOLVE s METHOD sparse\n i = 1e-5*c*(v + 30) }\n"
        "KINETIC s { COMPARTMENT diam*diam { c }\n LONGITUDINAL_DIFFUSION D*diam { c }\n ~ c << (0) }");
  write("release.mod",
        "NEURON { POINT_PROCESS release RANGE p NONSPECIFIC_CURRENT i RANDOM r }\nPARAMETER { p = 0.4 }\n"
        "ASSIGNED { v (mV) i (nA) }\nSTATE { g (uS) n }\n"
        "BREAKPOINT { SOLVE s METHOD cnexp\n i = g*v }\nDERIVATIVE s { g' = -g/3 }\n"
        "NET_RECEIVE(w (uS)) { IF (random_uniform(r) < p) { g = g + w\n n = n + 1 } }");
  const auto settings = config::Settings::from_text(
      "kind = \"detailed\"\nmorphology = \"two.swc\"\ncompartment_spacing_um = 40\ncelsius = 30\n" + more,
      "cell.toml");
  auto cell = cell::read_detailed_cell(settings, folder());
  settings.reject_unread();
  return cell;
}
constexpr auto kLeak = "{ mechanism = \"leak\", regions = [\"soma\", \"basal\"], g = 2e-4, e = -65 }";

/// Spikes at random synapses of trials that are all different; some hundred, so that the cell fires.
std::vector<stimulus::TimedInput> random_inputs(const cell::DetailedCell& cell, size_t trials, int events,
                                                double ms) {
  std::vector<stimulus::TimedInput> inputs(trials);
  std::mt19937 random(5);
  for (auto& input : inputs) {
    const auto fill = [&](stimulus::TimedEvents& into, const cell::SynapseGroup& synapses, int n) {
      const auto count = static_cast<uint32_t>(cell.placements[*synapses.placement].compartments.size());
      for (int k = 0; k < n; ++k) {
        into.time_ms.push_back(ms * static_cast<double>(random() % 1000) / 1000);
        into.synapse.push_back(static_cast<uint32_t>(random() % count));
      }
    };
    fill(input.excitatory, cell.excitatory, events);
    fill(input.inhibitory, cell.inhibitory, events / 4);
    events += 4;
  }
  return inputs;
}

/// In float.
std::vector<Recording> on_cpu(const cell::DetailedCell& cell, const CableSpec& spec,
                              std::span<const stimulus::TimedInput> inputs, int64_t ms) {
  return simulate(cell, {spec, Precision::in_float}, inputs, ms, 1);
}
std::vector<Recording> emulated(const cell::DetailedCell& cell, const CableSpec& spec,
                                std::span<const stimulus::TimedInput> inputs, int64_t ms,
                                const CompartmentListener& listener = {}) {
  DeviceCableSimulator simulator(cell, spec, device::open_device(device::tested_kind()));
  return simulator.run(inputs, ms, listener);
}

/// The greatest difference of all traces, in mV.
double difference_mV(const std::vector<Recording>& a, const std::vector<Recording>& b) {
  EXPECT_EQ(a.size(), b.size());
  double most = 0;
  const auto compare = [&](const std::vector<float>& x, const std::vector<float>& y) {
    ASSERT_EQ(x.size(), y.size());
    for (size_t k = 0; k < x.size(); ++k) most = std::max(most, std::fabs(static_cast<double>(x[k]) - y[k]));
  };
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    compare(a[i].soma_mV, b[i].soma_mV);
    compare(a[i].nexus_mV, b[i].nexus_mV);
    compare(a[i].dendrites_mV, b[i].dendrites_mV);
    EXPECT_EQ(a[i].sites.size(), b[i].sites.size());
    for (size_t s = 0; s < std::min(a[i].sites.size(), b[i].sites.size()); ++s)
      compare(a[i].sites[s].mV, b[i].sites[s].mV);
  }
  return most;
}

/// The same output spikes as the CPU's float, and no farther from double than that is: rounding goes other
/// ways, so twice as far at most.
void expect_as_exact_as_the_cpu(const cell::DetailedCell& cell, const CableSpec& spec,
                                std::span<const stimulus::TimedInput> inputs, int64_t ms) {
  const auto on_device = emulated(cell, spec, inputs, ms), in_float = on_cpu(cell, spec, inputs, ms),
             in_double = simulate(cell, {spec, Precision::in_double}, inputs, ms, 1);
  constexpr double kRecorded_mV = 1e-5;  // traces are float
  EXPECT_LT(difference_mV(on_device, in_double), 2 * difference_mV(in_float, in_double) + kRecorded_mV);
  for (size_t i = 0; i < inputs.size(); ++i)
    EXPECT_EQ(on_device[i].spike_times_ms, in_float[i].spike_times_ms) << i;
}

class AnyScheme : public testing::TestWithParam<CableSpec> {};

TEST_P(AnyScheme, OnADeviceIsAsExactAsOnTheCpu) {
  const auto cell = small_layer_five_cell();
  auto spec = GetParam();
  spec.dendrites = true;
  const auto inputs = random_inputs(cell, 34, 300, 20);  // a tile and two more
  size_t spikes = 0;
  for (const auto& r : on_cpu(cell, spec, inputs, 25)) spikes += r.spike_times_ms.size();
  EXPECT_GT(spikes, 10u);
  expect_as_exact_as_the_cpu(cell, spec, inputs, 25);
}
INSTANTIATE_TEST_SUITE_P(Of, AnyScheme,
                         testing::Values(CableSpec{}, CableSpec{.dt_ms = 0.06},
                                         CableSpec{.scheme = Scheme::backward_euler},
                                         CableSpec{.root_steps = 1, .most_steps = 1}));

TEST(OnADevice, MechanismsOfModFilesAreAsExactAsOnTheCpu) {
  for (const std::string tables : {"", "tables = \"exact\"\n"}) {
    SCOPED_TRACE(tables);
    const auto cell = cell_with(fmt::format(
        "{}insert = [ {}, {{ mechanism = \"calcium.mod\", regions = [\"soma\"] }}, {{ mechanism = "
        "\"pool.mod\", regions = "
        "[\"soma\"] }} ]\n"
        "point = [ {{ mechanism = \"IClamp\", section = \"soma[0]\", del = 2, dur = 15, amp = 0.3 }} ]\n",
        tables, kLeak));
    CableSpec spec;
    spec.dendrites = true;
    expect_as_exact_as_the_cpu(cell, spec, std::vector<stimulus::TimedInput>(2), 25);
  }
}

TEST(OnADevice, FunctionTablesAreAsExactAsOnTheCpu) {
  for (const std::string table : {"{ x = [-120, -70, -64, -60, 20], values = [4, 7, 1, 12, 3] }",
                                  "{ from = -120, to = 20, values = [4, 7, 12, 6, 3] }"}) {
    const auto cell = cell_with(fmt::format(
        "insert = [ {}, {{ mechanism = \"uneven.mod\", regions = [\"soma\"] }} ]\n"
        "point = [ {{ mechanism = \"IClamp\", section = \"soma[0]\", del = 2, dur = 15, amp = 0.3 }} ]\n"
        "[function_tables.uneven]\ntau = {}\n",
        kLeak, table));
    expect_as_exact_as_the_cpu(cell, {}, std::vector<stimulus::TimedInput>(1), 25);
  }
}

TEST(OnADevice, MechanismsDrawWhatTheyDrawOnTheCpu) {
  const auto cell = cell_with(fmt::format(
      "insert = [ {} ]\npoint = [ {{ mechanism = \"noise.mod\", section = \"soma[0]\", sd = 0.2 }} ]\n",
      kLeak));
  std::vector<stimulus::TimedInput> inputs(33);
  for (size_t i = 0; i < inputs.size(); ++i)
    inputs[i].draws = random::trial_key(3, random::Stage::test_cases, i);
  const auto on_device = emulated(cell, {}, inputs, 10);
  EXPECT_NE(on_device[0].soma_mV, on_device[32].soma_mV);
  expect_as_exact_as_the_cpu(cell, {}, inputs, 10);
}

TEST(OnADevice, WhatItCannotDoIsRefusedByName) {
  const auto cell =
      cell_with(fmt::format("insert = [ {} ]\nexcitatory = {{ mechanism = \"release.mod\", regions = "
                            "[\"basal\"], weight = 0.002 }}\n",
                            kLeak));
  const auto device = device::open_device(device::tested_kind());
  try {
    DeviceCableSimulator simulator(cell, {}, device);
    FAIL() << "its NET_RECEIVE draws";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("release.mod"), std::string::npos) << error.what();
  }
  const auto spreading = cell_with(fmt::format(
      "insert = [ {}, {{ mechanism = \"spread.mod\", regions = [\"soma\", \"basal\"] }} ]\n", kLeak));
  EXPECT_THROW(DeviceCableSimulator(spreading, {}, device), InputError);
  const cell::Neuron point = cell::IntegrateAndFire{};
  EXPECT_THROW(cell_for_device(point, {}), InputError);
  EXPECT_THROW(cell_for_device(cell::Neuron(cell), {{}, Precision::in_double}), InputError);
}

TEST(OnADevice, WhateverSimulatesCanSimulate) {
  const auto cell = small_layer_five_cell();
  const auto inputs = random_inputs(cell, 66, 300, 20);  // more than a batch, for two threads
  const SimulationSpec spec{{}, Precision::in_float, device::tested_kind()};
  if (spec.device == device::Kind::emulate) {
    EXPECT_EQ(Simulator(cell, spec).side_by_side(), 64u);
  }
  const auto on_device = simulate(cell, spec, inputs, 25, 2), right = on_cpu(cell, {}, inputs, 25);
  size_t spikes = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_EQ(on_device[i].spike_times_ms, right[i].spike_times_ms) << i;
    spikes += right[i].spike_times_ms.size();
  }
  EXPECT_GT(spikes, 10u);
  EXPECT_THROW(Simulator(cell::IntegrateAndFire{}, spec), InputError);
}

TEST(OnADevice, AVoltageThatNoMembraneHasNamesTrialAndCause) {
  const auto cell =
      cell_with(fmt::format("insert = [ {} ]\npoint = [ {{ mechanism = \"IClamp\", section = \"soma[0]\", "
                            "del = 2, dur = 15, amp = 1e6 }} ]\n",
                            kLeak));
  try {
    emulated(cell, {}, std::vector<stimulus::TimedInput>(3), 10);
    FAIL() << "a mega-ampere";
  } catch (const UnphysicalVoltage& error) {
    EXPECT_EQ(error.trial, 0u);
    EXPECT_NE(error.description.find("IClamp"), std::string::npos) << error.description;
  }
}

TEST(DeviceCode, OfACellIsCompiledByNvcc) {
  try {
    mechanism::find_nvcc("this test");
  } catch (const InputError& error) {
    GTEST_SKIP() << error.what();
  }
  const auto cell = small_layer_five_cell();
  for (const std::string architecture : {"sm_80", "sm_90"})
    EXPECT_FALSE(cable_module(cell, architecture).module->kernel.image.empty()) << architecture;
}

TEST(OnADevice, AListenerHearsEveryCompartmentAtEveryMillisecond) {
  const auto cell = small_layer_five_cell();
  const auto inputs = random_inputs(cell, 2, 100, 4);
  std::vector<float> on_device, on_cpu;  // [ms][trial][compartment]
  emulated(cell, {}, inputs, 5, [&](int64_t, std::span<const float> mV) {
    on_device.insert(on_device.end(), mV.begin(), mV.end());
  });
  Simulator(cell, {}).run(inputs, 5, [&](int64_t, std::span<const float> mV) {
    on_cpu.insert(on_cpu.end(), mV.begin(), mV.end());
  });
  ASSERT_EQ(on_device.size(), on_cpu.size());
  for (size_t i = 0; i < on_cpu.size(); ++i) ASSERT_NEAR(on_device[i], on_cpu[i], 0.03) << i;  // no spike yet
}

}  // namespace
}  // namespace nt::simulate

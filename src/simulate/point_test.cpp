// Currents that an electrode injects at one place, and voltages recorded at places of one's choice.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numeric>

#include "config/temporary_folder.hpp"
#include "mechanism/pace.hpp"
#include "simulate/cable.hpp"
#include "simulate/group.hpp"
#include "simulate/simulator.hpp"

namespace nt::simulate {
namespace {

/// A soma, and where `dendrite` a dendrite of 200 um: cell.toml of that morphology with `more` appended.
cell::DetailedCell read(const std::string& more, bool dendrite = false) {
  const auto folder = config::own_temporary_folder() / "neurontwin-point-test";
  std::filesystem::create_directories(folder);
  const auto name = dendrite ? "soma-and-dendrite.swc" : "soma.swc";
  {
    std::ofstream swc(folder / name);
    swc << "1 1 0 -10 0 10 -1\n2 1 0 10 0 10 1\n";
    if (dendrite) swc << "3 3 0 11 0 1 2\n4 3 0 211 0 1 3\n";
  }
  const auto settings = config::Settings::from_text(
      fmt::format("kind = \"detailed\"\nmorphology = \"{}\"\n{}", name, more), "cell.toml");
  auto cell = cell::read_detailed_cell(settings, folder);
  settings.reject_unread();
  return cell;
}

std::string refusal(const std::string& more) {
  try {
    read(more, true);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

Recording run(const cell::DetailedCell& cell, const CableSpec& spec, int64_t ms,
              Precision precision = Precision::in_double) {
  const stimulus::SynapticInput silence;
  return simulate(cell, {spec, precision}, std::span(&silence, 1), ms, 1)[0];
}

double capacitance_nF(const cell::DetailedCell& cell) {
  double sum = 0;
  for (size_t c = 0; c < cell.capacitance_uF_cm2.size(); ++c)
    sum +=
        cell.capacitance_uF_cm2[c] * cell.geometry.compartments[c].area_um2 * 1e-5;  // uF/cm2 um2 = 1e-5 nF
  return sum;
}

struct Way {
  Scheme scheme;
  Precision precision;
};

class Pulse : public testing::TestWithParam<Way> {};

TEST_P(Pulse, ChargesAPassiveCompartmentWithItsTimeConstant) {
  const auto cell = read(R"(initial_mV = -70
insert = [ { mechanism = "leak", regions = ["soma"], g = 5e-5, e = -70 } ]
point = [ { mechanism = "IClamp", section = "soma[0]", x = 0.5, del = 10, dur = 40, amp = 0.01 } ])");
  CableSpec spec;
  spec.scheme = GetParam().scheme;
  const auto v = run(cell, spec, 100, GetParam().precision).soma_mV;
  const double tau_ms = 1e-3 / 5e-5;  // 1 uF/cm2 over S/cm2
  const double resistance_Mohm = 1 / (5e-5 * cell.geometry.compartments[0].area_um2 * 1e-2);
  const double rise_mV = 0.01 * resistance_Mohm;
  ASSERT_GT(rise_mV, 5);
  // First order: half a step of the fastest change, rise/tau. Second order, or float: rounding, 3e-5 mV a
  // thousand times over.
  const bool first_order = spec.scheme == Scheme::backward_euler;
  const double tolerance_mV = first_order                                   ? rise_mV * spec.dt_ms / tau_ms
                              : GetParam().precision == Precision::in_float ? 2e-3
                                                                            : 2e-5;
  for (size_t k = 0; k < v.size(); ++k) {
    const double t = static_cast<double>(k) / 8;
    const auto charged = [&](double since) {
      return since > 0 ? rise_mV * (1 - std::exp(-since / tau_ms)) : 0;
    };
    ASSERT_NEAR(v[k], -70 + charged(t - 10) - charged(t - 50), tolerance_mV) << t << " ms";
  }
}

INSTANTIATE_TEST_SUITE_P(EveryWay, Pulse,
                         testing::Values(Way{Scheme::backward_euler, Precision::in_double},
                                         Way{Scheme::backward_euler, Precision::in_float},
                                         Way{Scheme::crank_nicolson, Precision::in_double},
                                         Way{Scheme::crank_nicolson, Precision::in_float}));

TEST(ElectrodeCurrent, FlowsInwardWhereAMembraneCurrentFlowsOutward) {
  const auto mod = [](const char* kind) {
    return mechanism::compile_mechanism(
        fmt::format("NEURON {{ POINT_PROCESS p {} i RANGE g }}\nPARAMETER {{ g = 2 }}\n"
                    "ASSIGNED {{ v i }}\nBREAKPOINT {{ i = g*(v + 70) + t }}",
                    kind),
        "p.mod");
  };
  const auto membrane = mod("NONSPECIFIC_CURRENT"), electrode = mod("ELECTRODE_CURRENT");
  const auto values = [](const mechanism::Mechanism& m) {
    return std::map<mechanism::Expr, double>{{m.symbol("v"), -50.0},
                                             {m.symbol("t"), 3.0},
                                             {m.symbol("g"), 2.0},
                                             {m.symbol(mechanism::kAreaScale), 0.5}};
  };
  const auto of = [&](const mechanism::Mechanism& m, mechanism::Expr e) {
    return m.graph.evaluate(e, values(m));
  };
  EXPECT_EQ(of(membrane, membrane.total_current), 0.5 * (2 * 20 + 3));
  EXPECT_EQ(of(electrode, electrode.total_current), -0.5 * (2 * 20 + 3));
  EXPECT_EQ(of(membrane, membrane.conductance), 0.5 * 2);
  EXPECT_EQ(of(electrode, electrode.conductance), -0.5 * 2);
}

TEST(ElectrodeCurrent, InjectsItsWholeChargeWhateverTheSteps) {
  // Without a leak all that was injected stays: V rises by charge over capacitance, in the end everywhere. Ih
  // without conductance gives the neuron slow levels.
  for (const auto* section : {"soma[0]", "dend[0]"}) {
    const auto cell = read(fmt::format(R"(initial_mV = -70
insert = [ {{ mechanism = "Ih", regions = ["soma", "basal"], gbar = 0 }} ]
point = [
  {{ mechanism = "IClamp", section = "{0}", del = 5, dur = 10, amp = 0.02 }},
  {{ mechanism = "IClamp", section = "{0}", del = 12, dur = 20, amp = -0.005 }},
  {{ mechanism = "EpspLike", section = "{0}", start = 3, amp = 0.01 }},
])",
                                       section),
                           true);
    ASSERT_GT(cell.geometry.compartments.size(), 4u);
    const double peak_ms = 0.5 * 5 / 4.5 * std::log(10),
                 height = std::exp(-peak_ms / 5) - std::exp(-peak_ms / 0.5);
    const double charge_pC = 0.02 * 10 - 0.005 * 20 + 0.01 * (5 - 0.5) / height;
    for (const auto scheme : {Scheme::backward_euler, Scheme::crank_nicolson}) {
      for (const double dt_ms : {0.1, 0.05, 0.025}) {
        for (const int root_steps : {1, 4}) {
          for (const int64_t most_steps : {1, 8}) {
            CableSpec spec{dt_ms, scheme, true};
            spec.root_steps = root_steps;
            spec.most_steps = most_steps;
            const auto recording = run(cell, spec, 200);
            for (size_t c = 0; c < cell.geometry.compartments.size(); ++c)
              // The midpoint rule's error on the double exponential, (dt/rise)^2/24, is 2e-3 of its charge at
              // 0.1 ms.
              EXPECT_NEAR(recording.dendrites_mV[c * 200 + 199], -70 + charge_pC / capacitance_nF(cell),
                          1e-4 + 0.3 * dt_ms * dt_ms)
                  << section << " " << dt_ms << " " << root_steps << " " << most_steps;
          }
        }
      }
    }
  }
}

TEST(ElectrodeCurrent, ThatDependsOnTimeIsNeverLeftAlone) {
  // A slow gate beside it would let the mechanism wait; its current may not.
  const auto waits = [](const std::string& current) {
    auto loaded = std::make_shared<mechanism::LoadedMechanism>();
    loaded->mechanism = mechanism::compile_mechanism(
        "NEURON { SUFFIX slow NONSPECIFIC_CURRENT i }\nASSIGNED { v i }\nSTATE { m }\nINITIAL { m = 0 }\n"
        "BREAKPOINT { SOLVE gates METHOD cnexp  i = m*(v + 70)" +
            current + " }\nDERIVATIVE gates { m' = -m/500 }",
        "slow.mod");
    loaded->layout = mechanism::layout_of(loaded->mechanism);
    return longest_waits_ms(read(""), cell::Placement{loaded, {0}, {{}}});
  };
  EXPECT_NEAR(waits("").at(0), 500, 1);
  EXPECT_EQ(waits(" + 1e-3*sin(t)").at(0), 0);
}

TEST(PointProcess, MayBeRepeatedAtOnePlace) {
  const auto pulses = [](const std::string& list) {
    return run(read("point = [" + list + "]"), {}, 30).soma_mV;
  };
  const std::string half = R"({ mechanism = "IClamp", section = "soma[0]", del = 5, dur = 10, amp = 0.01 })";
  const std::string whole =
      R"({ mechanism = "IClamp", region = "soma", distance_um = 0, del = 5, dur = 10, amp = 0.02 })";
  const auto twice = pulses(half + "," + half), once = pulses(whole);
  for (size_t k = 0; k < once.size(); ++k) ASSERT_NEAR(twice[k], once[k], 1e-5);
  EXPECT_GT(once.back(), once.front() + 5);
}

TEST(PointProcess, WronglyDescribedIsRefusedWithItsLine) {
  const auto says = [](const std::string& text, const std::vector<std::string>& parts) {
    const auto message = refusal(text);
    for (const auto& part : parts)
      EXPECT_NE(message.find(part), std::string::npos) << text << "\n" << message;
  };
  // Lines 1 and 2 are the description's kind and morphology.
  says(R"(point = [ { mechanism = "IClamp", section = "apic[7]" } ])",
       {"cell.toml:3", "section", "apic[7]", "it has soma[0], dend[0]"});
  says(R"(point = [ { mechanism = "IClamp" } ])", {"cell.toml:3", "neither 'section' nor 'region'"});
  says(R"(point = [ { mechanism = "IClamp", section = "soma[0]", region = "soma" } ])",
       {"cell.toml:3", "'section' and 'region' are given"});
  says(R"(point = [ { mechanism = "IClamp", section = "soma[0]", x = 1.5 } ])", {"cell.toml:3", "x", "1.5"});
  says(R"(point = [ { mechanism = "IClamp", region = "basal", distance_um = 500 } ])",
       {"cell.toml:3", "distance_um", "500 um", "they are at"});
  says(R"(point = [ { mechanism = "IClamp", region = "apical", distance_um = 50 } ])",
       {"the neuron has none"});
  says(R"(point = [ { mechanism = "IClam", section = "soma[0]" } ])", {"cell.toml:3", "IClamp"});
  says(R"(point = [ { mechanism = "leak", section = "soma[0]" } ])", {"cell.toml:3", "POINT_PROCESS"});
  says(R"(point = [ { mechanism = "AMPANMDA", section = "soma[0]" } ])", {"cell.toml:3", "receives events"});
  says(R"(point = [ { mechanism = "IClamp", section = "soma[0]", delay = 5 } ])", {"cell.toml:3", "delay"});
  says("record = [ { name = \"a\", section = \"soma[0]\" },\n { name = \"a\", section = \"dend[0]\" } ]",
       {"cell.toml:4", "another site"});
  says(R"(record = [ { name = "a/b", section = "soma[0]" } ])", {"cell.toml:3", "without '/'"});
}

TEST(RecordingSites, AreSampledLikeTheSomaUnderTheirNames) {
  auto cell = read(R"(insert = [ { mechanism = "leak", regions = ["soma", "basal"], g = 1e-4, e = -65 } ]
point = [ { mechanism = "IClamp", section = "dend[0]", x = 0.99, del = 5, dur = 10, amp = 0.01 } ]
record = [ { name = "here", section = "soma[0]" }, { name = "tip", region = "basal", distance_um = 200 } ])",
                   true);
  for (const int root_steps : {1, 4}) {
    CableSpec spec;
    spec.dendrites = true;
    spec.root_steps = root_steps;
    const auto recording = run(cell, spec, 30);
    ASSERT_EQ(recording.sites.size(), 2u);
    EXPECT_EQ(recording.sites[0].name, "here");
    EXPECT_EQ(recording.sites[0].mV, recording.soma_mV);
    EXPECT_EQ(recording.sites[1].name, "tip");
    const auto tip = static_cast<size_t>(cell.sites[1].compartment);
    for (size_t ms = 0; ms < 30; ++ms)
      EXPECT_EQ(recording.sites[1].mV[8 * ms], recording.dendrites_mV[tip * 30 + ms]);
    EXPECT_GT(recording.sites[1].mV[8 * 14], recording.soma_mV[8 * 14] + 0.3);  // 0.01 nA over some 60 Mohm
  }
}

TEST(ANeuronWithoutSynapses, TakesNoInputSpikes) {
  const auto cell = read("");
  const stimulus::SynapticInput one{{{10}, {0}}, {}};
  EXPECT_THROW(simulate(cell, {{}, Precision::in_double}, std::span(&one, 1), 20, 1), InputError);
}

}  // namespace
}  // namespace nt::simulate

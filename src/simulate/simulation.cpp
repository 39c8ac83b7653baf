#include "simulate/simulation.hpp"

#include <array>

namespace nt::simulate {

SimulationSpec read_simulation(const config::Settings& settings) {
  static constexpr std::array<std::string_view, 2> kSchemes{"crank-nicolson", "euler"},
      kPrecisions{"float", "double"};
  SimulationSpec spec;
  spec.cable.dt_ms = settings.number("dt_ms", spec.cable.dt_ms, {1e-5, 0.125});
  spec.cable.scheme = settings.choice("scheme", kSchemes, "crank-nicolson") == "euler"
                          ? Scheme::backward_euler
                          : Scheme::crank_nicolson;
  // Only where it is said: what data sets are known by stays what it was.
  if (settings.has("spike_threshold_mV"))
    spec.cable.spike_threshold_mV = settings.number("spike_threshold_mV", {}, {-100, 100});
  spec.precision = settings.choice("precision", kPrecisions, "float") == "float" ? Precision::in_float
                                                                                 : Precision::in_double;
  return spec;
}

}  // namespace nt::simulate

#include "cell/cell.hpp"

#include <array>

#include "cell/physical.hpp"

namespace nt::cell {

namespace {

IntegrateAndFire read_point(const config::Settings& settings) {
  IntegrateAndFire cell;
  cell.excitatory_synapses =
      static_cast<int>(settings.integer("excitatory_synapses", cell.excitatory_synapses, {1, 100000}));
  cell.inhibitory_synapses =
      static_cast<int>(settings.integer("inhibitory_synapses", cell.inhibitory_synapses, {0, 100000}));
  cell.excitatory_weight_mV =
      settings.number("excitatory_weight_mV", cell.excitatory_weight_mV, {0, kHighest_mV});
  cell.inhibitory_weight_mV =
      settings.number("inhibitory_weight_mV", cell.inhibitory_weight_mV, {kLowest_mV, 0});
  cell.membrane_time_constant_ms =
      settings.number("membrane_time_constant_ms", cell.membrane_time_constant_ms, kTimeConstants_ms);
  cell.kernel_ms = static_cast<int>(settings.integer("kernel_ms", cell.kernel_ms, {1, 100000}));
  cell.reset_mV = settings.number("reset_mV", cell.reset_mV, kVoltages_mV);
  cell.threshold_mV = settings.number("threshold_mV", cell.threshold_mV, kVoltages_mV);
  cell.spike_mV = settings.number("spike_mV", cell.threshold_mV + 0.1, kVoltages_mV);
  if (cell.threshold_mV <= cell.reset_mV) {
    fail_input("{}: '{}' is {} mV, expected above reset_mV ({} mV)", settings.where("threshold_mV"),
               settings.full_key("threshold_mV"), cell.threshold_mV, cell.reset_mV);
  }
  return cell;
}

}  // namespace

IntegrateAndFire read_cell(const config::Settings& settings) {
  constexpr std::array<std::string_view, 1> kinds{"integrate-and-fire"};
  settings.choice("kind", kinds);
  return read_point(settings);
}

TwoLayerNeuron read_two_layer_neuron(const config::Settings& settings) {
  constexpr std::array<std::string_view, 1> kinds{"two-layer"};
  settings.choice("kind", kinds);
  TwoLayerNeuron cell;
  cell.soma = read_point(settings);
  cell.branches = static_cast<int>(settings.integer("branches", cell.branches, {1, 100000}));
  cell.branch_time_constant_ms =
      settings.number("branch_time_constant_ms", cell.branch_time_constant_ms, kTimeConstants_ms);
  cell.branch_threshold_mV = settings.number("branch_threshold_mV", cell.branch_threshold_mV, kVoltages_mV);
  cell.branch_slope_mV = settings.number("branch_slope_mV", cell.branch_slope_mV, {1e-9, kHighest_mV});
  cell.branch_output_mV = settings.number("branch_output_mV", cell.branch_output_mV, {1e-9, kHighest_mV});
  return cell;
}

PointDescription description_of(const IntegrateAndFire& cell) {
  return {"leaky integrate-and-fire neuron", cell.excitatory_synapses, cell.inhibitory_synapses,
          cell.membrane_time_constant_ms};
}

PointDescription description_of(const TwoLayerNeuron& cell) {
  return {fmt::format("two-layer neuron of {} branches", cell.branches), cell.soma.excitatory_synapses,
          cell.soma.inhibitory_synapses};
}

}  // namespace nt::cell

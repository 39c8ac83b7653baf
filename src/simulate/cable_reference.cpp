#include "simulate/detail/cable_reference.hpp"

#include <cmath>

#include "cell/initial_state.hpp"
#include "cell/ions.hpp"
#include "config/error.hpp"
#include "simulate/detail/diffusion.hpp"
#include "simulate/group.hpp"

namespace nt::simulate {
namespace {

/// An ion at every node.
struct IonNodes {
  std::vector<double> inside_mM, outside_mM, reversal_mV, current, slope;
  std::vector<bool> changes;  // a mechanism writes a concentration

  explicit IonNodes(size_t nodes)
      : inside_mM(nodes),
        outside_mM(nodes),
        reversal_mV(nodes),
        current(nodes),
        slope(nodes),
        changes(nodes) {}
  std::vector<double>& of(mechanism::IonQuantity quantity) {
    return quantity == mechanism::IonQuantity::inside_mM    ? inside_mM
           : quantity == mechanism::IonQuantity::outside_mM ? outside_mM
           : quantity == mechanism::IonQuantity::current    ? current
                                                            : reversal_mV;
  }
  const std::vector<double>& of(mechanism::IonQuantity quantity) const {
    return const_cast<IonNodes*>(this)->of(quantity);
  }
};

/// A mechanism at one place.
struct Instance {
  const cell::Placement* placement;
  size_t node;
  std::map<mechanism::Expr, double> values;  // of every symbol
  mechanism::Graph graph;                    // with the derivatives taken
  random::DrawStream stream;
  bool adds_events = false;  // they do no more than add multiples of their weight

  const mechanism::Mechanism& mechanism() const { return placement->mechanism(); }
  double evaluate(mechanism::Expr e) const { return graph.evaluate(e, values, stream); }
  void set(const std::string& name, double value) {
    if (const mechanism::Expr e = mechanism().symbol(name); e >= 0) values[e] = value;
  }
};

/// Solves m x = b; both are used up.
std::vector<double> solve_dense(std::vector<std::vector<double>> m, std::vector<double> b) {
  const size_t n = b.size();
  for (size_t k = 0; k < n; ++k) {
    for (size_t i = k + 1; i < n; ++i) {
      const double factor = m[i][k] / m[k][k];
      for (size_t j = k; j < n; ++j) m[i][j] -= factor * m[k][j];
      b[i] -= factor * b[k];
    }
  }
  for (size_t k = n; k-- > 0;) {
    for (size_t j = k + 1; j < n; ++j) b[k] -= m[k][j] * b[j];
    b[k] /= m[k][k];
  }
  return b;
}

class Reference {
 public:
  Reference(const cell::DetailedCell& cell, const CableSpec& spec, const random::TrialKey& trial)
      : cell_(cell),
        dt_ms_(spec.dt_ms),
        second_order_(spec.scheme == Scheme::crank_nicolson),
        v_(cell.geometry.nodes.size(), cell.initial_mV) {
    const auto start = cell::initial_state(cell, dt_ms_, trial);
    const auto streams = cell::draw_streams(cell);
    for (const auto& [name, state] : start.ions) {
      auto& ion = ions_.try_emplace(name, v_.size()).first->second;
      for (size_t c = 0; c < cell.geometry.compartments.size(); ++c) {
        const auto node = static_cast<size_t>(cell.geometry.node_of[c]);
        ion.inside_mM[node] = state.inside_mM[c];
        ion.outside_mM[node] = state.outside_mM[c];
        ion.reversal_mV[node] = state.reversal_mV[c];
      }
    }
    for (size_t p = 0; p < cell.placements.size(); ++p) {
      const auto& placement = cell.placements[p];
      const size_t stored = placement.mechanism().stored.size();
      first_instance_.push_back(instances_.size());
      for (size_t i = 0; i < placement.compartments.size(); ++i) {
        Instance instance{
            &placement,
            static_cast<size_t>(cell.geometry.node_of[placement.compartments[i]]),
            cell::known_values(cell, placement, i, dt_ms_),
            placement.mechanism().graph,
            {trial, streams[p] + static_cast<uint32_t>(i * placement.mechanism().generators.size())}};
        instance.adds_events =
            instance.mechanism().receiving && additive_effects(instance.mechanism(), instance.graph);
        for (const auto* written : instance.mechanism().written_ion_variables())
          if (cell::follows_nernst(cell, written->ion, placement.compartments[i]))
            ions_.at(written->ion).changes[instance.node] = true;
        const auto from = start.stored[p].begin() + static_cast<int64_t>(i * stored);
        store(instance, {from, from + static_cast<int64_t>(stored)});
        instances_.push_back(std::move(instance));
      }
    }
  }

  ReferenceTrial run(const stimulus::TimedInput& input, int64_t steps) {
    ReferenceTrial trial;
    for (int64_t step = 0; step < steps; ++step) {
      if (step > 0) end_step(static_cast<double>(step) * dt_ms_);
      deliver(input.excitatory, cell_.excitatory, step);
      deliver(input.inhibitory, cell_.inhibitory, step);
      deliver_regular(cell_.excitatory, step);
      deliver_regular(cell_.inhibitory, step);
      advance_voltage((static_cast<double>(step) + 0.5) * dt_ms_);
      std::vector<double> v;
      for (const int node : cell_.geometry.node_of) v.push_back(v_[node]);
      trial.v_mV.push_back(std::move(v));
    }
    return trial;
  }

 private:
  static void store(Instance& instance, const std::vector<double>& values) {
    const auto& m = instance.mechanism();
    for (size_t s = 0; s < m.stored.size(); ++s) instance.set(m.stored[s], values[s]);
  }

  /// The mechanism sees the present voltage and the ions of its node.
  void look(Instance& instance) const {
    instance.set("v", v_[instance.node]);
    for (const auto& variable : instance.mechanism().ions)
      instance.set(variable.name, ions_.at(variable.ion).of(variable.quantity)[instance.node]);
  }

  /// New values of the concentrations that it writes.
  void write_concentrations(Instance& instance, const std::vector<mechanism::Expr>& values) {
    const auto written = instance.mechanism().written_ion_variables();
    for (size_t k = 0; k < values.size(); ++k)
      ions_.at(written[k]->ion).of(written[k]->quantity)[instance.node] = instance.evaluate(values[k]);
  }

  void advance_states() {
    for (auto& instance : instances_) {
      look(instance);
      const auto& m = instance.mechanism();
      std::vector<double> next;
      for (const mechanism::Expr e : m.advanced) next.push_back(instance.evaluate(e));
      write_concentrations(instance, m.advanced_concentration);
      store(instance, next);
    }
  }

  /// Blocks that have a moment of their own, of all mechanisms.
  void execute(std::optional<mechanism::Mechanism::Moment> mechanism::Mechanism::*moment, double t_ms) {
    for (auto& instance : instances_) {
      const auto& block = instance.mechanism().*moment;
      if (!block) continue;
      look(instance);
      instance.set("t", t_ms);
      std::vector<double> next;
      for (const mechanism::Expr e : block->stored) next.push_back(instance.evaluate(e));
      write_concentrations(instance, block->written);
      store(instance, next);
    }
  }

  void end_step(double t_ms) {
    advance_states();
    diffuse_states();
    execute(&mechanism::Mechanism::after_solve, t_ms);
    execute(&mechanism::Mechanism::before_step, t_ms);
  }

  void diffuse_states() {
    for (const auto& d : diffusions_) {
      const auto value = [&](size_t i) -> double* {
        auto& instance = instances_[first_instance_[d.placement] + i];
        for (const auto& variable : instance.mechanism().ions)
          if (variable.name == d.state) return &ions_.at(variable.ion).of(variable.quantity)[instance.node];
        return &instance.values.at(instance.mechanism().symbol(d.state));
      };
      diffuse<double>(d, 1, value);
    }
  }

  void deliver(const stimulus::TimedEvents& events, const cell::SynapseGroup& synapses, int64_t step) {
    for (size_t k = 0; k < events.time_ms.size(); ++k) {
      for (const auto& connection : cell::connections_of(cell_, synapses)) {
        if (connection.synapse != static_cast<int>(events.synapse[k])) continue;
        deliver_share(
            connection,
            events.weight.empty() || std::isnan(events.weight[k]) ? connection.weight : events.weight[k],
            events.time_ms[k] + connection.delay_ms, step);
      }
    }
  }

  void deliver_regular(const cell::SynapseGroup& synapses, int64_t step) {
    for (const auto& regular : synapses.regular) {
      for (const auto& connection : cell::connections_of(cell_, synapses)) {
        if (regular.synapse && *regular.synapse != connection.synapse) continue;
        for (int64_t k = 0; k < regular.number; ++k)
          deliver_share(connection, connection.weight, regular.time_ms(k) + connection.delay_ms, step);
      }
    }
  }

  /// What of an event is delivered at the start of a step.
  void deliver_share(const cell::Connection& connection, double weight, double time_ms, int64_t step) {
    auto& instance = instances_[first_instance_[connection.placement] + connection.instance];
    if (!second_order_ || !instance.adds_events) {
      if (DeliverySteps(dt_ms_).of(time_ms) == step) deliver(instance, weight, time_ms);
      return;
    }
    const auto [first, later] = shared_delivery(time_ms, dt_ms_);
    if (first == step) deliver(instance, (1 - later) * weight, time_ms);
    if (first + 1 == step && later > 0) deliver(instance, later * weight, time_ms);
  }

  void deliver(Instance& instance, double weight, double time_ms) {
    const auto& m = instance.mechanism();
    if (!m.receiving->sends.empty() || !m.receiving->watches.empty())
      fail_run("{}: the reference knows no events that a mechanism sends to itself", m.path);
    instance.values[m.symbol("t")] = time_ms;
    instance.values[m.symbol("v")] = v_[instance.node];
    instance.values[m.symbol(m.receiving->arguments[0])] = weight;
    std::vector<double> after;
    for (size_t s = 0; s < m.stored.size(); ++s) {
      const double before = instance.values.at(m.symbol(m.stored[s]));
      const double decayed = second_order_ ? instance.evaluate(m.half_step_decay[s]) : 1;
      after.push_back(before + decayed * (instance.evaluate(m.receiving->stored[s]) - before));
    }
    store(instance, after);
  }

  void advance_voltage(double middle_ms) {
    const size_t n = v_.size();
    std::vector<std::vector<double>> matrix(n, std::vector<double>(n));
    std::vector<double> right(n);
    const double half = second_order_ ? 2 : 1;
    for (size_t c = 0; c < cell_.geometry.compartments.size(); ++c) {
      const auto i = static_cast<size_t>(cell_.geometry.node_of[c]);
      matrix[i][i] += half * 1e-3 * cell_.capacitance_uF_cm2[c] / dt_ms_;  // uF/cm2 per ms is 1e-3 S/cm2
    }
    for (size_t i = 0; i < n; ++i) {
      const auto& node = cell_.geometry.nodes[i];
      if (node.parent < 0) continue;
      const auto p = static_cast<size_t>(node.parent);
      for (const auto& [here, there] : {std::pair(i, p), std::pair(p, i)}) {
        const int c = cell_.geometry.nodes[here].compartment;
        const double area_um2 = c < 0 ? 100 : cell_.geometry.compartments[c].area_um2;
        const double g = 100 * node.axial_conductance_uS / area_um2;  // S/cm2
        matrix[here][here] += g;
        matrix[here][there] -= g;
        right[here] += g * (v_[there] - v_[here]);
      }
    }
    execute(&mechanism::Mechanism::before_breakpoint, middle_ms);
    for (auto& [name, ion] : ions_) {
      std::fill(ion.current.begin(), ion.current.end(), 0);
      std::fill(ion.slope.begin(), ion.slope.end(), 0);
      for (size_t i = 0; i < n; ++i)
        if (ion.changes[i])
          ion.reversal_mV[i] =
              mechanism::nernst_mV(cell_.ions.at(name), cell_.celsius, ion.inside_mM[i], ion.outside_mM[i]);
    }
    for (auto& instance : instances_) {
      look(instance);
      instance.set("t", middle_ms);
      const auto& m = instance.mechanism();
      right[instance.node] -= instance.evaluate(m.total_current);
      matrix[instance.node][instance.node] += instance.evaluate(m.conductance);
      for (const auto& current : m.currents) {
        if (current.ion.empty()) continue;
        ions_.at(current.ion).current[instance.node] += instance.evaluate(current.value);
        ions_.at(current.ion).slope[instance.node] += instance.evaluate(current.slope);
      }
      std::vector<double> after;
      for (const mechanism::Expr e : m.after_current) after.push_back(instance.evaluate(e));
      write_concentrations(instance, m.concentration_after_current);
      store(instance, after);
    }
    const auto dv = solve_dense(std::move(matrix), std::move(right));
    for (size_t i = 0; i < n; ++i) {
      v_[i] += half * dv[i];
      for (auto& [name, ion] : ions_)
        if (second_order_) ion.current[i] += ion.slope[i] * dv[i];
    }
  }

  const cell::DetailedCell& cell_;
  double dt_ms_;
  bool second_order_;
  std::vector<double> v_;
  std::map<std::string, IonNodes> ions_;
  std::vector<Instance> instances_;
  std::vector<size_t> first_instance_;  // of each placement
  std::vector<Diffusion> diffusions_ = diffusions_of(cell_, dt_ms_);
};

}  // namespace

ReferenceTrial simulate_reference(const cell::DetailedCell& cell, const CableSpec& spec,
                                  const stimulus::SynapticInput& input, int64_t steps) {
  return simulate_reference(cell, spec, stimulus::timed(input), steps);
}

ReferenceTrial simulate_reference(const cell::DetailedCell& cell, const CableSpec& spec,
                                  const stimulus::TimedInput& input, int64_t steps) {
  return Reference(cell, spec, input.draws).run(input, steps);
}

}  // namespace nt::simulate

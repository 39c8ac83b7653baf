#include "cell/initial_state.hpp"

#include <algorithm>

#include "cell/ions.hpp"

namespace nt::cell {
namespace {

std::map<std::string, IonState> resting_ions(const DetailedCell& cell) {
  const size_t n = cell.geometry.compartments.size();
  std::map<std::string, IonState> all;
  for (const auto& [name, ion] : cell.ions) {
    auto& state = all[name];
    for (size_t c = 0; c < n; ++c) {
      const auto here = ion_at(cell, name, static_cast<int>(c));
      state.inside_mM.push_back(here.inside_mM);
      state.outside_mM.push_back(here.outside_mM);
      state.reversal_mV.push_back(resting_reversal_mV(cell, name, static_cast<int>(c)));
    }
  }
  return all;
}

double resting_value(const DetailedCell& cell, const mechanism::IonVariable& variable, int compartment) {
  switch (variable.quantity) {
    case mechanism::IonQuantity::inside_mM:
      return ion_at(cell, variable.ion, compartment).inside_mM;
    case mechanism::IonQuantity::outside_mM:
      return ion_at(cell, variable.ion, compartment).outside_mM;
    case mechanism::IonQuantity::reversal_mV:
      return resting_reversal_mV(cell, variable.ion, compartment);
    case mechanism::IonQuantity::current:
      break;
  }
  return 0;
}

/// Of the events of a synapse's instance.
double weight_of(const DetailedCell& cell, const Placement& placement, size_t instance) {
  for (const auto* group : {&cell.excitatory, &cell.inhibitory}) {
    if (group->placement) {
      if (&cell.placements[*group->placement] == &placement) return group->weight;
      continue;
    }
    for (const auto& connection : group->connections)
      if (&cell.placements[connection.placement] == &placement && connection.instance == instance)
        return connection.weight;
  }
  return 0;
}

}  // namespace

std::map<mechanism::Expr, double> known_values(const DetailedCell& cell, const Placement& p, size_t instance,
                                               double dt_ms) {
  const auto& m = p.mechanism();
  const auto& compartment = cell.geometry.compartments[p.compartments[instance]];
  std::map<mechanism::Expr, double> values;
  const auto set = [&](const std::string& name, double value) {
    if (const mechanism::Expr e = m.symbol(name); e >= 0) values[e] = value;
  };
  set("dt", dt_ms);
  set("celsius", cell.celsius);
  set("diam", compartment.diameter_um);
  set("area", compartment.area_um2);
  set(mechanism::kAreaScale, m.point_process ? 100 / compartment.area_um2 : 1);
  set("v", cell.initial_mV);
  set("t", 0);
  for (size_t k = 0; k < m.parameters.size(); ++k) set(m.parameters[k].name, p.parameters[instance][k]);
  for (const auto& ion : m.ions) {
    set(ion.name, resting_value(cell, ion, p.compartments[instance]));
    const bool reversal = ion.quantity == mechanism::IonQuantity::reversal_mV;
    set(ion.name + mechanism::kAtRest, reversal ? ion_at(cell, ion.ion, p.compartments[instance]).reversal_mV
                                                : resting_value(cell, ion, p.compartments[instance]));
  }
  for (const auto& name : m.stored) set(name, 0);
  if (m.receiving && !m.receiving->arguments.empty())
    set(m.receiving->arguments[0], weight_of(cell, p, instance));
  return values;
}

std::vector<uint32_t> draw_streams(const DetailedCell& cell) {
  std::vector<uint32_t> first;
  size_t next = 0;
  for (const auto& placement : cell.placements) {
    first.push_back(static_cast<uint32_t>(next));
    next += placement.compartments.size() * placement.mechanism().generators.size();
  }
  return first;
}

bool draws_at_start(const DetailedCell& cell) {
  return std::ranges::any_of(cell.placements,
                             [](const Placement& placement) { return placement.mechanism().draws_at_start; });
}

namespace {

/// Executes the blocks of all mechanisms, one moment after the other.
class Starting {
 public:
  Starting(const DetailedCell& cell, double dt_ms, const random::TrialKey& trial)
      : cell_(cell),
        dt_ms_(dt_ms),
        trial_(trial),
        streams_(draw_streams(cell)),
        state_{{}, resting_ions(cell), {}} {
    for (const auto& p : cell.placements)
      state_.stored.emplace_back(p.compartments.size() * p.mechanism().stored.size());
  }

  InitialState start() {
    each([](const Mechanism&) { return true; }, [&](Instance& at) { initial(at); });
    each([](const Mechanism& m) { return m.start.after_initial.has_value(); },
         [&](Instance& at) { leave(at, *at.m.start.after_initial); });
    each([](const Mechanism& m) { return m.start.breakpoint && m.before_breakpoint; },
         [&](Instance& at) { leave(at, *at.m.before_breakpoint); });
    const bool seen = std::ranges::any_of(cell_.placements,
                                          [](const Placement& p) { return p.mechanism().has_own_moments(); });
    if (seen) update_reversal_potentials();
    each(
        [&](const Mechanism& m) {
          return m.start.breakpoint || (seen && !m.graph.any_draws(m.after_current));
        },
        [&](Instance& at) { leave(at, at.m.after_current, at.m.concentration_after_current); });
    each([](const Mechanism& m) { return m.start.before_step.has_value(); },
         [&](Instance& at) { leave(at, *at.m.start.before_step); });
    return std::move(state_);
  }

 private:
  using Mechanism = mechanism::Mechanism;
  using Expr = mechanism::Expr;

  /// A mechanism in one place, as it sees the neuron.
  struct Instance {
    const Mechanism& m;
    size_t placement, number, compartment;
    random::DrawStream stream;
    std::map<Expr, double> values;

    double evaluate(Expr e) const { return m.graph.evaluate(e, values, stream); }
  };

  template <class Which, class Execute>
  void each(const Which& which, const Execute& execute) {
    for (size_t p = 0; p < cell_.placements.size(); ++p) {
      const auto& placement = cell_.placements[p];
      const auto& m = placement.mechanism();
      const size_t instances = placement.compartments.size();
      // As they are executed in a step (simulate/group.cpp).
      const bool last_first = m.point_process && !m.written_ion_variables().empty();
      for (size_t k = 0; k < instances && which(m); ++k) {
        const size_t i = last_first ? instances - 1 - k : k;
        Instance at{m,
                    p,
                    i,
                    static_cast<size_t>(placement.compartments[i]),
                    {trial_, streams_[p] + static_cast<uint32_t>(i * m.generators.size())},
                    known_values(cell_, placement, i, dt_ms_)};
        for (const auto& variable : m.ions)
          if (const Expr e = m.symbol(variable.name);
              e >= 0 && variable.quantity != mechanism::IonQuantity::current)
            at.values[e] = array(variable)[at.compartment];
        for (size_t s = 0; s < m.stored.size(); ++s)
          if (const Expr e = m.symbol(m.stored[s]); e >= 0) at.values[e] = stored(at)[s];
        execute(at);
      }
    }
  }

  double* stored(const Instance& at) {
    return state_.stored[at.placement].data() + at.number * at.m.stored.size();
  }
  std::vector<double>& array(const mechanism::IonVariable& variable) {
    auto& ion = state_.ions.at(variable.ion);
    return variable.quantity == mechanism::IonQuantity::inside_mM    ? ion.inside_mM
           : variable.quantity == mechanism::IonQuantity::outside_mM ? ion.outside_mM
                                                                     : ion.reversal_mV;
  }

  /// The stored variables and what is written of ions become what a block leaves.
  void leave(Instance& at, const std::vector<Expr>& next, const std::vector<Expr>& written) {
    for (size_t s = 0; s < next.size(); ++s) stored(at)[s] = at.evaluate(next[s]);
    const auto variables = at.m.written_ion_variables();
    for (size_t k = 0; k < written.size(); ++k)
      array(*variables[k])[at.compartment] = at.evaluate(written[k]);
  }
  void leave(Instance& at, const Mechanism::Moment& moment) { leave(at, moment.stored, moment.written); }

  void initial(Instance& at) {
    leave(at, at.m.initial, at.m.initial_concentration);
    for (const auto& send : at.m.initial_sends)
      if (at.evaluate(send.when) != 0)
        state_.events.push_back({at.placement, at.number, at.evaluate(send.time), at.evaluate(send.flag)});
    for (const auto* variable : at.m.written_ion_variables())
      update_reversal_potential(variable->ion, at.compartment);
  }

  void update_reversal_potential(const std::string& name, size_t compartment) {
    if (!follows_nernst(cell_, name, static_cast<int>(compartment))) return;
    auto& ion = state_.ions.at(name);
    ion.reversal_mV[compartment] = mechanism::nernst_mV(
        cell_.ions.at(name), cell_.celsius, ion.inside_mM[compartment], ion.outside_mM[compartment]);
  }
  void update_reversal_potentials() {
    for (const auto& placement : cell_.placements)
      for (const auto* variable : placement.mechanism().written_ion_variables())
        for (const int c : placement.compartments)
          update_reversal_potential(variable->ion, static_cast<size_t>(c));
  }

  const DetailedCell& cell_;
  double dt_ms_;
  random::TrialKey trial_;
  std::vector<uint32_t> streams_;  // of each placement
  InitialState state_;
};

}  // namespace

InitialState initial_state(const DetailedCell& cell, double dt_ms, const random::TrialKey& trial) {
  return Starting(cell, dt_ms, trial).start();
}

}  // namespace nt::cell

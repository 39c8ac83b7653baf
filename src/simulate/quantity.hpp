#pragma once
#include <string>
#include <vector>

#include "cell/detailed.hpp"

namespace nt::simulate {

/// Something inside a neuron that is recorded at whole milliseconds where it is asked for: what it is, and
/// where. Of several compartments it is the sum. States of mechanisms live between the voltage's steps: they
/// are those of half a step before or after, or where slow channels are updated less often, of half the time
/// between.
struct Quantity {
  std::string place;              // for people: "soma", "tuft"
  std::string what;               // "v", "cai", "NaTs2_t.m", "Ca_HVA.ica", "AMPANMDA.g_nmda"
  std::string unit;               // empty: a pure number
  std::vector<int> compartments;  // it is the sum over these

  std::string name() const { return place + "." + what; }
};

/// All that can be recorded of one compartment:
///   v               voltage, mV
///   cai             concentration of an ion that a mechanism changes, mM
///   MECHANISM.m     a state of a channel
///   MECHANISM.ica   its current of an ion, MECHANISM.i of none in particular; outward positive, mA/cm2, or
///   nA of
///                   a point process
///   MECHANISM.g     the conductance of a synapse that has a parameter `gmax`, nS; MECHANISM.g_ampa the part
///   with a
///                   parameter `ampa_gmax`, and so on. Its reversal potential has to be the parameter `e`.
std::vector<Quantity> quantities_at(const cell::DetailedCell& cell, const std::string& place,
                                    int compartment);

/// One of these by its name, PLACE.WHAT: "soma.cai", "nexus.Ih.m", "apic[3](0.5).v". A place is the soma, the
/// nexus, a recording site of the cell, or a section and how far along it. InputError that says what there is
/// where the cell has no such place or quantity.
Quantity quantity_named(const cell::DetailedCell& cell, const std::string& name);

/// The synapses' conductances, each summed over compartments. Only those that some of these have.
std::vector<Quantity> synaptic_conductances(const cell::DetailedCell& cell, const std::string& place,
                                            const std::vector<int>& compartments);

/// What a mechanism calls by the part of `what` after the dot.
struct NamedValue {
  std::string name, unit;
  mechanism::Expr value;  // where `scale` is 1: the currents of a point process in nA
};
/// `graph` is a copy of the mechanism's and grows.
std::vector<NamedValue> named_values(const mechanism::Mechanism& mechanism, mechanism::Graph& graph);

}  // namespace nt::simulate

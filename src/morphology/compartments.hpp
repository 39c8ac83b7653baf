#pragma once
#include <functional>
#include <vector>

#include "morphology/morphology.hpp"

namespace nt::morphology {

/// A piece of a section with one voltage.
struct Compartment {
  int section = 0;
  double x = 0.5;  // its centre, 0 to 1 along the section
  double length_um = 0;
  double diameter_um = 0;  // mean along the length
  double area_um2 = 0;     // of the membrane: the frusta's mantles
  double resistance_before = 0,
         resistance_after = 0;  // of its two halves, Mohm for an axial resistivity of 1 ohm cm
  double path_um = 0;  // along the tree from the soma's middle (where there is none: the root's start) to the
                       // centre
};

/// A node of the cable equation: a compartment, or a point without membrane where sections meet.
struct CableNode {
  int parent = -1;                  // a node before this one; -1: the root
  int compartment = -1;             // -1: no membrane
  double axial_conductance_uS = 0;  // to the parent
};

/// A neuron cut into compartments, in the order of its sections and along them; and its nodes, each after its
/// parent.
struct Compartments {
  std::vector<Section> sections;
  std::vector<Compartment> compartments;
  std::vector<CableNode> nodes;
  std::vector<int> first_compartment;            // of each section; one more at the end
  std::vector<int> node_of;                      // of each compartment
  std::vector<double> axial_resistivity_ohm_cm;  // of each section

  int count(int section) const {
    return first_compartment[static_cast<size_t>(section) + 1] - first_compartment[section];
  }
  /// The compartment at x of a section.
  int at(int section, double x) const;
  Region region(int compartment) const { return sections[compartments[compartment].section].region; }
};

double length_um(const Section& section);

/// 1 + 2 int(length / spacing) compartments per section.
int by_spacing(const Section& section, double spacing_um);
/// As many as NEURON's d_lambda rule asks for: compartments shorter than `fraction` of the length constant at
/// `frequency_hz`.
int by_d_lambda(const Section& section, double fraction, double frequency_hz, double axial_resistivity_ohm_cm,
                double capacitance_uF_cm2);

/// Makes the nodes of sections and compartments that are there, and their distances along the tree.
void connect(Compartments& all);

/// Cuts every section into `number(section)` compartments. Areas and resistances as NEURON computes them from
/// 3-D points (treeset.cpp). A point without membrane that only joins two nodes is left out, its resistances
/// in series: the same equation.
Compartments cut(const Morphology& morphology, const std::function<int(const Section&)>& number,
                 const std::function<double(const Section&)>& axial_resistivity_ohm_cm);
Compartments cut(const Morphology& morphology, const std::function<int(const Section&)>& number,
                 double axial_resistivity_ohm_cm);

}  // namespace nt::morphology

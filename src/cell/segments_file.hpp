#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "morphology/compartments.hpp"

namespace nt::cell {

/// A mechanism as a cell folder holds it, spread over the membrane or in points.
struct SegmentsMechanism {
  std::string name;
  std::vector<int> segments;                              // of each instance
  std::map<std::string, std::vector<double>> parameters;  // of each instance
};

/// An ion in every segment where something has to do with it.
struct SegmentsIon {
  std::string name;
  std::vector<int> segments;
  std::vector<double> inside_mM, outside_mM, reversal_mV;  // empty: NEURON's defaults
  std::vector<int> style;                                  // NEURON's ion_style; empty: not said
};

/// What an input spike of a synapse does: an event for an instance of a point process.
struct SegmentsConnection {
  int synapse = 0;        // by its number among its kind
  std::string mechanism;  // of SegmentsFile::points
  int instance = 0;
  double weight = 0;
  double delay_ms = 0;
  std::string group = {};  // of the synapse; empty: the file names none
};

/// segments.h5 of a cell folder (docs/files.md): a neuron as a simulator has it in memory.
struct SegmentsFile {
  morphology::Compartments geometry;
  std::vector<double> capacitance_uF_cm2;  // of each segment
  std::vector<SegmentsMechanism> density, points;
  std::vector<SegmentsIon> ions;
  std::vector<SegmentsConnection> excitatory, inhibitory;
};

/// Reads and checks it. InputError naming file, data set and index: of lists of other lengths than they
/// should have, numbers that are none or out of range, trees with two roots or in circles.
SegmentsFile read_segments_file(const std::filesystem::path& file);

}  // namespace nt::cell

#pragma once
#include "dataset/cell_table.hpp"
#include "twin/twin.hpp"

namespace nt::evaluate {

/// What networks are told of their input spikes that know nothing of times within a bin.
struct InputBins {
  int64_t bin_ms = 50;
  /// Whether a synapse had a spike in the bin, not how many.
  bool binary = false;
};

/// Spikes as such a network sees them: all of a bin at its first ms. Bins count from the first output, at
/// history_ms; the first one of a window may be shorter.
///   events  [n][3]  (window, channel, time)
/// With `binary` each synapse has at most one in a bin; else as many as given, in their order.
std::vector<int32_t> binned(std::span<const int32_t> events, const InputBins& bins, int64_t history_ms);

// Networks to compare a twin with, under the heads of spike and voltage. They are told what is in a bin from
// its first ms on, so also of spikes that are yet to come in it: more than any cause can know. What they lack
// is the times of spikes. They answer whole trials; as streams they are refused.

/// The twin's own network, which sees rates.
twin::TwinSpec rate_network(const twin::TwinSpec& twin, int64_t bin_ms);
/// A feed-forward network of binary inputs, which sees the present bin alone: as many layers and units as the
/// twin has, if that is convolutional, but at least two layers; else three layers of 64 units.
twin::TwinSpec binary_network(const twin::TwinSpec& twin, int64_t bin_ms);
/// So many binary trees over the synapses of the cell, in their order along the dendrite (TreeSpec::binary),
/// of binary inputs, which see the present bin alone.
twin::TwinSpec k_tree_network(const twin::TwinSpec& twin, const dataset::CellTable& cell, int64_t trees,
                              int64_t bin_ms);

}  // namespace nt::evaluate

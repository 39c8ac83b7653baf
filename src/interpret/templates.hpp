#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "interpret/places.hpp"
#include "statistics/estimate.hpp"
#include "twin/network_spec.hpp"

namespace nt::interpret {

/// Synapses next to each other: those of an unbranched section, or of one place where a neuron is a single
/// section.
struct TemplateBranch {
  morphology::Part part = morphology::Part::soma;
  int section = 0;
  double path_um = 0;  // mean of its synapses
};

/// A pattern that filters have in common.
struct FilterTemplate {
  std::vector<double> excitatory = {}, inhibitory = {};  // [lag]
  double share = 0;                                      // of the loadings' squares
  std::vector<double> by_branch = {};                    // mean loading
  std::map<morphology::Part, double> by_part = {};       // the same
  std::optional<morphology::Part> part = {};             // that it belongs to most; none: mixed
  /// What that part's loading is above the next one's, where there is one and both can be resampled.
  std::optional<statistics::Estimate> part_difference = {};
  std::string part_note = {};  // why it is mixed
};

struct FilterTemplates {
  double unexplained = 0;  // share of the filters' squares
  int64_t units = 0;
  std::vector<TemplateBranch> branches = {};
  std::vector<FilterTemplate> templates = {};
};

/// What first-layer filters have in common. A row is one unit's view of one branch (an unbranched section of
/// the tree, or the soma): the mean filter of its excitatory and of its inhibitory synapses over all lags;
/// the positive and the negative part count as columns of their own, so that rows can be factorised
/// (factorise.hpp) into `templates` patterns that only add up. Units count as much as normalisation after
/// them lets them.
///
/// A template is mixed unless a bootstrap over units and branches tells the part that it belongs to most from
/// the next one at 95 %.
FilterTemplates filter_templates(const twin::FirstFilters& filters, std::span<const SynapsePlace> places,
                                 int64_t templates, uint64_t seed);

}  // namespace nt::interpret

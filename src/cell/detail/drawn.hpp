#pragma once
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "morphology/compartments.hpp"
#include "random/random.hpp"

namespace nt::cell {

/// A number for each of some compartments, in their order, that a key says:
///   a number; a formula of `distance`, `longest`, `diameter` and `x`; or drawn for each
///   { distribution = "lognormal", mean, cv }   cv: the standard deviation in means; mean: a number or
///   formula { distribution = "normal", mean, cv }      drawn again while out of range { distribution =
///   "uniform", low, high }
/// Without the key `otherwise`. InputError where a value is out of range.
std::vector<double> read_values(const config::Settings& settings, std::string_view key, double otherwise,
                                config::Range range, const morphology::Compartments& geometry,
                                const std::vector<int>& compartments, random::Random random);

/// `expected`: how many synapses there should be on each compartment, of which `count` are put: evenly, the
/// k-th (from 0) where the sum over the compartments before passes (k + 1/2)/count of the whole.
std::vector<int> placed_evenly(const std::vector<int>& compartments, const std::vector<double>& expected,
                               int64_t count);
/// The same at random, each synapse by itself. Ascending.
std::vector<int> placed_randomly(const std::vector<int>& compartments, const std::vector<double>& expected,
                                 int64_t count, random::Random random);

}  // namespace nt::cell

#pragma once
#include <string>
#include <vector>

#include "network/activity.hpp"

namespace nt::network {

/// How a course of a population differs from the reference's.
struct Difference {
  std::string population;
  /// How long until a neuron's spikes are others: its first spike without a partner within 2 ms in the other
  /// course. The first of all neurons, and the median over them; the time compared where there is none.
  double first_divergence_ms = 0, median_divergence_ms = 0;
  /// The share of the reference's and of the other's spikes that have a partner within 2 ms, of one neuron.
  double matched_share = 0;
  double rate_correlation = 0;        // Pearson's, over neurons
  double rate_error_hz = 0;           // mean absolute, over neurons
  double interval_distance = 0;       // Kolmogorov and Smirnov's, of all intervals
  double correlation_difference = 0;  // of the mean pairwise correlation
  double spectrum_distance_db = 0;    // root mean square over frequencies, of smoothed spectra
  double course_correlation = 0;      // Pearson's, of the population's counts in bins
};

/// One way to run a network.
struct Course {
  std::string name;  // "neurons", "perturbed neurons", "twins"
  std::vector<Record> records;
  std::vector<Activity> activity;
  std::vector<Difference> differences;  // from the first course; of that, none
  std::vector<size_t> contacts;         // of each projection
  double seconds = 0;                   // of computing
};

/// `spec`: what is measured. Populations that fire by themselves are left out.
std::vector<Difference> differences_of(const Spec& spec, const Course& reference, const Course& other);

}  // namespace nt::network

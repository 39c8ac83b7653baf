#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "network/network.hpp"

namespace nt::network {

/// What correlations and spectra are of.
struct ActivitySpec {
  double from_ms = 0, until_ms = 0;
  double bin_ms = 5;  // of spike counts
  uint64_t seed = 1;  // of which pairs are looked at
  int64_t most_pairs = 2000;
};

/// The course of a population, in numbers. NaN: there is nothing to measure.
struct Activity {
  std::string population;
  int64_t neurons = 0, spikes = 0;
  double rate_hz = 0, rate_sd_hz = 0;  // mean and standard deviation over neurons
  double silent_share = 0;             // of neurons without a spike
  /// Of the intervals between spikes: standard deviation over mean, of each neuron with at least 5 spikes,
  /// the mean over these; and how many they are.
  double cv = 0;
  int64_t cv_neurons = 0;
  /// Pearson's, of spike counts in bins, mean and standard deviation over pairs drawn at random among neurons
  /// that fire.
  double correlation = 0, correlation_sd = 0;
  int64_t pairs = 0;
  /// Variance over mean of the population's spike counts in bins: 1 of independent Poisson neurons.
  double fano = 0;
  std::vector<double> rates_hz = {};      // of each neuron
  std::vector<double> cvs = {};           // of those that have one
  std::vector<double> correlations = {};  // of the pairs
  std::vector<double> intervals_ms = {};  // of all neurons
  /// Power of the population's rate, per neuron (Hz^2/Hz), one-sided: Welch's, segments of 1 s that overlap
  /// by half under a Hann window. White and 2 x rate / neurons of independent Poisson neurons.
  std::vector<double> frequency_hz = {}, power = {};
};

/// InputError unless the time is at least one bin.
Activity activity_of(const std::string& population, int64_t neurons, const SpikeTrain& spikes,
                     const ActivitySpec& spec);

/// Of each population of a network up to now, less its transient.
std::vector<Activity> activity_of(const Network& network);

}  // namespace nt::network

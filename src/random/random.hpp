#pragma once
#include <array>
#include <cstdint>

#include "random/draw.hpp"

namespace nt::random {

/// What a draw is for. Two stages never share a number, whatever the seed. Values are part of every result:
/// never renumber.
enum class Stage : uint32_t {
  stimulus_train = 1,
  stimulus_valid = 2,
  stimulus_test = 3,
  twin_weights = 10,
  training_windows = 11,
  bootstrap = 20,
  timing_jitter = 21,
  sequence_orders = 22,
  search_space = 30,
  interpretation = 40,
  // Inputs other than the training distribution's.
  stimulus_rates_high = 41,
  stimulus_synchrony = 42,
  stimulus_clusters = 43,
  stimulus_sinusoidal = 44,
  stimulus_no_inhibition = 45,
  stimulus_published_mixture = 46,
  stimulus_rates_low = 47,
  cluster_centres = 49,
  // The background of added spikes: draws of Stage::interpretation must not meet those of its synapses.
  interpretation_stimulus = 50,
  stimulus_calibration = 51,  // trials on which rates are scaled
  cell_synapses = 60,         // where a description puts synapses at random, their weights and delays
  given_input = 61,           // trials whose input is given, not drawn
  mechanism_draws = 62,       // what mechanisms draw in a trial
  test_cases = 99,
};
inline constexpr std::array kStages{Stage::stimulus_train,
                                    Stage::stimulus_valid,
                                    Stage::stimulus_test,
                                    Stage::twin_weights,
                                    Stage::training_windows,
                                    Stage::bootstrap,
                                    Stage::timing_jitter,
                                    Stage::sequence_orders,
                                    Stage::search_space,
                                    Stage::interpretation,
                                    Stage::stimulus_rates_high,
                                    Stage::stimulus_synchrony,
                                    Stage::stimulus_clusters,
                                    Stage::stimulus_sinusoidal,
                                    Stage::stimulus_no_inhibition,
                                    Stage::stimulus_published_mixture,
                                    Stage::stimulus_rates_low,
                                    Stage::cluster_centres,
                                    Stage::interpretation_stimulus,
                                    Stage::stimulus_calibration,
                                    Stage::cell_synapses,
                                    Stage::given_input,
                                    Stage::mechanism_draws};

/// What a stream of a trial is for. All streams of the program are here and in kStreams.
enum class StreamName : uint8_t {
  rates,    // of a trial's stimulus
  synapse,  // its spikes; excitatory synapses first
  sinusoid,
  driven_clusters,
  bursts,          // of a pool of synapses
  breadth,         // which member of a mixture a trial belongs to, and its parameters
  pauses,          // stretches of silence
  thinning,        // of a synapse's spikes that were not drawn from rates; numbered as the synapses
  group_input,     // what the synapses of a group have in common; numbered as the groups
  synapse_places,  // of a group of synapses
  synapse_weights,
  synapse_delays,
  weights,          // of a layer
  window,           // of a training step
  resample,         // of a bootstrap
  jitter,           // of a trial's spikes
  order,            // of a sequence of synapses
  turns,            // in which a search tries depths
  network,          // that a search tries
  moments,          // that are looked at
  spikes,           // that are looked at
  silences,         // that a spike is compared with
  first_patterns,   // of a factorisation
  added_spikes,     // to one background
  cluster_centres,  // of one start
  mechanism,        // a generator of an instance of a mechanism
  test_case
};

/// The numbers that a stream has within the stages that draw from it. They are part of every result: never
/// renumber. Streams of one kind of stage have no number in common.
struct StreamNumbers {
  StreamName name;
  Stage kind;             // stands for all stages of its kind: see kind_of
  uint32_t first, count;  // more than one: numbered members
};
inline constexpr std::array kStreams{
    StreamNumbers{StreamName::rates, Stage::stimulus_train, 0, 1},
    StreamNumbers{StreamName::synapse, Stage::stimulus_train, 1, 0x7FFFFFFF},
    StreamNumbers{StreamName::thinning, Stage::stimulus_train, 0x80000000, 0x7FFF0000},
    StreamNumbers{StreamName::sinusoid, Stage::stimulus_train, 0xFFFF0000, 1},
    StreamNumbers{StreamName::driven_clusters, Stage::stimulus_train, 0xFFFF0001, 1},
    StreamNumbers{StreamName::bursts, Stage::stimulus_train, 0xFFFF0002, 0x7FFE},
    StreamNumbers{StreamName::group_input, Stage::stimulus_train, 0xFFFF8000, 0x7FFE},
    StreamNumbers{StreamName::breadth, Stage::stimulus_train, 0xFFFFFFFE, 1},
    StreamNumbers{StreamName::pauses, Stage::stimulus_train, 0xFFFFFFFF, 1},
    StreamNumbers{StreamName::weights, Stage::twin_weights, 0, 0xFFFFFFFF},
    StreamNumbers{StreamName::window, Stage::training_windows, 0, 0xFFFFFFFF},
    StreamNumbers{StreamName::resample, Stage::bootstrap, 0, 1},
    StreamNumbers{StreamName::jitter, Stage::timing_jitter, 0, 1},
    StreamNumbers{StreamName::order, Stage::sequence_orders, 0, 1},
    StreamNumbers{StreamName::turns, Stage::search_space, 0, 1},
    StreamNumbers{StreamName::network, Stage::search_space, 1, 1},
    StreamNumbers{StreamName::moments, Stage::interpretation, 1, 1},
    StreamNumbers{StreamName::spikes, Stage::interpretation, 2, 1},
    StreamNumbers{StreamName::silences, Stage::interpretation, 3, 1},
    StreamNumbers{StreamName::first_patterns, Stage::interpretation, 10, 1},
    StreamNumbers{StreamName::added_spikes, Stage::interpretation, 20, 1},
    StreamNumbers{StreamName::cluster_centres, Stage::cluster_centres, 0, 1},
    StreamNumbers{StreamName::synapse_places, Stage::cell_synapses, 0, 1},
    StreamNumbers{StreamName::synapse_weights, Stage::cell_synapses, 1, 1},
    StreamNumbers{StreamName::synapse_delays, Stage::cell_synapses, 2, 1},
    StreamNumbers{StreamName::mechanism, Stage::mechanism_draws, 0, 0xFFFFFFFF},
    StreamNumbers{StreamName::test_case, Stage::test_cases, 0, 0xFFFFFFFF}};

/// Stages that draw from the same streams: all stimuli are one kind.
Stage kind_of(Stage stage);

/// A stream by its name, not by a number: two uses cannot meet by accident.
class Stream {
 public:
  Stream(StreamName name, uint64_t member = 0) : name_(name), member_(member) {}
  /// Its number in a stage. std::logic_error if the stage does not draw from it, or it has no such member.
  /// Tests may draw from any stream.
  uint32_t number_in(Stage stage) const;

 private:
  StreamName name_;
  uint64_t member_;
};

/// The key of what mechanisms draw in a trial: `stage` says what the trial is for. The draw number n of the
/// stream number m is what Random has after 4 n words, with StreamName::mechanism and member m, for a seed
/// that stands for `seed` and `stage`.
TrialKey trial_key(uint64_t seed, Stage stage, uint64_t trial);

/// A stream of random numbers named by (seed, stage, trial, stream). The n-th draw of a stream is the same on
/// every machine and whatever else is drawn elsewhere, so results do not depend on threads, lanes or shards.
class Random {
 public:
  Random(uint64_t seed, Stage stage, uint64_t trial, Stream stream);

  uint32_t bits();
  /// Uniform in the open interval (0, 1), 53 bits.
  double uniform();
  /// Uniform between the two; `low` may be the greater.
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform among low, low + 1, ..., high.
  int64_t integer(int64_t low, int64_t high);
  /// Standard normal (Box and Muller 1958).
  double normal();
  /// Standard normal, drawn again while outside two standard deviations.
  double truncated_normal();
  /// Failures before the first success of a coin with `log_failure` = log(1 - p) < 0; at most `at_most`.
  int64_t failures(double log_failure, int64_t at_most);

 private:
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> block_{};
  unsigned used_ = 4;
};

}  // namespace nt::random

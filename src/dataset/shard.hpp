#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataset/cell_table.hpp"
#include "dataset/signal.hpp"
#include "dataset/synapse_numbers.hpp"
#include "files/hdf5.hpp"
#include "simulate/trial.hpp"

namespace nt::dataset {

/// What every shard of one data set has in common.
struct DatasetIdentity {
  int64_t excitatory_synapses = 0;
  int64_t inhibitory_synapses = 0;
  int64_t duration_ms = 0;
  uint64_t seed = 0;
  /// The resolved configuration that determines every trial (cell, stimulus, duration, seed), as TOML text.
  std::string configuration;
  std::vector<Signal> signals = {};  // of different names
  // Digests: of all that determines the neuron (its description, the bytes of the files that this names, the
  // algorithms that read it); of all else that determines a trial. Empty: not known.
  std::string neuron = {};
  std::string recipe = {};

  /// Null if there is none of this name.
  const Signal* find_signal(std::string_view name) const;
  /// 0 if there is none of this name.
  int64_t values_per_ms(std::string_view name) const;
};

/// The trials [first_trial, first_trial + trials.size()) of a split as an HDF5 file (layout: DESIGN.md, "The
/// dataset file"). Each trial has the identity's signals, in their order.
std::string shard_bytes(const DatasetIdentity& identity, const CellTable& cell, const std::string& split,
                        uint64_t first_trial, std::span<const simulate::Trial> trials);

/// Input spikes of one kind in one trial, where they lie in the file.
struct EventsView {
  std::span<const uint32_t> time_ms;  // ascending
  SynapseNumbers synapse;

  /// The part with from_ms <= time < to_ms.
  EventsView between(int64_t from_ms, int64_t to_ms) const;
};

/// Outputs in the place of those in the file (see Labels).
struct AlteredOutputs {
  std::vector<float> spike_times_ms, soma_mV;
};

/// A signal of all trials of a shard, where it lies in the file.
struct SignalView {
  Signal signal;
  std::span<const float> values;  // [trial][ms][value]
};

/// One trial, where it lies in the file.
struct TrialView {
  EventsView excitatory;
  EventsView inhibitory;
  std::span<const float> spike_times_ms;          // ascending
  std::span<const float> soma_mV;                 // at integer ms
  std::span<const SignalView> signals_of_all;     // of all trials of its shard
  size_t index = 0;                               // of this one among them
  std::shared_ptr<const AlteredOutputs> altered;  // keeps what of the above is not as in the file

  /// [ms][value]; empty if there is none of this name.
  std::span<const float> signal(std::string_view name) const;
};

/// What a shard says of how it was made, without a look at its trials. InputError if it is no shard.
DatasetIdentity identity_in(const files::Hdf5File& file);

/// The digest of a shard's content, all of it read: the one that it says itself; of a shard from elsewhere,
/// which says neither digest nor neuron, that of its bytes. InputError if it was changed after it was made.
std::string content_digest(const files::Hdf5File& file);

/// A shard open for reading, checked when opened: whatever lies in it, later reading stays inside the arrays.
class Shard {
 public:
  /// InputError if the file is damaged, not a shard, was changed after it was made, or holds a number that is
  /// not finite.
  explicit Shard(const std::filesystem::path& file);

  const std::filesystem::path& path() const { return file_.path(); }
  const DatasetIdentity& identity() const { return identity_; }
  const std::string& split() const { return split_; }
  uint64_t first_trial() const { return first_trial_; }
  /// See content_digest().
  const std::string& digest() const { return digest_; }
  size_t trials() const { return trials_; }
  TrialView trial(size_t index) const;

 private:
  struct Ragged {
    std::span<const uint64_t> offset;
    std::span<const uint32_t> time_ms;
    SynapseNumbers synapse;
  };
  std::span<const uint64_t> read_offsets(const std::string& path, size_t end) const;
  Ragged read_input(const std::string& group, int64_t synapses) const;
  std::span<const float> read_output(const std::string& path, size_t values_per_ms) const;
  void read_signals();
  void require_finite(std::span<const float> values, const std::string& path, size_t values_per_ms) const;

  files::Hdf5File file_;
  std::string digest_;
  DatasetIdentity identity_;
  std::string split_;
  uint64_t first_trial_ = 0;
  size_t trials_ = 0;
  Ragged excitatory_, inhibitory_;
  std::span<const uint64_t> spike_offset_;
  std::span<const float> spike_time_ms_;
  std::span<const float> soma_mV_;
  std::vector<SignalView> signals_;  // of identity_, in their order
};

}  // namespace nt::dataset

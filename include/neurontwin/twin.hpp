#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "neurontwin/input.hpp"

/// Twins: networks that do what a neuron does, 1 ms at a time.
namespace neurontwin {

/// A trained twin. A value: copies share the network, which nobody changes.
class Twin {
 public:
  int64_t excitatory_synapses() const;
  int64_t inhibitory_synapses() const;
  int64_t synapses() const { return excitatory_synapses() + inhibitory_synapses(); }
  int64_t parameters() const;

  struct Model;  // the library's own
  explicit Twin(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
  const Model& model() const { return held(model_, "twin"); }

 private:
  std::shared_ptr<const Model> model_;
};

/// Reads twin.safetensors; nothing else is needed, and no code in it is run. InputError naming the file where
/// it is damaged or no twin.
Twin load_twin(const std::filesystem::path& file);
/// A twin that is loaded again answers as this one does, to the last bit.
void save_twin(const Twin& twin, const std::filesystem::path& file);

/// One array of a twin's numbers.
struct TwinArray {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> values;  // row by row
};

/// What a twin says each ms beside the probability of a spike and the somatic voltage.
struct TwinOutput {
  std::string name, unit;
  int64_t values_per_ms = 1;
};

struct TwinDescription {
  std::string kind;   // "recurrent", "convolutional", "tree"
  std::string words;  // for people
  int64_t window_ms =
      0;  // of input that one output depends on; of kinds that never forget, that it is given at least
  std::optional<double> spike_threshold;  // the probability from which on its makers count a spike
  std::vector<TwinOutput> further_outputs;
  /// JSON text: the network's specification, the wiring of its branches, scores, thresholds, and where it
  /// comes from, as its file has them (docs/files.md, "A twin").
  std::vector<std::pair<std::string, std::string>> texts;
  std::vector<TwinArray> arrays;
};
TwinDescription describe(const Twin& twin);

/// What a twin says to one trial of input.
struct Prediction {
  std::vector<float> spike_probability;     // [ms]
  std::vector<float> soma_mV;               // [ms]
  std::vector<std::vector<float>> further;  // of each further output: [ms][value]
};
/// Trials of `duration_ms` that start after silence. Input times are cut to whole milliseconds; later input
/// is not played. `device`: "cpu" or "cuda" (docs/gpu.md). InputError where a synapse is not the twin's, or
/// the device is none or has no code for the kind of twin; RunError if stopped.
std::vector<Prediction> predict(const Twin& twin, std::span<const Input> inputs, int64_t duration_ms,
                                int threads = 0, const std::stop_token& stop = {},
                                const std::string& device = "cpu");

/// Twins at work, many side by side, ms by ms. Not for several threads at once. One that was moved from
/// answers with an InputError.
class Stream {
 public:
  /// All start after a long silence. `device`: as of predict().
  Stream(const Twin& twin, int64_t neurons, int threads = 1, const std::string& device = "cpu");
  ~Stream();
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;

  /// An input spike of one of the neurons, so many ms from now.
  struct Spike {
    int32_t neuron, synapse, ms;
  };
  /// The next `ms` milliseconds. The answer, [neuron][ms], is there until the next call.
  struct Answer {
    std::span<const float> spike_probability, soma_mV;
  };
  Answer advance(std::span<const Spike> spikes, int64_t ms);

  /// All that one of the neurons remembers; another of the same twin, in any stream, can go on from it.
  std::vector<float> state(int64_t neuron) const;
  void set_state(int64_t neuron, std::span<const float> state);

 private:
  struct State;
  State& held_state() const;
  std::unique_ptr<State> state_;
};

/// Writes a twin as "onnx" or "hdf5" (docs/files.md).
void export_twin(const Twin& twin, const std::string& format, const std::filesystem::path& out);
/// The same of a twin's file, which `out` must not be.
void export_file(const std::filesystem::path& twin, const std::string& format,
                 const std::filesystem::path& out);

/// Runs a twin over all trials of a data set file, or over the input of a replay file, and writes what it
/// says as an HDF5 file (docs/files.md), in little memory. `device`: "cpu" or "cuda".
void predict_file(const std::filesystem::path& twin, const std::filesystem::path& input,
                  const std::filesystem::path& out, int threads = 0, const std::stop_token& stop = {},
                  const std::string& device = "cpu");

}  // namespace neurontwin

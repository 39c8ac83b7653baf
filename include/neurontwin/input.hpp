#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "neurontwin/neuron.hpp"

/// Input spikes: given, read from files, or drawn from a model.
namespace neurontwin {

/// The input spikes of one trial, in any order. Synapses are numbered as the neuron's. Two spikes of one
/// synapse in one millisecond count as two, for neurons and for twins.
struct Input {
  std::vector<double> time_ms = {};    // from 0 on
  std::vector<uint32_t> synapse = {};  // as many
  /// Of each spike, for detailed neurons alone: what its mechanism makes of an event's weight (uS for
  /// Exp2Syn, a factor for the mechanisms of the catalogue). Empty: each synapse has its own; NaN: this one
  /// has its own, as in a replay file where only some events have weights.
  std::vector<double> weight = {};
};

/// Reads the input of a replay file (docs/files.md): one trial for this neuron. InputError naming file and
/// data set where it is wrong.
Input read_input(const std::filesystem::path& file, const Neuron& neuron);

/// A distribution of inputs. A value, as a neuron is.
class InputModel {
 public:
  struct Model;  // the library's own
  explicit InputModel(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
  const Model& model() const { return held(model_, "input model"); }

 private:
  std::shared_ptr<const Model> model_;
};

/// Slowly varying random rates (Beniaguev et al. 2021, Methods) for the neuron's synapses. `settings`: TOML
/// text, the keys of an experiment's table [stimulus]; without any it is the published input. InputError
/// where it is wrong.
InputModel random_rates(const Neuron& neuron, std::string_view settings = "");

/// The trials [first_trial, first_trial + trials) of a stream: each is a pure function of seed and number.
/// Times are whole milliseconds below `duration_ms`, each synapse's at most one in each. RunError if stopped.
std::vector<Input> draw_inputs(const InputModel& model, uint64_t seed, uint64_t first_trial, int64_t trials,
                               int64_t duration_ms, const std::stop_token& stop = {});

}  // namespace neurontwin

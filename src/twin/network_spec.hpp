#pragma once
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "dataset/cell_table.hpp"
#include "files/checked_json.hpp"
#include "files/safetensors.hpp"
#include "twin/network.hpp"
#include "twin/parameters.hpp"

namespace nt::twin {

class OnnxGraph;

constexpr int64_t kMostWindow_ms = 1000000;  // of input that one output depends on

/// The filters of a first layer, for kinds that have one. Numbers are those of the twin.
struct FirstFilters {
  int64_t channels = 0, taps = 0, features = 0;
  std::vector<double> weight;  // [channel][tap][feature], tap k acting k ms after the spike
  std::vector<double> gain;    // [feature]: what normalisation multiplies each unit with; 1 without
};

/// What a kind of network is made of, without its numbers. Each kind is a file of its own, which derives from
/// this, and one line in kinds.cpp.
class NetworkSpec {
 public:
  virtual ~NetworkSpec() = default;

  virtual std::string_view kind() const = 0;
  /// For people.
  virtual std::string words() const = 0;
  /// Milliseconds of input that one output depends on, its own included; of kinds that never forget
  /// altogether, that it is given at least.
  virtual int64_t window_ms() const = 0;
  /// Hidden layers; units of the widest one; units in all of them.
  virtual int64_t depth() const = 0;
  virtual int64_t width() const = 0;
  virtual int64_t units() const = 0;
  /// Additions and multiplications for each ms, counted densely: a silent synapse costs as much as one that
  /// fires. Heads apart.
  virtual int64_t multiply_adds(int64_t channels) const = 0;
  /// What the heads see.
  virtual int64_t features() const = 0;
  /// Names of what hidden() lists.
  virtual std::vector<std::string> layer_names() const = 0;

  /// In the order in which weights are drawn and files list them.
  virtual std::vector<ParameterArray> arrays(int64_t channels) const = 0;
  /// Where training starts, the same on every machine. Weights come from the streams Random(seed,
  /// Stage::twin_weights, 0, {StreamName::weights, stream}), each `stream` once, which the heads go on from;
  /// or from streams of the kind's own, with another number in the place of 0.
  virtual void draw(const ParameterLayout& layout, std::span<float> numbers, uint64_t seed,
                    uint32_t& stream) const = 0;
  virtual std::unique_ptr<Network<float>> network(const ParameterLayout& layout, int64_t channels,
                                                  float) const = 0;
  virtual std::unique_ptr<Network<double>> network(const ParameterLayout& layout, int64_t channels,
                                                   double) const = 0;
  /// InputError unless it can take so many channels.
  virtual void require_channels(int64_t /*channels*/) const {}

  /// Beside its kind, into the specification of a twin's file; and texts of the file, if it needs any.
  virtual nlohmann::ordered_json to_json() const = 0;
  virtual files::TextsByName texts() const { return {}; }

  /// Adds the network to an ONNX model: from OnnxGraph::spikes() to what the heads see, [batch][ms][feature],
  /// whose name it returns. States start as window_ms() - 1 ms of silence leave them.
  virtual std::string add_to(OnnxGraph& graph, const ParameterLayout& layout, std::span<const float> numbers,
                             int64_t channels) const = 0;

  /// Nothing for kinds whose first layer has no filters.
  virtual std::optional<FirstFilters> filters(const ParameterLayout&, std::span<const float>,
                                              int64_t /*channels*/) const {
    return {};
  }
  /// Of its memory units, of kinds that have such.
  virtual std::vector<double> time_constants_ms(const ParameterLayout&, std::span<const float>) const {
    return {};
  }
};
using NetworkSpecPointer = std::shared_ptr<const NetworkSpec>;

/// Where a network's specification in a twin's file is read from.
struct SpecificationFile {
  const files::JsonObject& specification;
  int64_t excitatory_synapses = 0, inhibitory_synapses = 0;
  /// A further text of the file, parsed; InputError if it is not there.
  std::function<nlohmann::json(const std::string& name)> text;
};

struct NetworkKind {
  std::string_view name;
  /// Reads [twin]. `cell`: where the synapses sit.
  NetworkSpecPointer (*from_settings)(const config::Settings& twin, const dataset::CellTable& cell);
  /// Back from to_json() and texts(). InputError if anything is missing or out of range.
  NetworkSpecPointer (*from_file)(const SpecificationFile& file);
  /// All keys of [twin] that it reads. Those that only other kinds read are passed over, so that one
  /// experiment can describe several kinds.
  std::vector<std::string> keys;
};
/// All of them; the first one is what [twin] means without `kind`.
const std::vector<NetworkKind>& network_kinds();

}  // namespace nt::twin

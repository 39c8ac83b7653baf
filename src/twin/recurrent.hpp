#pragma once
#include "twin/branch_sums.hpp"
#include "twin/branches.hpp"
#include "twin/leaky_memory.hpp"
#include "twin/network_spec.hpp"

namespace nt::twin {

/// Leaky sums of spikes on branches (branch_sums.hpp), and leaky memory units that a network of one hidden
/// layer writes to (leaky_memory.hpp). Their time constants are spaced evenly on a
/// logarithmic scale when training starts.
struct RecurrentSpec final : NetworkSpec {
  int64_t memory_units = 20;
  HiddenActivation activation = HiddenActivation::silu;
  bool learn_time_constants = false;
  int64_t hidden_count = 0;  // units of the hidden layer; 0: twice as many as memory units
  BranchTimes branch_times;  // of the branches' sums
  double shortest_memory_ms = 1, longest_memory_ms = 150;
  int64_t history_ms = 150;  // of input before the first output, in which the memory fills
  int64_t branches = 45;     // wanted; of the wiring see wire_branches()
  bool branch_overlap = true;
  // The cell says these, not [twin].
  Wiring wiring;
  int64_t excitatory_channels = 0;  // the first ones

  int64_t hidden_units() const { return hidden_count > 0 ? hidden_count : 2 * memory_units; }
  /// What each branch's sum keeps from ms to ms.
  std::vector<double> branch_keep() const;
  double branch_tau_ms(int64_t branch) const;
  std::vector<double> branch_taus_ms() const;

  std::string_view kind() const override { return "recurrent"; }
  std::string words() const override;
  int64_t window_ms() const override { return history_ms + 1; }
  int64_t depth() const override { return 1; }
  int64_t width() const override { return memory_units; }
  int64_t units() const override { return memory_units + hidden_units(); }
  int64_t multiply_adds(int64_t channels) const override;
  int64_t features() const override { return memory_units; }
  std::vector<std::string> layer_names() const override { return {"memory"}; }
  std::vector<ParameterArray> arrays(int64_t channels) const override;
  void draw(const ParameterLayout& layout, std::span<float> numbers, uint64_t seed,
            uint32_t& stream) const override;
  std::unique_ptr<Network<float>> network(const ParameterLayout& layout, int64_t channels,
                                          float) const override;
  std::unique_ptr<Network<double>> network(const ParameterLayout& layout, int64_t channels,
                                           double) const override;
  void require_channels(int64_t channels) const override;
  nlohmann::ordered_json to_json() const override;
  files::TextsByName texts() const override;
  std::string add_to(OnnxGraph& graph, const ParameterLayout& layout, std::span<const float> numbers,
                     int64_t channels) const override;
  std::vector<double> time_constants_ms(const ParameterLayout& layout,
                                        std::span<const float> numbers) const override;
};

/// Puts its branches on a cell's synapses.
void wire(RecurrentSpec& spec, const dataset::CellTable& cell);

NetworkKind recurrent_kind();

}  // namespace nt::twin

#pragma once
#include "twin/convolutional.hpp"
#include "twin/heads.hpp"
#include "twin/network_spec.hpp"
#include "twin/recurrent.hpp"

namespace nt::twin {

/// A twin: a network of some kind, and heads on what it hands on.
struct TwinSpec {
  NetworkSpecPointer network;
  std::vector<Head> heads = usual_heads();

  TwinSpec() = default;
  /// Of a spec of any kind.
  template <class Spec>
  requires std::derived_from<Spec, NetworkSpec>
  explicit TwinSpec(Spec spec) : network(std::make_shared<const Spec>(std::move(spec))) {}

  /// The network's specification, if it is of this kind; else null.
  template <class Spec>
  const Spec* as() const {
    return dynamic_cast<const Spec*>(network.get());
  }
  const Head* head(std::string_view name) const;
  /// How many outputs the head of this name has; 0 if there is none.
  int64_t outputs(std::string_view name) const;

  std::vector<ParameterArray> arrays(int64_t channels) const;
  int64_t parameter_count(int64_t channels) const;
};

/// Reads [twin]: its `kind` and what this kind reads, and the starts of all heads, which are still to be
/// chosen from (heads_asked_for()). `cell`: where the synapses sit.
TwinSpec read_twin(const config::Settings& settings, const dataset::CellTable& cell = {});

/// A head beside those of usual_heads(), for a twin that is made by hand.
Head further_head(std::string_view name, int64_t outputs = 1);

}  // namespace nt::twin

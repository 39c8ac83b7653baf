#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "mechanism/mechanism.hpp"
#include "mechanism/tape.hpp"

namespace nt::simulate {

/// What an instance of a mechanism sees when something happens to it, in one lane.
struct Moment {
  double t_ms, v_mV, weight, flag;
};

/// Where a tape finds the value of a symbol.
struct SymbolSource {
  enum class Kind : uint8_t { time, voltage, weight, flag, stored, ion };
  Kind kind;
  size_t number = 0;  // of the stored variable; of ion_arrays(mechanism)
};

/// A tape with the values of its fixed expressions in every instance of a group.
struct InstanceTape {
  mechanism::Tape tape;
  std::vector<SymbolSource> sources;
  std::vector<double> fixed;  // [instance][fixed expression]

  InstanceTape(const mechanism::Mechanism& mechanism, const std::vector<mechanism::Expr>& outputs);
  /// Adds an instance.
  void add(const std::function<double(mechanism::Expr)>& evaluate);
};

/// NET_RECEIVE of a group whose events do more than add multiples of their weight to the states.
struct EventProgram {
  InstanceTape receive;  // its outputs: stored, v if it is set, then when, time and flag of each send, then
                         // whether each number is outside of its array
  std::optional<InstanceTape> watch;    // value and flag of each WATCH
  std::vector<size_t> watch_states;     // the stored variable of each
  std::vector<double> half_step_decay;  // [instance][stored]
  bool sets_v = false;
  std::vector<bool> moves;           // of each send: net_move
  std::vector<std::string> outside;  // what to say of each number that is outside of its array

  explicit EventProgram(const mechanism::Mechanism& mechanism);
};

/// Whether NET_RECEIVE only adds multiples of the weight to the stored variables, and what an event of weight
/// 1 adds to each; these may be new in `graph`, a copy of the mechanism's.
std::optional<std::vector<mechanism::Expr>> additive_effects(const mechanism::Mechanism& mechanism,
                                                             mechanism::Graph& graph);

}  // namespace nt::simulate

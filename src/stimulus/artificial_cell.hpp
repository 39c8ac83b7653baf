#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mechanism/mechanism.hpp"
#include "mechanism/tape.hpp"

namespace nt::stimulus {

/// An event that comes to an artificial cell from outside.
struct OutsideEvent {
  double time_ms, weight;
};

/// An ARTIFICIAL_CELL of NMODL: no membrane, but events to itself (net_send) and spikes (net_event). A value
/// that nobody changes; several threads run it at once.
class ArtificialCell {
 public:
  /// `parameter`: the value of a parameter, given the file's own. InputError naming the file if it cannot be
  /// compiled, is no artificial cell, gives no spikes or asks for what only a membrane has.
  ArtificialCell(const std::filesystem::path& mod_file,
                 const std::function<double(const mechanism::Parameter&)>& parameter);

  /// Whether INITIAL sends an event, so that it needs none from outside.
  bool starts_itself() const { return !mechanism_.initial_sends.empty(); }
  size_t generators() const { return mechanism_.generators.size(); }

  /// The spikes of one instance in ms from 0 before `duration_ms`, in their order. `events`: from outside, in
  /// any order. InputError where it sends itself events without end.
  std::vector<double> spikes_ms(double duration_ms, std::span<const OutsideEvent> events,
                                const random::DrawStream& stream) const;

 private:
  struct Instance;

  mechanism::Mechanism mechanism_;
  std::map<mechanism::Expr, double> known_;  // at the start
  std::optional<mechanism::Tape> receive_;  // stored; of each send when, time, flag; of each spike when, time
  std::vector<double> fixed_;               // of the tape
  std::vector<int> sources_;                // of its symbols: below
};

}  // namespace nt::stimulus

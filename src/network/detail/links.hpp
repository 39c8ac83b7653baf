#pragma once
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "network/wiring.hpp"

namespace nt::network {

/// A connection to a target neuron, and what a file says of it; NaN and -1: nothing.
struct Link {
  uint32_t source = 0;
  double delay_ms = std::numeric_limits<double>::quiet_NaN();
  double weight = std::numeric_limits<double>::quiet_NaN();
  int64_t synapse = -1, contacts = -1;
};

/// Who is connected to a target.
class Links {
 public:
  virtual ~Links() = default;
  /// Replaces `links` by those of the target, ascending by source. Targets may come in any order, and again.
  virtual void of_target(uint32_t target, std::vector<Link>& links) const = 0;
  /// Whether some say a delay, or a weight, of their own.
  virtual bool has_delays() const { return false; }
  virtual bool has_weights() const { return false; }
};

/// Of the rules that need no file.
std::unique_ptr<Links> links_by_rule(const Projection& projection, const Ends& ends, uint64_t seed,
                                     size_t number);
/// Of a list, in place or as a CSV file; of SONATA edges.
std::unique_ptr<Links> links_in_list(const Projection& projection, const Ends& ends);
std::unique_ptr<Links> links_in_sonata(const Projection& projection, const Ends& ends);

}  // namespace nt::network

#pragma once
#include <cstdint>
#include <vector>

namespace nt::twin {

/// Orthonormal functions of the lag, spanned by exponentials that fall with time constants from 1 ms to
/// half of the taps, evenly spaced in their logarithm: [shape][tap]. A passive dendrite answers a synaptic
/// current with a sum of exponentials (Rall 1969, Biophys J 9:1483), and so does a synapse's conductance.
struct TemporalBasis {
  int64_t shapes = 0, taps = 0;
  std::vector<double> decay;  // of each exponential, what it keeps from one ms to the next; as many as shapes
  std::vector<double> mixture;   // [shape][exponential]
  std::vector<double> function;  // [shape][tap], the sum over exponentials of mixture x decay^tap
};

/// Expects 1 <= shapes <= most_shapes(taps).
TemporalBasis temporal_basis(int64_t taps, int64_t shapes);

/// Beyond these the exponentials are so nearly parallel that float could not tell them apart.
int64_t most_shapes(int64_t taps);

}  // namespace nt::twin

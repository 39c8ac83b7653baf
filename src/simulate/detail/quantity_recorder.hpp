#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "simulate/quantity.hpp"

namespace nt::simulate {

/// Where the simulator keeps what a recorder reads, [lane] each: the stored variables of a placement's
/// instance one after the other; and arrays [node][lane] by name, "v" and those of the ions (null: there is
/// none).
template <class T>
struct RecorderMemory {
  size_t lanes;
  std::vector<int> node_of;  // of each compartment
  std::function<const T*(const cell::Placement& placement, size_t instance)> stored_at;
  std::function<const T*(const std::string& array)> array;
};

/// Reads quantities off a running simulation.
template <class T>
class QuantityRecorder {
 public:
  /// InputError where the cell has no such quantity. `cell` and the memory must outlive it.
  QuantityRecorder(const cell::DetailedCell& cell, std::span<const Quantity> quantities,
                   const RecorderMemory<T>& memory);

  /// The quantities now, [quantity][lane].
  std::span<const double> read(double t_ms);

 private:
  /// An expression as steps from slot to slot: its fixed values first, then its symbols, then its results.
  struct Program {
    struct Step {
      mechanism::Op op;
      size_t a, b, c;
    };
    std::vector<mechanism::Expr> fixed, symbols;
    std::vector<Step> steps;
    size_t result = 0;

    size_t slots() const { return fixed.size() + symbols.size() + steps.size(); }
  };
  /// A quantity at one place.
  struct Term {
    std::shared_ptr<const Program> program;
    std::vector<double> fixed;
    std::vector<const T*> symbols;
    size_t quantity;
  };

  static Program compiled(const mechanism::Graph& graph, mechanism::Expr value);
  void add_array(const Quantity& quantity, size_t index);
  void add_mechanism(const cell::DetailedCell& cell, const Quantity& quantity, size_t index);
  void run(const Term& term);

  RecorderMemory<T> memory_;
  std::vector<Term> terms_;
  std::vector<T> t_ms_;         // [lane]
  std::vector<double> slots_;   // [slot][lane]
  std::vector<double> values_;  // [quantity][lane]
};

}  // namespace nt::simulate

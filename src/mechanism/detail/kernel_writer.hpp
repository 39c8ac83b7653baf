#pragma once
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mechanism/mechanism.hpp"

// Private to this room: generate.hpp is its face.
namespace nt::mechanism {

/// The nodes that have to be computed for some outputs, in order; constants and fixed expressions are where
/// it stops.
struct Needed {
  std::vector<Expr> computed;  // varying nodes but symbols; those outside of loops
  std::vector<Expr> symbols;   // varying symbols
  std::vector<Expr> fixed;     // fixed nodes, not constants
};

Needed needed_for(const Mechanism& m, const std::vector<Expr>& outputs);

/// What the kernels are for: SIMD units, of whose lanes each has a trial; or devices, of whose threads each
/// has.
enum class KernelStyle : uint8_t { simd, device };

/// Writes the kernels of one mechanism as C++.
class KernelWriter {
 public:
  KernelWriter(const Mechanism& m, KernelStyle style);

  /// A store of a value: given the copy that runs, the statement.
  using Store = std::function<std::string(const KernelWriter&)>;

  /// A loop over instances, several at a time, statement by statement: one instance alone is a chain of
  /// operations that wait for each other. `outputs`: what `stores` name.
  std::string kernel(const std::string& name, const std::vector<Expr>& outputs,
                     const std::vector<Store>& stores);

  std::string stored(size_t i) const;
  std::string at_node(const std::string& array) const;

  /// An expression as a number; a comparison is 1 or 0.
  std::string value(Expr e) const;

 private:
  std::string variable(Expr e) const;
  std::string load(Expr e) const;
  std::string fixed_line(Expr e, size_t place) const;
  std::string symbol_line(Expr e) const;
  std::string mask(Expr e) const;
  std::string statement(Expr e) const;
  std::string own(Expr loop, size_t k) const;
  std::string loop(Expr e) const;
  std::string element(Expr e) const;
  bool within(Expr e, double most) const;
  std::pair<double, double> range(Expr e) const;

  std::string places(size_t fixed, size_t copy) const;
  std::string instances(const Needed& needed, const std::vector<Store>& stores, const std::string& copies);

  /// A piece of a long kernel.
  struct Part {
    std::vector<std::string> lines;
    std::set<Expr> named, computed;  // the values that the lines name, and those that they make
  };
  struct Kept;
  std::vector<Part> parts_of_text(const Needed& needed, const std::vector<Store>& stores);
  std::string part_body(const Part& part, const Kept& kept, const Needed& needed) const;
  std::string in_parts(const std::string& name, const Needed& needed, const std::vector<Store>& stores);
  bool turns(const Needed& needed) const;

  const Mechanism& m_;
  const Graph& g_;
  LoopNodes loops_;
  KernelStyle style_;
  char copy_ = 'x';                             // of the instances that run together, whose names these are
  mutable std::vector<Expr>* named_ = nullptr;  // where the variables that a text names are noted
};

}  // namespace nt::mechanism

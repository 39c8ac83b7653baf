#include "simulate/detail/quantity_recorder.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "config/error.hpp"
#include "simulate/group.hpp"

namespace nt::simulate {
namespace {

/// The nodes that `value` is made of and that change during a simulation, and those fixed ones that they
/// take.
struct Parts {
  std::set<mechanism::Expr> varying, fixed;
};
void collect(const mechanism::Graph& graph, mechanism::Expr value, Parts& parts) {
  const auto& node = graph.node(value);
  if (!node.varying) {
    parts.fixed.insert(value);
    return;
  }
  if (!parts.varying.insert(value).second) return;
  for (const mechanism::Expr part : {node.a, node.b, node.c})
    if (part >= 0) collect(graph, part, parts);
}

std::string known_names(const cell::DetailedCell& cell, const Quantity& quantity) {
  std::vector<std::string> names;
  for (const auto& known : quantities_at(cell, quantity.place, quantity.compartments.front()))
    names.push_back(known.what);
  return fmt::format("{}", fmt::join(names, ", "));
}

/// An operation over lanes. The frequent ones have loops of their own, which become vector code.
void apply_over(size_t lanes, mechanism::Op op, const double* a, const double* b, const double* c,
                double* result) {
  const auto each = [&](auto&& operation) {
    for (size_t lane = 0; lane < lanes; ++lane) result[lane] = operation(a[lane], b[lane]);
  };
  switch (op) {
    case mechanism::Op::add:
      return each([](double x, double y) { return x + y; });
    case mechanism::Op::subtract:
      return each([](double x, double y) { return x - y; });
    case mechanism::Op::multiply:
      return each([](double x, double y) { return x * y; });
    case mechanism::Op::divide:
      return each([](double x, double y) { return x / y; });
    case mechanism::Op::negate:
      return each([](double x, double) { return -x; });
    case mechanism::Op::exp:
      return each([](double x, double) { return std::exp(x); });
    default:
      for (size_t lane = 0; lane < lanes; ++lane)
        result[lane] = mechanism::apply(op, a[lane], b[lane], c[lane]);
  }
}

}  // namespace

template <class T>
QuantityRecorder<T>::QuantityRecorder(const cell::DetailedCell& cell, std::span<const Quantity> quantities,
                                      const RecorderMemory<T>& memory)
    : memory_(memory), t_ms_(memory.lanes), values_(quantities.size() * memory.lanes) {
  for (size_t k = 0; k < quantities.size(); ++k) {
    if (quantities[k].compartments.empty())
      fail_input("'{}' is to be recorded at no compartment", quantities[k].name());
    if (quantities[k].what.find('.') == std::string::npos && memory_.array(quantities[k].what) != nullptr)
      add_array(quantities[k], k);
    else
      add_mechanism(cell, quantities[k], k);
    if (terms_.empty() || terms_.back().quantity != k)
      fail_input("there is no '{}' to record; known there: {}", quantities[k].name(),
                 known_names(cell, quantities[k]));
  }
  size_t most = 0;
  for (const auto& term : terms_) most = std::max(most, term.program->slots());
  slots_.resize(most * memory_.lanes);
}

template <class T>
typename QuantityRecorder<T>::Program QuantityRecorder<T>::compiled(const mechanism::Graph& graph,
                                                                    mechanism::Expr value) {
  Parts parts;
  collect(graph, value, parts);
  Program program;
  program.fixed.assign(parts.fixed.begin(), parts.fixed.end());
  std::vector<mechanism::Expr> made;
  for (const mechanism::Expr e : parts.varying)
    (graph.node(e).op == mechanism::Op::symbol ? program.symbols : made).push_back(e);
  std::map<mechanism::Expr, size_t> slot;
  for (const auto* kind : {&program.fixed, &program.symbols, &made})
    for (const mechanism::Expr e : *kind) slot.emplace(e, slot.size());
  const auto at = [&](mechanism::Expr e) { return e < 0 ? 0 : slot.at(e); };
  for (const mechanism::Expr e : made) {  // ascending: each after those it is made of
    const auto& node = graph.node(e);
    program.steps.push_back({node.op, at(node.a), at(node.b), at(node.c)});
  }
  program.result = slot.at(value);
  return program;
}

template <class T>
void QuantityRecorder<T>::add_array(const Quantity& quantity, size_t index) {
  auto program = std::make_shared<Program>();
  program->symbols = {0};
  for (const int c : quantity.compartments) {
    const auto node = static_cast<size_t>(memory_.node_of[c]);
    terms_.push_back({program, {}, {memory_.array(quantity.what) + node * memory_.lanes}, index});
  }
}

template <class T>
void QuantityRecorder<T>::add_mechanism(const cell::DetailedCell& cell, const Quantity& quantity,
                                        size_t index) {
  const auto dot = quantity.what.find('.');
  for (const auto& placement : cell.placements) {
    const auto& m = placement.mechanism();
    if (dot == std::string::npos || m.name != quantity.what.substr(0, dot)) continue;
    mechanism::Graph graph = m.graph;
    const auto values = named_values(m, graph);
    const auto value = std::find_if(values.begin(), values.end(), [&](const NamedValue& named) {
      return named.name == quantity.what.substr(dot + 1);
    });
    if (value == values.end()) continue;
    if (graph.any_draws({value->value}))
      fail_input(
          "'{}' cannot be recorded: it holds a number drawn at that moment; have the file keep it in a "
          "variable, and record that",
          quantity.name());
    const auto program = std::make_shared<const Program>(compiled(graph, value->value));
    for (size_t i = 0; i < placement.compartments.size(); ++i) {
      const int c = placement.compartments[i];
      if (std::find(quantity.compartments.begin(), quantity.compartments.end(), c) ==
          quantity.compartments.end())
        continue;
      Term term{program, {}, {}, index};
      auto known = cell::known_values(cell, placement, i, 1);
      if (m.point_process)
        if (const mechanism::Expr scale = m.symbol(mechanism::kAreaScale); scale >= 0) known[scale] = 1;
      for (const mechanism::Expr e : program->fixed) term.fixed.push_back(graph.evaluate(e, known));
      const auto node = static_cast<size_t>(memory_.node_of[c]);
      for (const mechanism::Expr e : program->symbols) {
        const auto& name = graph.name(e);
        const auto stored = std::find(m.stored.begin(), m.stored.end(), name);
        if (stored != m.stored.end())
          term.symbols.push_back(memory_.stored_at(placement, i) +
                                 static_cast<size_t>(stored - m.stored.begin()) * memory_.lanes);
        else if (name == "t")
          term.symbols.push_back(t_ms_.data());
        else if (const T* array = memory_.array(name))
          term.symbols.push_back(array + node * memory_.lanes);
        else
          fail_run("{}: '{}' needs {}, which is not kept", m.name, quantity.what, name);
      }
      terms_.push_back(std::move(term));
    }
  }
}

template <class T>
std::span<const double> QuantityRecorder<T>::read(double t_ms) {
  std::fill(t_ms_.begin(), t_ms_.end(), static_cast<T>(t_ms));
  std::fill(values_.begin(), values_.end(), 0.0);
  for (const auto& term : terms_) run(term);
  return values_;
}

template <class T>
void QuantityRecorder<T>::run(const Term& term) {
  const size_t lanes = memory_.lanes;
  double* next = slots_.data();
  for (const double value : term.fixed) next = std::fill_n(next, lanes, value);
  for (const T* symbol : term.symbols) next = std::copy_n(symbol, lanes, next);
  for (const auto& step : term.program->steps) {
    apply_over(lanes, step.op, &slots_[step.a * lanes], &slots_[step.b * lanes], &slots_[step.c * lanes],
               next);
    next += lanes;
  }
  const double* result = &slots_[term.program->result * lanes];
  for (size_t lane = 0; lane < lanes; ++lane) values_[term.quantity * lanes + lane] += result[lane];
}

template class QuantityRecorder<float>;
template class QuantityRecorder<double>;

}  // namespace nt::simulate
